"""A straight line down."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import ClassVar

from tuner.schedules.base import Schedule, remaining, sealed
from tuner.schedules.fields import rate


@sealed
@dataclasses.dataclass(frozen=True, kw_only=True)
class Linear(Schedule):
    r"""A straight line from ``base_lr`` down to ``final_lr``.

    With base :math:`b`, final :math:`f`, warmup :math:`W` and horizon :math:`T`, the learning
    rate of update :math:`u` is

    .. math:: f + (b - f)\,(1 - (u - W)/(T - W)), \qquad W \le u \le T

    and :math:`f` past the horizon.

    Args:
        base_lr: LR at the end of warmup.
        horizon: Updates until ``final_lr`` is reached, warmup included.
        final_lr: LR at and after the horizon. ``0 <= final_lr <= base_lr``.
        warmup_steps: Updates of warmup.
        warmup_begin_lr: LR at update 0, if there is a warmup.
        warmup_mode: ``"linear"``, ``"constant"``, ``"from_first"`` or ``"overlap"``.

    Raises:
        ScheduleError: If a parameter is out of range.

    Example:
        >>> schedule = Linear(base_lr=0.5, horizon=100, final_lr=0.25)
        >>> schedule([0, 50, 100, 10_000])
        [0.5, 0.375, 0.25, 0.25]

    Source:
        Defazio et al. 2023, arXiv:2310.07831, for why a straight line is hard to beat.
    """

    family: ClassVar[str] = "linear"
    formula: ClassVar[str] = "final_lr + (base_lr - final_lr) * (1 - (u - W) / (T - W))"
    overlaps: ClassVar[bool] = True

    final_lr: float = rate(0.0)

    def _conditions(self) -> Iterator[tuple[bool, str]]:
        yield 0 <= self.final_lr <= self.base_lr, "0 <= final_lr <= base_lr"

    def _after_warmup(self, update: float) -> float:
        left = remaining("linear", (update - self._origin) / self._span)
        return self.final_lr + (self.base_lr - self.final_lr) * left
