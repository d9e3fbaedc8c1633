"""What a schedule file holds, between bytes and a schedule: sealed, and refused when touched.

The file holds plain data: a family word, its parameters with every duration in updates, and how
to check them. Nothing in it is executed, and no name in it is imported.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeGuard

from tuner.errors import ScheduleError, ScheduleFileError
from tuner.schedules.base import Schedule
from tuner.schedules.quantities import Schedules
from tuner.schedules.registry import did_you_mean, schedule_from_dict
from tuner.schedules.strict_json import digest, json_object, unique_keys

FORMAT_NAME = "tuner.schedule"


class Format(NamedTuple):
    """What every file of a format says alike."""

    word: str
    units: dict[str, str]
    past_horizon: str


_TIME = "optimizer updates, first update is 1"
# One curve, the learning rate. Its files are written and read for ever.
ONE = Format(
    f"{FORMAT_NAME}/1",
    {"time": _TIME, "lr": "absolute"},
    "constant at the learning rate of the horizon",
)
# Curves of several quantities.
SEVERAL = Format(
    f"{FORMAT_NAME}/2",
    {"time": _TIME, "curve": "absolute", "number": "factor of lr"},
    "each curve is constant at the value of its own horizon",
)

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

    @property
    def params(self) -> dict[str, Any]:
        """The options that its training had, sampled ones and others."""
        task = self.provenance.get("task")
        own = task.get("params") if isinstance(task, Mapping) else None
        tables = (own, self.provenance.get("options"))
        return {
            str(name): value
            for table in tables
            if isinstance(table, Mapping)
            for name, value in table.items()
        }


def parse(content: bytes, where: str) -> ScheduleFile:
    """Return what the content of a schedule file says.

    Args:
        content: The file's bytes.
        where: What to call it in messages.

    Raises:
        ScheduleFileError: If it cannot be trusted, with the reason.
    """
    try:
        document = json_object(content, where)
        form = _format(document.get("format"), where)
        _check_keys(document, where)
        schedule = schedule_from_dict(document["schedule"])
        _check_values(document, form, schedule, where)
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


def format_of(schedule: Schedule) -> Format:
    """Return the format in which a schedule is written."""
    return SEVERAL if isinstance(schedule, Schedules) else ONE


def curves_of(schedule: Schedule) -> dict[str, Schedule]:
    """Return the curves of a schedule by what they are, ``"lr"`` alone if it has no others."""
    return schedule.curves() if isinstance(schedule, Schedules) else {"lr": schedule}


def _format(found: object, where: str) -> Format:
    for form in (ONE, SEVERAL):
        if found == form.word:
            return form
    name, _, version = found.partition("/") if isinstance(found, str) else ("", "", "")
    newest = SEVERAL.word
    if name == FORMAT_NAME and re.fullmatch(r"[1-9]\d{0,8}", version):
        raise ScheduleFileError(
            f"{where} has format {found!r}; this version reads up to {newest!r}. Upgrade tuner."
        )
    raise ScheduleFileError(
        f"{where} has format {found!r}, but a schedule file has {ONE.word!r} or {newest!r}."
    )


def _check_keys(document: dict[str, Any], where: str) -> None:
    wrong = [f"missing key {key!r}" for key in _KEYS if key not in document]
    wrong += [
        f"unknown key {key!r}{did_you_mean(key, _KEYS)}" for key in document if key not in _KEYS
    ]
    if wrong:
        raise ScheduleFileError(f"{where}: {'; '.join(wrong)}. {_EXPORT_AGAIN}")


def _check_values(document: dict[str, Any], form: Format, schedule: Schedule, where: str) -> None:
    """Refuse what contradicts the schedule, or has another meaning than this version gives it."""
    clock = (document["updates_per_epoch"], document["batch_size"])
    curves = curves_of(schedule)
    # The check of one curve is a list, that of several has a list for each.
    checks = document["check"] if form is SEVERAL else {"lr": document["check"]}
    for holds, condition in (
        (
            format_of(schedule) is form,
            f"`schedule` of {ONE.word!r} must be a family, that of {SEVERAL.word!r} quantities",
        ),
        (document["units"] == form.units, f"`units` must be {form.units}"),
        (
            document["past_horizon"] == form.past_horizon,
            f"`past_horizon` must be {form.past_horizon!r}",
        ),
        (document["horizon"] == schedule.horizon, "`horizon` must be that of the schedule"),
        (
            all(map(is_clock, clock)),
            "`updates_per_epoch` and `batch_size` must be 1 or more, or null",
        ),
        (isinstance(document["provenance"], dict), "`provenance` must be an object"),
        (
            isinstance(checks, dict) and checks.keys() == curves.keys(),
            f"`check` must have {', '.join(curves)}",
        ),
        (
            isinstance(checks, dict) and all(map(_is_check, checks.values())),
            "`check` must be pairs of update and learning rate",
        ),
    ):
        if not holds:
            raise ScheduleFileError(f"{where}: {condition}. {_EXPORT_AGAIN}")
    for name, curve in curves.items():
        _check_curve(curve, checks[name], name if form is SEVERAL else "", where)


def _check_curve(curve: Schedule, check: list[Any], name: str, where: str) -> None:
    of = f" of {name}" if name else ""
    for update, recorded in check:
        # Mathematics libraries differ in the last bits, of the largest value too where a
        # schedule comes near 0.
        smallest = 1e-15 * curve.base_lr
        if not math.isclose(curve(update), recorded, rel_tol=1e-12, abs_tol=smallest):
            raise ScheduleFileError(
                f"{where} reloads to {curve(update)!r}{of} at update {update} but records"
                f" {recorded!r}. {_EXPORT_AGAIN}"
            )


def is_clock(value: object) -> TypeGuard[int | None]:
    """Tell whether a file can have this many updates per epoch, or examples in a batch."""
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


def seal(document: Mapping[str, Any], provenance: Mapping[str, Any]) -> bytes:
    """Return the content of a schedule file: a document, its provenance and the digest of both.

    Raises:
        ScheduleFileError: If JSON cannot hold the provenance.
    """
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
