"""LeNet on Fashion-MNIST in PyTorch: for machines and Pythons that MXNet has no wheel for.

Layers, initialisation, order of the examples, averaging and judging are those of
:mod:`tuner.tasks.lenet`; only the numbers that initial weights are drawn from are PyTorch's.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator, Mapping
from importlib import metadata
from typing import Any, ClassVar

import numpy
from pydantic import Field

from tuner.errors import TaskError
from tuner.schedules import Schedule
from tuner.tasks.base import Epoch, State
from tuner.tasks.examples import Examples
from tuner.tasks.fashion_mnist import load_fashion_mnist
from tuner.tasks.lenet_options import LeNetOptions, images
from tuner.tasks.torch_task import require_torch

# PyTorch's optimizers that can train this network, with their parameters: `beta1` and `beta2`
# stand for its `betas`. Of 2.13, so that a study is read without importing it.
_ADAM = ("beta1", "beta2", "eps", "weight_decay")
OPTIMIZERS = {
    "adagrad": ("eps", "initial_accumulator_value", "lr_decay", "weight_decay"),
    "adam": (*_ADAM, "amsgrad", "decoupled_weight_decay"),
    "adamax": _ADAM,
    "adamw": (*_ADAM, "amsgrad"),
    "nadam": (*_ADAM, "decoupled_weight_decay", "momentum_decay"),
    "radam": (*_ADAM, "decoupled_weight_decay"),
    "rmsprop": ("alpha", "centered", "eps", "momentum", "weight_decay"),
    "sgd": ("dampening", "momentum", "nesterov", "weight_decay"),
}


def lenet() -> Any:
    """Return the chapter's network with new weights: LeNet with ReLU and max pooling.

    Input is (n, 1, 28, 28), output (n, 10). Weights are drawn uniformly with Glorot's and
    Bengio's bounds, biases are 0, as MXNet's ``Xavier()`` does.

    Source:
        The chapter's section "Toy Problem".
    """
    from torch import nn

    net = nn.Sequential(
        nn.Conv2d(1, 6, kernel_size=5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, kernel_size=5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(),
        nn.Linear(120, 84), nn.ReLU(),
        nn.Linear(84, 10),
    )  # fmt: skip
    for layer in net:
        if hasattr(layer, "weight"):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    return net


class LeNetFashionMNISTTorch(LeNetOptions):
    """The task ``lenet_fashion_mnist_torch``: the same training in PyTorch.

    Its options are those of ``lenet_fashion_mnist``; optimizers and their parameters have
    PyTorch's names.
    """

    framework: ClassVar[str] = "PyTorch"
    optimizers: ClassVar[Mapping[str, tuple[str, ...]]] = OPTIMIZERS

    optimizer: str = Field(default="sgd", json_schema_extra={"enum": [*OPTIMIZERS]})
    """One of PyTorch's, by its name in small letters."""
    optimizer_params: dict[str, float | int | bool] = Field(default_factory=dict)
    """Its arguments, such as ``{ momentum = 0.9, weight_decay = 1e-4 }``, ``beta1`` and ``beta2``
    for ``betas``; the learning rate is not one."""

    def check(self) -> None:
        """Make sure that PyTorch, device, optimizer and data are there.

        PyTorch is imported only if device or optimizer are not those of every machine.

        Raises:
            TunerError: If one is not, with what to do about it.
        """
        require_torch("The task lenet_fashion_mnist_torch")
        if self.device.startswith("gpu"):
            self._device()
        if self.optimizer_params:
            self._make_optimizer(lenet().parameters())
        load_fashion_mnist(self.data_dir)

    def check_driven(self, schedule: Schedule) -> None:
        """Make sure that the optimizer has what a schedule drives beside the learning rate.

        Raises:
            ScheduleError: If it has not.
        """
        from tuner.adapters.quantities import claim_groups

        claim_groups(self._make_optimizer(lenet().parameters()), schedule)

    def train(
        self, schedule: Schedule, *, seed: int, epochs: int, start: State | None = None
    ) -> Iterator[Epoch]:
        """Train LeNet under a schedule; see :func:`tuner.tasks.torch_loop.train`.

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
        require_torch("The task lenet_fashion_mnist_torch")
        from torch.nn.functional import cross_entropy

        from tuner.tasks import torch_data, torch_forward, torch_loop

        train_data, test_data = self.data()
        torch_data.seed_all(seed, 0)
        yield from torch_loop.train(
            lenet().to(self._device()),
            train_data,
            test_data,
            schedule,
            forward=torch_forward.by_loss(cross_entropy),
            make_optimizer=lambda net: self._make_optimizer(net.parameters()),
            batch_size=self.batch_size,
            updates_per_epoch=self.updates_per_epoch,
            seed=seed,
            epochs=epochs,
            start=start,
            may_die=True,
        )

    def data(self) -> Any:
        """Return what it trains and is judged on, two :class:`tuner.tasks.torch_data.Batches`."""
        return _on_device(self._device(), *self.parts)

    def versions(self) -> dict[str, str]:
        """Return PyTorch's and NumPy's version."""
        require_torch("The task lenet_fashion_mnist_torch")
        return {"torch": metadata.version("torch"), "numpy": numpy.__version__}

    def training_identity(self) -> dict[str, Any]:
        """Return the options, the software and the version of the loop that trains."""
        from tuner.tasks import torch_loop

        own = {"task": "lenet_fashion_mnist_torch", "training": torch_loop.TRAINING_VERSION}
        return {**own, "options": self.identity(), "versions": self.versions()}

    def _device(self) -> Any:
        """Return PyTorch's device: it says ``cuda`` where a study says ``gpu``."""
        from tuner.tasks import torch_making

        return torch_making.device(self.device.replace("gpu", "cuda"))

    def _make_optimizer(self, parameters: Any) -> Any:
        from torch import optim

        by_name: dict[str, Any] = {
            name.lower(): cls for name, cls in vars(optim).items() if inspect.isclass(cls)
        }
        params: dict[str, Any] = dict(self.optimizer_params)
        if {"beta1", "beta2"} & params.keys():
            params["betas"] = params.pop("beta1", 0.9), params.pop("beta2", 0.999)
        try:
            return by_name[self.optimizer](parameters, **params)
        except (TypeError, ValueError) as error:
            raise TaskError(
                f"PyTorch's optimizer {self.optimizer!r} must take optimizer_params ="
                f" {self.optimizer_params}, but: {error}"
            ) from error


@functools.lru_cache(maxsize=1)
def _on_device(on: Any, *parts: Any) -> Any:
    """Return what it trains and is judged on, kept on the device between trainings.

    As bytes, which are a quarter of the memory; a batch is scaled to 0..1 when it is taken.
    """
    from tuner.tasks.torch_data import Batches

    found = []
    for pixels, labels in images(*parts):
        inputs = numpy.array(pixels[:, numpy.newaxis])  # a copy: PyTorch wants to write to it
        examples = Examples.of((inputs, labels.astype(numpy.int64)), "images")
        found.append(Batches(examples, on, _scaled))
    return found


def _scaled(batch: Any) -> Any:
    """Return a batch with its pixels in bytes as numbers from 0 to 1."""
    pixels, labels = batch
    return pixels.float() / 255, labels
