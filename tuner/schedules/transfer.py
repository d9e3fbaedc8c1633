"""Laying a schedule out for another training: each way by one declared rule, on record."""

from __future__ import annotations

import dataclasses
import operator
from fractions import Fraction
from typing import Any, ClassVar, SupportsIndex, TypeVar

from tuner.errors import ScheduleError
from tuner.schedules.fields import is_whole, plain_number

T = TypeVar("T", bound="Transferable")

# Up to it every number of updates is exact, as a schedule has it.
_LARGEST = 2**53


class Transferable:
    """The methods of a schedule that give it another horizon or another scale.

    What they return says in :attr:`derivation` how it came about, and so does its file.
    """

    horizon: int
    # No field: two schedules with the same values are equal, wherever they come from.
    _derivation: ClassVar[tuple[dict[str, Any], ...]] = ()

    @property
    def derivation(self) -> tuple[dict[str, Any], ...]:
        """The steps that led here from the schedule that was tuned, none for that one itself.

        Each names its rule, what it did to learning rates and durations, and the schedule before.
        """
        return tuple(dict(step) for step in self._derivation)

    def with_horizon(self: T, horizon: int) -> T:
        """Lay the same shape out over another number of updates.

        The rule: every duration (warmup, intervals, milestones, knots) is multiplied by
        ``horizon / self.horizon`` and rounded to the nearest update; every learning rate, factor
        and count stays.

        Args:
            horizon: The new horizon in updates.

        Returns:
            A new schedule of the same family.

        Raises:
            ScheduleError: If a duration would vanish, two milestones would fall together, or a
                rounded interval would fit into the training once more or less than before; or if
                the horizon is none.

        Example:
            >>> from tuner.schedules import MultiFactor
            >>> tuned = MultiFactor(
            ...     base_lr=0.5, horizon=100, decay_factor=0.5, milestones=(60,), warmup_steps=5
            ... )
            >>> longer = tuned.with_horizon(300)
            >>> longer.warmup_steps, longer.milestones, longer.derivation[0]["durations"]
            (15, (180,), 'multiplied by 300/100 and rounded to whole updates')
        """
        horizon = self._whole_horizon(horizon)
        if horizon == self.horizon:
            return self
        schedule: Any = self
        changed: dict[str, Any] = {}
        for field in dataclasses.fields(schedule):
            value, kind = getattr(self, field.name), field.metadata["kind"]
            if kind == "updates":
                changed[field.name] = self._stretch(field.name, value, horizon)
            elif kind == "update_list":
                changed[field.name] = tuple(self._stretch(field.name, v, horizon) for v in value)
            elif kind == "knots":
                changed[field.name] = tuple(
                    (self._stretch(field.name, u, horizon), ratio) for u, ratio in value
                )
        new: T = dataclasses.replace(schedule, **{**changed, "horizon": horizon})
        self._check_intervals(new)
        return new._recorded(self, rule="with_horizon")

    def for_training(self: T, *, epochs: float, updates_per_epoch: int) -> T:
        """Lay the same shape out over a training of so many epochs.

        The rule is that of :meth:`with_horizon`, for ``epochs * updates_per_epoch`` updates: what
        was a tenth of the training stays a tenth of it, the warmup included. Learning rates stay,
        also where another batch size changed the updates of an epoch: see :meth:`scaled`.

        Args:
            epochs: Passes over the training set, above 0.
            updates_per_epoch: Optimizer updates in each, at least 1.

        Returns:
            A new schedule of the same family.

        Raises:
            ScheduleError: As :meth:`with_horizon`, and if the numbers are no training.

        Example:
            >>> from tuner.schedules import Cosine
            >>> tuned = Cosine(base_lr=0.3, horizon=2350, warmup_steps=235)  # 10 epochs of 235
            >>> longer = tuned.for_training(epochs=30, updates_per_epoch=235)
            >>> longer.horizon, longer.warmup_steps
            (7050, 705)
        """
        epochs, updates_per_epoch = _plain_training(epochs, updates_per_epoch)
        new = self.with_horizon(max(1, round(epochs * updates_per_epoch)))
        if new is self:
            return self
        return new._recorded(
            self, rule="for_training", epochs=epochs, updates_per_epoch=updates_per_epoch
        )

    def scaled(self: T, factor: float) -> T:
        """Multiply every learning rate by a factor, as for another batch size.

        The rule: every learning rate (base, final, at the start of the warmup) is multiplied by
        ``factor``; every duration, decay factor and count stays. For SGD the usual factor is that
        of the batch size, the linear scaling rule; for Adam its square root. It is a rule of
        thumb: a base LR tuned at the new batch size is better. A larger batch makes fewer updates
        in an epoch, which is for :meth:`for_training`.

        Args:
            factor: Above 0.

        Returns:
            A new schedule of the same family.

        Raises:
            ScheduleError: If the factor or the learning rates are out of range.

        Example:
            >>> from tuner.schedules import Cosine
            >>> tuned = Cosine(base_lr=0.25, horizon=2350)  # batches of 256
            >>> for_512 = tuned.scaled(2).for_training(epochs=10, updates_per_epoch=118)
            >>> for_512.base_lr, for_512.horizon
            (0.5, 1180)

        Source:
            Goyal et al. 2017, arXiv:1706.02677, for linear scaling; Malladi et al. 2022,
            arXiv:2205.10287, for the square root.
        """
        try:
            factor = plain_number(factor)
        except (TypeError, ValueError) as error:
            raise ScheduleError(f"`factor` must be {error}, but got {factor!r}.") from error
        if factor <= 0:
            raise ScheduleError(f"`factor > 0` must hold, but got (factor={factor!r}).")
        if factor == 1:
            return self
        schedule: Any = self
        changed = {
            field.name: getattr(self, field.name) * factor
            for field in dataclasses.fields(schedule)
            if field.metadata["kind"] == "rate"
        }
        new: T = dataclasses.replace(schedule, **changed)
        return new._recorded(self, rule="scaled", factor=factor)

    def _recorded(self: T, origin: T, **step: Any) -> T:
        """Note on a new object how it came from another one."""
        kept = "kept"
        stretched = (
            f"multiplied by {self.horizon}/{origin.horizon} and rounded to whole updates"
            if self.horizon != origin.horizon
            else kept
        )
        step["learning_rates"] = f"multiplied by {step['factor']!r}" if "factor" in step else kept
        step["durations"] = stretched
        step["from"] = repr(origin)
        return self.with_derivation((*origin._derivation, step))

    def with_derivation(self: T, steps: object) -> T:
        """Return a copy with another record of how it came about, as out of a file.

        Args:
            steps: A sequence of objects, as :attr:`derivation` gives them; anything else is none.
        """
        schedule: Any = self
        new: T = dataclasses.replace(schedule)
        if isinstance(steps, (list, tuple)) and all(isinstance(step, dict) for step in steps):
            object.__setattr__(new, "_derivation", tuple(steps))
        return new

    def _whole_horizon(self, horizon: SupportsIndex) -> int:
        """Return the horizon as a plain int, before durations are blamed for what it is."""
        family = type(self).__name__
        try:
            whole = operator.index(horizon)
        except TypeError:
            raise ScheduleError(
                f"{family}: `horizon` must be a whole number (int), but got {horizon!r}."
            ) from None
        if not 1 <= whole <= _LARGEST:
            raise ScheduleError(
                f"{family}: `1 <= horizon <= 2**53` must hold, but got (horizon={whole!r})."
            )
        return whole

    def _stretch(self, name: str, duration: int, horizon: int) -> int:
        stretched = round(Fraction(duration * horizon, self.horizon))  # exact however large
        if duration > 0 and stretched == 0:
            raise ScheduleError(
                f"{type(self).__name__}: {duration} of {self.horizon} updates ({name}) would"
                f" vanish over a horizon of {horizon}. Set `{name}` by hand:"
                f" dataclasses.replace(schedule, horizon={horizon}, {name}=...)."
            )
        return stretched

    def _check_intervals(self: T, stretched: T) -> None:
        """Make sure that what was rounded in one interval does not add up over all of them."""
        schedule: Any = self
        for field in dataclasses.fields(schedule):
            if field.metadata.get("repeats"):
                before, after = (_repetitions(each, field.name) for each in (self, stretched))
                if abs(after - before) > 1:
                    value = getattr(stretched, field.name)
                    raise ScheduleError(
                        f"{type(self).__name__}: {field.name}={getattr(self, field.name)} fits"
                        f" {float(before):.1f} times into the schedule, but {field.name}={value},"
                        f" its nearest whole number over a horizon of {stretched.horizon}, would"
                        f" {float(after):.1f} times. Set `{field.name}` by hand:"
                        f" dataclasses.replace(schedule, horizon={stretched.horizon},"
                        f" {field.name}=...)."
                    )


def _repetitions(schedule: Any, name: str) -> Fraction:
    """Return how often an interval fits between the origin of the decay and the horizon."""
    return Fraction(schedule._span, getattr(schedule, name))


def _plain_training(epochs: float, updates_per_epoch: int) -> tuple[float, int]:
    """Return the numbers of a training as plain ones: a file holds no NumPy integer."""
    try:
        passes = int(epochs) if is_whole(epochs) else plain_number(epochs)
        updates = operator.index(updates_per_epoch)
    except (TypeError, ValueError):
        passes, updates = 0, 0
    if not (0 < passes <= _LARGEST and 1 <= updates <= _LARGEST):
        raise ScheduleError(
            "`epochs > 0` and a whole number `updates_per_epoch >= 1` must hold, both up to 2**53,"
            f" but got (epochs={epochs!r}, updates_per_epoch={updates_per_epoch!r})."
        )
    return passes, updates
