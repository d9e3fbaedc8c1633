"""The same learning rate throughout: what the chapter starts from."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from tuner.schedules.base import Schedule, sealed


@sealed
@dataclasses.dataclass(frozen=True, kw_only=True)
class Constant(Schedule):
    r"""Stay at ``base_lr``.

    With base :math:`b` and warmup :math:`W`, the learning rate of update :math:`u` is

    .. math:: b, \qquad u \ge W

    past the horizon as well.

    Args:
        base_lr: LR after warmup.
        horizon: Updates that the training is meant to have, warmup included.
        warmup_steps: Updates of warmup.
        warmup_begin_lr: LR at update 0, if there is a warmup.
        warmup_mode: ``"linear"``, ``"constant"`` or ``"from_first"``.

    Raises:
        ScheduleError: If a parameter is out of range.

    Example:
        >>> schedule = Constant(base_lr=0.3, horizon=100, warmup_steps=10)
        >>> schedule([0, 5, 10, 100, 10_000])
        [0.0, 0.15, 0.3, 0.3, 0.3]

    Source:
        The chapter's section "Toy Problem".
    """

    family: ClassVar[str] = "constant"
    formula: ClassVar[str] = "base_lr"

    def _after_warmup(self, update: float) -> float:
        return self.base_lr
