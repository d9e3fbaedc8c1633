"""Decay with one over time: the classical rate of stochastic approximation."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import ClassVar

from tuner.schedules.base import Schedule, sealed
from tuner.schedules.fields import updates


@sealed
@dataclasses.dataclass(frozen=True, kw_only=True)
class InverseTime(Schedule):
    r"""Fall with one over the updates made.

    With base :math:`b`, interval :math:`s` and warmup :math:`W`, the learning rate of update
    :math:`u` is

    .. math:: b \,/\, (1 + (u - W) / s), \qquad W \le u \le T

    and that of the horizon :math:`T` past it: halved after one interval, a third after two.

    Args:
        base_lr: LR at the end of warmup.
        horizon: Updates after which the LR stays, warmup included.
        decay_interval: Updates after which half of ``base_lr`` is left. At least 1.
        warmup_steps: Updates of warmup.
        warmup_begin_lr: LR at update 0, if there is a warmup.
        warmup_mode: ``"linear"``, ``"constant"``, ``"from_first"`` or ``"overlap"``.

    Raises:
        ScheduleError: If a parameter is out of range.

    Example:
        >>> schedule = InverseTime(base_lr=0.6, horizon=50, decay_interval=10)
        >>> schedule([0, 10, 20, 50, 10_000])
        [0.6, 0.3, 0.19999999999999998, 0.09999999999999999, 0.09999999999999999]

    Source:
        Robbins & Monro 1951, Annals of Mathematical Statistics 22(3).
    """

    family: ClassVar[str] = "inverse_time"
    formula: ClassVar[str] = "base_lr / (1 + (u - W) / decay_interval)"
    overlaps: ClassVar[bool] = True

    decay_interval: int = updates(repeats=True)

    def _conditions(self) -> Iterator[tuple[bool, str]]:
        yield self.decay_interval >= 1, "decay_interval >= 1"

    def _after_warmup(self, update: float) -> float:
        return self.base_lr / (1 + (update - self._origin) / self.decay_interval)
