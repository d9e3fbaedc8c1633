"""What a function asks of its schedule, held against the updates that it declares."""

from __future__ import annotations

import copy
import dataclasses
import logging
import math
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import optax
import pytest
import torch

import tuner
from tuner.errors import TaskError
from tuner.tasks import FunctionTask, State, TrainingCollapsed

mx = tuner.import_mxnet()
Train = Callable[..., Iterator[Any]]


def run(
    train: Train,
    *,
    declared: int = 20,
    epochs: int = 6,
    start: State | None = None,
    lr: float = 0.5,
) -> list[float]:
    task = train if isinstance(train, FunctionTask) else None
    task = task or FunctionTask(train, updates_per_epoch=declared)
    schedule = tuner.Linear(base_lr=lr, final_lr=0.0, horizon=epochs * declared)
    return [e.record.value or 0 for e in task.train(schedule, seed=0, epochs=epochs, start=start)]


def counting(real: int, ask: Callable[[Any, int], Any]) -> Train:
    """Return a training of so many updates an epoch, which asks in some way in each."""

    def train(schedule: Any, seed: int, start: State | None) -> Iterator[float]:
        epoch = start.epoch if start else 0
        while True:
            for update in range(epoch * real + 1, epoch * real + real + 1):
                ask(schedule, update)
            epoch += 1
            yield 0.5 + epoch

    return train


def with_table(make: Callable[[Any], Any]) -> Train:
    """Return a training that asks for everything at its beginning."""

    def train(schedule: Any, seed: int, start: State | None) -> Iterator[float]:
        make(schedule)
        while True:
            yield 0.5

    return train


def in_torch(schedule: Any, seed: int, start: State | None) -> Iterator[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
    scheduler = schedule.to_torch(optimizer)
    while True:
        for _ in range(20):
            optimizer.step()
            scheduler.step()
        yield 0.5


def in_gluon(schedule: Any, seed: int, start: State | None) -> Iterator[float]:
    net = mx.gluon.nn.Dense(1, in_units=1)
    net.initialize()
    trainer = mx.gluon.Trainer(net.collect_params(), "sgd", {"lr_scheduler": schedule})
    while True:
        for _ in range(20):
            with mx.autograd.record():
                net(mx.nd.ones((1, 1))).backward()
            trainer.step(1)
        yield 0.5


def by_epochs_at_once(schedule: Any, seed: int, start: State | None) -> Iterator[float]:
    for epoch in range(100):
        schedule(np.arange(epoch * 20 + 1, epoch * 20 + 21))
        yield 0.5


def in_its_epoch(at: int) -> Train:
    def train(schedule: Any, seed: int, start: State | None) -> Iterator[float]:
        for epoch in range(100):
            schedule(epoch * 20 + at)
            yield 0.5

    return train


def printing(schedule: Any, seed: int, start: State | None) -> Iterator[float]:
    for epoch in range(100):
        print(schedule, [schedule(u) for u in (1, 30, 60, schedule.horizon)])
        for update in range(epoch * 20 + 1, epoch * 20 + 21):
            schedule(update)
        yield 0.5


RIGHT: dict[str, Train] = {
    "each": counting(20, lambda schedule, u: schedule(u)),
    "each three times": counting(20, lambda schedule, u: [schedule(u)] * 3 + [schedule(u)]),
    "one ahead": counting(20, lambda schedule, u: schedule(u + 1)),
    "from 0": counting(20, lambda schedule, u: schedule(u - 1)),
    "NumPy's number": counting(20, lambda schedule, u: schedule(np.int64(u))),
    "a tensor": counting(20, lambda schedule, u: schedule(torch.tensor(u))),
    "every sixth": counting(20, lambda schedule, u: u % 6 or schedule(u)),
    "first of an epoch": in_its_epoch(1),
    "last of an epoch": in_its_epoch(20),
    "an epoch at once": by_epochs_at_once,
    "a list of all": with_table(lambda s: [s(u) for u in range(1, s.horizon + 1)]),
    "a list from 0": with_table(lambda s: [s(u) for u in range(s.horizon)]),
    "an array of all": with_table(lambda s: s(np.arange(1, s.horizon + 1))),
    "a long array": with_table(lambda s: s(np.arange(5000))),
    "a list of epochs": with_table(lambda s: [s(u) for u in range(1, s.horizon + 1, 20)]),
    "CSV": with_table(lambda s: s.to_csv()),
    "Optax": with_table(lambda s: optax.sgd(s.to_optax())),
    "MXNet's own": with_table(lambda s: s.to_mxnet()),
    "pickled": with_table(pickle.dumps),
    "copied": with_table(copy.deepcopy),
    "PyTorch": in_torch,
    "Gluon": in_gluon,
    "printing": printing,
}


@pytest.mark.parametrize("epochs", [1, 2, 3, 6])
@pytest.mark.parametrize("way", RIGHT)
def test_right_ways_to_ask_stay_right(
    way: str, epochs: int, caplog: pytest.LogCaptureFixture
) -> None:
    assert len(run(RIGHT[way], epochs=epochs)) == epochs
    assert caplog.messages == []


@pytest.mark.parametrize("way", ["each", "one ahead", "every sixth"])
def test_a_training_that_goes_on_is_counted_from_where_it_was(
    way: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert len(run(RIGHT[way], start=State(3, {}))) == 3
    assert caplog.messages == []


def restarting(schedule: Any, seed: int, start: State | None) -> Iterator[float]:
    while True:
        for update in range(1, 21):
            schedule(update)
        yield 0.5


def once(schedule: Any, seed: int, start: State | None) -> Iterator[float]:
    schedule(1)
    while True:
        yield 0.5


WRONG: dict[str, tuple[Train, int, int, str]] = {
    "half": (counting(10, lambda s, u: s(u)), 20, 6, "up to update 10 by the end of epoch 1,"),
    "twice": (counting(40, lambda s, u: s(u)), 20, 6, "up to update 40 by the end of epoch 1,"),
    "twice in two epochs": (
        counting(40, lambda s, u: s(u)),
        20,
        2,
        "update 80 .* epoch 2",
    ),
    "an epoch is one": (counting(40, lambda s, u: s(u)), 1, 6, "update 40 by the end of epoch 1"),
    "three of one": (counting(3, lambda s, u: s(u)), 1, 30, "up to update .* by the end of"),
    "in PyTorch": (in_torch, 60, 3, "up to update 21 by the end of epoch 1, .* makes 60 updates"),
    "arrays": (by_epochs_at_once, 80, 3, "up to update 20 by the end of epoch 1"),
    "from 1 again": (restarting, 20, 6, "up to update 20 by the end of epoch 2, .* makes 40"),
    "epochs for updates": (in_its_epoch(1), 200, 6, "epoch 2"),
}


@pytest.mark.parametrize("case", WRONG)
def test_other_updates_than_declared_are_an_error(case: str) -> None:
    train, declared, epochs, words = WRONG[case]
    with pytest.raises(TaskError, match=words):
        run(train, declared=declared, epochs=epochs)


def test_one_that_asks_for_one_update_alone_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    assert len(run(once)) == 6
    assert "up to update 0 by the end of epoch 2" in caplog.messages[0]


def test_a_few_updates_less_are_said_once(caplog: pytest.LogCaptureFixture) -> None:
    task = FunctionTask(counting(97, lambda s, u: s(u)), updates_per_epoch=100)
    run(task, declared=100, epochs=3)
    run(task, declared=100, epochs=3)
    assert "up to update 97 by the end of epoch 1" in caplog.messages[0]
    assert len(caplog.messages) == 3  # one an epoch, of the first trial


def test_a_schedule_that_was_never_asked_is_said(caplog: pytest.LogCaptureFixture) -> None:
    def fixed(schedule: Any, seed: int, start: State | None) -> Iterator[float]:
        while True:
            yield 0.25

    task = FunctionTask(fixed, updates_per_epoch=20)
    assert run(task) == [0.25] * 6
    [text] = caplog.messages
    assert "fixed never asked its schedule for a learning rate" in text
    assert run(task) == [0.25] * 6  # the same schedule again, as of a trial that goes on
    with pytest.raises(TaskError, match=r"asked neither of two .* and gave 0.25 under both"):
        run(task, lr=0.1)


LR = tuner.Linear(base_lr=0.5, horizon=40)
SEVERAL = tuner.Schedules(
    lr=LR,
    momentum=tuner.Inverse(of=LR, low=0.8, high=0.9),
    weight_decay=tuner.Constant(base_lr=0.01, horizon=40),
    groups={"head": 0.1},
)


def driven(schedule: Any, update: int) -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5, momentum=0.9)
    optimizer.param_groups[0]["name"] = "head"
    schedule.to_torch(optimizer)


@pytest.mark.parametrize(
    ("ask", "ignored"),
    [
        (lambda schedule, update: None, ["momentum", "weight_decay", "parameter groups"]),
        (lambda schedule, update: schedule.momentum(update), ["weight_decay", "parameter groups"]),
        (lambda schedule, update: schedule.group("head"), ["momentum", "weight_decay"]),
        (lambda schedule, update: schedule.weight_decay(np.arange(9)), [
            "momentum", "parameter groups",
        ]),
        (lambda schedule, update: copy.deepcopy(schedule.momentum), [
            "weight_decay", "parameter groups",
        ]),
        (lambda schedule, update: pickle.loads(pickle.dumps(schedule)), []),
        (lambda schedule, update: schedule.table([update]), []),
        (lambda schedule, update: dataclasses.replace(schedule).table([update]), []),
        (driven, []),
    ],
)  # fmt: skip
def test_what_is_tuned_beside_the_learning_rate_and_never_asked_for_is_said(
    ask: Callable[[Any, int], Any], ignored: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    def both(schedule: Any, update: int) -> None:
        schedule(update)
        ask(schedule, update)

    task = FunctionTask(counting(20, both), updates_per_epoch=20)
    for _ in range(2):  # of a function it is said once
        assert len([*task.train(SEVERAL, seed=0, epochs=2)]) == 2
    assert [text.split(" its schedule for its ")[1].split(",")[0] for text in caplog.messages] == (
        ignored
    )


def test_a_schedule_that_is_built_anew_is_used(caplog: pytest.LogCaptureFixture) -> None:
    def replaced(schedule: Any, seed: int, start: State | None) -> Iterator[float]:
        own = dataclasses.replace(schedule, base_lr=schedule.base_lr / 2)
        for epoch in range(100):
            yield sum(own(range(epoch * 20 + 1, epoch * 20 + 21)))

    task = FunctionTask(replaced, updates_per_epoch=20)
    assert run(task) != run(task, lr=0.1)
    assert len(caplog.messages) == 1


@pytest.mark.parametrize("way", [way for way in RIGHT if way != "printing"])
@pytest.mark.parametrize("horizon", [50, 110, 200])
def test_a_baseline_may_be_laid_out_over_another_number_of_updates(
    way: str, horizon: int, caplog: pytest.LogCaptureFixture
) -> None:
    task = FunctionTask(RIGHT[way], updates_per_epoch=20)
    schedule = tuner.Linear(base_lr=0.5, horizon=horizon)
    assert len([*task.train(schedule, seed=0, epochs=6)]) == 6
    assert caplog.messages == []


def test_what_is_noticed_is_the_schedule_itself() -> None:
    given = []

    def train(schedule: Any, seed: int, start: State | None) -> Iterator[float]:
        given.append(schedule)
        while True:
            yield schedule(1)

    task = FunctionTask(train, updates_per_epoch=10)
    schedule = tuner.Cosine(base_lr=0.5, horizon=10)
    assert [e.record.value for e in task.train(schedule, seed=0, epochs=1)] == [schedule(1)]
    assert given == [schedule]
    assert (type(given[0]), repr(given[0]), hash(given[0])) == (
        type(schedule), repr(schedule), hash(schedule),
    )  # fmt: skip
    many = np.arange(12)
    assert (given[0](many) == schedule(many)).all()
    assert given[0](range(12)) == schedule(range(12))
    assert pickle.loads(pickle.dumps(given[0]))(3) == schedule(3)


def test_a_function_is_told_the_epochs_if_it_wants_to_know(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def train(schedule: Any, seed: int, start: State | None, *, epochs: int) -> Iterator[float]:
        for epoch in range(epochs):
            schedule(20 * epoch + 20)
            yield epochs

    assert run(train, epochs=3) == [3.0] * 3
    assert run(lambda s, seed, start, epochs=50: train(s, seed, start, epochs=epochs)) == [6.0] * 6
    assert caplog.messages == []


def test_numbers_of_every_kind(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    given = [mx.nd.array([0.5]), np.array([[0.25]]), torch.tensor([2.0]), np.float32(3), True]
    assert run(lambda *_: iter(given), epochs=5) == [0.5, 0.25, 2.0, 3.0, 1.0]
    with pytest.raises(TaskError, match=r"but gave NDArray of shape \(2,\) "):
        run(lambda *_: iter([mx.nd.ones(2)]))


@pytest.mark.parametrize("number", [10**400, -(10**400), 1e308, -1e308, 2e100, math.inf])
def test_a_number_that_is_too_large_ends_a_trial(number: float) -> None:
    with pytest.raises(TrainingCollapsed, match=r"diverged in epoch 2: it gave -?(inf|[12]e)"):
        run(lambda *_: iter([0.5, number]))


def test_a_step_once_an_epoch_is_told_where_it_belongs() -> None:
    def train(schedule: Any, seed: int, start: State | None) -> Iterator[float]:
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
        scheduler = schedule.to_torch(optimizer)
        while True:
            optimizer.step()
            scheduler.step()
            yield 0.5

    with pytest.raises(TaskError, match=r"step\(\) of what schedule\.to_torch gave comes after"):
        run(train)
