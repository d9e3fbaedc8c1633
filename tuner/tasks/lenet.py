"""LeNet on Fashion-MNIST, as the chapter "Learning Rate Scheduling" trains it."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from typing import Any

from pydantic import Field, PrivateAttr, ValidationInfo, field_validator

from tuner.adapters import import_mxnet
from tuner.reading import Section, did_you_mean
from tuner.schedules import Schedule
from tuner.tasks.base import Epoch, State, no_rest, unmeasured
from tuner.tasks.fashion_mnist import load_fashion_mnist

# MXNet's optimizers that follow a schedule and can train this network, with the parameters of
# each beside those of all: of 1.9.1, the last one, so that a study is read without importing it.
OPTIMIZERS = {
    "adagrad": ("eps",),
    "adam": ("beta1", "beta2", "epsilon", "lazy_update"),
    "dcasgd": ("lamda", "momentum"),
    "ftml": ("beta1", "beta2", "epsilon"),
    "lamb": ("beta1", "beta2", "bias_correction", "epsilon", "lower_bound", "upper_bound"),
    "lars": ("eps", "eta", "lazy_update", "momentum", "momentum_correction"),
    "lbsgd": (
        "batch_scale", "begin_epoch", "momentum", "num_epochs", "updates_per_epoch",
        "warmup_epochs",
    ),
    "nadam": ("beta1", "beta2", "epsilon", "schedule_decay"),
    "nag": ("momentum",),
    "rmsprop": ("centered", "clip_weights", "epsilon", "gamma1", "gamma2"),
    "sgd": ("lazy_update", "momentum"),
    "sgld": (),
    "signum": ("momentum", "wd_lh"),
}  # fmt: skip
_OF_ALL = ("clip_gradient", "multi_precision", "rescale_grad", "wd")
# The others that it registers, and why each is refused (seen with MXNet 1.9.1).
UNSUITED = {
    "adadelta": "has no learning rate",
    "adamax": "divides 0 by 0 where a gradient is 0, so that the loss is NaN at once",
    "ccsgd": "is an old name of sgd",
    "ftrl": "is for sparse linear models and sets this network's weights to 0",
    "groupadagrad": "is for embeddings",
    "test": "is for MXNet's own tests",
}


def lenet() -> Any:
    """Return the chapter's network: LeNet with ReLU and max pooling, not yet initialised.

    Input is (n, 1, 28, 28), output (n, 10).

    Source:
        The chapter's section "Toy Problem".
    """
    nn = import_mxnet().gluon.nn
    net = nn.HybridSequential()
    net.add(
        nn.Conv2D(channels=6, kernel_size=5, padding=2, activation="relu"),
        nn.MaxPool2D(pool_size=2, strides=2),
        nn.Conv2D(channels=16, kernel_size=5, activation="relu"),
        nn.MaxPool2D(pool_size=2, strides=2),
        nn.Dense(120, activation="relu"),
        nn.Dense(84, activation="relu"),
        nn.Dense(10),
    )
    return net


def faster_forms(net: Any) -> tuple[Any, Any]:
    """Return forms of the network that a CPU trains and evaluates faster, with its parameters."""
    from tuner.tasks.padded_lenet import PaddedLeNet, TrainingLeNet

    return TrainingLeNet(net), PaddedLeNet(net)


class LeNetFashionMNIST(Section):
    """The task ``lenet_fashion_mnist``: the options of a study's ``[task]`` table.

    Defaults are the chapter's: plain SGD, batches of 256, the whole data set. ``train_size`` and
    ``test_size`` keep the first examples only, for trying things out.
    """

    batch_size: int = Field(default=256, ge=1)
    """Examples in an update."""
    optimizer: str = Field(default="sgd", json_schema_extra={"enum": [*OPTIMIZERS]})
    """One of MXNet's, by its name."""
    optimizer_params: dict[str, float | int | bool] = Field(default_factory=dict)
    """Its arguments, such as ``{ momentum = 0.9, wd = 1e-4 }``; the learning rate is not one."""
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
        if name in UNSUITED:
            raise ValueError(f"MXNet's {name} {UNSUITED[name]}; take sgd, adam or another")
        if name not in OPTIMIZERS:
            raise ValueError(
                f"no MXNet optimizer {name!r} that follows a schedule;"
                f" {did_you_mean(name, OPTIMIZERS)}"
            )
        return name

    @field_validator("optimizer_params")
    @classmethod
    def _known_params(cls, params: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        for name in ("learning_rate", "lr_scheduler", "begin_num_update"):
            if name in params:
                raise ValueError(f"`{name}` is the schedule's; remove it")
        if "optimizer" not in info.data:  # which is wrong itself
            return params
        optimizer: str = info.data["optimizer"]
        known = (*OPTIMIZERS[optimizer], *_OF_ALL)
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

    def with_holdout(self, size: int, *, on_test_set: bool = False) -> LeNetFashionMNIST:
        """Return the same task without the last examples of its training set, judged on them.

        They are as good as any, for Fashion-MNIST's order is random. With ``on_test_set``, or of
        size 0, it is judged on the test set.

        Example:
            >>> task = LeNetFashionMNIST().with_holdout(10_000)
            >>> task.updates_per_epoch, task.with_holdout(0).updates_per_epoch
            (196, 235)
        """
        other = self.model_copy()
        other._holdout_size, other._on_test_set = size, on_test_set or not size
        return other

    def check(self) -> None:
        """Make sure that MXNet, device, optimizer and data are there.

        Raises:
            TunerError: If one is not, with what to do about it.
        """
        from tuner.tasks import gluon

        gluon.check_optimizer(self.optimizer, self.optimizer_params)
        gluon.device(self.device)
        load_fashion_mnist(self.data_dir)

    def train(
        self, schedule: Schedule, *, seed: int, epochs: int, start: State | None = None
    ) -> Iterator[Epoch]:
        """Train LeNet under a schedule, epoch by epoch; see :func:`tuner.tasks.gluon.train`.

        Args:
            schedule: The learning rate of every update.
            seed: Decides the initial weights and the order of the data.
            epochs: The last epoch to train.
            start: The state after an epoch of the same training, to go on from.

        Yields:
            Each epoch as it ends.

        Raises:
            TrainingCollapsed: Within the epoch in which the training became hopeless.
        """
        from tuner.tasks import gluon

        data = self.data()
        net = lenet()
        yield from gluon.train(
            net,
            data,
            schedule,
            optimizer=self.optimizer,
            optimizer_params=self.optimizer_params,
            batch_size=self.batch_size,
            seed=seed,
            epochs=epochs,
            start=start,
            faster=faster_forms(net) if data.train_inputs.context.device_type == "cpu" else None,
        )

    def data(self) -> Any:
        """Return what it trains and is judged on, a :class:`tuner.tasks.gluon_data.Data`."""
        return _on_device(
            self.data_dir, self.train_size, self.test_size, self._holdout_size, self._on_test_set,
            self.device,
        )  # fmt: skip

    def identity(self) -> dict[str, Any]:
        """Return the options that decide a training's result: all but device and data folder."""
        held_out: dict[str, Any] = {}
        if self._holdout_size:
            held_out = {"holdout_size": self._holdout_size, "on_test_set": self._on_test_set}
        return self.model_dump(exclude={"device", "data_dir"}) | held_out

    def versions(self) -> dict[str, str]:
        """Return MXNet's and NumPy's version."""
        import numpy

        return {"mxnet": str(import_mxnet().__version__), "numpy": numpy.__version__}

    def training_identity(self) -> dict[str, Any] | None:
        """Return the options, the software and the version of the loop that trains.

        None for an optimizer whose trainings cannot go on from a state.
        """
        from tuner.tasks import gluon, gluon_state

        if self.optimizer in gluon_state.NOT_RESUMABLE:
            return None
        own = {"task": "lenet_fashion_mnist", "training": gluon.TRAINING_VERSION}
        return {**own, "options": self.identity(), "versions": self.versions()}


@functools.lru_cache(maxsize=1)
def _on_device(
    data_dir: str | None,
    train_size: int,
    test_size: int,
    holdout_size: int,
    on_test_set: bool,
    device: str,
) -> Any:
    """Return the data on the device, kept from one training to the next."""
    from tuner.tasks.gluon import device as find_device
    from tuner.tasks.gluon_data import Data

    images = load_fashion_mnist(data_dir)
    rest = train_size - holdout_size
    judge = (images.test_images[:test_size], images.test_labels[:test_size])
    if not on_test_set:
        judge = (images.train_images[rest:train_size], images.train_labels[rest:train_size])
    return Data.of_images(
        (images.train_images[:rest], images.train_labels[:rest]), judge, find_device(device)
    )
