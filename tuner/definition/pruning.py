"""The ``[pruner]`` table of a study, in the unit that its training is told in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tuner.definition.search import PRUNERS, Pruner
from tuner.definition.sections import Training
from tuner.errors import UnitError
from tuner.reading import EPOCHS, Duration, Mistakes, Unit
from tuner.schedules import is_whole


def read_pruner(
    study_data: Mapping[str, Any], training: Training | None, mistakes: Mistakes
) -> Pruner | None:
    """Read the table. To a pruner everything is an epoch: of updates it gets as many reports.

    Args:
        study_data: The study file's content.
        training: What was read of ``[task]``; None if it has mistakes.
        mistakes: Takes what is wrong.
    """
    data, task = study_data.get("pruner", {"type": "forecast"}), study_data.get("task")
    every = task.get("report_every") if isinstance(task, Mapping) else None
    unit = Unit("update", every) if is_whole(every) and every >= 1 else EPOCHS
    if unit != EPOCHS and isinstance(data, Mapping):
        wrong = [*_wrong_durations(data, unit)]
        for key, text in wrong:
            mistakes.add(f"pruner.{key}", text)
        if wrong:
            return None
        data = {key: _in_epochs(value, unit) for key, value in data.items()}
    pruner = mistakes.read_tagged(PRUNERS, data, "pruner")
    if training is not None and pruner is not None:
        for key, text in pruner.wrong_for(training.epochs).items():
            mistakes.add(f"pruner.{key}", unit.reworded(text))
    return pruner


def _wrong_durations(table: Mapping[str, Any], unit: Unit) -> Iterator[tuple[str, str]]:
    """Yield what cannot be of a training that reports after every so many updates."""
    for key, value in table.items():
        for text in value if isinstance(value, list) else [value]:
            found = _duration(text)
            if found is None:
                continue
            if found.unit == "ep" and found.amount:
                must = f"must be updates, such as '{unit.count(max(1, round(found.amount)))}up',"
                yield key, f"{must} for the training has no epochs, but got {text!r}"
            if found.unit == "up" and found.amount % unit.size:
                above = unit.count(int(found.amount // unit.size) + 1)
                must = f"must be a multiple of report_every, {unit.size}, such as '{above}up'"
                yield key, f"{must}, but got {text!r}"


def _in_epochs(value: Any, unit: Unit) -> Any:
    if isinstance(value, list):
        return [_in_epochs(each, unit) for each in value]
    found = _duration(value)
    if found is None or found.unit != "up":
        return value
    return str(Duration(found.amount // unit.size, "ep"))


def _duration(text: object) -> Duration | None:
    try:
        return Duration.parse(text) if isinstance(text, str) else None
    except UnitError:  # a name, or a mistake that is noted where it is read
        return None
