"""LeNet on Fashion-MNIST, as the chapter "Learning Rate Scheduling" trains it."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from pydantic import Field

from tuner.adapters import import_mxnet
from tuner.schedules import Schedule
from tuner.tasks.base import Epoch, State
from tuner.tasks.fashion_mnist import load_fashion_mnist
from tuner.tasks.lenet_options import LeNetOptions, images

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


class LeNetFashionMNIST(LeNetOptions):
    """The task ``lenet_fashion_mnist``: the options of a study's ``[task]`` table.

    Defaults are the chapter's: plain SGD, batches of 256, the whole data set. ``train_size`` and
    ``test_size`` keep the first examples only, for trying things out.
    """

    framework: ClassVar[str] = "MXNet"
    optimizers: ClassVar[Mapping[str, tuple[str, ...]]] = OPTIMIZERS
    of_all: ClassVar[tuple[str, ...]] = _OF_ALL
    unsuited: ClassVar[Mapping[str, str]] = UNSUITED
    aliases: ClassVar[Mapping[str, str]] = {"weight_decay": "wd"}

    optimizer: str = Field(default="sgd", json_schema_extra={"enum": [*OPTIMIZERS]})
    """One of MXNet's, by its name."""
    optimizer_params: dict[str, float | int | bool] = Field(default_factory=dict)
    """Its arguments, such as ``{ momentum = 0.9, wd = 1e-4 }``; the learning rate is not one."""

    def check(self) -> None:
        """Make sure that MXNet, device, optimizer and data are there.

        Raises:
            TunerError: If one is not, with what to do about it.
        """
        from tuner.tasks import gluon

        gluon.check_optimizer(self.optimizer, self.optimizer_params)
        gluon.device(self.device)
        load_fashion_mnist(self.data_dir)

    def check_driven(self, schedule: Schedule) -> None:
        """Make sure that the optimizer has what a schedule drives beside the learning rate.

        Raises:
            ScheduleError: If it has not.
        """
        from tuner.tasks import gluon

        gluon.check_driven(self.optimizer, self.optimizer_params, schedule)

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
        return _on_device(self.device, *self.parts)

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
def _on_device(device: str, *parts: Any) -> Any:
    """Return the data on the device, kept from one training to the next."""
    from tuner.tasks.gluon import device as find_device
    from tuner.tasks.gluon_data import Data

    return Data.of_images(*images(*parts), find_device(device))
