"""One rise, one fall: the 1cycle schedule."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import ClassVar

from tuner.schedules.base import Schedule, remaining, sealed
from tuner.schedules.fields import choice, rate, updates


@sealed
@dataclasses.dataclass(frozen=True, kw_only=True)
class OneCycle(Schedule):
    r"""Rise from ``begin_lr`` to ``base_lr``, then fall to ``final_lr`` until the horizon.

    With base :math:`b`, begin :math:`l`, final :math:`f`, rise :math:`R` and
    :math:`v = u - W`, the learning rate of update :math:`u` is

    .. math::
        \begin{cases}
          b + (l - b)\,q(v / R)                  & 0 \le v \le R \\
          f + (b - f)\,r((v - R)/(T - W - R))    & R < v \le T - W
        \end{cases}

    and :math:`f` past the horizon, where :math:`q(x)` and :math:`r(x)` are
    :math:`(1 + \cos \pi x)/2` (``"cosine"``), :math:`1 - x` (``"linear"``), or :math:`q` the
    second and :math:`r` the first (``"linear-cosine"``). A warmup, if any, comes before the cycle
    and leads to ``begin_lr``.

    PyTorch counts the first update as 0. Its ``OneCycleLR(max_lr=b, total_steps=n, ...)`` is a
    horizon of ``n``, ``warmup_steps=1``, ``begin_lr = b / div_factor``,
    ``final_lr = begin_lr / final_div_factor`` and ``rise_steps = pct_start * n - 1``.

    Args:
        base_lr: The peak.
        horizon: Updates until ``final_lr`` is reached, warmup included.
        begin_lr: LR at the start of the cycle. ``0 <= begin_lr <= base_lr``.
        rise_steps: Updates from start to peak. ``1 <= rise_steps < horizon - warmup_steps``.
        final_lr: LR at and after the horizon. ``0 <= final_lr <= base_lr``.
        anneal: ``"cosine"`` or ``"linear"``, for both ways, or ``"linear-cosine"``: up in a line
            as a warmup does, down in a cosine, so with ``warmup_steps=1`` the usual cosine with
            warmup that starts at update 1.
        warmup_steps: Updates of warmup.
        warmup_begin_lr: LR at update 0, if there is a warmup.
        warmup_mode: ``"linear"``, ``"constant"`` or ``"from_first"``.

    Raises:
        ScheduleError: If a parameter is out of range.

    Example:
        >>> schedule = OneCycle(base_lr=0.8, horizon=100, begin_lr=0.2, rise_steps=20)
        >>> schedule([0, 10, 20, 60, 100, 10_000])
        [0.2, 0.5, 0.8, 0.4, 0.0, 0.0]

    Source:
        Smith & Topin 2017, arXiv:1708.07120.
    """

    family: ClassVar[str] = "one_cycle"
    formula: ClassVar[str] = (
        "base_lr + (begin_lr - base_lr) * q(v / rise_steps), then"
        " final_lr + (base_lr - final_lr) * r((v - rise_steps) / (T - W - rise_steps)), v = u - W"
    )

    begin_lr: float = rate()
    rise_steps: int = updates()
    final_lr: float = rate(0.0)
    anneal: str = choice("cosine", "linear", "linear-cosine", default="cosine")

    def _conditions(self) -> Iterator[tuple[bool, str]]:
        yield 0 <= self.begin_lr <= self.base_lr, "0 <= begin_lr <= base_lr"
        yield (
            1 <= self.rise_steps < self.horizon - self.warmup_steps,
            "1 <= rise_steps < horizon - warmup_steps",
        )
        yield 0 <= self.final_lr <= self.base_lr, "0 <= final_lr <= base_lr"

    def _start_lr(self) -> float:
        return self.begin_lr

    def _after_warmup(self, update: float) -> float:
        into = update - self.warmup_steps
        rise, fall = ("linear", "cosine") if "-" in self.anneal else (self.anneal, self.anneal)
        if into <= self.rise_steps:
            left = remaining(rise, into / self.rise_steps)
            # Weighted so that both ends are exact.
            return self.begin_lr * left + self.base_lr * (1 - left)
        left = remaining(fall, (into - self.rise_steps) / (self._span - self.rise_steps))
        return self.final_lr + (self.base_lr - self.final_lr) * left
