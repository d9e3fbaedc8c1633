"""Trainings under a schedule of several quantities: in pieces, told apart, or refused."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tuner.errors import ScheduleError, TaskError
from tuner.schedules import Constant, Inverse, OneCycle, Piecewise, Schedule, Schedules
from tuner.tasks import (
    LeNetFashionMNIST,
    LeNetFashionMNISTTorch,
    State,
    Table,
    Task,
    checkpoint_keys,
)

from .networks import TASKS

EPOCHS = 3
SIZES: dict[str, Any] = {"train_size": 512, "test_size": 200, "batch_size": 64, "device": "cpu"}
LENETS = {
    "gluon": lambda: LeNetFashionMNIST(**SIZES, optimizer_params={"momentum": 0.9}),
    "torch": lambda: LeNetFashionMNISTTorch(**SIZES),
    "torch, adamw": lambda: LeNetFashionMNISTTorch(**SIZES, optimizer="adamw"),
}
ROOT = Path(__file__).parent.parent.parent


def one_cycle(task: Task) -> Schedules:
    horizon = EPOCHS * task.updates_per_epoch
    lr = OneCycle(base_lr=0.01, begin_lr=0.001, rise_steps=horizon // 3, horizon=horizon)
    decay = Constant(base_lr=0.01, horizon=horizon, warmup_steps=horizon // 2)
    return Schedules(lr=lr, momentum=Inverse(of=lr, low=0.5, high=0.95), weight_decay=decay)


def trained(
    task: Task, schedule: Schedule, start: State | None = None
) -> tuple[list[Any], list[dict[str, bytes]], list[State]]:
    records, states = [], []
    for epoch in task.train(schedule, seed=1, epochs=EPOCHS, start=start):
        records.append(epoch.record._replace(seconds=0.0))
        states.append(epoch.state())
    kept = [{name: array.tobytes() for name, array in s.arrays.items()} for s in states if s]
    return records, kept, [state for state in states if state]


def in_pieces(task: Task) -> None:
    """Train under all quantities whole and in two pieces, and under some of them."""
    schedules = one_cycle(task)
    records, kept, states = trained(task, schedules)
    np.random.seed(5)  # whatever was drawn before
    again, rest, _ = trained(task, schedules, states[0])
    assert (again, rest) == (records[1:], kept[1:])
    for less in ({"momentum": None}, {"weight_decay": None}):
        assert trained(task, dataclasses.replace(schedules, **less))[1] != kept


@pytest.mark.usefixtures("seconds")
@pytest.mark.parametrize("kind", ["gluon loader, momentum", "gluon dataset, Adam",
                                  "torch arrays", "torch dataset, AdamW"])  # fmt: skip
def test_in_pieces_it_gives_the_bits_of_one_go(kind: str) -> None:
    in_pieces(TASKS[kind]())


@pytest.mark.usefixtures("training")
@pytest.mark.parametrize("kind", LENETS)
def test_lenet_is_trained_under_all(kind: str) -> None:
    in_pieces(LENETS[kind]())


def test_what_an_optimizer_has_not_is_told_before_it_trains() -> None:
    task = TASKS["gluon arrays"]()
    with pytest.raises(ScheduleError, match="make it with momentum above 0"):
        trained(task, one_cycle(task))


def test_what_an_optimizer_has_not_is_told_at_the_check_of_a_study() -> None:
    lr = Constant(base_lr=0.1, horizon=9)
    several = Schedules(lr=lr, momentum=Inverse(of=lr, low=0.8, high=0.9))
    for kind in (LeNetFashionMNIST, LeNetFashionMNISTTorch):
        with pytest.raises(ScheduleError, match=r"(?i)adagrad must have momentum"):
            kind(optimizer="adagrad").check_driven(several)
        kind(optimizer="adam").check_driven(several)


def test_states_are_told_apart_by_every_quantity() -> None:
    """From the epoch on in which one of them is another one."""
    constant = Constant(base_lr=0.1, horizon=30)
    late = Piecewise(
        base_lr=0.9, knots=((0, 1.0), (12, 0.5)), horizon=30, interpolation="constant"
    )
    early = Constant(base_lr=0.9, horizon=30)

    def keys(schedule: Schedule) -> list[str]:
        return checkpoint_keys({}, schedule, seed=0, updates_per_epoch=10, epochs=3)

    one, other = (keys(Schedules(lr=constant, momentum=each)) for each in (early, late))
    assert one[0] == other[0]
    assert not {*one[1:]} & {*other[1:]}
    rest = [
        Schedules(lr=constant, weight_decay=early),
        Schedules(lr=constant, groups={"head": early}),
        Schedules(lr=constant, groups={"head": 0.9}),
        Schedules(lr=constant, groups={"head": 0.8}),
        Schedules(lr=constant, groups=[0.9]),
        constant,
    ]
    found = [*one, *(key for each in rest for key in keys(each))]
    assert len({*found}) == len(found)


def test_a_recorded_training_has_a_learning_rate_alone() -> None:
    task = Table(path=str(ROOT / "benchmarks/curves/lenet_10_epochs.jsonl"))
    with pytest.raises(TaskError, match="and the schedule momentum and weight_decay as well"):
        task.nearest(one_cycle(task), seed=0, epochs=1)
