"""What LeNet on Fashion-MNIST is told in a study, whatever framework trains it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, TypeVar

import numpy as np
import numpy.typing as npt
from pydantic import Field, PrivateAttr, ValidationInfo, field_validator

from tuner.errors import TaskError
from tuner.reading import Mistakes, Section, did_you_mean
from tuner.tasks.base import no_rest, unmeasured
from tuner.tasks.fashion_mnist import load_fashion_mnist
from tuner.tasks.options import BATCH_SIZE

T = TypeVar("T", bound="LeNetOptions")
# The options that can be sampled, beside the parameters of the optimizer.
_SAMPLED = (BATCH_SIZE, "optimizer")
# Images (n, 28, 28) and their labels (n,).
Images = tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]


class LeNetOptions(Section):
    """The options of a study's ``[task]`` table.

    Defaults are the chapter's: plain SGD, batches of 256, the whole data set. ``train_size`` and
    ``test_size`` keep the first examples only, for trying things out.
    """

    framework: ClassVar[str]
    """What trains, for messages."""
    optimizers: ClassVar[Mapping[str, tuple[str, ...]]]
    """The optimizers by their name, and the parameters of each beside those of all."""
    of_all: ClassVar[tuple[str, ...]] = ()
    """The parameters that every optimizer takes."""
    unsuited: ClassVar[Mapping[str, str]] = {}
    """Its other optimizers, and why each is refused."""
    aliases: ClassVar[Mapping[str, str]] = {}
    """What parameters of optimizers are called elsewhere, and here."""
    path_option: ClassVar[str] = "data_dir"
    """The option that is a path."""

    batch_size: int = Field(default=256, ge=1)
    """Examples in an update."""
    optimizer: str = "sgd"
    """One of the framework's, by its name."""
    optimizer_params: dict[str, float | int | bool] = Field(default_factory=dict)
    """Its arguments, such as ``{ momentum = 0.9 }``; the learning rate is not one."""
    train_size: int = Field(default=60_000, ge=1, le=60_000)
    """Training examples, the first ones."""
    test_size: int = Field(default=10_000, ge=1, le=10_000)
    """Test examples, the first ones."""
    device: str = Field(default="auto", pattern=r"^(auto|cpu|gpu(:\d+)?)$")
    """``"auto"``, ``"cpu"``, ``"gpu"`` or ``"gpu:1"``."""
    data_dir: str | None = None
    """The folder that has the four files of Fashion-MNIST, if it is none of the usual places.
    Relative to the study file."""
    # Not an option of the table: the objective decides on what is judged.
    _holdout_size: int = PrivateAttr(default=0)
    _on_test_set: bool = PrivateAttr(default=True)

    @field_validator("optimizer")
    @classmethod
    def _known_optimizer(cls, name: str) -> str:
        if name in cls.unsuited:
            raise ValueError(
                f"{cls.framework}'s {name} {cls.unsuited[name]}; take sgd, adam or another"
            )
        if name not in cls.optimizers:
            raise ValueError(
                f"no {cls.framework} optimizer {name!r} that follows a schedule;"
                f" {did_you_mean(name, cls.optimizers)}"
            )
        return name

    @field_validator("optimizer_params")
    @classmethod
    def _known_params(cls, params: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        for name in ("learning_rate", "lr", "lr_scheduler", "begin_num_update"):
            if name in params:
                raise ValueError(f"`{name}` is the schedule's; remove it")
        if "optimizer" not in info.data:  # which is wrong itself
            return params
        optimizer: str = info.data["optimizer"]
        known = (*cls.optimizers[optimizer], *cls.of_all)
        unknown = [
            f"no parameter {name!r} of {optimizer}; {did_you_mean(name, known)}"
            for name in params
            if name not in known
        ]
        if unknown:
            raise ValueError("; ".join(unknown))
        return params

    @property
    def updates_per_epoch(self) -> int:
        """Updates in one pass over the training set; the last batch may be smaller."""
        return math.ceil((self.train_size - self._holdout_size) / self.batch_size)

    def mistakes(
        self, *, seed: int, epochs: int, held_out: int, metric: str = "test_accuracy"
    ) -> dict[str, str]:
        """Return what is wrong with metric and holdout."""
        return unmeasured(metric) | no_rest(held_out, self.train_size)

    def with_holdout(self: T, size: int, *, on_test_set: bool = False) -> T:
        """Return the same task without the last examples of its training set, judged on them.

        They are as good as any, for Fashion-MNIST's order is random. With ``on_test_set``, or of
        size 0, it is judged on the test set.

        Example:
            >>> from tuner.tasks import LeNetFashionMNIST
            >>> task = LeNetFashionMNIST().with_holdout(10_000)
            >>> task.updates_per_epoch, task.with_holdout(0).updates_per_epoch
            (196, 235)
        """
        other = self.model_copy()
        other._holdout_size, other._on_test_set = size, on_test_set or not size
        return other

    def with_options(self: T, values: Mapping[str, Any]) -> T:
        """Return the same task with another batch size or optimizer, or other parameters of it.

        Raises:
            TaskError: If there is no such optimizer, or one of its parameters is none.

        Example:
            >>> from tuner.tasks import LeNetFashionMNIST
            >>> task = LeNetFashionMNIST().with_options({"batch_size": 128, "momentum": 0.9})
            >>> task.updates_per_epoch, task.optimizer_params
            (469, {'momentum': 0.9})
        """
        own = {name: value for name, value in values.items() if name in _SAMPLED}
        params = {self.aliases.get(k, k): v for k, v in values.items() if k not in _SAMPLED}
        mistakes = Mistakes("the options of the task")
        fields = {**self.model_dump(), **own}
        fields["optimizer_params"] = {**self.optimizer_params, **params}
        other = mistakes.read(type(self), fields, "")
        most = self.train_size - self._holdout_size
        if other is not None and BATCH_SIZE in own and other.batch_size > most:
            text = f"must be <= {most}, the examples to train on, but got {other.batch_size}"
            mistakes.add(BATCH_SIZE, text)
        if mistakes.found or other is None:
            found = "; ".join(f"`{place}` {text}" for place, text in mistakes.found)
            raise TaskError(f"{found}.")
        other._holdout_size, other._on_test_set = self._holdout_size, self._on_test_set
        return other

    def wrong_options(self, names: Iterable[str]) -> dict[str, str]:
        """Return by name why options are none of it, whatever its optimizer."""
        of_any = {name for params in self.optimizers.values() for name in params}
        known = [*_SAMPLED, *sorted(of_any | {*self.of_all} | {*self.aliases})]
        return {
            name: f"no option that can be sampled; {did_you_mean(name, known)}"
            for name in names
            if name not in known
        }

    def own_options(self, names: Iterable[str]) -> dict[str, Any]:
        """Return the values of options that it says; others are the optimizer's defaults."""
        known = {**self.optimizer_params, **{name: getattr(self, name) for name in _SAMPLED}}
        of_names = {name: self.aliases.get(name, name) for name in names}
        return {name: known[key] for name, key in of_names.items() if key in known}

    @property
    def parts(self) -> tuple[str | None, int, int, int, bool]:
        """What says which images it is about, for :func:`images`."""
        sizes = (self.train_size, self.test_size, self._holdout_size)
        return (self.data_dir, *sizes, self._on_test_set)

    def identity(self) -> dict[str, Any]:
        """Return the options that decide a training's result: all but device and data folder."""
        held_out: dict[str, Any] = {}
        if self._holdout_size:
            held_out = {"holdout_size": self._holdout_size, "on_test_set": self._on_test_set}
        return self.model_dump(exclude={"device", "data_dir"}) | held_out


def images(
    data_dir: str | None, train_size: int, test_size: int, holdout_size: int, on_test_set: bool
) -> tuple[Images, Images]:
    """Return images to train on, and to be judged on.

    Args:
        data_dir: Where Fashion-MNIST is; None for the usual places.
        train_size: Training examples, those held out included.
        test_size: Test examples.
        holdout_size: Training examples, the last ones, that are not trained on.
        on_test_set: Whether the test set judges; else those held out do.

    Raises:
        DataError: If Fashion-MNIST is not found.
    """
    found = load_fashion_mnist(data_dir)
    rest = train_size - holdout_size
    judge = (found.test_images[:test_size], found.test_labels[:test_size])
    if not on_test_set:
        judge = (found.train_images[rest:train_size], found.train_labels[rest:train_size])
    return (found.train_images[:rest], found.train_labels[:rest]), judge
