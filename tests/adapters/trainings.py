"""Real trainings of one weight, whose every step says which learning rate it was made with.

The weight is put to 0 and its gradient is 1, so that plain gradient descent leaves it at minus
the learning rate. Each training can be saved in its framework's own way after some updates, and
goes on with new objects that load it.
"""

from __future__ import annotations

import os
from pathlib import Path

import jax
import jax.numpy as jnp
import keras
import numpy
import optax
import torch

from tuner.adapters import import_mxnet
from tuner.adapters.mxnet import optimizer_params
from tuner.schedules import Schedule

mxnet = import_mxnet()


class MXNetTraining:
    """A ``gluon.Trainer`` that is given the schedule itself."""

    limit = 1e-12

    def __init__(self, schedule: Schedule) -> None:
        self.net = mxnet.gluon.nn.Dense(1, use_bias=False, in_units=1)
        self.net.initialize()
        self.trainer = mxnet.gluon.Trainer(
            self.net.collect_params(),
            "sgd",
            optimizer_params(self._handed(schedule)),
            kvstore=None,
        )

    def _handed(self, schedule: Schedule) -> object:
        return schedule

    def steps(self, count: int) -> list[float]:
        rates = []
        for _ in range(count):
            with mxnet.autograd.record():
                loss = self.net(mxnet.nd.ones((1, 1)))
            loss.backward()
            self.trainer.step(1)
            rates.append(float(self.trainer.learning_rate))  # of the update just made
        return rates

    def save(self, folder: Path) -> None:
        self.trainer.save_states(os.fspath(folder / "states"))

    def load(self, folder: Path) -> None:
        self.trainer.load_states(os.fspath(folder / "states"))


class TorchTraining:
    """An optimizer and its scheduler, in double precision."""

    limit = 1e-12

    def __init__(self, schedule: Schedule) -> None:
        self.weight = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
        self.optimizer = torch.optim.SGD([self.weight], lr=schedule.base_lr)
        self.scheduler = schedule.to_torch(self.optimizer)

    def steps(self, count: int) -> list[float]:
        rates = []
        for _ in range(count):
            self.weight.data.zero_()
            self.weight.grad = torch.ones_like(self.weight)
            assert self.optimizer.param_groups[0]["lr"] == self.scheduler.get_last_lr()[0]
            self.optimizer.step()
            self.scheduler.step()
            rates.append(-self.weight.item())
        return rates

    def save(self, folder: Path) -> None:
        states = {"optimizer": self.optimizer.state_dict(), "lr": self.scheduler.state_dict()}
        torch.save(states, folder / "checkpoint.pt")

    def load(self, folder: Path) -> None:
        states = torch.load(folder / "checkpoint.pt", weights_only=True)
        self.optimizer.load_state_dict(states["optimizer"])
        self.scheduler.load_state_dict(states["lr"])


class OptaxTraining:
    """A jitted loop over ``optax.sgd``; its state is arrays, which is what JAX saves."""

    limit = 1e-6

    def __init__(self, schedule: Schedule) -> None:
        self.optimizer = optax.sgd(learning_rate=schedule.to_optax())
        self.state = self.optimizer.init(jnp.zeros(1))

    def steps(self, count: int) -> list[float]:
        def step(state: optax.OptState, _: None) -> tuple[optax.OptState, jax.Array]:
            change, state = self.optimizer.update(jnp.ones(1), state)
            return state, -change[0]

        self.state, rates = jax.jit(lambda state: jax.lax.scan(step, state, length=count))(
            self.state
        )
        return [float(rate) for rate in rates]

    def save(self, folder: Path) -> None:
        numpy.savez(folder / "state.npz", *jax.tree.leaves(self.state))

    def load(self, folder: Path) -> None:
        with numpy.load(folder / "state.npz") as leaves:
            shape = jax.tree.structure(self.state)
            self.state = jax.tree.unflatten(shape, [jnp.asarray(leaf) for leaf in leaves.values()])


class KerasTraining:
    """A compiled model, saved whole: the schedule comes back out of the model's file."""

    limit = 1e-6

    def __init__(self, schedule: Schedule) -> None:
        self.model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
        self.model.compile(keras.optimizers.SGD(learning_rate=schedule.to_keras()), "mse")
        self.model.optimizer.build(self.model.trainable_variables)

    def steps(self, count: int) -> list[float]:
        [weight], rates = self.model.trainable_variables, []
        for _ in range(count):
            weight.assign(numpy.zeros((1, 1)))
            self.model.optimizer.apply([keras.ops.ones((1, 1))])
            rates.append(-float(weight.numpy()[0, 0]))
        return rates

    def save(self, folder: Path) -> None:
        self.model.save(folder / "model.keras")

    def load(self, folder: Path) -> None:
        self.model = keras.saving.load_model(folder / "model.keras")


TRAININGS = {
    "MXNet": MXNetTraining,
    "PyTorch": TorchTraining,
    "Optax": OptaxTraining,
    "Keras": KerasTraining,
}
