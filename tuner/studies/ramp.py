"""A learning rate that rises, and what losses say under it: where training begins and collapses.

Pure: no training, no study.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple

from tuner.schedules import Piecewise

# The line between two knots is so near the exponential that nobody sees it: 1 % in a ramp of ten
# orders of magnitude.
_KNOTS = 200
# Shares of the most that was gained: so much must be, and so much be lost again.
BEGINS, COLLAPSES = 0.1, 0.2
# A running median covers this share of the reports to each side, and one of them at least.
_TO_EACH_SIDE = 0.05
# What was gained must be above so many standard deviations between seeds, and above this share of
# what there was: at any rate at all a training gains something.
_ABOVE_NOISE, _ABOVE_NOTHING = 2.0, 0.01


class RangePoint(NamedTuple):
    """A report of the ramp: the smoothed value over the seeds around a learning rate.

    ``mean`` is infinite, the worst, from where a seed collapsed on; ``sd`` is None then, and of
    one seed. ``raw`` is the mean of the values as they were reported, None if one is missing.
    """

    lr: float
    mean: float
    sd: float | None
    raw: float | None = None


class Reading(NamedTuple):
    """What a ramp shows. A number is the place of a report; None if there is no such one."""

    points: tuple[RangePoint, ...]
    begins: int | None
    steepest: int | None
    collapses: int | None


def ramp(low: float, high: float, horizon: int) -> Piecewise:
    """Return a learning rate that rises from ``low`` at update 1 to ``high`` at the horizon.

    Every update multiplies it by the same number. Between 200 knots it is a line, so that it is a
    family that every task and schedule file knows.

    Args:
        low: The first learning rate. Above 0.
        high: The last one. Above ``low``.
        horizon: Updates. At least 2.

    Example:
        >>> rising = ramp(1e-4, 1.0, 9)
        >>> [round(rising(update), 6) for update in (1, 3, 5, 9)]
        [0.0001, 0.001, 0.01, 1.0]

    Source:
        Smith, Cyclical Learning Rates for Training Neural Networks (arXiv:1506.01186), section
        3.3, with a rate that rises exponentially.
    """
    count = min(horizon, _KNOTS)
    updates = sorted({1 + round((horizon - 1) * k / (count - 1)) for k in range(count)})
    knots = tuple((u, math.pow(low / high, (horizon - u) / (horizon - 1))) for u in updates)
    return Piecewise(base_lr=high, horizon=horizon, knots=knots)


def read_ramp(
    rates: Sequence[float], trainings: Sequence[Sequence[float]], *, minimized: bool
) -> Reading:
    """Return what the values of some trainings say, which ended early if they collapsed.

    Each training is smoothed by a running median; of those the mean over the seeds is read.
    Training *begins* at the first rate where a tenth of all that is gained has been. It is
    *steepest* where a report gains most. It *collapses* at the first rate after the best one where
    a fifth is lost again, or where a value of any seed is not finite.

    Args:
        rates: The learning rate of each report, rising.
        trainings: For each seed the values of its reports, at most as many.
        minimized: Whether small values are good.

    Returns:
        The reading. Nothing begins if less than 1 % is gained, or no more than the seeds differ.

    Example:
        >>> values = [2.0, 2.0, 1.5, 1.0, 0.9, 1.0, 3.0]
        >>> found = read_ramp([1e-4, 1e-3, 1e-2, 0.1, 0.3, 1.0, 3.0], [values], minimized=True)
        >>> found.begins, found.steepest, found.collapses
        (2, 2, 6)
    """
    sign = 1.0 if minimized else -1.0
    count = len(rates)
    smooth = [_smoothed([sign * value for value in values], count) for values in trainings]
    columns = list(zip(*smooth, strict=True))
    means = [statistics.fmean(c) if all(map(math.isfinite, c)) else math.inf for c in columns]
    sds = [
        statistics.stdev(column) if len(column) > 1 and math.isfinite(mean) else None
        for column, mean in zip(columns, means, strict=True)
    ]
    raw = [
        _mean([values[i] for values in trainings if i < len(values)], trainings)
        for i in range(count)
    ]
    points = tuple(map(RangePoint, rates, (sign * mean for mean in means), sds, raw))
    best = min(range(count), key=means.__getitem__)
    gain = means[0] - means[best]
    least = max(_ABOVE_NOISE * (sds[best] or 0.0), _ABOVE_NOTHING * abs(means[0]))
    if not least < gain < math.inf:
        lost = (i for i in range(count) if not math.isfinite(means[i]))
        return Reading(points, None, None, next(lost, None))
    begins = next(i for i in range(count) if means[i] <= means[0] - BEGINS * gain)
    steepest = max(range(begins, best + 1), key=lambda i: means[i - 1] - means[i])
    lost = (i for i in range(best, count) if means[i] > means[best] + COLLAPSES * gain)
    return Reading(points, begins, steepest, next(lost, None))


def _mean(values: Sequence[float], trainings: Sequence[object]) -> float | None:
    """Return the mean over all trainings, None if one has no number."""
    if len(values) < len(trainings) or not all(map(math.isfinite, values)):
        return None
    return statistics.fmean(values)


def _smoothed(values: Sequence[float], count: int) -> list[float]:
    """Return the running median, whose window is smaller at the ends; infinite is what is missing.

    A median leaves a sudden rise where it is, and passes over a single report that is odd.
    """
    whole = [value if math.isfinite(value) else math.inf for value in values]
    # What went on after a value that is not finite says nothing.
    whole = whole[: whole.index(math.inf)] if math.inf in whole else whole
    whole += [math.inf] * (count - len(whole))
    side = max(1, math.floor(_TO_EACH_SIDE * count))
    reach = [min(side, i, count - 1 - i) for i in range(count)]
    return [statistics.median(whole[i - r : i + r + 1]) for i, r in enumerate(reach)]
