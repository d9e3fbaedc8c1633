"""What a worker process says to the one that started it: a line each, on stdout.

Whoever reads it knows how a worker ended by its last line; see :mod:`tuner.workers.child`.
"""

from __future__ import annotations

import io
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from tuner.cli.console import prints_to_talk
from tuner.cli.loaded import kept_from_collections
from tuner.errors import TunerError

if TYPE_CHECKING:
    from tuner.search import Listener, Said

# Of what a training prints; the rest is counted. Some print for every batch.
_LINES_A_SECOND = 100
_LONGEST_LINE = 2000


def say_all(work: Callable[[Listener], str]) -> str:
    """Do the work of a worker, and say all that happens on stdout.

    Args:
        work: Is called with a listener and returns why it ended.

    Returns:
        What it returned.
    """
    from tuner.search import WorkerEnded
    from tuner.tasks import hearing

    with _channel() as say, hearing(say):
        try:
            ended = work(kept_from_collections(say))
        except Exception as error:
            kind = "" if isinstance(error, TunerError) else f"{type(error).__name__}: "
            say(WorkerEnded("failed", f"{kind}{error}"))
            raise
        say(WorkerEnded("stopped" if ended == "interrupted" else ended))
        return ended


@contextmanager
def _channel() -> Iterator[Callable[[Said], object]]:
    """Give a function that says something; what is printed and logged is said as well."""
    from tuner.search import Printed, Warned, to_json

    lock = threading.Lock()
    with prints_to_talk() as number:

        def say(said: Said) -> None:
            line = memoryview(to_json(said).encode() + b"\n")
            with lock:
                while line:
                    line = line[os.write(number, line) :]

        class Warnings(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                with suppress(OSError):
                    say(Warned(record.getMessage()))

        log = logging.getLogger("tuner")
        log.handlers = [Warnings()]
        printed = io.BufferedWriter(_Lines(lambda text: say(Printed(text))))
        before = sys.stdout
        sys.stdout = io.TextIOWrapper(printed, "utf-8", "replace", line_buffering=True)
        try:
            yield say
        finally:
            with suppress(OSError):
                sys.stdout.flush()
            sys.stdout = before


class _Lines(io.RawIOBase):
    """A file that hands on the lines that are written to it, if there are not too many.

    Processes that a training forks have the same file, but they write to stderr.
    """

    def __init__(self, take: Callable[[str], object]) -> None:
        self._take, self._process = take, os.getpid()
        self._rest = b""
        self._second, self._count = 0, 0

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1

    def write(self, data: Any) -> int:
        content = bytes(data)
        with suppress(OSError):  # of a reader that is gone, which no training is to blame for
            if os.getpid() != self._process:
                os.write(2, content)
            else:
                *lines, rest = (self._rest + content).split(b"\n")
                self._rest = rest[:_LONGEST_LINE]
                for line in lines:
                    self._hand_on(line.decode(errors="replace").rstrip()[:_LONGEST_LINE])
        return len(content)

    def _hand_on(self, line: str) -> None:
        second = int(time.monotonic())
        if second != self._second:
            left_out = self._count - _LINES_A_SECOND
            self._second, self._count = second, 0
            if left_out > 0:
                self._take(f"({left_out} more lines were printed)")
        self._count += 1
        if self._count <= _LINES_A_SECOND:
            self._take(line.rpartition("\r")[2])  # of a progress bar the last state
