"""A schedule as the few points that its picture needs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from tuner.reading import Clock
from tuner.schedules import Schedule

# Points of a curve, apart from those at its corners and drops.
POINTS = 120
# A step between two points is looked into from this share of base_lr on.
_VISIBLE = 0.005
# Less than this many decades off, a faint line is where it should be.
_INVISIBLE = 0.01


class Curve(NamedTuple):
    """Learning rates over time: ``rates[i]`` is that of ``epochs[i]``, in epochs trained.

    Of a training without epochs these are updates.

    A learning rate of 0, which a logarithmic axis does not have, is None.
    """

    epochs: tuple[float, ...]
    rates: tuple[float | None, ...]


def curve_of(schedule: Schedule, updates_per_epoch: int | None, clock: Clock) -> Curve:
    """Return a schedule's curve over the time of a study, however many updates that is for it.

    Args:
        schedule: The schedule.
        updates_per_epoch: Those of its training, if a batch size makes them others.
        clock: The study's.
    """
    size = updates_per_epoch or clock.updates_per_epoch
    epochs = clock.horizon // clock.updates_per_epoch
    return lr_curve(schedule, size / clock.unit.size, size * epochs)


def lr_curve(schedule: Schedule, updates_per_epoch: float, updates: int) -> Curve:
    """Sample a schedule from the first update of a training to its last.

    The grid is even; the end of warmup, the horizon and both sides of every drop are exact.

    Args:
        schedule: The schedule.
        updates_per_epoch: Updates in an epoch, or 1.
        updates: Updates of the training, which may go on past the schedule's horizon.

    Returns:
        The curve. Update ``u`` lies at ``u / updates_per_epoch`` epochs.

    Example:
        >>> from tuner.schedules import Factor
        >>> drop = Factor(base_lr=0.4, horizon=8, decay_factor=0.5, decay_interval=4)
        >>> lr_curve(drop, updates_per_epoch=4, updates=8)
        Curve(epochs=(0.25, 1.0, 1.25, 2.0), rates=(0.4, 0.4, 0.2, 0.2))
    """
    last = max(updates, 1)
    grid = {round(1 + (last - 1) * part / (POINTS - 1)) for part in range(POINTS)}
    warmup, horizon = schedule.warmup_steps, schedule.horizon
    corners = {warmup - 1, warmup, horizon, horizon + 1}
    chosen = sorted(grid | {update for update in corners if 1 <= update <= last})
    points = _with_drops(schedule, chosen)
    return Curve(
        tuple(round(update / updates_per_epoch, 5) for update, _ in points),
        tuple(float(f"{rate:.5g}") if rate > 0 else None for _, rate in points),
    )


def thinned(curve: Curve) -> Curve:
    """Return a curve without the points that nobody misses where many are drawn together.

    Douglas and Peucker's method, on the logarithmic axis that the curve is drawn on.
    """
    heights = [math.log10(rate) if rate else None for rate in curve.rates]
    kept = {0, len(heights) - 1}
    spans = [(0, len(heights) - 1)]
    while spans:
        start, end = spans.pop()
        if end - start > 1:
            middle, distance = _farthest(curve.epochs, heights, start, end)
            if distance > _INVISIBLE:
                kept.add(middle)
                spans += [(start, middle), (middle, end)]
    indices = sorted(kept)
    rates = (curve.rates[index] for index in indices)
    return Curve(
        tuple(round(curve.epochs[index], 3) for index in indices),
        tuple(float(f"{rate:.3g}") if rate else None for rate in rates),
    )


def _farthest(
    epochs: Sequence[float], heights: Sequence[float | None], start: int, end: int
) -> tuple[int, float]:
    """Return the point between two that is farthest from their line, and how far, in decades."""
    first, last = heights[start], heights[end]
    found, distance = start + 1, -1.0
    for index in range(start + 1, end):
        height = heights[index]
        if height is None and first is None and last is None:
            away = 0.0
        elif height is None or first is None or last is None:
            away = math.inf  # the edges of a gap stay
        else:
            share = (epochs[index] - epochs[start]) / (epochs[end] - epochs[start])
            away = abs(first + (last - first) * share - height)
        if away > distance:
            found, distance = index, away
    return found, distance


def _with_drops(schedule: Schedule, updates: Sequence[int]) -> list[tuple[int, float]]:
    """Return the points, with both sides of each jump between two, without those of a plateau."""
    points: list[tuple[int, float]] = []
    for update in updates:
        here = (update, schedule(update))
        if points:
            points += _jump(schedule, points[-1], here)
        points.append(here)
    inner = [
        point
        for before, point, after in zip(points, points[1:], points[2:], strict=False)
        if not before[1] == point[1] == after[1]
    ]
    return [*points[:1], *inner, *points[1:][-1:]]


def _jump(
    schedule: Schedule, start: tuple[int, float], end: tuple[int, float]
) -> list[tuple[int, float]]:
    """Return the last point before and the first after a jump, if most of the change is one."""
    change = abs(end[1] - start[1])
    if change < _VISIBLE * schedule.base_lr:
        return []
    low, high = start, end
    while high[0] - low[0] > 1:
        update = (low[0] + high[0]) // 2
        middle = (update, schedule(update))
        if abs(middle[1] - low[1]) > abs(high[1] - middle[1]):
            high = middle
        else:
            low = middle
        if abs(high[1] - low[1]) <= change / 2:
            return []  # a slope: no step in what is left is most of the change
    if abs(high[1] - low[1]) <= change / 2:
        return []
    return [point for point in (low, high) if point not in (start, end)]
