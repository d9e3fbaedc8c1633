"""What a task is: something that is trained under a schedule and says how good it got."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from tuner.errors import TunerError
from tuner.schedules import Schedule

# What an objective may name that follows from an epoch's record; the perplexity is exp(loss).
RECORDED_METRICS = ("test_accuracy", "test_loss", "test_perplexity")
# A network is dead if no output's standard deviation over the test examples is above this.
# Measured on LeNet: 3e-5 or less once its ReLUs are dead, 0.05 or more for untrained weights and
# for slow beginnings.
DEAD = 1e-3


# Numbers beyond this are as good as infinite: their squares and sums are.
LARGEST = 1e100


class EpochRecord(NamedTuple):
    """What one epoch of training gave.

    ``train_loss`` and ``train_accuracy`` are means over the epoch's examples, taken while the
    weights change; ``test_accuracy`` and ``test_loss`` are measured at its end, the averaged ones
    with the running average of the weights, by tasks that keep one: on the test set, or on the
    holdout if the task has one. The LRs are those of the
    epoch's first and last update. ``seconds`` is the time of training and evaluation together.
    What a task does not measure is None. ``value`` is the number of a task that measures one thing
    alone, under the name that the study's objective gives it; ``averaged_value`` the same with the
    averaged weights.
    """

    epoch: int
    train_loss: float | None
    train_accuracy: float | None
    test_accuracy: float | None
    lr_begin: float
    lr_end: float
    seconds: float
    test_loss: float | None = None
    averaged_accuracy: float | None = None
    averaged_loss: float | None = None
    value: float | None = None
    averaged_value: float | None = None


class State(NamedTuple):
    """A training as it stands after an epoch: all that is needed to go on from there."""

    epoch: int
    arrays: dict[str, npt.NDArray[np.generic]]


class Epoch(NamedTuple):
    """An epoch that was just trained.

    ``state()`` copies the training as it stands, so it is called before the next epoch begins,
    and only by who wants to keep the copy. It is None from a task that has none to give.
    """

    record: EpochRecord
    state: Callable[[], State | None]


class Evaluation(NamedTuple):
    """How a network does on examples; dead if it gives one answer to all of them.

    What gives no scores for classes has no accuracy. ``value`` is the only number of who measures
    something else.
    """

    accuracy: float | None
    loss: float | None
    is_dead: bool
    value: float | None = None

    @property
    def of_collapse(self) -> tuple[float, float]:
        """What a training that collapsed is left with: accuracy and loss."""
        return self.accuracy or 0.0, math.inf if self.loss is None else self.loss


class TrainingCollapsed(TunerError):
    """A training that cannot recover: a loss that is not finite, or a network that is dead.

    Args:
        epoch: The epoch in which it showed, 1-based.
        reason: What showed, for people.
        accuracy: The test accuracy then, which is chance; 0, the lowest, if it is not known.
        loss: The test loss then; infinite, the worst, if it is no number or not known.
    """

    def __init__(
        self, epoch: int, reason: str, accuracy: float = 0.0, loss: float = math.inf
    ) -> None:
        self.epoch = epoch
        self.reason = reason
        self.accuracy = accuracy
        self.loss = loss if math.isfinite(loss) else math.inf
        super().__init__(reason)

    def __reduce__(self) -> tuple[type[TrainingCollapsed], tuple[int, str, float, float]]:
        return type(self), (self.epoch, self.reason, self.accuracy, self.loss)


def end_training(training: Iterator[Epoch]) -> None:
    """End a training that may not be at its end: it puts its things in order."""
    close = getattr(training, "close", None)
    if close is not None:
        close()


def unmeasured(metric: str, measured: Sequence[str] = RECORDED_METRICS) -> dict[str, str]:
    """Return the mistake of a study that is judged by what its task does not measure, if it is.

    Args:
        metric: What the study is judged by.
        measured: What the task measures.
    """
    if metric in measured:
        return {}
    known = " or ".join(filter(None, [", ".join(measured[:-1]), measured[-1]]))
    text = f"must be {known}, which the task measures, but got {metric!r}"
    return {"objective.metric": text}


def no_rest(held_out: int, size: int) -> dict[str, str]:
    """Return the mistake of a study whose holdout leaves nothing to train on, if it does.

    Args:
        held_out: How many training examples are to judge.
        size: How many there are.
    """
    if held_out < size:
        return {}
    text = f"must be < {size}, the examples to train on, but got {held_out}"
    return {"objective.holdout_size": text}


class Task(Protocol):
    """What a study trains: data, network, loss and optimizer.

    A task is configured once and trained many times. Everything random in a training follows
    from ``seed`` and the number of the epoch.
    """

    @property
    def updates_per_epoch(self) -> int:
        """Optimizer updates in one pass over the training set."""

    @property
    def batch_size(self) -> int:
        """Examples in one update."""

    def mistakes(
        self, *, seed: int, epochs: int, held_out: int, metric: str = "test_accuracy"
    ) -> dict[str, str]:
        """Return what of a study's definition this task cannot do, by its place in the file.

        Args:
            seed: The trainings' seed.
            epochs: Epochs of a full training.
            held_out: Training examples that are to judge instead of the test set.
            metric: What is to judge.
        """

    def with_holdout(self, size: int, *, on_test_set: bool = False) -> Task:
        """Return the same task without so many of its training examples, judged on those.

        Its records' test accuracies and losses are then those on the holdout, and the test set is
        left alone. With ``on_test_set`` it trains on the same examples and is judged on the test
        set. Of size 0 it trains on the whole training set and is judged on the test set. The size
        changes the updates of an epoch: lay schedules out anew.
        """

    def check(self) -> None:
        """Make sure that the task can run here: framework, device, optimizer, data.

        Raises:
            TunerError: If it cannot, with what to do about it.
        """

    def train(
        self, schedule: Schedule, *, seed: int, epochs: int, start: State | None = None
    ) -> Iterator[Epoch]:
        """Train up to an epoch, from the beginning or from a state of the same training.

        Going on from a state gives the same bits as never having stopped.

        Raises:
            TrainingCollapsed: Within the epoch in which the training became hopeless.
        """

    def identity(self) -> dict[str, Any]:
        """Return as plain data what decides a training's result beside schedule and seed."""

    def versions(self) -> dict[str, str]:
        """Return the versions of the software that trains."""

    def training_identity(self) -> dict[str, Any] | None:
        """Return as plain data what decides a training's bits beside schedule and seed.

        None if its trainings cannot go on from a state.
        """
