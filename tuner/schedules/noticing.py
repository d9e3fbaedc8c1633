"""A schedule that tells what it is asked, by which it is known what a training really does."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from tuner.schedules.base import Schedule
from tuner.schedules.quantities import GROUPS, QUANTITIES, Schedules


def noticing(
    schedule: Schedule,
    asked: Callable[[Any], object],
    left: Callable[[], object],
    other: Callable[[str], object] = lambda _: None,
) -> Schedule:
    """Return a schedule that is equal to another one and tells which updates it is asked for.

    Args:
        schedule: The schedule.
        asked: Called with each update number, or with each array of them.
        left: Called when the schedule is copied, or handed over as another object, so that
            somebody else may be asked from now on.
        other: Called with what else of several quantities is asked for, by its name in
            ``schedule.others``, or is handed over.

    Example:
        >>> from tuner.schedules import Linear
        >>> seen = []
        >>> schedule = noticing(Linear(base_lr=0.5, horizon=2), seen.append, lambda: None)
        >>> schedule(1), schedule([1, 2]), seen
        (0.25, [0.25, 0.0], [1, 1, 2])
    """
    found, leaves = copy.copy(schedule), left
    if isinstance(schedule, Schedules):  # whose curves may be taken out of it
        object.__setattr__(found, "lr", noticing(schedule.lr, asked, left))
        for name in QUANTITIES:
            curve = getattr(schedule, name)
            if curve is not None:
                of = _telling(other, name)
                object.__setattr__(found, name, noticing(curve, of, of))
        groups = _Groups(schedule.groups)
        groups.asked = _telling(other, GROUPS)
        object.__setattr__(found, "groups", groups)
        names = schedule.others

        def leaves() -> None:
            left()
            for name in names:
                other(name)

    table: dict[float, float] = {}
    if schedule._fits_a_table:
        table = {update: schedule(update) for update in range(schedule.horizon + 1)}
    object.__setattr__(found, "_rates", _Noticed(table, asked, leaves))
    return found


def _telling(other: Callable[[str], object], name: str) -> Callable[..., object]:
    """Return what tells that a quantity was asked for, whatever it is called with."""
    return lambda *_: other(name)


class _Groups(tuple[Any, ...]):
    """The groups of several quantities, which tell that somebody looks at them."""

    asked: Callable[..., object] = staticmethod(lambda *_: None)

    def __iter__(self) -> Iterator[Any]:
        self.asked()
        return super().__iter__()

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, ([*self],)  # without whom it tells


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
