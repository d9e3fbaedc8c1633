"""A power of a cosine decay: the generalised cosine."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import ClassVar

from tuner.schedules.base import Schedule, remaining, sealed
from tuner.schedules.fields import number, rate


@sealed
@dataclasses.dataclass(frozen=True, kw_only=True)
class CosinePower(Schedule):
    r"""A power of half a cosine wave, from ``base_lr`` down to ``final_lr``.

    With base :math:`b`, final :math:`f`, power :math:`p`, warmup :math:`W` and horizon :math:`T`,
    the learning rate of update :math:`u` is

    .. math:: f + (b - f)\,\big((1 + \cos(\pi\,(u - W)/(T - W))) / 2\big)^p, \qquad W \le u \le T

    and :math:`f` past the horizon. A power of 1 is :class:`~tuner.schedules.cosine.Cosine`; above
    it the fall comes earlier, below it later. Optax calls the power ``exponent``.

    Args:
        base_lr: LR at the end of warmup.
        horizon: Updates until ``final_lr`` is reached, warmup included.
        power: Exponent of the wave. Above 0.
        final_lr: LR at and after the horizon. ``0 <= final_lr <= base_lr``.
        warmup_steps: Updates of warmup.
        warmup_begin_lr: LR at update 0, if there is a warmup.
        warmup_mode: ``"linear"``, ``"constant"``, ``"from_first"`` or ``"overlap"``.

    Raises:
        ScheduleError: If a parameter is out of range.

    Example:
        >>> schedule = CosinePower(base_lr=0.8, horizon=100, power=2)
        >>> schedule([0, 50, 100, 10_000])
        [0.8, 0.2, 0.0, 0.0]

    Source:
        Naganuma et al. 2026, arXiv:2603.10301: the family "generalized cosine".
    """

    family: ClassVar[str] = "cosine_power"
    formula: ClassVar[str] = (
        "final_lr + (base_lr - final_lr) * ((1 + cos(pi * (u - W) / (T - W))) / 2) ** power"
    )
    overlaps: ClassVar[bool] = True

    power: float = number()
    final_lr: float = rate(0.0)

    def _conditions(self) -> Iterator[tuple[bool, str]]:
        yield self.power > 0, "power > 0"
        yield 0 <= self.final_lr <= self.base_lr, "0 <= final_lr <= base_lr"

    def _after_warmup(self, update: float) -> float:
        left = remaining("cosine", (update - self._origin) / self._span)
        return self.final_lr + (self.base_lr - self.final_lr) * math.pow(left, self.power)
