"""Drops at chosen updates: MXNet's ``MultiFactorScheduler``."""

from __future__ import annotations

import bisect
import dataclasses
import itertools
from collections.abc import Iterator
from typing import ClassVar

from tuner.schedules.base import Schedule, sealed
from tuner.schedules.fields import number, update_list


@sealed
@dataclasses.dataclass(frozen=True, kw_only=True)
class MultiFactor(Schedule):
    r"""Multiply by ``decay_factor`` after each of the ``milestones``.

    With base :math:`b`, factor :math:`\alpha` and milestones :math:`m_1 < m_2 < \dots`, the
    learning rate of update :math:`u` is

    .. math:: b\,\alpha^{k}, \qquad k = |\{i : m_i < u\}|, \qquad W \le u \le T

    so a drop shows at the update *after* its milestone, and that of the horizon :math:`T` past
    it; a milestone at the horizon never shows. As in MXNet, milestones are counted from update 0,
    *through* warmup: drops that fall into the warmup show at its end. Equal to
    ``mxnet.lr_scheduler.MultiFactorScheduler`` with ``step=list(milestones)`` for
    :math:`1 \le u \le T` asked in order.

    Args:
        base_lr: LR at the end of warmup.
        horizon: Updates after which the LR stays, warmup included.
        decay_factor: Multiplier at each drop. ``0 < decay_factor <= 1``.
        milestones: Updates after which a drop applies, rising, at least one.
        warmup_steps: Updates of warmup.
        warmup_begin_lr: LR at update 0, if there is a warmup.
        warmup_mode: ``"linear"``, ``"constant"`` or ``"from_first"``.

    Raises:
        ScheduleError: If a parameter is out of range.

    Example:
        >>> schedule = MultiFactor(
        ...     base_lr=0.8, horizon=30, decay_factor=0.5, milestones=(10, 20)
        ... )
        >>> schedule([1, 10, 11, 20, 21, 10_000])
        [0.8, 0.8, 0.4, 0.4, 0.2, 0.2]

    Source:
        The chapter's section "Multi Factor Scheduler".
    """

    family: ClassVar[str] = "multi_factor"
    formula: ClassVar[str] = "base_lr * decay_factor ** (number of milestones < u)"

    decay_factor: float = number()
    milestones: tuple[int, ...] = update_list()

    def _conditions(self) -> Iterator[tuple[bool, str]]:
        yield 0 < self.decay_factor <= 1, "0 < decay_factor <= 1"
        yield len(self.milestones) >= 1, "len(milestones) >= 1"
        yield min(self.milestones, default=1) >= 1, "min(milestones) >= 1"
        yield max(self.milestones, default=1) <= self.horizon, "max(milestones) <= horizon"
        rising = all(a < b for a, b in itertools.pairwise(self.milestones))
        yield rising, "each of milestones < the next"

    def _after_warmup(self, update: float) -> float:
        drops = bisect.bisect_left(self.milestones, update)
        return self.base_lr * self.decay_factor**drops
