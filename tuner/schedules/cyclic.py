"""Up and down in straight lines: Smith's triangular schedule."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import ClassVar

from tuner.errors import ScheduleError
from tuner.schedules.base import Schedule, sealed
from tuner.schedules.fields import number, rate, updates


@sealed
@dataclasses.dataclass(frozen=True, kw_only=True)
class Cyclic(Schedule):
    r"""Rise from ``begin_lr`` to ``base_lr`` and fall back, in every cycle.

    With top :math:`b`, low :math:`l`, cycle :math:`C`, factor :math:`\alpha`, warmup :math:`W` and
    :math:`v = (u - W) / C`, the learning rate of update :math:`u` in cycle
    :math:`i = \lfloor v \rfloor` is

    .. math:: l + (b - l)\,\alpha^i\,(1 - |2 (v - i) - 1|), \qquad W \le u \le T

    and that of the horizon :math:`T` past it. A factor of 1 is Smith's "triangular", 0.5 his
    "triangular2". A warmup, if any, leads to ``begin_lr``.

    Args:
        base_lr: The top of the first cycle, and the largest LR.
        horizon: Updates after which the LR stays, warmup included.
        begin_lr: The low end of every cycle. ``0 <= begin_lr <= base_lr``.
        cycle_steps: Updates of a whole cycle, up and down. At least 2.
        decay_factor: Multiplier of the height of a cycle. ``0 < decay_factor <= 1``.
        warmup_steps: Updates of warmup.
        warmup_begin_lr: LR at update 0, if there is a warmup.
        warmup_mode: ``"linear"``, ``"constant"`` or ``"from_first"``.

    Raises:
        ScheduleError: If a parameter is out of range.

    Example:
        >>> schedule = Cyclic(
        ...     base_lr=0.8, horizon=40, begin_lr=0.0, cycle_steps=20, decay_factor=0.5
        ... )
        >>> schedule([0, 5, 10, 20, 30, 40, 10_000])
        [0.0, 0.4, 0.8, 0.0, 0.4, 0.0, 0.0]

    Source:
        Smith 2015, arXiv:1506.01186.
    """

    family: ClassVar[str] = "cyclic"
    formula: ClassVar[str] = (
        "begin_lr + (base_lr - begin_lr) * decay_factor ** i * (1 - |2 * (v - i) - 1|)"
        ", v = (u - W) / cycle_steps, i = floor(v)"
    )

    begin_lr: float = rate()
    cycle_steps: int = updates(repeats=True)
    decay_factor: float = number(1.0)

    def _conditions(self) -> Iterator[tuple[bool, str]]:
        yield 0 <= self.begin_lr <= self.base_lr, "0 <= begin_lr <= base_lr"
        yield self.cycle_steps >= 2, "cycle_steps >= 2"
        yield 0 < self.decay_factor <= 1, "0 < decay_factor <= 1"

    def with_horizon(self, horizon: int) -> Cyclic:
        """Lay the same shape out over another number of updates.

        See :meth:`Transferable.with_horizon
        <tuner.schedules.transfer.Transferable.with_horizon>`.

        Raises:
            ScheduleError: Also if the last cycle would no longer end at the horizon.
        """
        stretched = super().with_horizon(horizon)
        if self._ends_a_cycle and not stretched._ends_a_cycle:
            raise ScheduleError(
                f"Cyclic: the schedule ends its last cycle at the horizon {self.horizon}, but"
                f" would not at {horizon} with cycle_steps={stretched.cycle_steps}. Set"
                f" `cycle_steps` by hand: dataclasses.replace(schedule, horizon={horizon},"
                " cycle_steps=...)."
            )
        return stretched

    @property
    def _ends_a_cycle(self) -> bool:
        return (self.horizon - self.warmup_steps) % self.cycle_steps == 0

    def _start_lr(self) -> float:
        return self.begin_lr

    def _after_warmup(self, update: float) -> float:
        cycle, into = divmod(update - self.warmup_steps, self.cycle_steps)
        height = 1 - abs(2 * into / self.cycle_steps - 1)
        amplitude = (self.base_lr - self.begin_lr) * math.pow(self.decay_factor, cycle)
        return self.begin_lr + amplitude * height
