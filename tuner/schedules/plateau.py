"""Drops whenever progress has plateaued: the rule of PyTorch's ``ReduceLROnPlateau``."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator
from typing import ClassVar, Literal

from tuner.errors import ScheduleError
from tuner.schedules.fields import choice, count, is_whole, number, rate
from tuner.schedules.multi_factor import MultiFactor
from tuner.schedules.parameters import Parameters

# PyTorch's `eps`: a smaller drop is none.
_LEAST_DROP = 1e-8
_MODES = ("min", "max")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plateau(Parameters):
    r"""Multiply by ``decay_factor`` when what is watched has not improved for a while.

    No schedule, but the rule by which one is found while a training goes on: its milestones are
    known when its reports are. :meth:`after` is a pure function of those. What a trial found is a
    :class:`~tuner.MultiFactor`, which is confirmed and exported, and needs no reports any more.

    A report :math:`v` is an improvement on the best one before, :math:`v^*`, if
    :math:`v < v^* (1 - \delta)` (``"rel"``) or :math:`v < v^* - \delta` (``"abs"``); where larger
    is better, :math:`v > v^* (1 + \delta)` or :math:`v > v^* + \delta`. NaN is none. After more
    than ``patience`` reports in a row without one, the LR :math:`\eta` becomes
    :math:`\max(f, \alpha\,\eta)` from the next update on, the count begins anew, and the next
    ``cooldown`` reports are not counted. A drop of 1e-8 or less is none. All this is as in
    PyTorch. Reports up to the end of the warmup are passed over.

    Args:
        base_lr: LR after warmup.
        horizon: Updates of the training, warmup included.
        decay_factor: Multiplier at each drop. ``0 < decay_factor < 1``.
        patience: Reports without improvement that are borne; one more is a plateau. At least 0.
        min_delta: How much better a report must be to be an improvement. At least 0.
        delta_mode: ``"rel"``, a share of the best report; ``"abs"``, in its own unit.
        cooldown: Reports after a drop that are not counted. At least 0.
        final_lr: The LR never falls below it. ``0 <= final_lr <= base_lr``.
        on: What is watched: ``"train_loss"``, or ``"metric"``, what the study is judged by.
        warmup_steps: Updates of warmup.
        warmup_begin_lr: LR at update 0, if there is a warmup.
        warmup_mode: ``"linear"`` or ``"constant"``.

    Raises:
        ScheduleError: If a parameter is out of range.

    Example:
        >>> rule = Plateau(base_lr=0.8, horizon=60, decay_factor=0.5, patience=1)
        >>> found = rule.after([2.0, 1.0, 1.0, 1.0], updates_per_report=10)
        >>> found.milestones, found([40, 41])
        ((40,), [0.8, 0.4])

    Source:
        ``torch.optim.lr_scheduler.ReduceLROnPlateau``; the chapter's summary.
    """

    family: ClassVar[str] = "plateau"
    formula: ClassVar[str] = (
        "max(final_lr, base_lr * decay_factor ** (number of drops before u)), a drop after more"
        " than patience reports without improvement"
    )

    decay_factor: float = number()
    patience: int = count()
    min_delta: float = number(1e-4)
    delta_mode: str = choice("rel", "abs", default="rel")
    cooldown: int = count(0)
    final_lr: float = rate(0.0)
    on: str = choice("train_loss", "metric", default="train_loss")

    def after(
        self,
        values: Iterable[float],
        *,
        updates_per_report: int = 1,
        mode: Literal["min", "max"] = "min",
    ) -> MultiFactor:
        """Return the schedule that some reports have led to; it is constant after the last drop.

        Further reports change nothing of it before the update that follows these.

        Args:
            values: What was watched, report by report from the first.
            updates_per_report: Updates between two reports.
            mode: ``"min"`` if smaller is better, ``"max"`` if larger is.

        Returns:
            The schedule. A single milestone at the horizon, which never shows, stands for none.

        Raises:
            ScheduleError: If there can be no such reports.
        """
        if not is_whole(updates_per_report) or updates_per_report < 1 or mode not in _MODES:
            got = f"(updates_per_report={updates_per_report!r}, mode={mode!r})"
            raise ScheduleError(
                "`updates_per_report` must be a whole number of 1 or more, and `mode` 'min' or"
                f" 'max', but got {got}."
            )
        drops = tuple(self._drops(values, updates_per_report, mode))
        return MultiFactor(
            base_lr=self.base_lr,
            horizon=self.horizon,
            warmup_steps=self.warmup_steps,
            warmup_begin_lr=self.warmup_begin_lr,
            warmup_mode=self.warmup_mode,
            decay_factor=self.decay_factor,
            milestones=drops or (self.horizon,),
            stop_factor_lr=self.final_lr,
        )

    def _drops(self, values: Iterable[float], interval: int, mode: str) -> Iterator[int]:
        """Yield the updates after which the LR drops."""
        lr, best, bad, cooling = self.base_lr, math.inf if mode == "min" else -math.inf, 0, 0
        for report, value in enumerate(values, start=1):
            update = report * interval
            if update <= self.warmup_steps:
                continue
            if self._improves(value, best, mode):
                best, bad = value, 0
            else:
                bad += 1
            if cooling > 0:
                cooling, bad = cooling - 1, 0
            if bad > self.patience:
                lower = max(lr * self.decay_factor, self.final_lr)
                if lr - lower > _LEAST_DROP and update < self.horizon:
                    lr = lower
                    yield update
                cooling, bad = self.cooldown, 0

    def _improves(self, value: float, best: float, mode: str) -> bool:
        # In PyTorch's order of operations, so that ties are decided alike.
        is_absolute, delta = self.delta_mode == "abs", self.min_delta
        if mode == "min":
            return value < (best - delta if is_absolute else best * (1 - delta))
        return value > (best + delta if is_absolute else best * (delta + 1))

    def _conditions(self) -> Iterator[tuple[bool, str]]:
        yield 0 < self.decay_factor < 1, "0 < decay_factor < 1"
        yield self.patience >= 0, "patience >= 0"
        yield self.min_delta >= 0, "min_delta >= 0"
        yield self.cooldown >= 0, "cooldown >= 0"
        yield 0 <= self.final_lr <= self.base_lr, "0 <= final_lr <= base_lr"


def drops_in_words(found: object) -> str:
    """Return after which updates a schedule that was found drops.

    Example:
        >>> rule = Plateau(base_lr=0.8, horizon=60, decay_factor=0.5, patience=0)
        >>> drops_in_words(rule.after([1.0, 2.0, 2.0], updates_per_report=10))
        'dropped after update 20, 30'
        >>> drops_in_words(rule.after([]))
        'no drop'
    """
    if not isinstance(found, MultiFactor):  # nothing is known of it
        return ""
    shown = [str(each) for each in found.milestones if each < found.horizon]
    return f"dropped after update {', '.join(shown)}" if shown else "no drop"
