"""A schedule in a JSON file, written whole or not at all, and its CSV and Python text."""

from __future__ import annotations

import errno
import numbers
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tuner.errors import ScheduleError, ScheduleFileError
from tuner.schedules.base import Schedule
from tuner.schedules.document import (
    ONE,
    ScheduleFile,
    curves_of,
    format_of,
    is_clock,
    parse,
    seal,
)
from tuner.schedules.registry import schedule_to_dict
from tuner.schedules.strict_json import LARGEST_FILE
from tuner.schedules.writing import write_whole


def save_schedule(
    schedule: Schedule,
    path: str | os.PathLike[str],
    *,
    updates_per_epoch: int | None = None,
    batch_size: int | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> None:
    """Write a schedule file, whole or not at all.

    Args:
        schedule: A schedule of a known family, or :class:`~tuner.Schedules` of them.
        path: Where to. An existing file is replaced.
        updates_per_epoch: Updates in an epoch of the training that it was tuned for.
        batch_size: Examples in an update of that training.
        provenance: Where the schedule comes from; anything that JSON can hold. ``derived`` in it
            is the schedule's :attr:`~tuner.schedules.transfer.Transferable.derivation`, if it has
            one.

    Raises:
        ScheduleFileError: If it cannot be written; what was there before is still there.
        ScheduleError: If it is not a schedule of a known family.
    """
    content = schedule_content(
        schedule,
        updates_per_epoch=updates_per_epoch,
        batch_size=batch_size,
        provenance=provenance,
    )
    _write(content, os.fsdecode(path))


def schedule_content(
    schedule: Schedule,
    *,
    updates_per_epoch: int | None = None,
    batch_size: int | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> bytes:
    """Return what :func:`save_schedule` writes.

    Args:
        schedule: As there, and the others too.
        updates_per_epoch: Updates in an epoch.
        batch_size: Examples in an update.
        provenance: Where the schedule comes from.

    Raises:
        ScheduleFileError: If no file could hold it.
        ScheduleError: If it is not a schedule of a known family.
    """
    data = schedule_to_dict(schedule)  # first, which refuses what no file can hold
    form, checks = format_of(schedule), {}
    for name, curve in curves_of(schedule).items():
        checks[name] = [[update, curve(update)] for update in _check_updates(curve)]
    document: dict[str, Any] = {
        "format": form.word,
        "schedule": data,
        "units": form.units,
        "horizon": schedule.horizon,
        "past_horizon": form.past_horizon,
        "updates_per_epoch": _plain_clock("updates_per_epoch", updates_per_epoch),
        "batch_size": _plain_clock("batch_size", batch_size),
        "check": checks["lr"] if form is ONE else checks,
    }
    origin = {} if provenance is None else provenance
    if schedule.derivation:
        origin = {**origin, "derived": schedule.derivation}
    content = seal(document, origin)
    # What could not be read back is not written.
    parse(content, "the schedule file")
    return content


def write_text(text: str, path: str | os.PathLike[str]) -> None:
    """Write a schedule's CSV or Python text, whole or not at all.

    Raises:
        ScheduleFileError: If it cannot be written; what was there before is still there.
    """
    _write(text.encode(), os.fsdecode(path))


def load_schedule(
    path: str | os.PathLike[str],
    *,
    updates_per_epoch: int | None = None,
    epochs: float | None = None,
) -> Schedule:
    """Read the schedule out of a file; it needs the standard library alone.

    Told the updates per epoch or the epochs of the training that it is for, it lays the schedule
    out for that training, by the rule of
    :meth:`~tuner.schedules.transfer.Transferable.for_training`; what it is not told is as in the
    training that the file's schedule was tuned for. Learning rates stay as they are.

    Args:
        path: A file that :func:`save_schedule` wrote.
        updates_per_epoch: Optimizer updates in an epoch of the training.
        epochs: Epochs of the training.

    Returns:
        A schedule equal to the one saved, or laid out for the training. Of a file that has curves
        of several quantities, :class:`~tuner.Schedules`.

    Raises:
        ScheduleFileError: If the file cannot be read or trusted, or its schedule cannot be laid
            out for the training, with the reason.
    """
    file, where = read_schedule_file(path), os.fsdecode(path)
    schedule, per_epoch = file.schedule, file.updates_per_epoch
    if updates_per_epoch is None and epochs is None:
        return schedule
    if per_epoch is not None:
        updates_per_epoch = per_epoch if updates_per_epoch is None else updates_per_epoch
        epochs = schedule.horizon / per_epoch if epochs is None else epochs
    if updates_per_epoch is None or epochs is None:
        raise ScheduleFileError(
            f"{where} does not say how many updates its epochs have, so both `epochs` and"
            " `updates_per_epoch` must be given, but got"
            f" (epochs={epochs!r}, updates_per_epoch={updates_per_epoch!r})."
        )
    try:
        return schedule.for_training(epochs=epochs, updates_per_epoch=updates_per_epoch)
    except ScheduleError as error:
        raise ScheduleFileError(f"{where} does not fit this training: {error}") from error


def read_schedule_file(path: str | os.PathLike[str]) -> ScheduleFile:
    """Read a schedule file with all that it says.

    Args:
        path: A file that :func:`save_schedule` wrote.

    Returns:
        The schedule, the clock that it was tuned for, and its provenance.

    Raises:
        ScheduleFileError: If the file cannot be read or trusted, with the reason.
    """
    where = os.fsdecode(path)
    try:
        if stat.S_ISFIFO(Path(where).stat().st_mode) and not where.startswith(("/dev/", "/proc/")):
            # A shell's own pipe, as of `tuner show <(command)`, has somebody who writes.
            raise OSError(errno.EINVAL, "it must be a regular file, but is a named pipe")
        with Path(where).open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        raise ScheduleFileError(f"{where} cannot be read: {_reason(error)}.") from error
    if re.match(rb"\s*(#.*\s*)*format\s*=\s*[\"']tuner\.", content):
        raise ScheduleFileError(
            f"{where} must be a schedule file, JSON as `tuner export` writes it, but is a study or"
            " search space in TOML: `tuner check` reads those."
        )
    return parse(content, where)


def _write(content: bytes, where: str) -> None:
    try:
        write_whole(content, where)
    except (OSError, ValueError) as error:
        raise ScheduleFileError(f"{where} cannot be written: {_reason(error)}.") from error


def _check_updates(schedule: Schedule) -> list[int]:
    """Return the update numbers whose learning rates the file records."""
    horizon, warmup = schedule.horizon, schedule.warmup_steps
    quarters = [warmup + (horizon - warmup) * part // 4 for part in range(5)]
    return sorted({1, warmup + 1, *quarters, horizon + 1, 2 * horizon} - {0})


def _plain_clock(name: str, value: object) -> int | None:
    # NumPy's integers too, which JSON cannot hold as they are.
    whole = int(value) if isinstance(value, numbers.Integral) else value
    if isinstance(value, bool) or not is_clock(whole):
        raise ScheduleFileError(f"`{name}` must be an int of 1 or more, but got {value!r}.")
    return whole


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
