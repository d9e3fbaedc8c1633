"""Where output goes: results to stdout, talk to stderr, live only where a person watches."""

from __future__ import annotations

import os
import re
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console as RichConsole
from rich.console import ConsoleOptions, RenderableType
from rich.segment import Segment

from tuner.cli.folding import behind

# The file that stands for stdout where one to write is named, as everywhere in a shell.
STDOUT = Path("-")
# A pipe or file has no width; lines there are never folded.
_WIDTH_WITHOUT_TERMINAL = 10_000
# Text is what it says: a label may have brackets, and `train.py:100:` is no emoji.
_PLAIN: dict[str, Any] = {
    "highlight": False, "soft_wrap": True, "markup": False, "emoji": False,
}  # fmt: skip


# What moves the cursor, colours, rings, or turns the direction of what follows.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """Return a text whose control characters do nothing: they are written out.

    Example:
        >>> visible("a \x1b[31mred\x1b[0m label")
        'a \\\\x1b[31mred\\\\x1b[0m label'
    """
    return _CONTROL.sub(lambda found: repr(found[0])[1:-1], text)


class Console(RichConsole):
    """A console to which no label, reason or file can send control characters of its own."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Render; what Rich itself sends to the terminal goes through."""
        for segment in super().render(renderable, options):
            is_plain = not segment.control and segment.text.isprintable()
            yield (
                segment
                if is_plain or segment.control
                else Segment(visible(segment.text), segment.style)
            )


def open_streams() -> None:
    """Let streams that are closed, as by ``>&-`` or in a daemon, lead nowhere.

    Without them the next file that is opened would get the number of stdout, and what is printed.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
            os.set_inheritable(descriptor, True)
            setattr(sys, name, os.fdopen(descriptor, mode, encoding="utf-8"))


def results() -> Console:
    """Return the console for what was asked for."""
    width = None if sys.stdout.isatty() else _WIDTH_WITHOUT_TERMINAL
    return Console(file=sys.stdout, width=width, **_PLAIN)


def talk() -> Console:
    """Return the console for everything else."""
    return Console(file=sys.stderr, **_PLAIN)


def print_file(write: Callable[[Path], object], suffix: str) -> None:
    """Print what goes into a file that is named ``-``.

    Args:
        write: Writes it into a file.
        suffix: The file's, which may decide the form.
    """
    with tempfile.TemporaryDirectory(prefix="tuner-") as folder:
        path = Path(folder) / f"stdout{suffix}"
        write(path)
        sys.stdout.flush()
        sys.stdout.buffer.write(path.read_bytes())
        sys.stdout.flush()


@contextmanager
def prints_to_talk() -> Iterator[int]:
    """Let what else this process prints go to stderr, and yield a file number of stdout itself.

    Whatever prints it, the code of a training or a library of its framework.
    """
    sys.stdout.flush()
    apart = os.dup(1)
    os.dup2(2, 1)
    try:
        yield apart
    finally:
        sys.stdout.flush()
        os.dup2(apart, 1)
        os.close(apart)


def print_row(label: str, text: object, width: int) -> None:
    """Print a result behind its label; in a terminal the text is folded below itself.

    Elsewhere it is one line, whatever its length.
    """
    out, start = results(), f"{label:<{width}}"
    for line in behind(start, str(text), out.width) if out.is_terminal else [f"{start}{text}"]:
        out.print(line)


def is_watched() -> bool:
    """Tell whether a person sees both streams, so that lines may be redrawn."""
    if os.environ.get("CI") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout.isatty() and sys.stderr.isatty()


def is_notebook() -> bool:
    """Tell whether output goes below a notebook's cell."""
    return Console().is_jupyter


def command(*words: object) -> str:
    """Return a command of this program as it is typed.

    Example:
        >>> command("run", "my studies/a.toml")
        "tuner run 'my studies/a.toml'"
    """
    return shlex.join(["tuner", *map(str, words)])


def dated(line: str) -> str:
    """Return a line with the date and the local time in front of it."""
    return f"{datetime.now().astimezone().isoformat(timespec='seconds')} {line}"


def say_next(*commands: str) -> None:
    """Say what to type next."""
    for position, text in enumerate(commands):
        talk().print(f"{'next' if position == 0 else '':<6}{text}")
