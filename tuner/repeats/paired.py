"""Means over seeds with their spread, and paired differences: pure functions of values by seed."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import NamedTuple

# Two-sided 95 % quantiles of Student's t for 1 to 30 degrees of freedom, and the normal one.
# NIST/SEMATECH e-Handbook of Statistical Methods, section 1.3.6.7.2.
_T_95 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
_NORMAL_95 = 1.960


class Spread(NamedTuple):
    """A mean over seeds; ``sd`` and ``se`` are None for a single value."""

    n: int
    mean: float
    sd: float | None
    se: float | None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval of the mean, mean ± t(n − 1) · se; None of a single value.

        Example:
            >>> Spread(n=3, mean=0.0, sd=2.0, se=1.0).interval
            (-4.303, 4.303)
        """
        if self.se is None:
            return None
        half = quantile(self.n - 1) * self.se
        return self.mean - half, self.mean + half


class Difference(NamedTuple):
    """A mean paired difference over ``n`` common seeds, and its 95 % interval."""

    n: int
    mean: float
    low: float
    high: float


def quantile(degrees: int) -> float:
    """Return the t with P(-t <= T <= t) = 0.95 for Student's T; beyond 30 degrees the normal one.

    Example:
        >>> quantile(2), quantile(31)
        (4.303, 1.96)
    """
    return _T_95[degrees - 1] if degrees <= len(_T_95) else _NORMAL_95


def spread(values: Sequence[float]) -> Spread | None:
    """Return mean, standard deviation (n − 1) and standard error sd / √n; None of no values.

    Example:
        >>> spread([1.0, 2.0, 3.0])
        Spread(n=3, mean=2.0, sd=1.0, se=0.5773502691896258)
    """
    if not values:
        return None
    if {math.inf, -math.inf} <= {*values}:  # as other programs may store
        return Spread(len(values), math.nan, None, None)
    n, mean = len(values), statistics.fmean(values)
    if n == 1:
        return Spread(1, mean, None, None)
    if not math.isfinite(mean):  # a training that diverged has an infinite loss
        return Spread(n, mean, None, None)
    sd = statistics.stdev(values)
    return Spread(n, mean, sd, sd / math.sqrt(n))


def differences(one: Mapping[int, float], other: Mapping[int, float]) -> dict[int, float]:
    """Return ``one`` − ``other`` for each seed that both have, by seed.

    Two infinite losses on one seed say nothing of each other.

    Example:
        >>> differences({1: 3.0, 2: 5.0}, {2: 1.0, 3: 1.0})
        {2: 4.0}
    """
    found = {seed: one[seed] - other[seed] for seed in sorted(one.keys() & other.keys())}
    return {seed: value for seed, value in found.items() if not math.isnan(value)}


def paired(one: Mapping[int, float], other: Mapping[int, float]) -> Difference | None:
    """Return the paired difference of values by seed: mean(d) ± t(n − 1) · sd(d) / √n.

    d are the differences ``one`` − ``other`` on the seeds that both have. Without such a seed it
    is None, with one the interval has no end; nor with two or three that are equal though the seed
    moves the values, which those in coarse steps are by chance. An infinite difference, to a loss
    that is no number, is certain; two such losses on one seed, or one on each side, say nothing.

    The interval is that of one comparison with a fixed n. A race looks at several of them after
    every seed, so that it takes a true tie for separated more often than once in 20:
    ``benchmarks/races.py``.
    """
    apart = [*differences(one, other).values()]
    if {math.inf, -math.inf} <= {*apart}:
        return None
    found = spread(apart)
    if found is None:
        return None
    if math.isinf(found.mean):
        return Difference(found.n, found.mean, found.mean, found.mean)
    seeds = one.keys() & other.keys()
    mine, others = ([each[seed] for seed in seeds] for each in (one, other))
    rounding = 1e-12 * max(map(abs, [*mine, *others]))
    moved = max(mine) - min(mine) > rounding
    coarse = found.n <= 3 and moved and max(apart) - min(apart) <= rounding
    half = math.inf if found.se is None or coarse else quantile(found.n - 1) * found.se
    return Difference(found.n, found.mean, found.mean - half, found.mean + half)
