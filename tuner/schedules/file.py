"""A schedule in a JSON file: written whole or not at all, and refused when it was touched.

The file holds plain data: a family word, its parameters with every duration in updates, and how
to check them. Nothing in it is executed, and no name in it is imported.
"""

from __future__ import annotations

import errno
import json
import math
import numbers
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

from tuner.errors import ScheduleError, ScheduleFileError
from tuner.schedules.base import Schedule
from tuner.schedules.registry import did_you_mean, schedule_from_dict, schedule_to_dict
from tuner.schedules.strict_json import LARGEST_FILE, digest, json_object, unique_keys
from tuner.schedules.writing import write_whole

FORMAT_NAME, FORMAT_VERSION = "tuner.schedule", 1
FORMAT = f"{FORMAT_NAME}/{FORMAT_VERSION}"
UNITS = {"time": "optimizer updates, first update is 1", "lr": "absolute"}
PAST_HORIZON = "constant at the learning rate of the horizon"

_KEYS = (
    "format",
    "schedule",
    "units",
    "horizon",
    "past_horizon",
    "updates_per_epoch",
    "batch_size",
    "check",
    "provenance",
    "sha256",
)
_EXPORT_AGAIN = "The file was edited or is damaged: export it again."


class ScheduleFile(NamedTuple):
    """What a schedule file says."""

    schedule: Schedule
    updates_per_epoch: int | None
    batch_size: int | None
    provenance: dict[str, Any]


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
        schedule: A schedule of a known family.
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
    where = os.fsdecode(path)
    document: dict[str, Any] = {
        "format": FORMAT,
        "schedule": schedule_to_dict(schedule),
        "units": UNITS,
        "horizon": schedule.horizon,
        "past_horizon": PAST_HORIZON,
        "updates_per_epoch": _plain_clock("updates_per_epoch", updates_per_epoch),
        "batch_size": _plain_clock("batch_size", batch_size),
        "check": [[update, schedule(update)] for update in _check_updates(schedule)],
    }
    origin = {} if provenance is None else provenance
    if schedule.derivation:
        origin = {**origin, "derived": schedule.derivation}
    content = _seal(document, origin)
    # What could not be read back is not written.
    _parse(content, where)
    _write(content, where)


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
        A schedule equal to the one saved, or laid out for the training.

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
    return _parse(content, where)


def _write(content: bytes, where: str) -> None:
    try:
        write_whole(content, where)
    except (OSError, ValueError) as error:
        raise ScheduleFileError(f"{where} cannot be written: {_reason(error)}.") from error


# --- reading ------------------------------------------------------------------------------


def _parse(content: bytes, where: str) -> ScheduleFile:
    try:
        document = json_object(content, where)
        _check_format(document.get("format"), where)
        _check_keys(document, where)
        schedule = schedule_from_dict(document["schedule"])
        _check_values(document, schedule, where)
        found = digest(document)
    except ScheduleError as error:
        raise ScheduleFileError(f"{where}: {error}") from error
    except RecursionError as error:
        raise ScheduleFileError(f"{where} is nested too deeply for a schedule file.") from error
    if document["sha256"] != found:
        raise ScheduleFileError(f"{where} does not match its sha256. {_EXPORT_AGAIN}")
    schedule = schedule.with_derivation(document["provenance"].get("derived", ()))
    return ScheduleFile(
        schedule, document["updates_per_epoch"], document["batch_size"], document["provenance"]
    )


def _check_format(found: object, where: str) -> None:
    if found == FORMAT:
        return
    name, _, version = found.partition("/") if isinstance(found, str) else ("", "", "")
    newer = re.fullmatch(r"[1-9]\d{0,8}", version) and int(version) > FORMAT_VERSION
    if name == FORMAT_NAME and newer:
        raise ScheduleFileError(
            f"{where} has format {found!r}; this version reads up to {FORMAT!r}. Upgrade tuner."
        )
    raise ScheduleFileError(f"{where} has format {found!r}, but a schedule file has {FORMAT!r}.")


def _check_keys(document: dict[str, Any], where: str) -> None:
    wrong = [f"missing key {key!r}" for key in _KEYS if key not in document]
    wrong += [
        f"unknown key {key!r}{did_you_mean(key, _KEYS)}" for key in document if key not in _KEYS
    ]
    if wrong:
        raise ScheduleFileError(f"{where}: {'; '.join(wrong)}. {_EXPORT_AGAIN}")


def _check_values(document: dict[str, Any], schedule: Schedule, where: str) -> None:
    """Refuse what contradicts the schedule, or has another meaning than this version gives it."""
    clock = (document["updates_per_epoch"], document["batch_size"])
    for holds, condition in (
        (document["units"] == UNITS, f"`units` must be {UNITS}"),
        (document["past_horizon"] == PAST_HORIZON, f"`past_horizon` must be {PAST_HORIZON!r}"),
        (document["horizon"] == schedule.horizon, "`horizon` must be that of the schedule"),
        (
            all(map(_is_clock, clock)),
            "`updates_per_epoch` and `batch_size` must be 1 or more, or null",
        ),
        (isinstance(document["provenance"], dict), "`provenance` must be an object"),
        (_is_check(document["check"]), "`check` must be pairs of update and learning rate"),
    ):
        if not holds:
            raise ScheduleFileError(f"{where}: {condition}. {_EXPORT_AGAIN}")
    for update, recorded in document["check"]:
        # Mathematics libraries differ in the last bits, of the largest value too where a
        # schedule comes near 0.
        smallest = 1e-15 * schedule.base_lr
        if not math.isclose(schedule(update), recorded, rel_tol=1e-12, abs_tol=smallest):
            raise ScheduleFileError(
                f"{where} reloads to {schedule(update)!r} at update {update} but records"
                f" {recorded!r}. {_EXPORT_AGAIN}"
            )


def _is_clock(value: object) -> TypeGuard[int | None]:
    return value is None or (type(value) is int and 1 <= value <= 2**53)


def _is_check(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) > 0
        and all(isinstance(pair, list) and len(pair) == 2 for pair in value)
        and all(
            type(item) in (int, float) and 0 <= item <= 1e100 for pair in value for item in pair
        )
    )


def _check_updates(schedule: Schedule) -> list[int]:
    """Return the update numbers whose learning rates the file records."""
    horizon, warmup = schedule.horizon, schedule.warmup_steps
    quarters = [warmup + (horizon - warmup) * part // 4 for part in range(5)]
    return sorted({1, warmup + 1, *quarters, horizon + 1, 2 * horizon} - {0})


def _plain_clock(name: str, value: object) -> int | None:
    # NumPy's integers too, which JSON cannot hold as they are.
    whole = int(value) if isinstance(value, numbers.Integral) else value
    if isinstance(value, bool) or not _is_clock(whole):
        raise ScheduleFileError(f"`{name}` must be an int of 1 or more, but got {value!r}.")
    return whole


def _seal(document: Mapping[str, Any], provenance: Mapping[str, Any]) -> bytes:
    try:
        text = json.dumps(dict(provenance), allow_nan=False)
        # Read once, so that the digest is that of what a reader will see: keys are text there.
        plain = json.loads(text, object_pairs_hook=unique_keys)
        sealed = {**document, "provenance": plain}
        sealed["sha256"] = digest(sealed)
        return (json.dumps(sealed, indent=2) + "\n").encode("ascii")
    except RecursionError as error:
        raise ScheduleFileError("provenance is nested too deeply for a schedule file.") from error
    except (TypeError, ValueError) as error:
        raise ScheduleFileError(
            "provenance must be an object that JSON can hold, without NaN and infinity, but:"
            f" {error}."
        ) from error


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
