"""Warmup, stable, decay: a long plateau and a short way down."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import ClassVar

from tuner.schedules.base import Schedule, remaining, sealed
from tuner.schedules.fields import choice, rate, updates


@sealed
@dataclasses.dataclass(frozen=True, kw_only=True)
class WSD(Schedule):
    r"""Stay at ``base_lr``, then fall to ``final_lr`` over the last ``decay_steps``.

    With base :math:`b`, final :math:`f`, horizon :math:`T`, decay :math:`D` and
    :math:`x = (u - (T - D)) / D`, the learning rate of update :math:`u` is

    .. math::
        \begin{cases}
          b                   & W \le u \le T - D \\
          f + (b - f)\,r(x)   & T - D < u \le T
        \end{cases}

    and :math:`f` past the horizon, where :math:`r(x)` is :math:`1 - x` (``"linear"``),
    :math:`(1 + \cos \pi x)/2` (``"cosine"``) or :math:`1 - \sqrt{x}` (``"1-sqrt"``).

    Args:
        base_lr: LR between warmup and decay.
        horizon: Updates until ``final_lr`` is reached, warmup included.
        decay_steps: Updates of the decay. ``1 <= decay_steps <= horizon - warmup_steps``.
        decay_shape: ``"linear"``, ``"cosine"`` or ``"1-sqrt"``.
        final_lr: LR at and after the horizon. ``0 <= final_lr <= base_lr``.
        warmup_steps: Updates of warmup.
        warmup_begin_lr: LR at update 0, if there is a warmup.
        warmup_mode: ``"linear"``, ``"constant"`` or ``"from_first"``.

    Raises:
        ScheduleError: If a parameter is out of range.

    Example:
        >>> schedule = WSD(base_lr=0.8, horizon=100, decay_steps=20)
        >>> schedule([0, 80, 90, 95, 100, 10_000])
        [0.8, 0.8, 0.4, 0.2, 0.0, 0.0]

    Source:
        Hu et al. 2024, arXiv:2404.06395; the shapes: Hägele et al. 2024, arXiv:2405.18392.
    """

    family: ClassVar[str] = "wsd"
    formula: ClassVar[str] = (
        "base_lr while u <= T - decay_steps, then final_lr + (base_lr - final_lr) * r(x)"
        " with x = (u - T + decay_steps) / decay_steps"
    )

    decay_steps: int = updates()
    decay_shape: str = choice("linear", "cosine", "1-sqrt", default="linear")
    final_lr: float = rate(0.0)

    def _conditions(self) -> Iterator[tuple[bool, str]]:
        yield (
            1 <= self.decay_steps <= self.horizon - self.warmup_steps,
            "1 <= decay_steps <= horizon - warmup_steps",
        )
        yield 0 <= self.final_lr <= self.base_lr, "0 <= final_lr <= base_lr"

    def _after_warmup(self, update: float) -> float:
        decayed = update - (self.horizon - self.decay_steps)
        if decayed <= 0:
            return self.base_lr
        left = remaining(self.decay_shape, decayed / self.decay_steps)
        return self.final_lr + (self.base_lr - self.final_lr) * left
