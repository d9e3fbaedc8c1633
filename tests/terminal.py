"""A terminal of 80 columns, with a real pseudo-terminal and an emulator that reads it."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping
from fcntl import ioctl
from pathlib import Path

import pyte

COLUMNS, LINES = 80, 30
# What says something else of the terminal than it is.
_APART = ("CI", "NO_COLOR", "COLUMNS", "LINES")
# A screen is looked at when nothing was written for so long.
_QUIET_SECONDS = 0.02


class Shown:
    """What a command showed: every screen that differed from the last, and what was written."""

    def __init__(self) -> None:
        self.screens: list[list[str]] = []
        self.pieces: list[str] = []
        self.code = -1

    @property
    def raw(self) -> str:
        """All that was written."""
        return "".join(self.pieces)

    @property
    def last(self) -> list[str]:
        """The last screen, without empty lines at its end."""
        return self.screens[-1] if self.screens else []


def in_terminal(
    *command: object,
    cwd: Path,
    environment: Mapping[str, str] | None = None,
    columns: int = COLUMNS,
    lines: int = LINES,
) -> Shown:
    """Run ``tuner`` in a terminal until it ends.

    Args:
        command: Its arguments.
        cwd: The folder that it is started in.
        environment: Variables beside this process's.
        columns: The terminal's width.
        lines: Its height.
    """
    shown = Shown()
    screen = pyte.Screen(columns, lines)
    stream = pyte.Stream(screen)
    inherited = {key: value for key, value in os.environ.items() if key not in _APART}
    variables = {**inherited, "TERM": "xterm-256color", **(environment or {})}
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "tuner", *map(str, command)],
        cwd=cwd, env=variables, stdin=theirs, stdout=theirs, stderr=theirs,
        start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    for text in _read(ours):
        shown.pieces.append(text)
        stream.feed(text)
        now = "\n".join(screen.display).rstrip().splitlines()
        if not shown.screens or shown.screens[-1] != now:
            shown.screens.append([line.rstrip() for line in now])
    os.close(ours)
    shown.code = process.wait()
    return shown


def _read(file: int) -> Iterator[str]:
    """Yield what comes at once, again and again until the other end is closed."""
    text = b""
    with contextlib.suppress(OSError):  # how Linux says that it was
        while piece := os.read(file, 65536):
            text += piece
            if not select.select([file], [], [], _QUIET_SECONDS)[0]:
                yield text.decode()
                text = b""
    yield text.decode()
