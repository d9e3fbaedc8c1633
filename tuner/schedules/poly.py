"""Polynomial decay: MXNet's ``PolyScheduler``."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import ClassVar

from tuner.schedules.base import Schedule, sealed
from tuner.schedules.fields import number, rate


@sealed
@dataclasses.dataclass(frozen=True, kw_only=True)
class Poly(Schedule):
    r"""A power of the time that is left, from ``base_lr`` down to ``final_lr``.

    With base :math:`b`, final :math:`f`, power :math:`p`, warmup :math:`W` and horizon :math:`T`,
    the learning rate of update :math:`u` is

    .. math:: f + (b - f)\,(1 - (u - W)/(T - W))^p, \qquad W \le u \le T

    and :math:`f` past the horizon. Equal to ``mxnet.lr_scheduler.PolyScheduler`` with
    ``max_update=horizon`` and ``pwr=power`` for :math:`1 \le u \le T` asked in order; unlike it,
    the value never depends on what was asked before, and a fresh object is at ``final_lr`` past
    the horizon.

    Args:
        base_lr: LR at the end of warmup.
        horizon: Updates until ``final_lr`` is reached, warmup included.
        power: Exponent of the time that is left. Above 0; 1 is a straight line.
        final_lr: LR at and after the horizon. ``0 <= final_lr <= base_lr``.
        warmup_steps: Updates of warmup.
        warmup_begin_lr: LR at update 0, if there is a warmup.
        warmup_mode: ``"linear"``, ``"constant"``, ``"from_first"`` or ``"overlap"``.

    Raises:
        ScheduleError: If a parameter is out of range.

    Example:
        >>> schedule = Poly(base_lr=0.8, horizon=100)
        >>> schedule([0, 50, 75, 100, 10_000])
        [0.8, 0.2, 0.05, 0.0, 0.0]

    Source:
        The chapter's section "Policies", which names polynomial decay.
    """

    family: ClassVar[str] = "poly"
    formula: ClassVar[str] = "final_lr + (base_lr - final_lr) * (1 - (u - W) / (T - W)) ** power"
    overlaps: ClassVar[bool] = True

    power: float = number(2.0)
    final_lr: float = rate(0.0)

    def _conditions(self) -> Iterator[tuple[bool, str]]:
        yield self.power > 0, "power > 0"
        yield 0 <= self.final_lr <= self.base_lr, "0 <= final_lr <= base_lr"

    def _after_warmup(self, update: float) -> float:
        left = 1 - (update - self._origin) / self._span
        return self.final_lr + (self.base_lr - self.final_lr) * math.pow(left, self.power)
