"""Exponential decay in steps: MXNet's ``FactorScheduler`` and the chapter's own."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import ClassVar

from tuner.schedules.base import Schedule, sealed
from tuner.schedules.fields import number, rate, updates


@sealed
@dataclasses.dataclass(frozen=True, kw_only=True)
class Factor(Schedule):
    r"""Multiply by ``decay_factor`` every ``decay_interval`` updates, down to ``stop_factor_lr``.

    With base :math:`b`, factor :math:`\alpha`, interval :math:`s` and floor :math:`m`, the
    learning rate of update :math:`u` is

    .. math:: \max(m,\; b\,\alpha^{k}), \qquad k = \lceil u / s \rceil - 1

    so the first drop shows at update :math:`s + 1`. As in MXNet, intervals are counted from
    update 0, *through* warmup: drops that fall into the warmup show at its end. Equal to
    ``mxnet.lr_scheduler.FactorScheduler`` with ``step=decay_interval`` for updates
    :math:`1 \dots T` asked in order. The chapter's ``FactorScheduler(factor, stop, b)`` multiplies
    before it returns: its :math:`n`-th value is that of update :math:`n` with an interval of 1 and
    ``base_lr = b * factor``.

    Args:
        base_lr: LR at the end of warmup.
        horizon: Updates after which the LR stays, warmup included.
        decay_factor: Multiplier at each drop. ``0 < decay_factor <= 1``.
        decay_interval: Updates between drops. At least 1.
        stop_factor_lr: The LR never falls below it. ``0 <= stop_factor_lr <= base_lr``.
        warmup_steps: Updates of warmup.
        warmup_begin_lr: LR at update 0, if there is a warmup.
        warmup_mode: ``"linear"``, ``"constant"`` or ``"from_first"``.

    Raises:
        ScheduleError: If a parameter is out of range.

    Example:
        >>> schedule = Factor(base_lr=0.8, horizon=100, decay_factor=0.5, decay_interval=10)
        >>> schedule([1, 10, 11, 21, 10_000])
        [0.8, 0.8, 0.4, 0.2, 0.0015625]

    Source:
        The chapter's section "Factor Scheduler".
    """

    family: ClassVar[str] = "factor"
    formula: ClassVar[str] = (
        "max(stop_factor_lr, base_lr * decay_factor ** (ceil(u / decay_interval) - 1))"
    )

    decay_factor: float = number()
    decay_interval: int = updates(repeats=True)
    stop_factor_lr: float = rate(0.0)

    def _conditions(self) -> Iterator[tuple[bool, str]]:
        yield 0 < self.decay_factor <= 1, "0 < decay_factor <= 1"
        yield self.decay_interval >= 1, "decay_interval >= 1"
        yield 0 <= self.stop_factor_lr <= self.base_lr, "0 <= stop_factor_lr <= base_lr"

    def _after_warmup(self, update: float) -> float:
        drops = max(0, math.ceil(update / self.decay_interval) - 1)
        return max(self.stop_factor_lr, self.base_lr * self.decay_factor**drops)
