"""Trainings that were recorded before, replayed: a study of seconds that needs no MXNet."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import field_validator

from tuner.errors import TaskError
from tuner.reading import Section
from tuner.schedules import Schedule, Schedules, as_of
from tuner.tasks.base import (
    RECORDED_METRICS,
    Epoch,
    EpochRecord,
    State,
    TrainingCollapsed,
    unmeasured,
)
from tuner.tasks.recording import Recorded, Recording, read_recording

# Where two schedules are compared: so many updates, evenly spaced from the first to the last.
_POINTS = 100
# Learning rates below this, on the scale of the recorded ones, are all alike: the weights hardly
# move.
_FLOOR = 1e-5

Curve = npt.NDArray[np.float64]


class Table(Section):
    """The task ``table``: every schedule gets the recorded training of the one nearest to it.

    Nearest among the trainings from the same seed: those of the same family first, then the
    smallest root mean square of the difference between the logarithms of the learning rates. A
    schedule that is found while it trains is looked up anew for each epoch, as it is known then.
    """

    path_option: ClassVar[str] = "path"
    """The option that is a path."""

    path: str
    """The file of recorded trainings, relative to the study file."""

    @field_validator("path")
    @classmethod
    def _a_recording(cls, path: str) -> str:
        read_recording(path)
        return path

    @property
    def recording(self) -> Recording:
        """What the file holds."""
        return read_recording(self.path)

    @property
    def updates_per_epoch(self) -> int:
        """Those of the recorded trainings."""
        return self.recording.head.updates_per_epoch

    @property
    def batch_size(self) -> int:
        """That of the recorded trainings."""
        return int(self.recording.head.task["batch_size"])

    def mistakes(
        self, *, seed: int, epochs: int, held_out: int, metric: str = "test_accuracy"
    ) -> dict[str, str]:
        """Return what was not recorded of what a study asks for."""
        has_losses = "test_loss" in self.recording.head.columns
        found = unmeasured(metric, RECORDED_METRICS if has_losses else RECORDED_METRICS[:1])
        recorded, seeds = self.recording.head.epochs, self.recording.seeds
        if epochs > recorded:
            found["task.epochs"] = f"must be <= {recorded}, the table's epochs, but got {epochs}"
        if seed not in seeds:
            known = ", ".join(map(str, seeds))
            found["task.seed"] = f"must be a recorded one, of {known}, but got {seed}"
        if held_out:
            found["objective.evaluate_on"] = (
                "must be 'test', on which the table's trainings were judged, but got 'holdout'"
            )
        return found

    def with_holdout(self, size: int, *, on_test_set: bool = False) -> Table:
        """Return this task; there is no holdout.

        Raises:
            TaskError: If one is asked for.
        """
        if size:
            raise TaskError(f"A table must have a holdout of 0 examples, but got {size}.")
        return self

    def check(self) -> None:
        """Do nothing: the file was read with the study's definition."""

    def train(
        self, schedule: Schedule, *, seed: int, epochs: int, start: State | None = None
    ) -> Iterator[Epoch]:
        """Replay the nearest recorded training, epoch by epoch.

        Args:
            schedule: The learning rate of every update.
            seed: That of the trainings to choose from.
            epochs: The last epoch to replay.
            start: The state after an epoch, to go on from.

        Yields:
            Each epoch: its learning rates are the schedule's, all else as it was recorded.

        Raises:
            TaskError: If there is no training from this seed, or none so long.
            TrainingCollapsed: In the epoch in which the recorded training became hopeless.
        """
        known, size = schedule, self.updates_per_epoch
        found = None
        for epoch in range(start.epoch + 1 if start else 1, epochs + 1):
            now = as_of(schedule, (epoch - 1) * size)
            if found is None or now != known:
                known, found = now, self.nearest(now, seed=seed, epochs=epochs)
            if epoch > len(found.rows):
                raise TrainingCollapsed(epoch, found.collapse)
            record = _record(epoch, found.rows[epoch - 1], schedule, size)
            yield Epoch(record, functools.partial(State, epoch, {}))

    def nearest(self, schedule: Schedule, *, seed: int, epochs: int) -> Recorded:
        """Return the recorded training of the schedule that is nearest in the first epochs.

        Raises:
            TaskError: If there is no training from this seed, or none so long.
        """
        if isinstance(schedule, Schedules):
            raise TaskError(
                "a recorded training must be of the same quantities, but the table has learning"
                f" rates alone, and the schedule {' and '.join(schedule.others)} as well."
            )
        wrong = self.mistakes(seed=seed, epochs=epochs, held_out=0)
        if wrong:
            raise TaskError("; ".join(f"{place} {text}" for place, text in wrong.items()) + ".")
        updates = epochs * self.updates_per_epoch
        here = curve(schedule, updates, self._floor)
        # Of equally near ones the first, which `min` keeps.
        candidates = _curves(self.path, seed, updates, self._floor)
        return min(
            candidates,
            key=lambda each: (
                each[0].schedule.family != schedule.family,
                distance(here, each[1]),
            ),
        )[0]

    def identity(self) -> dict[str, Any]:
        """Return what was trained, and the digest of the file; where it lies does not matter."""
        return {**self.recording.head.task, "table": self.recording.digest}

    def versions(self) -> dict[str, str]:
        """Return the versions of the software that trained, as recorded."""
        recorded = self.recording.head.versions
        return {name: recorded[name] for name in ("mxnet", "torch", "numpy") if name in recorded}

    def training_identity(self) -> None:
        """Return None: replaying is quicker than keeping states."""

    @property
    def _floor(self) -> float:
        return _FLOOR * self.recording.head.lr_scale


def curve(schedule: Schedule, updates: int, floor: float = _FLOOR) -> Curve:
    """Return log10 of a schedule's learning rates at evenly spaced updates.

    Args:
        schedule: The schedule.
        updates: The last of the updates; the first is 1.
        floor: What learning rates below it are taken for.
    """
    at = np.unique(np.linspace(1, updates, _POINTS).round())
    rates: Curve = np.maximum([schedule(int(update)) for update in at], floor)
    return np.log10(rates)


def distance(one: Curve, other: Curve) -> float:
    """Return how far apart two curves are: the root mean square of their difference, in decades.

    Example:
        >>> distance(np.array([-1.0, -2.0]), np.array([-1.0, -3.0])) ** 2
        0.5000000000000001
    """
    return math.sqrt(float(np.mean((one - other) ** 2)))


@functools.lru_cache(maxsize=8)
def _curves(path: str, seed: int, updates: int, floor: float) -> list[tuple[Recorded, Curve]]:
    recorded = read_recording(path).trainings
    return [(each, curve(each.schedule, updates, floor)) for each in recorded if each.seed == seed]


def _record(
    epoch: int, row: dict[str, float], schedule: Schedule, updates_per_epoch: int
) -> EpochRecord:
    done = epoch * updates_per_epoch
    return EpochRecord(
        epoch=epoch,
        train_loss=row["train_loss"],
        train_accuracy=row["train_accuracy"],
        test_accuracy=row["test_accuracy"],
        lr_begin=schedule(done - updates_per_epoch + 1),
        lr_end=schedule(done),
        seconds=row.get("seconds", 0.0),
        test_loss=row.get("test_loss"),
        averaged_accuracy=row.get("averaged_accuracy"),
        averaged_loss=row.get("averaged_loss"),
    )
