"""A schedule in a JSON file: written whole or not at all, and refused when it was touched.

The file holds plain data: a family word, its parameters with every duration in updates, and how
to check them. Nothing in it is executed, and no name in it is imported.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tuner.errors import ScheduleError, ScheduleFileError
from tuner.schedules.base import Schedule
from tuner.schedules.registry import did_you_mean, schedule_from_dict, schedule_to_dict
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
_LARGEST_FILE = 16 * 2**20
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
        provenance: Where the schedule comes from; anything that JSON can hold.

    Raises:
        ScheduleFileError: If it cannot be written; what was there before is still there.
        ScheduleError: If it is not a schedule of a known family.
    """
    where = os.fsdecode(path)
    for name, value in (("updates_per_epoch", updates_per_epoch), ("batch_size", batch_size)):
        if not _is_clock(value):
            raise ScheduleFileError(f"`{name}` must be an int of 1 or more, but got {value!r}.")
    document: dict[str, Any] = {
        "format": FORMAT,
        "schedule": schedule_to_dict(schedule),
        "units": UNITS,
        "horizon": schedule.horizon,
        "past_horizon": PAST_HORIZON,
        "updates_per_epoch": updates_per_epoch,
        "batch_size": batch_size,
        "check": [[update, schedule(update)] for update in _check_updates(schedule)],
    }
    content = _seal(document, {} if provenance is None else provenance)
    # What could not be read back is not written.
    _parse(content, where)
    try:
        write_whole(content, where)
    except (OSError, ValueError) as error:
        raise ScheduleFileError(f"{where} cannot be written: {_reason(error)}.") from error


def load_schedule(path: str | os.PathLike[str]) -> Schedule:
    """Read the schedule out of a file; it needs the standard library alone.

    Args:
        path: A file that :func:`save_schedule` wrote.

    Returns:
        A schedule equal to the one saved.

    Raises:
        ScheduleFileError: If the file cannot be read or trusted, with the reason.
    """
    return read_schedule_file(path).schedule


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
        with Path(where).open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        raise ScheduleFileError(f"{where} cannot be read: {_reason(error)}.") from error
    return _parse(content, where)


# --- reading ------------------------------------------------------------------------------


def _parse(content: bytes, where: str) -> ScheduleFile:
    try:
        document = _json_object(content, where)
        _check_format(document.get("format"), where)
        _check_keys(document, where)
        schedule = schedule_from_dict(document["schedule"])
        _check_values(document, schedule, where)
        digest = _digest(document)
    except ScheduleError as error:
        raise ScheduleFileError(f"{where}: {error}") from error
    except RecursionError as error:
        raise ScheduleFileError(f"{where} is nested too deeply for a schedule file.") from error
    if document["sha256"] != digest:
        raise ScheduleFileError(f"{where} does not match its sha256. {_EXPORT_AGAIN}")
    return ScheduleFile(
        schedule, document["updates_per_epoch"], document["batch_size"], document["provenance"]
    )


def _json_object(content: bytes, where: str) -> dict[str, Any]:
    if len(content) > _LARGEST_FILE:
        raise ScheduleFileError(
            f"{where} is larger than {_LARGEST_FILE} bytes, which no schedule file is."
        )
    if not content.strip():
        raise ScheduleFileError(f"{where} is empty. Export the schedule again.")
    try:
        document = json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_unique_keys,
            parse_constant=_refuse_number,
            parse_float=_finite_number,
        )
    except UnicodeDecodeError as error:
        raise ScheduleFileError(f"{where} is not text, so not a schedule file.") from error
    except ValueError as error:
        raise ScheduleFileError(
            f"{where} is not valid JSON, or was cut off: {error}. Export the schedule again."
        ) from error
    if not isinstance(document, dict):
        raise ScheduleFileError(
            f"{where} holds no JSON object but a {type(document).__name__}, so no schedule."
        )
    return document


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} is there twice")
    return document


def _refuse_number(text: str) -> float:
    raise ValueError(f"{text} is not a number that JSON has")


def _finite_number(text: str) -> float:
    return float(text) if math.isfinite(float(text)) else _refuse_number(text)


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


def _is_clock(value: object) -> bool:
    return value is None or (type(value) is int and value >= 1)


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


def _digest(document: Mapping[str, Any]) -> str:
    content = {key: value for key, value in document.items() if key != "sha256"}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _seal(document: Mapping[str, Any], provenance: Mapping[str, Any]) -> bytes:
    try:
        text = json.dumps(dict(provenance), allow_nan=False)
        # Read once, so that the digest is that of what a reader will see: keys are text there.
        plain = json.loads(text, object_pairs_hook=_unique_keys)
        sealed = {**document, "provenance": plain}
        sealed["sha256"] = _digest(sealed)
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
