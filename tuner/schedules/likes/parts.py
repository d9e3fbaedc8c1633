"""What the formulas of the other libraries' schedulers are put together from.

Every one of those libraries counts the first update of a training as 0, where a schedule here
counts 1: ``update = count + 1`` throughout.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from tuner.errors import ScheduleError
from tuner.schedules.base import Schedule
from tuner.schedules.constant import Constant
from tuner.schedules.factor import Factor
from tuner.schedules.multi_factor import MultiFactor
from tuner.schedules.piecewise import Piecewise

# More than any training has epochs or cycles.
_MOST = 100_000
T = TypeVar("T")


def no_equal(why: str, nearest: str) -> ScheduleError:
    """Return the error for what no family does.

    Args:
        why: What it is that the scheduler does.
        nearest: What comes near, and how.
    """
    return ScheduleError(f"{why}, which no family does. The nearest is {nearest}.")


def few(items: Iterable[T]) -> list[T]:
    """Return what a schedule names one by one, or refuse what would be too many for any."""
    found = list(itertools.islice(items, _MOST + 1))
    if len(found) > _MOST:
        raise ScheduleError(
            f"at most {_MOST} steps, drops or cycles make a schedule, but got more."
        )
    return found


def started(lr: float) -> dict[str, Any]:
    """Return the fields of a family that begins at the first update, of count 0."""
    return {
        "base_lr": lr, "warmup_steps": 1, "warmup_begin_lr": lr, "warmup_mode": "constant"
    }  # fmt: skip


def warmed(lr: float, steps: int, begin: float = 0.0, *, overlap: bool = False) -> dict[str, Any]:
    """Return the fields of a family with a warmup that has the begin LR at count 0.

    Args:
        lr: The learning rate at count ``steps``.
        steps: The count at which the warmup is over; without any, the family begins at once.
        begin: The learning rate of the first update.
        overlap: Whether the decay counts from the first update too.
    """
    if steps == 0:
        return started(lr)
    return {
        "base_lr": lr,
        "warmup_steps": steps + 1,
        "warmup_begin_lr": begin,
        "warmup_mode": "overlap" if overlap else "from_first",
    }


def dropping(
    factor: float, counts: Iterable[int], horizon: int, fields: dict[str, Any]
) -> Schedule:
    """Return a schedule that drops by a factor from each of the counts on."""
    milestones = tuple(few(count for count in counts if count < horizon))
    if not milestones:
        return Constant(horizon=horizon, **fields)
    return MultiFactor(milestones=milestones, decay_factor=factor, horizon=horizon, **fields)


def stairs(levels: Iterable[tuple[int, float]], horizon: int | None = None) -> Piecewise:
    """Return the schedule with each level from its count on, the first of them being 0."""
    return _through(levels, horizon, "constant")


def lines(points: Iterable[tuple[int, float]], horizon: int | None = None) -> Piecewise:
    """Return the schedule with straight lines between the points, pairs of a count and an LR."""
    return _through(points, horizon, "linear")


def lines_of(
    rate: Callable[[float], float], corners: Iterable[float], horizon: int | None = None
) -> Piecewise:
    """Return the schedule with straight lines, whose corners may lie between two counts.

    Around a corner both counts have a knot: the line between them is not the scheduler's, but no
    update is asked for there.
    """
    corners = few(corners)
    counts = sorted({int(c // 1) for c in corners} | {-int(-c // 1) for c in corners})
    return lines(((count, rate(count)) for count in counts), horizon)


def _through(
    points: Iterable[tuple[int, float]], horizon: int | None, interpolation: str
) -> Piecewise:
    points = few(points)
    base = max(rate for _, rate in points)
    knots: list[tuple[int, float]] = []
    for count, rate in points:
        ratio = rate / base
        if interpolation == "linear" or not knots or knots[-1][1] != ratio:
            knots.append((count + 1, ratio))
    end = max(knots[-1][0], 2) if horizon is None else horizon
    if interpolation == "constant":
        knots = [knot for knot in knots if knot[0] <= end]
    end = max(end, knots[-1][0])
    return Piecewise(base_lr=base, knots=tuple(knots), interpolation=interpolation, horizon=end)


def held(schedule: Schedule, updates: int, horizon: int | None = None) -> Schedule:
    """Return what a schedule of steps is if each step is held for so many updates.

    Args:
        schedule: Its update 1 is the first step.
        updates: Updates of a step, those of an epoch.
        horizon: Updates of the training, if the steps do not say them.
    """
    if updates < 1:
        raise ScheduleError(f"`updates_per_epoch >= 1` must hold, but got {updates}.")
    horizon = horizon or (schedule.horizon - 1) * updates + 1
    if schedule.warmup_steps == 0 and isinstance(schedule, Factor):
        interval = schedule.decay_interval * updates
        return dataclasses.replace(schedule, decay_interval=interval, horizon=horizon)
    if schedule.warmup_steps == 0 and isinstance(schedule, MultiFactor):
        counts = [milestone * updates for milestone in schedule.milestones]
        return dropping(schedule.decay_factor, counts, horizon, {"base_lr": schedule.base_lr})
    if schedule.warmup_steps == 0 and isinstance(schedule, Constant):
        return dataclasses.replace(schedule, horizon=horizon)
    if schedule.horizon > _MOST:
        raise ScheduleError(
            f"at most {_MOST} epochs make a schedule, but got {schedule.horizon}."
            " Leave out `updates_per_epoch` if the scheduler steps after every update."
        )
    rates = schedule.learning_rates()
    return stairs(((step * updates, rate) for step, rate in enumerate(rates)), horizon)
