"""Cosine decay that starts over: SGDR."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import ClassVar

from tuner.errors import ScheduleError
from tuner.schedules.base import Schedule, remaining, sealed
from tuner.schedules.fields import number, rate, updates


@sealed
@dataclasses.dataclass(frozen=True, kw_only=True)
class CosineRestarts(Schedule):
    r"""Half a cosine wave per cycle, back up to ``base_lr`` at the start of the next one.

    Cycle :math:`i = 0, 1, \dots` begins at update :math:`S_i`, is :math:`L_i` long and falls from
    the peak :math:`b_i` to ``final_lr`` :math:`f`:

    .. math::
        L_i = L_0\,c^i, \quad S_0 = W, \quad S_{i+1} = S_i + L_i, \quad
        b_i = \max(f,\; b\,\alpha^i)

    with the first cycle's steps :math:`L_0`, the cycle factor :math:`c` and the decay factor
    :math:`\alpha`. The learning rate of update :math:`u` is

    .. math:: f + (b_i - f)\,(1 + \cos(\pi\,(u - S_i)/L_i)) / 2, \qquad S_i \le u < S_{i+1}

    so exactly at a restart it is the new peak, as in PyTorch. The one exception is a horizon at
    the very end of a cycle: nothing starts there, and the LR is ``final_lr`` from it on. At any
    other horizon the LR stays where its cycle was, so ``with_horizon`` keeps the number of
    cycles, and refuses a horizon that the stretched ones, being whole updates, would no longer
    fill.

    Args:
        base_lr: LR at the end of warmup, the peak of the first cycle.
        horizon: Updates after which the LR stays, warmup included.
        cycle_steps: Updates of the first cycle. At least 1.
        cycle_factor: Each cycle is longer than the last by it. At least 1.
        decay_factor: Multiplier of the peak at each restart. ``0 < decay_factor <= 1``.
        final_lr: Low end of every cycle. ``0 <= final_lr <= base_lr``.
        warmup_steps: Updates of warmup.
        warmup_begin_lr: LR at update 0, if there is a warmup.
        warmup_mode: ``"linear"``, ``"constant"``, ``"from_first"`` or ``"overlap"``.

    Raises:
        ScheduleError: If a parameter is out of range.

    Example:
        >>> schedule = CosineRestarts(base_lr=0.8, horizon=30, cycle_steps=10, cycle_factor=2.0)
        >>> schedule([0, 5, 10, 20, 30, 10_000])
        [0.8, 0.4, 0.8, 0.4, 0.0, 0.0]

    Source:
        Loshchilov & Hutter 2016, arXiv:1608.03983.
    """

    family: ClassVar[str] = "cosine_restarts"
    formula: ClassVar[str] = (
        "final_lr + (max(final_lr, base_lr * decay_factor ** i) - final_lr)"
        " * (1 + cos(pi * (u - S_i) / L_i)) / 2, L_i = cycle_steps * cycle_factor ** i"
    )
    overlaps: ClassVar[bool] = True

    cycle_steps: int = updates()
    cycle_factor: float = number(1.0)
    decay_factor: float = number(1.0)
    final_lr: float = rate(0.0)

    def _conditions(self) -> Iterator[tuple[bool, str]]:
        yield self.cycle_steps >= 1, "cycle_steps >= 1"
        yield self.cycle_factor >= 1, "cycle_factor >= 1"
        yield 0 < self.decay_factor <= 1, "0 < decay_factor <= 1"
        yield 0 <= self.final_lr <= self.base_lr, "0 <= final_lr <= base_lr"

    def with_horizon(self, horizon: int) -> CosineRestarts:
        """Lay the same shape out over another number of updates, with as many cycles.

        See :meth:`Transferable.with_horizon
        <tuner.schedules.transfer.Transferable.with_horizon>`. Where the nearest whole
        ``cycle_steps`` would make another number of cycles, one more or less is taken.

        Raises:
            ScheduleError: Also if the number of cycles would change all the same, or the last one
                would no longer end at the horizon.
        """
        stretched = super().with_horizon(horizon)
        if stretched._cycles != self._cycles:
            step = 1 if stretched._cycles > self._cycles else -1
            steps = max(1, stretched.cycle_steps + step)
            nearby = dataclasses.replace(stretched, cycle_steps=steps)
            stretched = nearby.with_derivation(stretched.derivation)
        if stretched._cycles != self._cycles:
            wrong = f"has {self._cycles} cycles, but would have {stretched._cycles}"
        elif self.ends_a_cycle and not stretched.ends_a_cycle:
            wrong = f"ends its last cycle at the horizon {self.horizon}, but would not"
        else:
            return stretched
        raise ScheduleError(
            f"CosineRestarts: the schedule {wrong} at {horizon} with"
            f" cycle_steps={stretched.cycle_steps}. Set `cycle_steps` by hand:"
            f" dataclasses.replace(schedule, horizon={horizon}, cycle_steps=...)."
        )

    @property
    def _cycles(self) -> int:
        """How many cycles begin before the horizon."""
        cycle, into, _ = self._position(self._span)
        return cycle + (into > 0)

    @property
    def ends_a_cycle(self) -> bool:
        """Whether the horizon is the very end of a cycle."""
        return self._position(self._span)[1] == 0

    def _after_warmup(self, update: float) -> float:
        if update == self.horizon and self.ends_a_cycle:
            return self.final_lr
        cycle, into, length = self._position(update - self._origin)
        peak = max(self.final_lr, self.base_lr * self.decay_factor**cycle)
        left = remaining("cosine", into / length)
        return self.final_lr + (peak - self.final_lr) * left

    def _position(self, elapsed: float) -> tuple[int, float, float]:
        """Return (cycle, updates into it, its length) after so many updates of cycles.

        Cycles are skipped in blocks of 1, 2, 4, ... This takes few steps for any number of
        cycles, and is exact for a whole ``cycle_factor``, where a formula with logarithms would
        put some restarts one update off.
        """
        # Blocks of (cycles, length for a first cycle of 1, growth of the cycles behind it).
        blocks = [(1, 1.0, self.cycle_factor)]
        while blocks[-1][1] * self.cycle_steps <= elapsed:
            cycles, length, growth = blocks[-1]
            blocks.append((2 * cycles, length + growth * length, growth * growth))
        cycle, into, scale = 0, elapsed, float(self.cycle_steps)
        for cycles, length, growth in reversed(blocks):
            if length * scale <= into:
                cycle, into, scale = cycle + cycles, into - length * scale, scale * growth
        return cycle, into, scale
