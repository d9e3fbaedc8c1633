"""Smooth exponential decay."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import ClassVar

from tuner.schedules.base import Schedule, sealed
from tuner.schedules.fields import number, rate, updates


@sealed
@dataclasses.dataclass(frozen=True, kw_only=True)
class Exponential(Schedule):
    r"""Fall by ``decay_factor`` over every ``decay_interval``, smoothly, down to ``final_lr``.

    With base :math:`b`, factor :math:`\alpha`, interval :math:`s`, floor :math:`f` and warmup
    :math:`W`, the learning rate of update :math:`u` is

    .. math:: \max(f,\; b\,\alpha^{(u - W)/s}), \qquad W \le u \le T

    and that of the horizon :math:`T` past it. :class:`~tuner.schedules.factor.Factor` falls by
    the same factor in steps.

    Args:
        base_lr: LR at the end of warmup.
        horizon: Updates after which the LR stays, warmup included.
        decay_factor: What is left after one interval. ``0 < decay_factor <= 1``.
        decay_interval: Updates in which the LR falls by the factor. At least 1.
        final_lr: The LR never falls below it. ``0 <= final_lr <= base_lr``.
        warmup_steps: Updates of warmup.
        warmup_begin_lr: LR at update 0, if there is a warmup.
        warmup_mode: ``"linear"``, ``"constant"``, ``"from_first"`` or ``"overlap"``.

    Raises:
        ScheduleError: If a parameter is out of range.

    Example:
        >>> schedule = Exponential(base_lr=0.8, horizon=40, decay_factor=0.25, decay_interval=10)
        >>> schedule([0, 5, 10, 20, 40, 10_000])
        [0.8, 0.4, 0.2, 0.05, 0.003125, 0.003125]

    Source:
        The chapter's section "Factor Scheduler", in continuous time.
    """

    family: ClassVar[str] = "exponential"
    formula: ClassVar[str] = "max(final_lr, base_lr * decay_factor ** ((u - W) / decay_interval))"
    overlaps: ClassVar[bool] = True

    decay_factor: float = number()
    decay_interval: int = updates(repeats=True)
    final_lr: float = rate(0.0)

    def _conditions(self) -> Iterator[tuple[bool, str]]:
        yield 0 < self.decay_factor <= 1, "0 < decay_factor <= 1"
        yield self.decay_interval >= 1, "decay_interval >= 1"
        yield 0 <= self.final_lr <= self.base_lr, "0 <= final_lr <= base_lr"

    def _after_warmup(self, update: float) -> float:
        intervals = (update - self._origin) / self.decay_interval
        return max(self.final_lr, self.base_lr * math.pow(self.decay_factor, intervals))
