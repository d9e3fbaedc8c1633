"""Cosine decay: MXNet's ``CosineScheduler`` and the chapter's favourite."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import ClassVar

from tuner.schedules.base import Schedule, sealed
from tuner.schedules.fields import rate


@sealed
@dataclasses.dataclass(frozen=True, kw_only=True)
class Cosine(Schedule):
    r"""Half a cosine wave from ``base_lr`` down to ``final_lr``.

    With base :math:`b`, final :math:`f`, warmup :math:`W` and horizon :math:`T`, the learning
    rate of update :math:`u` is

    .. math:: f + (b - f)\,(1 + \cos(\pi\,(u - W)/(T - W))) / 2, \qquad W \le u \le T

    and :math:`f` past the horizon. Equal to ``mxnet.lr_scheduler.CosineScheduler`` with
    ``max_update=horizon`` for :math:`1 \le u \le T` asked in order; unlike it, the value never
    depends on what was asked before, and a fresh object is at ``final_lr`` past the horizon.

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
        >>> schedule = Cosine(base_lr=0.1, horizon=100)
        >>> schedule([0, 50, 100, 10_000])
        [0.1, 0.05, 0.0, 0.0]

    Source:
        Loshchilov & Hutter 2016, arXiv:1608.03983; the chapter's section "Cosine Scheduler".
    """

    family: ClassVar[str] = "cosine"
    formula: ClassVar[str] = (
        "final_lr + (base_lr - final_lr) * (1 + cos(pi * (u - W) / (T - W))) / 2"
    )
    overlaps: ClassVar[bool] = True

    final_lr: float = rate(0.0)

    def _conditions(self) -> Iterator[tuple[bool, str]]:
        yield 0 <= self.final_lr <= self.base_lr, "0 <= final_lr <= base_lr"

    def _after_warmup(self, update: float) -> float:
        wave = math.cos(math.pi * (update - self._origin) / self._span)
        return self.final_lr + (self.base_lr - self.final_lr) * (1 + wave) / 2
