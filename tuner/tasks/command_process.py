"""A process of a command: started, read line by line, ended with all that it started."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from tuner.errors import TaskError
from tuner.tasks import ending

# Of a line without an end the beginning is read, and of an endless output the beginning is kept.
_LONGEST_LINE, _LONGEST_OUTPUT = 2**16, 2**26
_CHUNK = 2**16
# What may be left in the pipe of a process that is over, if another one holds it, too.
_READING_SECONDS = 1.0
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def find_program(words: Sequence[str], folder: Path) -> str:
    """Return the path of the program that a command names.

    Raises:
        TaskError: If there is none.
    """
    program = words[0]
    here = folder / program
    found = str(here) if os.sep in program and os.access(here, os.X_OK) else shutil.which(program)
    if found is None:
        raise TaskError(
            f"The command must begin with a program that exists, but {program!r} is none, in"
            f" {folder} or on the PATH."
        )
    return found


class CommandProcess:
    """A process whose output is read.

    Args:
        words: The command line.
        folder: Its working folder.
        environment: Its variables.
        output: The file that its output is added to; None to keep the last lines alone.
        take: Called with every line, in a thread of this object.

    Raises:
        TaskError: If it cannot be started.
    """

    def __init__(
        self,
        words: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        output: Path | None,
        take: Callable[[str], object],
    ) -> None:
        self.lines = 0
        self._take, self._mark = take, environment[ending.MARK]
        self._last_words: deque[str] = deque(maxlen=20)
        program = find_program(words, folder)
        try:
            self._process = subprocess.Popen(
                [program, *words[1:]],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise TaskError(
                f"The command must start in {folder}, but: {words[0]}: {error.strerror}."
            ) from error
        self._reader = threading.Thread(target=self._read, args=(output, words), daemon=True)
        self._reader.start()

    @contextlib.contextmanager
    def guarded(self, patience: float) -> Iterator[None]:
        """End it after the block, and also if this process is killed in it.

        Args:
            patience: Seconds that it has after SIGTERM.
        """
        root = str(self._process.pid)
        variables = {k: v for k, v in os.environ.items() if k != ending.MARK}
        guard = subprocess.Popen(
            [sys.executable, "-I", str(ending.__file__), self._mark, root, str(patience)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=variables,
            start_new_session=True,
        )
        try:
            yield
        finally:
            ending.end_all(self._mark, self._process.pid, patience)
            self._process.wait()
            self._reader.join(_READING_SECONDS)
            guard.kill()
            guard.communicate()

    def is_over(self) -> bool:
        """Tell whether it has ended, and all that it wrote was read."""
        if self._process.poll() is None:
            return False
        self._reader.join(_READING_SECONDS)
        return True

    def wait(self, seconds: float) -> bool:
        """Wait until it ends by itself, or that long; tell whether it has."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return self.is_over()

    @property
    def end(self) -> str:
        """How it ended, in words."""
        code = self._process.returncode
        if code is None:
            return "did not end"
        if code >= 0:
            return f"ended with exit code {code}"
        with contextlib.suppress(ValueError):
            return f"was ended by {signal.Signals(-code).name}"
        return f"was ended by signal {-code}"

    @property
    def last_words(self) -> str:
        """The last thing that it wrote."""
        words = next((line for line in reversed(self._last_words) if line.strip()), "")
        return words.strip()[:_LONGEST_WORDS] if words else "it said nothing"

    def _read(self, output: Path | None, words: Sequence[str]) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as pipe, _kept(output, words) as keep:
            for line in _lines(pipe, keep):
                self.lines += 1
                text = _COLOURS.sub("", line.decode(errors="replace"))
                self._last_words.append(text)
                self._take(text)


_LONGEST_WORDS = 300


@contextlib.contextmanager
def _kept(output: Path | None, words: Sequence[str]) -> Iterator[Callable[[bytes], object]]:
    """Give what writes into a file, up to a length; a full disk ends the file alone."""
    if output is None:
        yield lambda _: None
        return
    left = _LONGEST_OUTPUT
    with contextlib.ExitStack() as stack:

        def keep(chunk: bytes) -> None:
            nonlocal left
            with contextlib.suppress(OSError):
                file.write(chunk[:left])
                if len(chunk) > left > 0:
                    file.write(b"\n(what it wrote after this was left out)\n")
                left = max(left - len(chunk), 0)
                file.flush()

        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            file = stack.enter_context(output.open("ab"))
        except OSError:
            yield lambda _: None
            return
        keep(f"--- {time.strftime('%Y-%m-%d %H:%M:%S')} {' '.join(words)}\n".encode())
        yield keep


def _lines(pipe: IO[bytes], keep: Callable[[bytes], object]) -> Iterator[bytes]:
    """Yield the lines of a pipe, and the states of a progress bar, which returns to its start."""
    rest = b""
    while chunk := os.read(pipe.fileno(), _CHUNK):
        keep(chunk)
        *lines, more = re.split(rb"[\r\n]", chunk)
        if lines:
            yield rest + lines[0]
            yield from lines[1:]
            rest = b""
        if len(rest) < _LONGEST_LINE:
            rest += more
    if rest:
        yield rest
