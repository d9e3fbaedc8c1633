"""A worker process, and what it says to whoever started it.

It writes what happens to stdout, a line each; see :mod:`tuner.search.events`. What else it and
its training write is read, so that no full pipe stops it, and all but the last lines is forgotten.
A training may write anything, and leave processes running that hold the pipes: they are read as
bytes, by threads that nobody waits for once the worker is gone.
"""

from __future__ import annotations

import logging
import os
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import IO, NamedTuple

from tuner.search import (
    EpochEnded,
    Listener,
    Said,
    TrialEnded,
    TrialStarted,
    Warned,
    WorkerEnded,
    from_json,
)
from tuner.tasks import Within, pass_on

# The URL goes to workers through the environment: arguments are for everybody to see.
STORAGE_VARIABLE = "TUNER_STORAGE"
# How long a worker may take to end once it has said that it does: a thread or process that a
# training left running would hold it for as long as it lives.
LEAVING_SECONDS = 60.0
# What may be left in the pipes of a worker that is gone, if another process holds them, too.
_READING_SECONDS = 1.0
_CHUNK, _LONGEST_LINE = 2**16, 2**20
_SAME_WARNING_SECONDS = 60.0

_LOG = logging.getLogger("tuner")


class End(NamedTuple):
    """How a worker ended: ``how`` is done, spent, stopped, failed or died; ``words`` say why.

    ``failed`` are the trials that one that is spent has failed in, one after the other.
    """

    how: str
    words: str
    failed: Sequence[int] = ()


class Child:
    """A worker process.

    Args:
        command: Its command line.
        url: The study's database.
        hear: Called with what it says, in a thread of this object.
        folder: Its working folder; None for this process's.
        environment: What it has in its environment beside what this process has.
        failed: The trials that the worker before it has failed in, one after the other.
    """

    def __init__(
        self,
        command: list[str],
        url: str,
        hear: Callable[[Said], object],
        folder: Path | None = None,
        environment: Mapping[str, str] = MappingProxyType({}),
        failed: Sequence[int] = (),
    ) -> None:
        self.spoke = False
        self.environment = environment
        self._failed = [*failed]
        self._hear = hear
        self._ended: WorkerEnded | None = None
        self._leaving_since = 0.0
        self._last_words: deque[str] = deque(maxlen=20)
        # A session of its own: Ctrl-C in the terminal is for the one that started it to handle.
        self.process = subprocess.Popen(
            command,
            env={**os.environ, **environment, STORAGE_VARIABLE: url},
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._readers = [
            threading.Thread(target=self._read, args=pipe, daemon=True)
            for pipe in ((self.process.stdout, self._take), (self.process.stderr, self._overhear))
        ]
        for reader in self._readers:
            reader.start()

    def is_over(self) -> bool:
        """Tell whether it has ended; end it if something holds it long after it said so."""
        if self.process.poll() is not None:
            return True
        if self._ended and time.monotonic() - self._leaving_since > LEAVING_SECONDS:
            _LOG.warning(
                "a worker had ended its work but not itself, and was ended: a training left a"
                " thread or process running that it waits for"
            )
            self.process.kill()
            self.process.wait()
            return True
        return False

    def close(self) -> End:
        """Read what is left of one that is over, let go of it, and return how it ended."""
        code = self.process.wait()
        assert self.process.stdin is not None
        with suppress(OSError):
            self.process.stdin.close()
        deadline = time.monotonic() + _READING_SECONDS
        for reader in self._readers:
            reader.join(max(deadline - time.monotonic(), 0.0))
        words = _message(self._last_words)
        if self._ended is None:
            return End("stopped" if code == 130 else "died", f"with exit code {code}: {words}")
        failed = self._failed if self._ended.how == "spent" else ()
        return End(self._ended.how, self._ended.words or f"with exit code {code}: {words}", failed)

    def _read(self, pipe: IO[bytes], take: Callable[[str], object]) -> None:
        with pipe:
            for line in _lines(pipe):
                take(line.decode(errors="replace").rstrip())

    def _take(self, line: str) -> None:
        said = from_json(line)
        if isinstance(said, WorkerEnded):
            self._ended, self._leaving_since = said, time.monotonic()
        elif said is not None:
            self.spoke = self.spoke or is_of_a_trial(said)
            if isinstance(said, TrialEnded) and said.state != "waiting":
                self._failed = [*self._failed, said.number] if said.state == "failed" else []
            self._hear(said)

    def _overhear(self, line: str) -> None:
        self._last_words.append(line)


class Audience:
    """Hands on what several workers say: a warning of all of them is one.

    Args:
        listen: Called with every event.
    """

    def __init__(self, listen: Listener) -> None:
        self._listen = listen
        self._warned: dict[str, float] = {}

    def tell(self, said: Said) -> None:
        """Hand on what a worker said."""
        if isinstance(said, WorkerEnded):
            return
        if isinstance(said, Within):
            pass_on(said)
            return
        if not isinstance(said, Warned):
            self._listen(said)
            return
        now = time.monotonic()
        if now - self._warned.get(said.text, -_SAME_WARNING_SECONDS) >= _SAME_WARNING_SECONDS:
            _LOG.warning("%s", said.text)
            self._warned[said.text] = now


def is_of_a_trial(said: Said) -> bool:
    """Tell whether a worker has begun its work by what it says; its module may print as well."""
    return isinstance(said, (TrialStarted, EpochEnded, TrialEnded))


def _lines(pipe: IO[bytes]) -> Iterator[bytes]:
    """Yield the lines of a pipe; of a line without an end the beginning."""
    rest = b""
    while chunk := os.read(pipe.fileno(), _CHUNK):
        *lines, more = chunk.split(b"\n")
        if lines:
            yield rest + lines[0]
            yield from lines[1:]
            rest = b""
        if len(rest) < _LONGEST_LINE:
            rest += more
    if rest:
        yield rest


def _message(lines: deque[str]) -> str:
    """Return the last thing that a worker wrote."""
    return next((line for line in reversed(lines) if line.strip()), "it said nothing")
