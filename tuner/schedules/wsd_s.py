"""Warmup, stable, several decays: one training with an end at each of them."""

from __future__ import annotations

import bisect
import dataclasses
import itertools
from collections.abc import Iterator
from typing import ClassVar

from tuner.schedules.base import Schedule, remaining, sealed
from tuner.schedules.fields import choice, rate, update_list, updates


@sealed
@dataclasses.dataclass(frozen=True, kw_only=True)
class WSDS(Schedule):
    r"""Stay at ``base_lr``, but fall to ``final_lr`` at each of the ``milestones`` and at the end.

    Each decay ends at a milestone or at the horizon; the update after a milestone is at
    ``base_lr`` again. So every milestone has a model that is as good as decayed, and the training
    goes on from it. With base :math:`b`, final :math:`f`, the ends
    :math:`m_1 < \dots < m_n = T`, decay :math:`D`, :math:`m` the first end that is not before
    :math:`u`, and :math:`x = (u - (m - D)) / D`, the learning rate of update :math:`u` is

    .. math::
        \begin{cases}
          b                   & x \le 0 \\
          f + (b - f)\,r(x)   & 0 < x \le 1
        \end{cases}

    and :math:`f` past the horizon, where :math:`r` is that of :class:`~tuner.schedules.wsd.WSD`,
    which has one decay.

    Args:
        base_lr: LR between the decays.
        horizon: Updates until the last decay ends, warmup included.
        milestones: Updates at which the decays before the last one end, rising, at least one.
        decay_steps: Updates of each decay, at most those between two ends, and between the warmup
            and the first. At least 1.
        decay_shape: ``"linear"``, ``"cosine"`` or ``"1-sqrt"``.
        final_lr: LR at the end of each decay, and after the horizon. ``0 <= final_lr <= base_lr``.
        warmup_steps: Updates of warmup.
        warmup_begin_lr: LR at update 0, if there is a warmup.
        warmup_mode: ``"linear"``, ``"constant"`` or ``"from_first"``.

    Raises:
        ScheduleError: If a parameter is out of range.

    Example:
        >>> schedule = WSDS(base_lr=0.8, horizon=100, milestones=(50,), decay_steps=20)
        >>> schedule([0, 30, 40, 50, 51, 80, 90, 100, 10_000])
        [0.8, 0.8, 0.4, 0.0, 0.8, 0.8, 0.4, 0.0, 0.0]

    Source:
        Wen et al. 2024, arXiv:2410.05192, as "WSD-S"; they decay in another shape, the inverse of
        a line between the inverse rates.
    """

    family: ClassVar[str] = "wsd_s"
    formula: ClassVar[str] = (
        "base_lr while u <= m - decay_steps, then final_lr + (base_lr - final_lr) * r(x) with"
        " x = (u - m + decay_steps) / decay_steps, m = the next of milestones and T"
    )

    milestones: tuple[int, ...] = update_list()
    decay_steps: int = updates()
    decay_shape: str = choice("linear", "cosine", "1-sqrt", default="linear")
    final_lr: float = rate(0.0)

    def _conditions(self) -> Iterator[tuple[bool, str]]:
        yield len(self.milestones) >= 1, "len(milestones) >= 1"
        ends = (self.warmup_steps, *self.milestones, self.horizon)
        rising = all(a < b for a, b in itertools.pairwise(ends))
        yield rising, "warmup_steps < each of milestones < the next < horizon"
        yield self.decay_steps >= 1, "decay_steps >= 1"
        least = min(b - a for a, b in itertools.pairwise(ends))
        fits = self.decay_steps <= least or not rising
        yield fits, "decay_steps <= updates between any two of warmup_steps, milestones, horizon"
        yield 0 <= self.final_lr <= self.base_lr, "0 <= final_lr <= base_lr"

    def _after_warmup(self, update: float) -> float:
        after = bisect.bisect_left(self.milestones, update)
        end = self.milestones[after] if after < len(self.milestones) else self.horizon
        decayed = update - (end - self.decay_steps)
        if decayed <= 0:
            return self.base_lr
        left = remaining(self.decay_shape, decayed / self.decay_steps)
        return self.final_lr + (self.base_lr - self.final_lr) * left
