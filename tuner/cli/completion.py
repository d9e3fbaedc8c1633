"""What a shell offers when Tab is pressed behind a command that takes a file of ours.

Where nothing is offered, shells offer files as they always do.
"""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Iterator
from pathlib import Path

# Enough for a project; nobody waits for Tab.
_MOST_FILES = 1000
_START = 4096  # bytes, in which a file says what it is


def study_files(incomplete: str) -> list[str]:
    """Return the study files that begin so, those one folder below included."""
    return sorted(_files(incomplete, ".toml", b"tuner.study/"))


def schedule_files(incomplete: str) -> list[str]:
    """Return the schedule files that begin so, those one folder below included."""
    return sorted(_files(incomplete, ".json", b"tuner.schedule/"))


def studies_and_schedules(incomplete: str) -> list[str]:
    """Return the study and schedule files that begin so."""
    return [*study_files(incomplete), *schedule_files(incomplete)]


def _files(incomplete: str, suffix: str, says: bytes) -> Iterator[str]:
    typed_folder = incomplete[: incomplete.rfind("/") + 1]
    folder = Path(typed_folder or ".")
    paths = itertools.chain(folder.glob("*"), folder.glob("*/*"), folder.glob("*/*/*"))
    for path in itertools.islice(paths, _MOST_FILES):
        text = typed_folder + path.relative_to(folder).as_posix()
        # A name that must be quoted is left to the shell, which can.
        if text.startswith(incomplete) and path.suffix == suffix and shlex.quote(text) == text:
            try:
                with path.open("rb") as file:
                    start = file.read(_START)
            except OSError:
                continue
            if says in start:
                yield text
