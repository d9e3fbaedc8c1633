"""Several quantities in Keras: real trainings of one weight by AdamW, compiled and saved."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import keras
import numpy
import pytest

from tuner.errors import ScheduleError
from tuner.schedules import Constant, Cosine, Inverse, Linear, Schedule, Schedules

from .every_family import SCHEDULES

COUNT, SAVED_AT = 24, 10
LR = Linear(base_lr=0.05, horizon=20, warmup_steps=4)
MOMENTUM = Inverse(of=LR, low=0.5, high=0.9)
BOTH = Schedules(lr=LR, momentum=MOMENTUM, weight_decay=Cosine(base_lr=0.2, horizon=16))


def expected(schedules: Schedules, count: int) -> list[float]:
    """Where AdamW takes a weight of 1 whose gradient is 1, at the beginning and after updates."""
    assert schedules.momentum is not None
    assert schedules.weight_decay is not None
    weight, first, second, weights = 1.0, 0.0, 0.0, [1.0]
    for update in range(1, count + 1):
        lr, beta = schedules.lr(update), schedules.momentum(update)
        weight -= lr * schedules.weight_decay(update) * weight
        first += (1 - first) * (1 - beta)
        second += (1 - second) * (1 - 0.999)
        rate = lr * math.sqrt(1 - 0.999**update) / (1 - beta**update)
        weight -= rate * first / (math.sqrt(second) + 1e-7)
        weights.append(weight)
    return weights


def model(optimizer: Any) -> Any:
    layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    made = keras.Sequential([keras.Input((1,)), layer])
    made.compile(optimizer, "mae")
    made.optimizer.build(made.trainable_variables)
    return made


def adamw(schedules: Schedules) -> Any:
    return model(keras.optimizers.AdamW(schedules.to_keras(), weight_decay=0.5, beta_1=0.7))


def applied(made: Any, count: int) -> list[float]:
    [weight], weights = made.trainable_variables, []
    for _ in range(count):
        made.optimizer.apply([keras.ops.ones((1, 1))])
        weights.append(float(weight.numpy()[0, 0]))
    return weights


def fitted(made: Any, updates: int) -> list[float]:
    """Train in a compiled step; the loss of an update is the weight before it."""
    data = numpy.ones((1, 1)), numpy.zeros((1, 1))
    return list(made.fit(*data, epochs=updates, verbose=0).history["loss"])


def restored(made: Any, folder: Path) -> Any:
    made.save(folder / "model.keras")
    return keras.saving.load_model(folder / "model.keras")


@pytest.mark.usefixtures("trainers")
@pytest.mark.parametrize("curve", [*SCHEDULES, MOMENTUM], ids=lambda curve: curve.family)
def test_every_family_drives_every_quantity(curve: Schedule, tmp_path: Path) -> None:
    lr = LR if isinstance(curve, Inverse) else curve.scaled(0.01)
    schedules = Schedules(lr=lr, momentum=curve, weight_decay=curve.scaled(0.5))
    made = adamw(schedules)
    weights = applied(made, SAVED_AT)
    weights += applied(restored(made, tmp_path), COUNT - SAVED_AT)
    assert weights == pytest.approx(expected(schedules, COUNT)[1:], rel=1e-5)


@pytest.mark.usefixtures("trainers")
def test_in_a_compiled_step_and_out_of_a_saved_model(tmp_path: Path) -> None:
    made = adamw(BOTH)
    losses = fitted(made, SAVED_AT)
    assert losses == pytest.approx(expected(BOTH, SAVED_AT - 1), rel=1e-4)
    config = made.optimizer.get_config()
    assert (config["beta_1"], config["weight_decay"]) == (0.7, 0.5)
    again = restored(made, tmp_path)
    assert fitted(again, 6) == pytest.approx(expected(BOTH, SAVED_AT + 5)[SAVED_AT:], rel=1e-4)


@pytest.mark.usefixtures("trainers")
def test_another_schedule_lets_go_of_what_it_has_not() -> None:
    made = adamw(BOTH)
    applied(made, 2)
    assert float(made.optimizer.beta_1) == pytest.approx(MOMENTUM(3))
    made.optimizer.learning_rate = Schedules(
        lr=LR, weight_decay=Constant(base_lr=0.3, horizon=9)
    ).to_keras()
    applied(made, 1)
    assert made.optimizer.beta_1 == 0.7
    assert float(made.optimizer.weight_decay) == pytest.approx(0.3)
    made.optimizer.learning_rate = LR.to_keras()
    applied(made, 1)
    assert (made.optimizer.beta_1, made.optimizer.weight_decay) == (0.7, 0.5)


@pytest.mark.usefixtures("trainers")
@pytest.mark.parametrize(
    ("optimizer", "schedules", "reason"),
    [
        ("SGD", BOTH, "SGD must have a beta_1 to follow the schedule's momentum.*weight_decay"),
        ("Adam", BOTH, "Adam must have weight_decay to follow the schedule's"),
        ("Adam", Schedules(lr=LR, groups=[1]), "parameter groups to follow the schedule's"),
    ],
)
def test_what_keras_cannot_drive(optimizer: str, schedules: Schedules, reason: str) -> None:
    made = model(getattr(keras.optimizers, optimizer)(schedules.to_keras()))
    with pytest.raises(ScheduleError, match=reason):
        applied(made, 1)
