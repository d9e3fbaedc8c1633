"""A schedule that tells what it is asked, by which it is known what a training really does."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from tuner.schedules.base import Schedule
from tuner.schedules.quantities import Schedules


def noticing(
    schedule: Schedule, asked: Callable[[Any], object], left: Callable[[], object]
) -> Schedule:
    """Return a schedule that is equal to another one and tells which updates it is asked for.

    Args:
        schedule: The schedule.
        asked: Called with each update number, or with each array of them.
        left: Called when the schedule is copied, or handed over as another object, so that
            somebody else may be asked from now on.

    Example:
        >>> from tuner.schedules import Linear
        >>> seen = []
        >>> schedule = noticing(Linear(base_lr=0.5, horizon=2), seen.append, lambda: None)
        >>> schedule(1), schedule([1, 2]), seen
        (0.25, [0.25, 0.0], [1, 1, 2])
    """
    found = copy.copy(schedule)
    if isinstance(schedule, Schedules):  # whose learning rate may be taken out of it
        object.__setattr__(found, "lr", noticing(schedule.lr, asked, left))
    table: dict[float, float] = {}
    if schedule._fits_a_table:
        table = {update: schedule(update) for update in range(schedule.horizon + 1)}
    object.__setattr__(found, "_rates", _Noticed(table, asked, left))
    return found


class _Noticed(dict[float, float]):
    """The table that a schedule looks a learning rate up in, first of all."""

    def __init__(
        self,
        rates: dict[float, float],
        asked: Callable[[Any], object],
        leaves: Callable[[], object],
    ) -> None:
        super().__init__(rates)
        self._asked, self.leaves = asked, leaves

    def __getitem__(self, update: Any) -> float:
        if isinstance(update, (int, float)) or hasattr(update, "__array__"):
            self._asked(update)  # each number of a list comes by itself
        return super().__getitem__(update)
