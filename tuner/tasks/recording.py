"""Recorded trainings: the file that ``benchmarks/record_curves.py`` writes, read and checked.

One JSON object a line. The first says what was trained and names the columns; each other one is a
training, with its schedule, its seed and a row of numbers for every epoch; null is a number that
was not recorded.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tuner.errors import ScheduleError, ScheduleFileError
from tuner.schedules import Schedule, schedule_from_dict

T = TypeVar("T")

# The columns that a record of an epoch cannot do without.
_NEEDED = ("train_loss", "train_accuracy", "test_accuracy")
_HOW = "Write one with benchmarks/record_curves.py, or restore it."


class Head(BaseModel):
    """The first line: what was trained, for how long, and what the numbers of a row are.

    ``lr_scale`` is how large the learning rates are, beside those of plain SGD on LeNet, and
    ``chance`` the accuracy of a network that has learned nothing.
    """

    model_config = ConfigDict(frozen=True, strict=True)

    task: dict[str, Any]
    epochs: int = Field(ge=1)
    updates_per_epoch: int = Field(ge=1)
    columns: list[str]
    lr_scale: float = Field(default=1.0, gt=0)
    chance: float = 0.1
    versions: dict[str, str] = Field(default_factory=dict)


class _Line(BaseModel):
    schedule: int
    seed: int
    curve: dict[str, Any]
    collapse: str
    epochs: list[list[float | None]]


class Recorded(NamedTuple):
    """One recorded training; one that collapsed has rows up to the epoch before, and a reason."""

    number: int
    schedule: Schedule
    seed: int
    rows: tuple[dict[str, float], ...]
    collapse: str


class Recording(NamedTuple):
    """A file of recorded trainings."""

    head: Head
    trainings: tuple[Recorded, ...]
    digest: str

    @property
    def seeds(self) -> list[int]:
        """The training seeds that it has."""
        return sorted({training.seed for training in self.trainings})


@functools.lru_cache(maxsize=4)
def read_recording(path: str) -> Recording:
    """Return the recorded trainings of a file, read once in a process.

    Args:
        path: The file.

    Returns:
        What it holds, with the SHA-256 of its content.

    Raises:
        ValueError: If it is missing, or not as it was written; the message says which line.
    """
    try:
        content = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(f"must be a readable file, but {path}: {reason}. {_HOW}") from None
    lines = content.splitlines()
    if len(lines) < 2:
        raise ValueError(
            f"must hold recorded trainings, but {path} has {len(lines)} lines. {_HOW}"
        )
    head = _read(path, 1, lines[0], _head)
    read_training = functools.partial(_recorded, head=head)
    trainings = tuple(
        _read(path, number, line, read_training) for number, line in enumerate(lines[1:], start=2)
    )
    return Recording(head, trainings, "sha256:" + hashlib.sha256(content).hexdigest())


def _read(path: str, number: int, line: bytes, read: Callable[[bytes], T]) -> T:
    try:
        return read(line)
    except (ValueError, ScheduleError, ScheduleFileError) as error:
        raise ValueError(
            f"must hold recorded trainings, but line {number} of {path} is none:"
            f" {_brief(error)}. {_HOW}"
        ) from None


def _head(line: bytes) -> Head:
    head = Head.model_validate_json(line)
    missing = [name for name in _NEEDED if name not in head.columns]
    if missing:
        raise ValueError(f"`columns` lacks {', '.join(missing)}")
    if type(head.task.get("batch_size")) is not int:
        raise ValueError(f"`task` must have a batch_size, but is {head.task}")
    return head


def _recorded(text: bytes, head: Head) -> Recorded:
    line = _Line.model_validate_json(text)
    whole = len(line.epochs) == head.epochs
    if whole == bool(line.collapse) or len(line.epochs) > head.epochs:
        raise ValueError(
            f"it must have {head.epochs} epochs, or fewer and a reason,"
            f" but has {len(line.epochs)} and {line.collapse!r}"
        )
    rows = tuple(_row(head.columns, numbers) for numbers in line.epochs)
    schedule = schedule_from_dict(line.curve)
    return Recorded(line.schedule, schedule, line.seed, rows, line.collapse)


def _row(columns: list[str], numbers: list[float | None]) -> dict[str, float]:
    row = {
        column: number
        for column, number in zip(columns, numbers, strict=True)
        if number is not None
    }
    if missing := [name for name in _NEEDED if name not in row]:
        raise ValueError(f"an epoch lacks {', '.join(missing)}")
    return row


def _brief(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        return f"{place}: {first['msg']}" if place else str(first["msg"])
    return str(error).rstrip(".")
