"""Any curve through given points."""

from __future__ import annotations

import bisect
import dataclasses
import itertools
from collections.abc import Iterator
from typing import ClassVar

from tuner.schedules.base import Schedule, sealed
from tuner.schedules.fields import choice, knots


@sealed
@dataclasses.dataclass(frozen=True, kw_only=True)
class Piecewise(Schedule):
    r"""Follow the ``knots``, pairs of (update, multiplier of ``base_lr``).

    With base :math:`b` and knots :math:`(t_i, m_i)`, the learning rate of update :math:`u` is

    .. math:: b\,\Big(m_i + (m_{i+1} - m_i)\frac{u - t_i}{t_{i+1} - t_i}\Big),
        \qquad t_i \le u < t_{i+1}

    with ``"linear"`` interpolation and :math:`b\,m_i` with ``"constant"``, where the value of a
    knot holds from its own update on; the first knot's value before it, the last one's after it,
    and that of the horizon :math:`T` past the horizon. Knots are counted from update 0, the start
    of the training, *through* warmup: those inside the warmup have no effect of their own. A
    linear warmup leads to the value at its end.

    Args:
        base_lr: What the multipliers multiply.
        horizon: Updates after which the LR stays, warmup included.
        knots: Pairs of (update, multiplier), at least one, with rising updates from 0 to the
            horizon and multipliers from 0 to 1.
        interpolation: ``"linear"`` or ``"constant"`` between two knots.
        warmup_steps: Updates of warmup.
        warmup_begin_lr: LR at update 0, if there is a warmup.
        warmup_mode: ``"linear"``, ``"constant"`` or ``"from_first"``.

    Raises:
        ScheduleError: If a parameter is out of range.

    Example:
        >>> schedule = Piecewise(base_lr=0.8, horizon=100, knots=((0, 0.5), (40, 1.0), (80, 0.25)))
        >>> schedule([0, 20, 40, 60, 80, 10_000])
        [0.4, 0.6000000000000001, 0.8, 0.5, 0.2, 0.2]

    Source:
        The chapter's remark on piecewise constant schedules, and any curve drawn by hand.
    """

    family: ClassVar[str] = "piecewise"
    formula: ClassVar[str] = "base_lr * (the line through the knots, at u)"

    knots: tuple[tuple[int, float], ...] = knots()
    interpolation: str = choice("linear", "constant", default="linear")

    def _conditions(self) -> Iterator[tuple[bool, str]]:
        times = [time for time, _ in self.knots]
        yield len(times) >= 1, "len(knots) >= 1"
        yield min(times, default=0) >= 0, "each update of knots >= 0"
        yield max(times, default=0) <= self.horizon, "each update of knots <= horizon"
        rising = all(a < b for a, b in itertools.pairwise(times))
        yield rising, "each update of knots < the next"
        bounded = all(0 <= multiplier <= 1 for _, multiplier in self.knots)
        yield bounded, "0 <= each multiplier of knots <= 1"

    def _start_lr(self) -> float:
        return self._after_warmup(self.warmup_steps)

    def _after_warmup(self, update: float) -> float:
        after = bisect.bisect_right(self.knots, update, key=lambda knot: knot[0])
        begin, low = self.knots[max(after - 1, 0)]
        end, high = self.knots[min(after, len(self.knots) - 1)]
        if self.interpolation == "constant" or begin == end:
            return self.base_lr * low
        return self.base_lr * (low + (high - low) * (update - begin) / (end - begin))
