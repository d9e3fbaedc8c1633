"""A training whose length is a time, ``"30min"``: a number takes its place once it is measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tuner.definition.sections import seconds
from tuner.errors import UnitError
from tuner.reading import Mistakes
from tuner.schedules import is_whole

# How long a training is said to be while it is measured: in reports, and at least in updates, so
# that the durations of a space have room.
_REPORTS, _UPDATES = 1_000, 100_000


class Measured(NamedTuple):
    """What the length of a training is that was given as a time, and how that was found.

    ``length`` is in epochs, or in updates of a training that has none.
    """

    time: str
    length: int
    seconds_per_update: float
    updates_measured: int
    machine: str

    def is_of(self, time: str) -> bool:
        """Tell whether it stands for a time."""
        return seconds(self.time) == seconds(time)


def with_length(
    task: Mapping[str, Any], measured: Measured | None, mistakes: Mistakes, table: str = ""
) -> tuple[Mapping[str, Any], str]:
    """Return what says how long a training is, with a number in the place of a time.

    Args:
        task: The ``[task]`` table, or the arguments that say the same.
        measured: The number; without it, one to measure the training by takes the place.
        mistakes: Takes what is wrong with the time.
        table: What the place of a mistake begins with.

    Returns:
        The table, and the time if it is still to be measured, else ``""``.

    Example:
        >>> with_length({"updates": "30min", "report_every": 50}, None, Mistakes("here"))
        ({'updates': 100000, 'report_every': 50}, '30min')
        >>> with_length({"epochs": 3}, None, Mistakes("here"))
        ({'epochs': 3}, '')
    """
    key = "epochs" if task.get("report_every") is None else "updates"
    time = task.get(key)
    if not isinstance(time, str):
        return task, ""
    if task.get("name") == "table":
        text = "must be a whole number, for a table's trainings are recorded and take no time, but"
        mistakes.add(f"{table}{key}", f"{text} got {time!r}")
    else:
        try:
            seconds(time)
        except UnitError as error:
            mistakes.add(f"{table}{key}", f"{error} Or write a whole number of {key}.")
    if measured is not None:
        return {**task, key: measured.length}, ""
    every = task.get("report_every")
    size = int(every) if is_whole(every) and every >= 1 else 1
    reports = _REPORTS if key == "epochs" else max(_REPORTS, -(-_UPDATES // size))
    return {**task, key: reports * size}, time
