"""What a training of one's own says of itself, held against what it does, epoch by epoch."""

from __future__ import annotations

import logging
import math
import time
from typing import Any

from tuner.errors import TaskError
from tuner.reading import EPOCHS, Unit
from tuner.schedules import GROUPS, Schedule
from tuner.tasks.asking import Asking
from tuner.tasks.base import LARGEST, EpochRecord, TrainingCollapsed

_log = logging.getLogger("tuner")


class Declared:
    """What a function of one's own is said to do, over all its trainings.

    Args:
        name: The function's, for messages.
        updates_per_epoch: Optimizer updates in one epoch.
        batch_size: Examples in one update.
        has_epochs: Whether it has epochs, rather than reports after as many updates.

    Raises:
        TaskError: If one of the numbers cannot be.
    """

    def __init__(
        self, name: str, updates_per_epoch: int, batch_size: int, *, has_epochs: bool = True
    ) -> None:
        length = "updates_per_epoch" if has_epochs else "report_every"
        for key, value in ((length, updates_per_epoch), ("batch_size", batch_size)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise TaskError(f"`{key}` must be a whole number of 1 or more, but got {value!r}.")
        self.name, self.updates_per_epoch, self.batch_size = name, updates_per_epoch, batch_size
        self.unit = EPOCHS if has_epochs else Unit("update", updates_per_epoch)
        self._told: set[str] = set()  # warnings that were given
        # By seed, the numbers of the first training that never asked its schedule.
        self._silent: dict[int, tuple[Schedule, list[float]]] = {}

    def sized(self, updates_per_epoch: int, batch_size: int) -> Declared:
        """Return the same with other sizes; what was told of the function is not told again."""
        has_epochs = self.unit == EPOCHS
        other = Declared(self.name, updates_per_epoch, batch_size, has_epochs=has_epochs)
        other._told, other._silent = self._told, self._silent
        return other

    def begin(
        self,
        schedule: Schedule,
        seed: int,
        *,
        epochs: int,
        done: int,
        asking: Asking | None = None,
    ) -> Measured:
        """Return what takes the epochs of a training, of which so many are done.

        Args:
            schedule: The learning rate of every update.
            seed: The training's.
            epochs: Epochs of the whole training.
            done: How many are done.
            asking: What knows what is asked; by default what the training asks here.
        """
        asking = asking or Asking(
            schedule,
            updates_per_epoch=self.updates_per_epoch,
            epochs=epochs,
            done=done,
            unit=self.unit,
        )
        return Measured(self, schedule, seed, asking, epochs=epochs, done=done)

    def warn(self, text: str) -> None:
        """Log something about the function, once."""
        if text not in self._told:
            self._told.add(text)
            _log.warning("%s%s", self.name, text)

    def first_silent(
        self, seed: int, schedule: Schedule, values: list[float]
    ) -> tuple[Schedule, list[float]]:
        """Return the first training from a seed that never asked its schedule: maybe this one."""
        return self._silent.setdefault(seed, (schedule, values))


class Measured:
    """Makes a record of each epoch of a training, and sees that it does what was declared.

    ``schedule`` is what the training is to ask.
    """

    def __init__(
        self,
        declared: Declared,
        schedule: Schedule,
        seed: int,
        asking: Asking,
        *,
        epochs: int,
        done: int,
    ) -> None:
        self._asking, self.schedule = asking, asking.schedule
        self._declared, self._plain, self._seed = declared, schedule, seed
        self._epochs, self._done, self._is_whole = epochs, done, done == 0
        self._values: list[float] = []
        self._begun = time.perf_counter()

    def end_epoch(self, value: float, **measured: float | None) -> EpochRecord:
        """Take an epoch as over.

        Args:
            value: What it gave.
            **measured: Other fields of the record.

        Raises:
            TrainingCollapsed: If the value is not finite, or too large to be compared.
            TaskError: If the training has other updates in an epoch than declared, or does not use
                its schedule.
        """
        seconds = time.perf_counter() - self._begun
        epoch = self._done = self._done + 1
        if not abs(value) <= LARGEST:
            said_why = f", beyond {LARGEST:g}" if math.isfinite(value) else ""
            reason = f"diverged in epoch {epoch}: it gave {value}{said_why}"
            raise TrainingCollapsed(epoch, reason)
        self._values.append(value)
        self._check_asked()
        size = self._declared.updates_per_epoch
        found: dict[str, Any] = {
            "train_loss": None, "train_accuracy": None, "test_accuracy": None, **measured,
        }  # fmt: skip
        return EpochRecord(
            epoch=epoch,
            lr_begin=self._plain((epoch - 1) * size + 1),
            lr_end=self._plain(epoch * size),
            seconds=seconds,
            value=value,
            **found,
        )

    def begin_epoch(self) -> None:
        """Take what comes as the next epoch."""
        self._begun = time.perf_counter()

    def _check_asked(self) -> None:
        """Hold what was asked in the epoch that ended against what was declared.

        Raises:
            TaskError: If it clearly does not fit.
        """
        name, seed, schedule = self._declared.name, self._seed, self._plain
        unit = self._declared.unit
        wrong, is_much = self._asking.end_epoch()
        if wrong and is_much:
            raise TaskError(
                f"{name} must ask schedule(update) for the updates that it makes, the first"
                f" of the training being 1, but {wrong}. Count on from {unit.step} to"
                f" {unit.step}, and set `{unit.key}` to the updates of one. The step() of"
                " what schedule.to_torch gave comes after every update of the optimizer, not"
                f" once {unit.one}."
            )
        if wrong:
            self._declared.warn(f" {wrong}. Its schedule is laid out over those.")
        if self._is_whole and not self._asking.is_silent:
            self._warn_of_ignored()
        if not (self._asking.is_silent and self._is_whole):
            return
        self._declared.warn(
            " never asked its schedule for a learning rate, so that all trials may train alike."
            " Ask schedule(update) before each update."
        )
        other, before = self._declared.first_silent(seed, schedule, self._values)
        values = self._values
        alike = len(values) >= min(2, self._epochs) and values == before[: len(values)]
        if other != schedule and alike:
            raise TaskError(
                f"{name} must train under the schedule that it is given, but asked neither"
                f" of two for a learning rate and gave {values[-1]} under both. Ask"
                " schedule(update) before each update."
            )

    def _warn_of_ignored(self) -> None:
        """Say what the schedule has beside a learning rate that the training never asked for."""
        for name in self._asking.ignored:
            ask = "group(name)" if name == GROUPS else f"{name}(update)"
            self._declared.warn(
                f" never asked its schedule for its {name}, which trials differ in and the best"
                f" schedule will have. Ask schedule.{ask} before each update, or let"
                " schedule.to_torch(optimizer) set all."
            )
