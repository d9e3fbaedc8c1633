"""Tasks of one's own: a Gluon network, a PyTorch network, a generator function."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

import tuner
from tuner import import_mxnet
from tuner.errors import TaskError
from tuner.schedules import Schedule
from tuner.tasks import FunctionTask, GluonTask, TorchTask
from tuner.tasks.base import Epoch, State, TrainingCollapsed

gluon_nn = import_mxnet().gluon.nn
CHANCE = np.random.default_rng(0)
INPUTS = CHANCE.normal(size=(300, 6)).astype(np.float32)
LABELS = (INPUTS[:, 0] * INPUTS[:, 1] > 0).astype(np.int64)
DATA = {"train_data": (INPUTS[:200], LABELS[:200]), "test_data": (INPUTS[200:], LABELS[200:])}
SCHEDULE = tuner.Cosine(base_lr=0.5, horizon=8 * 13, warmup_steps=5)


def gluon_net() -> Any:
    net = gluon_nn.HybridSequential()
    net.add(gluon_nn.Dense(32, activation="relu"), gluon_nn.BatchNorm(), gluon_nn.Dropout(0.1))
    net.add(gluon_nn.Dense(2))
    return net


def torch_net() -> Any:
    nn = torch.nn
    hidden = (nn.Linear(6, 32), nn.ReLU(), nn.BatchNorm1d(32), nn.Dropout(0.1))
    return nn.Sequential(*hidden, nn.Linear(32, 2))


def gluon_task() -> GluonTask:
    momentum = {"momentum": 0.5}
    return GluonTask(net=gluon_net, optimizer_params=momentum, batch_size=16, device="cpu", **DATA)


def torch_task() -> TorchTask:
    sgd = functools.partial(torch.optim.SGD, lr=0.1, momentum=0.5)
    return TorchTask(net=torch_net, optimizer=sgd, batch_size=16, device="cpu", **DATA)


MAKERS = pytest.mark.parametrize("make", [gluon_task, torch_task], ids=["gluon", "torch"])


def records(epochs: Iterator[Epoch]) -> list[tuple[Any, ...]]:
    return [tuple(epoch.record._replace(seconds=0.0)) for epoch in epochs]


@MAKERS
def test_the_last_batch_counts(make: Callable[[], Any]) -> None:
    assert make().updates_per_epoch == 13  # of 200 examples, 16 each and 8 in the last one


@MAKERS
def test_it_learns_and_averages(make: Callable[[], Any]) -> None:
    *_, last = make().train(SCHEDULE, seed=0, epochs=8)
    share = max(LABELS[200:].mean(), 1 - LABELS[200:].mean())
    assert last.record.test_accuracy > share + 0.1
    assert last.record.averaged_accuracy > share + 0.1
    assert last.record.train_loss < math.log(2)
    assert last.record.lr_end == SCHEDULE(8 * 13)


@MAKERS
def test_the_seed_decides_every_bit(make: Callable[[], Any]) -> None:
    first = records(make().train(SCHEDULE, seed=1, epochs=3))
    np.random.seed(5)  # what somebody else draws in between
    torch.manual_seed(5)
    assert records(make().train(SCHEDULE, seed=1, epochs=3)) == first
    assert records(make().train(SCHEDULE, seed=2, epochs=3)) != first


@MAKERS
def test_a_training_in_pieces_is_one_in_one_go(make: Callable[[], Any]) -> None:
    whole = [
        (epoch.record._replace(seconds=0.0), epoch.state())
        for epoch in make().train(SCHEDULE, seed=0, epochs=6)
    ]
    for cut in (1, 4):
        rest = make().train(SCHEDULE, seed=0, epochs=6, start=whole[cut - 1][1])
        for (record, state), epoch in zip(whole[cut:], rest, strict=True):
            assert epoch.record._replace(seconds=0.0) == record
            assert {name: array.tobytes() for name, array in epoch.state().arrays.items()} == {
                name: array.tobytes() for name, array in state.arrays.items()
            }


@MAKERS
def test_the_schedule_decides_the_training(make: Callable[[], Any]) -> None:
    other = SCHEDULE.with_horizon(4 * 13)
    first, second = (records(make().train(s, seed=0, epochs=2)) for s in (SCHEDULE, other))
    assert first != second


@MAKERS
def test_a_loss_that_is_not_finite_ends_the_training(make: Callable[[], Any]) -> None:
    wild = tuner.Constant(base_lr=1e30, horizon=8 * 13)
    with pytest.raises(TrainingCollapsed, match="epoch 1"):
        list(make().train(wild, seed=0, epochs=8))


def counted(schedule: Schedule, seed: int, start: State | None) -> Iterator[Any]:
    """Sum up the learning rates, three updates an epoch, with a state."""
    total = float(start.arrays["total"][0]) if start else float(seed)
    epoch = start.epoch if start else 0
    while True:
        total += sum(schedule(3 * epoch + update) for update in (1, 2, 3))
        epoch += 1
        yield total, {"total": np.array([total])}


def test_a_function_gets_schedule_seed_and_state() -> None:
    task = FunctionTask(counted, updates_per_epoch=3)
    schedule = tuner.Linear(base_lr=1.0, final_lr=0.0, horizon=12)
    whole = list(task.train(schedule, seed=7, epochs=4))
    assert whole[-1].record.value == pytest.approx(7 + sum(schedule(u) for u in range(1, 13)))
    rest = list(task.train(schedule, seed=7, epochs=4, start=whole[1].state()))
    assert [epoch.record.value for epoch in rest] == [e.record.value for e in whole[2:]]


def test_a_function_that_yields_no_number_is_told_so() -> None:
    def words(schedule: Schedule, seed: int, start: State | None) -> Iterator[Any]:
        yield "good"

    with pytest.raises(TaskError, match="must yield a number after an epoch, but gave str"):
        list(FunctionTask(words, updates_per_epoch=1).train(SCHEDULE, seed=0, epochs=1))


def test_a_number_that_is_not_finite_ends_a_function() -> None:
    def lost(schedule: Schedule, seed: int, start: State | None) -> Iterator[Any]:
        yield 0.5
        yield math.nan

    epochs = FunctionTask(lost, updates_per_epoch=1).train(SCHEDULE, seed=0, epochs=3)
    assert next(epochs).record.value == 0.5
    with pytest.raises(TrainingCollapsed):
        next(epochs)


def test_the_schedules_parameters_are_no_optimizers() -> None:
    with pytest.raises(TaskError, match="learning_rate"):
        GluonTask(net=gluon_net, optimizer_params={"learning_rate": 1.0}, batch_size=16, **DATA)
