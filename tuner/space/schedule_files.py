"""Baselines that are schedule files: how a study starts from the best of another one.

The files are read with the search space and become a part of it, so that a study's database holds
all that it needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tuner.errors import ScheduleError, ScheduleFileError
from tuner.reading import EPOCHS, Clock, Mistakes, did_you_mean
from tuner.schedules import (
    Schedule,
    read_schedule_file,
    schedule_from_dict,
    schedule_to_dict,
)
from tuner.space.params import Param

_PROBLEM = "problem"
_ONE_KEY = ("label", "file")


def with_schedule_files(data: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return the content of a search space with what the files of its baselines hold.

    Args:
        data: The content.
        folder: What the files' paths are relative to.
    """
    entries = data.get("baseline")
    if not isinstance(entries, list):
        return dict(data)
    return {**data, "baseline": [_with_file(entry, folder) for entry in entries]}


def _with_file(entry: object, folder: Path) -> object:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("file"), str):
        return entry
    try:
        found = read_schedule_file(folder / entry["file"])
    except ScheduleFileError as error:
        return {**entry, _PROBLEM: str(error)}
    task, options = found.provenance.get("task"), found.provenance.get("options")
    return {
        **entry,
        "found": {
            "schedule": schedule_to_dict(found.schedule),
            "params": found.provenance.get("params"),
            "epochs": task.get("epochs") if isinstance(task, Mapping) else None,
            "updates_per_epoch": found.updates_per_epoch,
            **({"options": options} if isinstance(options, Mapping) else {}),
        },
    }


def options_of_file(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the options of the task that the schedule of a baseline's file was tuned with."""
    found = entry.get("found")
    options = found.get("options") if isinstance(found, Mapping) else None
    return options if isinstance(options, Mapping) else {}


def read_file_baseline(
    entry: Mapping[str, Any],
    place: str,
    params: Mapping[str, Param],
    clock: Clock,
    mistakes: Mistakes,
) -> tuple[dict[str, Any], Schedule] | None:
    """Return a file's values of the space's parameters and its schedule, or note what is wrong.

    The values are none if the schedule lies outside what the space samples.

    Args:
        entry: The ``[[baseline]]`` table, with what its file holds.
        place: Where it is.
        params: The space's parameters.
        clock: Updates per epoch and horizon of the trainings.
        mistakes: Takes the notes.
    """
    before = len(mistakes.found)
    for key in entry.keys() - {*_ONE_KEY, "found", _PROBLEM}:
        hint = did_you_mean(key, _ONE_KEY)
        mistakes.add(f"{place}.{key}", f"unknown key of a baseline with a file; {hint}")
    where = f"{place}.file"
    if _PROBLEM in entry or "found" not in entry:
        text = f"must be the path of a schedule file, but got {entry['file']!r}"
        mistakes.add(where, entry.get(_PROBLEM, text))
        return None
    found = entry["found"]
    try:
        schedule = schedule_from_dict(found["schedule"])
    except ScheduleError as error:
        mistakes.add(where, str(error))
        return None
    size, epochs = found["updates_per_epoch"], found["epochs"]
    lengths = [("updates per epoch", size, clock.updates_per_epoch)]
    if epochs is None:  # not exported from a study, but saved
        lengths.append(("updates", schedule.horizon, clock.horizon))
    else:
        lengths.append(("epochs", epochs, clock.horizon // clock.updates_per_epoch))
    if clock.unit != EPOCHS:  # how often it reports is no matter
        whole = schedule.horizon if None in (epochs, size) else epochs * size
        lengths = [("updates", whole, clock.horizon)]
    for name, was, now in lengths:
        if was != now:
            mistakes.add(where, f"must be of a training of as many {name}, {now}, but has {was}")
    if len(mistakes.found) > before:
        return None
    return _values(params, found["params"], schedule), schedule


def _values(params: Mapping[str, Param], sampled: object, schedule: Schedule) -> dict[str, Any]:
    """Return the values that a schedule was sampled from; none if the space lacks one."""
    values: dict[str, Any] = {}
    known = sampled if isinstance(sampled, Mapping) else {}
    for name, param in params.items():
        if not param.applies({"family": schedule.family, **values}):
            continue
        if name not in known or not param.has(known[name]):
            return {}
        values[name] = known[name]
    return values
