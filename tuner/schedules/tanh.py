"""A fall in the form of an S: the hyperbolic-tangent decay."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import ClassVar

from tuner.schedules.base import Schedule, sealed
from tuner.schedules.fields import number, rate


@sealed
@dataclasses.dataclass(frozen=True, kw_only=True)
class Tanh(Schedule):
    r"""Stay near ``base_lr``, fall as a hyperbolic tangent does, and flatten before ``final_lr``.

    With base :math:`b`, final :math:`f`, the tangent's ends :math:`l < h`, warmup :math:`W`,
    horizon :math:`T` and :math:`x = (u - W)/(T - W)`, the learning rate of update :math:`u` is

    .. math:: f + (b - f)\,(1 - \tanh(l\,(1 - x) + h\,x)) / 2, \qquad W \le u < T

    and :math:`f` at the horizon and past it. It falls fastest at :math:`x = l/(l - h)`. What is
    left of the tangent at its ends, :math:`b - f` times :math:`(1 + \tanh l)/2` at the begin and
    :math:`(1 - \tanh h)/2` at the end, are small steps. A warmup that overlaps it leads to the
    value at its own end.

    Args:
        base_lr: What it begins at, but for the little that the tangent lacks.
        horizon: Updates until ``final_lr`` is reached, warmup included.
        tanh_begin: The tangent's argument at the begin of the decay. Below ``tanh_end``.
        tanh_end: The tangent's argument at the horizon.
        final_lr: LR at and after the horizon. ``0 <= final_lr <= base_lr``.
        warmup_steps: Updates of warmup.
        warmup_begin_lr: LR at update 0, if there is a warmup.
        warmup_mode: ``"linear"``, ``"constant"``, ``"from_first"`` or ``"overlap"``.

    Raises:
        ScheduleError: If a parameter is out of range.

    Example:
        >>> schedule = Tanh(base_lr=0.8, horizon=100)
        >>> [round(lr, 4) for lr in schedule([0, 50, 70, 90, 100, 10_000])]
        [0.8, 0.7856, 0.4, 0.0144, 0.0, 0.0]

    Source:
        Hsueh et al. 2018, arXiv:1806.01593; the ends are those of timm.
    """

    family: ClassVar[str] = "tanh"
    formula: ClassVar[str] = (
        "final_lr + (base_lr - final_lr) * (1 - tanh(tanh_begin * (1 - x) + tanh_end * x)) / 2,"
        " x = (u - W) / (T - W)"
    )
    overlaps: ClassVar[bool] = True

    tanh_begin: float = number(-7.0)
    tanh_end: float = number(3.0)
    final_lr: float = rate(0.0)

    def _conditions(self) -> Iterator[tuple[bool, str]]:
        yield self.tanh_begin < self.tanh_end, "tanh_begin < tanh_end"
        yield 0 <= self.final_lr <= self.base_lr, "0 <= final_lr <= base_lr"

    def _start_lr(self) -> float:
        overlap = self.warmup_mode == "overlap"
        return self._after_warmup(self.warmup_steps) if overlap else self.base_lr

    def _after_warmup(self, update: float) -> float:
        if update >= self.horizon:
            return self.final_lr
        progress = (update - self._origin) / self._span
        wave = math.tanh(self.tanh_begin * (1 - progress) + self.tanh_end * progress)
        return self.final_lr + (self.base_lr - self.final_lr) * (1 - wave) / 2
