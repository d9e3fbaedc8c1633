"""Decay with the square root of time: the chapter's ``SquareRootScheduler``."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import ClassVar

from tuner.schedules.base import Schedule, sealed
from tuner.schedules.fields import updates


@sealed
@dataclasses.dataclass(frozen=True, kw_only=True)
class SquareRoot(Schedule):
    r"""Fall with one over the square root of the updates made.

    With base :math:`b`, interval :math:`s` and warmup :math:`W`, the learning rate of update
    :math:`u` is

    .. math:: b\,(1 + (u - W) / s)^{-1/2}, \qquad W \le u \le T

    and that of the horizon :math:`T` past it. With an interval of 1 and no warmup it is the
    chapter's ``SquareRootScheduler``; with an interval of one epoch's updates it falls in epochs
    as the chapter's plot does; with a warmup as long as the interval it is the schedule that many
    call Noam (``tuner.schedules.like("noam", ...)``).

    Args:
        base_lr: LR at the end of warmup.
        horizon: Updates after which the LR stays, warmup included.
        decay_interval: Updates per unit of time. At least 1.
        warmup_steps: Updates of warmup.
        warmup_begin_lr: LR at update 0, if there is a warmup.
        warmup_mode: ``"linear"``, ``"constant"``, ``"from_first"`` or ``"overlap"``.

    Raises:
        ScheduleError: If a parameter is out of range.

    Example:
        >>> schedule = SquareRoot(base_lr=1.0, horizon=99)
        >>> schedule([0, 3, 24, 99, 10_000])
        [1.0, 0.5, 0.2, 0.1, 0.1]

    Source:
        The chapter's section "Schedulers".
    """

    family: ClassVar[str] = "square_root"
    formula: ClassVar[str] = "base_lr * (1 + (u - W) / decay_interval) ** -0.5"
    overlaps: ClassVar[bool] = True

    decay_interval: int = updates(1, repeats=True)

    def _conditions(self) -> Iterator[tuple[bool, str]]:
        yield self.decay_interval >= 1, "decay_interval >= 1"

    def _after_warmup(self, update: float) -> float:
        elapsed = (update - self._origin) / self.decay_interval
        return self.base_lr * math.pow(1 + elapsed, -0.5)
