"""What is told of a schedule before it is trained: its LR now, at the end, at its highest, summed.

Of one that is found while it trains it is what is known then, constant from there on: a trial of
family ``plateau`` is forecast as if no more drops came.

All in orders of magnitude, as shares of the highest LR that the search space has: a fine-tuning at
1e-5 is searched as a training at 1e-1 is.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from tuner.schedules import Schedule
from tuner.search.ridge import Array
from tuner.space import SearchSpace

# Learning rates are as good as none below this share of the space's highest, or below this share
# of its lowest base LR, whichever is less.
_OF_THE_HIGHEST = 1e-4
_OF_THE_LOWEST = 1e-2
# The share of the horizon whose mean LR is "the LR at the end", or "now".
_SPAN = 0.05
# Updates that stand for all of them in a mean.
_POINTS = 100


class Features(NamedTuple):
    """Tells what the schedules of a search space are like, each in a few numbers.

    Args:
        horizon: Updates of a full training.
        highest: The LR that others are told as shares of.
        least: The share below which an LR is as good as none.
        scale: How many updates of the study have the examples of one of these.

    Example:
        >>> from tuner import Cosine
        >>> high, low = (Cosine(base_lr=lr, final_lr=lr / 10, horizon=100) for lr in (0.1, 1e-6))
        >>> [round(each, 2) for each in Features(100, highest=0.1).ahead(high, done=0)]
        [-0.99, 1.74]
        >>> [round(each, 2) for each in Features(100, highest=1e-6).ahead(low, done=0)]
        [-0.99, 1.74]
    """

    horizon: int
    highest: float = 1.0
    least: float = _OF_THE_HIGHEST
    scale: float = 1.0

    @classmethod
    def of(cls, space: SearchSpace) -> Features:
        """Return those of a search space's schedules."""
        lowest, highest = space.base_lrs
        if not lowest:  # of which there are no orders of magnitude
            return cls(space.clock.horizon, highest or 1.0)
        least = min(_OF_THE_HIGHEST, _OF_THE_LOWEST * lowest / highest)
        return cls(space.clock.horizon, highest, least)

    def lasting(self, updates: int) -> Features:
        """Return those of schedules over as many updates, with which a batch size has to do.

        They are told at equal examples: a sum of LRs is one over the updates of the study.
        """
        scale = self.scale * self.horizon / updates
        return self if updates == self.horizon else self._replace(horizon=updates, scale=scale)

    def ahead(self, schedule: Schedule, done: int) -> tuple[float, float]:
        """Return the LR at the end, and the sum of the LRs that are left after some updates."""
        last = self._mean(schedule, self.horizon - self._span, self.horizon, _POINTS // 20)
        left = self._mean(schedule, done, self.horizon, _POINTS) * (self.horizon - done)
        summed = max(left / self.highest, self.least * self.horizon) * self.scale
        return self._log(last), math.log10(summed)

    def noise(self, schedule: Schedule, done: int) -> float:
        r"""Return the noise of the updates that are left, as far as the end remembers it.

        An update adds noise by the square of its LR, and those after it take it away again. With
        :math:`r_u` the LR as a share of the highest, it is the logarithm of

        .. math::
            \sum_{u > done} \frac{r_u^2}{1 + \sum_{v > u} r_v}

        summed over pieces of equal LRs, each as an integral.

        Example:
            >>> from tuner import Constant, Linear
            >>> high = Constant(base_lr=0.1, horizon=100)
            >>> low = Linear(base_lr=0.1, horizon=100, final_lr=0.0)
            >>> [round(Features(100, highest=0.1).noise(each, 0), 2) for each in (high, low)]
            [0.66, 0.2]
        """
        at = _some_updates(done, self.horizon, _POINTS)
        rates = np.array(schedule(at)) / self.highest
        summed = rates * (self.horizon - done) / len(at) * self.scale
        after = np.cumsum(summed[::-1])[::-1]  # with its own piece
        noise = float(np.sum(rates * np.log((1 + after) / (1 + after - summed))))
        return math.log10(max(noise, self.least**2))

    def now(self, schedule: Schedule, done: int) -> float:
        """Return the LR before an update."""
        return self._log(self._mean(schedule, max(0, done - self._span), done, _POINTS // 20))

    def peak(self, schedule: Schedule) -> float:
        """Return a schedule's highest LR."""
        return self._log(float(np.max(schedule(_some_updates(0, self.horizon, _POINTS)))))

    @property
    def _span(self) -> int:
        return max(1, round(_SPAN * self.horizon))

    def _log(self, rate: float) -> float:
        return math.log10(max(rate / self.highest, self.least))

    @staticmethod
    def _mean(schedule: Schedule, after: int, last: int, points: int) -> float:
        """Return the mean LR of the updates from the one after ``after`` on, of some of them."""
        return float(np.mean(schedule(_some_updates(after, last, points))))


def with_squares(values: tuple[float, ...]) -> tuple[float, ...]:
    """Return values, each followed by its square.

    Example:
        >>> with_squares((2.0, 3.0))
        (2.0, 4.0, 3.0, 9.0)
    """
    return tuple(power for value in values for power in (value, value**2))


def _some_updates(after: int, last: int, points: int) -> Array:
    """Return updates from the one after ``after`` on, at equal distances."""
    return np.linspace(after + 1, last, min(points, last - after)).round()
