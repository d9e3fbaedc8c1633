"""What a task tells to have its trainings recorded, and how those in PyTorch are trained."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from tuner.schedules import Schedule
from tuner.tasks import TorchTask
from tuner.tasks.base import EpochRecord

COLUMNS = (
    "train_loss", "train_accuracy", "test_accuracy", "test_loss", "averaged_accuracy",
    "averaged_loss",
)  # fmt: skip

Row = list[float | None]


class RecordedTask(NamedTuple):
    """A task to record.

    ``train`` takes the number of a schedule, the schedule and a seed, and yields a row for every
    epoch, in the order of ``columns``. ``lr_scale`` is what the LRs of the search spaces are
    multiplied by: they are those of LeNet with plain SGD. ``chance`` is the accuracy of a network
    that has learned nothing. Of ``schedules``, every ``bare_every``-th is without warmup if the
    task says so; None leaves all as they are drawn.
    """

    identity: dict[str, Any]
    updates_per_epoch: int
    train: Callable[[int, Schedule, int], Iterator[Row]]
    packages: tuple[str, ...]
    columns: tuple[str, ...] = (*COLUMNS, "seconds")
    epochs: int = 10
    schedules: int = 150
    bare_every: int | None = 3
    lr_scale: float = 1.0
    chance: float = 0.1


def row(record: EpochRecord) -> Row:
    """Return the numbers of an epoch that every task has; one that is not finite is null."""
    exact = "test_accuracy", "averaged_accuracy"
    numbers = {name: getattr(record, name) for name in COLUMNS}
    return [
        None if number is None or not math.isfinite(number)
        else number if name in exact
        else round(number, 5)
        for name, number in numbers.items()
    ]  # fmt: skip


def in_torch(
    task: TorchTask, about: dict[str, Any], *, lr_scale: float, chance: float
) -> RecordedTask:
    """Return a task that PyTorch trains, by the product's own loop.

    Args:
        task: The task.
        about: What there is to say about it beside its sizes.
        lr_scale: As a recorded task has it.
        chance: Likewise.
    """
    made = RecordedTask(
        {**task.identity(), **about}, task.updates_per_epoch, lambda *_: iter(()),
        ("torch", "numpy", "optuna"), lr_scale=lr_scale, chance=chance,
    )  # fmt: skip

    def train(_: int, schedule: Schedule, seed: int) -> Iterator[Row]:
        for epoch in task.train(schedule, seed=seed, epochs=made.epochs):
            yield [*row(epoch.record), round(epoch.record.seconds, 2)]

    return made._replace(train=train)
