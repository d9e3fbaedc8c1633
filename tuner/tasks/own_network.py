"""What tasks over networks and functions of one's own have in common."""

from __future__ import annotations

import copy
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import numpy

from tuner.errors import TaskError
from tuner.schedules import Schedule
from tuner.tasks.base import Epoch, State, no_rest, unmeasured
from tuner.tasks.digests import code_version, source_digest
from tuner.tasks.examples import Examples, pair
from tuner.tasks.options import BATCH_SIZE, FUNCTION

# Raised with every change of how generators of one's own are seeded: states of before are then no
# longer found.
_GENERATORS = 1
T = TypeVar("T", bound="OwnNetwork")


class OwnNetwork(ABC):
    """A network of one's own and its data; what ``GluonTask`` and ``TorchTask`` share.

    Args:
        net: Makes the network, anew for every training.
        train_data: What to train on.
        test_data: What to be judged on.
        batch_size: Examples in an update; None if a loader makes the batches.
    """

    def __init__(
        self, *, net: Callable[[], Any], train_data: Any, test_data: Any, batch_size: int | None
    ) -> None:
        is_made = hasattr(net, "collect_params") or hasattr(net, "state_dict")
        if not callable(net) or (is_made and not inspect.isclass(net)):
            raise TaskError(
                "`net` must be a function or class that makes the network, for every training"
                f" begins with a new one, but got a {type(net).__name__}. Write a function that"
                " returns it."
            )
        self.net = net
        self.train_data = Examples.of(train_data, "train_data")
        self.test_data = Examples.of(test_data, "test_data")
        if self.train_data.is_loader and batch_size is not None:
            raise TaskError(
                "`batch_size` must be left out where a loader makes the batches, but got"
                f" {batch_size}."
            )
        if not self.train_data.is_loader and (batch_size is None or batch_size < 1):
            raise TaskError(f"`batch_size` must be 1 or more, but got {batch_size}.")
        self.batch_size = batch_size or self._examples_in(next(iter(self.train_data.data)))
        self._all = self.train_data, self.test_data
        self._holdout: dict[str, Any] = {}
        # Of the code that is running, so before the file is edited.
        self._source, self._code = source_digest(net), code_version(net)
        self._made: dict[str, Any] = {}  # once, and not for the copy with a holdout

    def __getstate__(self) -> dict[str, Any]:
        """Leave out for another process what is on a device of this one."""
        made = {name: made for name, made in self._made.items() if name != "device"}
        return {**vars(self), "_made": made}

    @property
    def updates_per_epoch(self) -> int:
        """Updates in one pass over the training set; the last batch may be smaller."""
        return self.train_data.updates(self.batch_size)

    def mistakes(
        self, *, seed: int, epochs: int, held_out: int, metric: str = "test_accuracy"
    ) -> dict[str, str]:
        """Return what is wrong with metric and holdout."""
        wrong = self._unmeasured(metric)
        if not held_out:
            return wrong
        if self.train_data.is_loader:
            text = "must be 'test', for a loader's batches cannot be parted, but got 'holdout'"
            return wrong | {"objective.evaluate_on": text}
        return wrong | no_rest(held_out, self.train_data.size)

    def with_holdout(self: T, size: int, *, on_test_set: bool = False) -> T:
        """Return the same task without the last examples of its training set, judged on them.

        Shuffle them first if their order means something. With ``on_test_set`` it is judged on
        the test set.
        """
        other = copy.copy(self)
        other._made, other._holdout = {}, {}
        other.train_data, other.test_data = self._all
        if size:
            train, rest = other.train_data, other.train_data.size - size
            other.train_data = train.part(0, rest)
            if not on_test_set:
                other.test_data = train.part(rest, rest + size)
            other._holdout = {"holdout_size": size, "on_test_set": on_test_set}
        return other

    def with_options(self: T, values: Mapping[str, Any]) -> T:
        """Return the same task with another ``batch_size``, its only option.

        Raises:
            TaskError: If it is larger than the training set.
        """
        size, most = values[BATCH_SIZE], self.train_data.size
        if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= most:
            raise TaskError(
                f"`batch_size` must be a whole number from 1 to {most}, the examples to train on,"
                f" but got {size!r}."
            )
        other = copy.copy(self)
        other.batch_size = size
        return other

    def wrong_options(self, names: Iterable[str]) -> dict[str, str]:
        """Return by name why options are none of it."""
        if self.train_data.is_loader:
            text = "must be left out where a loader makes the batches"
            return dict.fromkeys(names, f"{text}; {FUNCTION}")
        text = f"must be its batch_size, the only option of a {type(self).__name__} that was made"
        return {name: f"{text}; {FUNCTION}" for name in names if name != BATCH_SIZE}

    def own_options(self, names: Iterable[str]) -> dict[str, Any]:
        """Return the batch size, if it is asked for."""
        return {name: self.batch_size for name in names if name == BATCH_SIZE}

    @abstractmethod
    def check(self) -> None:
        """Make sure that the framework, the optimizer and the device are there."""

    @abstractmethod
    def train(
        self, schedule: Schedule, *, seed: int, epochs: int, start: State | None = None
    ) -> Iterator[Epoch]:
        """Train a new network under a schedule, epoch by epoch."""

    def identity(self) -> dict[str, Any]:
        """Return the sizes; what else decides a result is among the options of the study."""
        sizes = {"train_examples": self.train_data.size, "test_examples": self.test_data.size}
        known = {name: size for name, size in sizes.items() if size}
        return {"batch_size": self.batch_size, **known, **self._holdout}

    def versions(self) -> dict[str, str]:
        """Return the versions of the software that trains, the network's own code included."""
        return {"numpy": numpy.__version__, **self._code}

    def training_identity(self) -> dict[str, Any] | None:
        """Return what decides a training's bits, as far as it shows.

        That is the file that makes the network, the network and the optimizer in their own words,
        the content of arrays and the length of datasets and loaders. None if there is no file.
        """
        if self._source is None:
            return None
        return {
            "task": type(self).__name__,
            "source": self._source,
            "generators": _GENERATORS,
            "options": self.identity() | dict(self._once("words", self._in_words)),
            "data": self._once("data", self._digests),
            "versions": self.versions(),
        }

    def _unmeasured(self, metric: str) -> dict[str, str]:
        return unmeasured(metric)

    def _examples_in(self, batch: Any) -> int:
        inputs, _ = pair(batch)
        return len(inputs)

    @abstractmethod
    def _in_words(self) -> Mapping[str, Any]:
        """Return network and optimizer in their own words."""

    def _digests(self) -> list[str]:
        return [self.train_data.digest(), self.test_data.digest()]

    def _once(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]
