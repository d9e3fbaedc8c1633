"""Where output goes: results to stdout, talk to stderr, live only where a person watches."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console

# A pipe or file has no width; lines there are never folded.
_WIDTH_WITHOUT_TERMINAL = 10_000
# Text is what it says: a label may have brackets, and `train.py:100:` is no emoji.
_PLAIN: dict[str, Any] = {
    "highlight": False, "soft_wrap": True, "markup": False, "emoji": False,
}  # fmt: skip


def results() -> Console:
    """Return the console for what was asked for."""
    width = None if sys.stdout.isatty() else _WIDTH_WITHOUT_TERMINAL
    return Console(file=sys.stdout, width=width, **_PLAIN)


def talk() -> Console:
    """Return the console for everything else."""
    return Console(file=sys.stderr, **_PLAIN)


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


def say_next(*commands: str) -> None:
    """Say what to type next."""
    for position, text in enumerate(commands):
        talk().print(f"{'next' if position == 0 else '':<6}{text}")
