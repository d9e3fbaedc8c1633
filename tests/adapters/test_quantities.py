"""Momentum, weight decay and groups in every framework: what real trainings really used.

Each trains one weight with a gradient of 1. Where it goes follows from the values of all three
quantities of every update, which :func:`expected` asks of the pure functions.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy
import optax
import pytest
import torch
from torch.optim.lr_scheduler import OneCycleLR

from tuner.adapters import import_mxnet
from tuner.adapters.mxnet import optimizer_params
from tuner.errors import ScheduleError
from tuner.integrations.driven import Driven
from tuner.schedules import (
    Constant,
    Cosine,
    Inverse,
    Linear,
    OneCycle,
    Schedule,
    Schedules,
    curves_of,
)

from .every_family import HORIZON, SCHEDULES

mxnet = import_mxnet()
COUNT, SAVED_AT = 3 * HORIZON // 2, 25
LR = Linear(base_lr=0.4, horizon=20, warmup_steps=4, final_lr=0.1)
MOMENTUM = Inverse(of=LR, low=0.85, high=0.95)
BOTH = Schedules(lr=LR, momentum=MOMENTUM)
SGD, Adam = torch.optim.SGD, torch.optim.Adam


def expected(schedules: Schedules, count: int, *, lr_in_momentum: bool = False) -> list[float]:
    """Where the weight is after each update of SGD with momentum and weight decay."""
    assert schedules.momentum is not None
    assert schedules.weight_decay is not None
    weight, kept, weights = 1.0, 0.0, []
    for update in range(1, count + 1):
        lr, momentum = schedules.lr(update), schedules.momentum(update)
        gradient = 1 + schedules.weight_decay(update) * weight
        if lr_in_momentum:  # as MXNet keeps it
            kept = momentum * kept - lr * gradient
            weight += kept
        else:
            kept = momentum * kept + gradient
            weight -= lr * kept
        weights.append(weight)
    return weights


class TorchTraining:
    limit, lr_in_momentum = 1e-12, False

    def __init__(self, schedules: Schedules) -> None:
        self.weight = torch.nn.Parameter(torch.ones(1, dtype=torch.float64))
        self.optimizer = SGD([self.weight], lr=schedules.base_lr, momentum=0.5)
        self.scheduler = schedules.to_torch(self.optimizer)

    def steps(self, count: int) -> list[float]:
        weights = []
        for _ in range(count):
            self.weight.grad = torch.ones_like(self.weight)
            self.optimizer.step()
            self.scheduler.step()
            weights.append(self.weight.item())
        return weights

    def save(self, folder: Path) -> None:
        states = [self.weight.data, self.optimizer.state_dict(), self.scheduler.state_dict()]
        torch.save(states, folder / "checkpoint.pt")

    def load(self, folder: Path) -> None:
        weight, optimizer, scheduler = torch.load(folder / "checkpoint.pt", weights_only=True)
        self.weight.data.copy_(weight)
        self.optimizer.load_state_dict(optimizer)
        self.scheduler.load_state_dict(scheduler)


class MXNetTraining:
    limit, lr_in_momentum = 1e-4, True

    def __init__(self, schedules: Schedules) -> None:
        self.net = mxnet.gluon.nn.Dense(1, use_bias=False, in_units=1)
        self.net.initialize(mxnet.init.One())
        options = optimizer_params(schedules, momentum=0.5)
        self.trainer = mxnet.gluon.Trainer(self.net.collect_params(), "sgd", options, kvstore=None)
        schedules.to_mxnet(self.trainer)

    def steps(self, count: int) -> list[float]:
        weights = []
        for _ in range(count):
            with mxnet.autograd.record():
                loss = self.net(mxnet.nd.ones((1, 1)))
            loss.backward()
            self.trainer.step(1)
            weights.append(float(self.net.weight.data().asnumpy()[0, 0]))
        return weights

    def save(self, folder: Path) -> None:
        self.net.save_parameters(str(folder / "net"))
        self.trainer.save_states(str(folder / "states"))

    def load(self, folder: Path) -> None:
        self.net.load_parameters(str(folder / "net"))
        self.trainer.load_states(str(folder / "states"))


def sgdw(learning_rate: Any, momentum: Any, weight_decay: Any) -> optax.GradientTransformation:
    """SGD with PyTorch's weight decay, put together as Optax's documentation does it."""
    return optax.chain(
        optax.add_decayed_weights(weight_decay), optax.sgd(learning_rate, momentum=momentum)
    )


@functools.cache  # it is pure, and compiling takes a second
def optax_step(schedules: Schedules) -> tuple[Any, Any]:
    """What begins a training, and what makes an update of it."""
    optimizer = schedules.to_optax(sgdw)

    def step(weight: jax.Array, state: optax.OptState) -> tuple[jax.Array, optax.OptState]:
        change, state = optimizer.update(jnp.ones(1), state, weight)
        return optax.apply_updates(weight, change), state

    return optimizer.init, jax.jit(step)


class OptaxTraining:
    limit, lr_in_momentum = 1e-4, False

    def __init__(self, schedules: Schedules) -> None:
        begin, self.step = optax_step(schedules)
        self.state = jnp.ones(1), begin(jnp.ones(1))

    def steps(self, count: int) -> list[float]:
        weights = []
        for _ in range(count):
            self.state = self.step(*self.state)
            weights.append(float(self.state[0][0]))
        return weights

    def save(self, folder: Path) -> None:
        numpy.savez(folder / "state.npz", *jax.tree.leaves(self.state))

    def load(self, folder: Path) -> None:
        with numpy.load(folder / "state.npz") as leaves:
            shape = jax.tree.structure(self.state)
            self.state = jax.tree.unflatten(shape, [jnp.asarray(leaf) for leaf in leaves.values()])


TRAININGS = {"PyTorch": TorchTraining, "MXNet": MXNetTraining, "Optax": OptaxTraining}


@pytest.mark.parametrize("framework", TRAININGS)
@pytest.mark.parametrize(
    "curve", [*SCHEDULES, Inverse(of=SCHEDULES[5], low=0.2, high=0.9)], ids=lambda c: c.family
)
def test_every_family_drives_every_quantity(
    curve: Schedule, framework: str, tmp_path: Path
) -> None:
    """Past the horizon too, in one go and saved and loaded in the middle."""
    schedules = Schedules(
        lr=SCHEDULES[6].scaled(0.02) if isinstance(curve, Inverse) else curve.scaled(0.02),
        momentum=curve,
        weight_decay=curve.scaled(0.1),
    )
    make: Any = TRAININGS[framework]
    right = expected(schedules, COUNT, lr_in_momentum=make.lr_in_momentum)
    assert make(schedules).steps(COUNT) == pytest.approx(right, rel=make.limit, abs=make.limit)

    begun, loaded = make(schedules), make(schedules)
    weights = begun.steps(SAVED_AT)
    begun.save(tmp_path)
    loaded.load(tmp_path)
    weights += loaded.steps(COUNT - SAVED_AT)
    assert weights == pytest.approx(right, rel=make.limit, abs=make.limit)


# --- PyTorch ---


def group(**options: Any) -> dict[str, Any]:
    return {"params": [torch.nn.Parameter(torch.zeros(1))], **options}


def update(optimizer: torch.optim.Optimizer) -> None:
    for parameter in itertools.chain(*(each["params"] for each in optimizer.param_groups)):
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()


def values(optimizer: torch.optim.Optimizer, *names: str) -> list[tuple[float, ...]]:
    def value(each: dict[str, Any], name: str) -> float:
        return each["betas"][0] if name == "momentum" and "betas" in each else each[name]

    return [tuple(value(each, name) for name in names) for each in optimizer.param_groups]


@pytest.mark.parametrize("anneal", ["cosine", "linear"])
@pytest.mark.parametrize("make", [lambda g: SGD([g], lr=0.4, momentum=0.9), lambda g: Adam([g])])
def test_a_one_cycle_with_cycled_momentum_is_pytorchs(
    make: Callable[[Any], torch.optim.Optimizer], anneal: str
) -> None:
    total = 60
    theirs, ours = make(group()), make(group())
    reference = OneCycleLR(
        theirs, max_lr=0.4, total_steps=total, pct_start=0.3, cycle_momentum=True,
        anneal_strategy={"cosine": "cos"}.get(anneal, anneal),
    )  # fmt: skip
    lr = OneCycle(
        base_lr=0.4, begin_lr=0.4 / 25, rise_steps=17, final_lr=0.4 / 25 / 1e4, horizon=total,
        warmup_steps=1, anneal=anneal,
    )  # fmt: skip
    cycle = dataclasses.replace(lr, begin_lr=0, final_lr=0)
    schedules = Schedules(lr=lr, momentum=Inverse(of=cycle, low=0.85, high=0.95))
    scheduler = schedules.to_torch(ours)
    for number in range(1, total + 1):
        [found], [right] = (values(each, "lr", "momentum") for each in (ours, theirs))
        assert found == pytest.approx(right, rel=1e-12, abs=1e-12)
        assert found == (schedules(number), schedules.momentum(number))
        update(theirs)
        update(ours)
        if number < total:
            reference.step()
        scheduler.step()


BIAS = Cosine(base_lr=0.2, horizon=5)
NAMED = Schedules(
    lr=LR,
    weight_decay=Constant(base_lr=0.01, horizon=20, warmup_steps=10),
    groups={
        "embed": 0.1,
        "bias": BIAS,
        "matrix": Schedules(lr=LR.scaled(3), momentum=MOMENTUM, weight_decay=BIAS.scaled(0.1)),
    },
)


def named() -> torch.optim.Optimizer:
    names = ("matrix", None, "bias", "embed")
    groups = [group(lr=0.02) if name is None else group(name=name) for name in names]
    return SGD(groups, lr=0.04, momentum=0.5)


def test_named_groups_have_their_own_and_others_their_ratio() -> None:
    optimizer = named()
    scheduler = NAMED.to_torch(optimizer)
    matrix, decay = NAMED.group("matrix"), NAMED.weight_decay
    assert decay is not None
    for number in range(1, 25):
        assert values(optimizer, "lr", "momentum", "weight_decay") == [
            (matrix.lr(number), MOMENTUM(number), matrix.weight_decay(number)),
            (LR(number) * 1, 0.5, decay(number)),
            (BIAS(number), 0.5, decay(number)),
            (LR(number) * 0.1, 0.5, decay(number)),
        ]
        update(optimizer)
        scheduler.step()


def test_groups_in_order() -> None:
    optimizer = SGD([group(), group(), group(lr=0.3)], lr=0.1, momentum=0.9)
    dataclasses.replace(NAMED, groups=[1, BIAS, 0.5]).to_torch(optimizer)
    assert values(optimizer, "lr") == [(LR(1),), (BIAS(1),), (LR(1) * 0.5,)]


def test_a_group_that_is_added_later() -> None:
    schedules = Schedules(lr=LR, momentum=MOMENTUM, groups={"bias": BIAS})
    optimizer = SGD([group(name="bias")], lr=0.4, momentum=0.5)
    optimizer.add_param_group(group(lr=0.4))
    scheduler = schedules.to_torch(optimizer)
    update(optimizer)
    scheduler.step()
    optimizer.add_param_group(group(name="bias"))
    optimizer.add_param_group(group(lr=LR(2) / 2))
    update(optimizer)
    scheduler.step()
    assert values(optimizer, "lr", "momentum") == [
        (BIAS(3), MOMENTUM(3)), (LR(3), MOMENTUM(3)), (BIAS(3), MOMENTUM(3)),
        (pytest.approx(LR(3) / 2), MOMENTUM(3)),
    ]  # fmt: skip


@pytest.mark.parametrize("optimizer_first", [True, False])
def test_states_bring_all_back(optimizer_first: bool) -> None:
    """Whichever is loaded first, and another schedule that replaces it is in charge at once."""
    begun = named()
    scheduler = NAMED.to_torch(begun)
    for _ in range(6):
        update(begun)
        scheduler.step()
    fields = ("lr", "momentum", "weight_decay")
    states = [(begun.state_dict(), None), (None, scheduler.state_dict())]
    other = NAMED.with_horizon(40)
    for replaces, now in ((None, NAMED), (NAMED, other)):
        loaded = named()
        again = now.to_torch(loaded, replaces=replaces)
        for for_optimizer, for_scheduler in states if optimizer_first else reversed(states):
            if for_optimizer is not None:
                loaded.load_state_dict(for_optimizer)
            if for_scheduler is not None:
                again.load_state_dict(for_scheduler)
        if replaces is None or optimizer_first:  # else the optimizer's are those of before
            assert values(loaded, *fields)[0] == (
                now.group("matrix").lr(7), now.group("matrix").momentum(7),
                now.group("matrix").weight_decay(7),
            )  # fmt: skip
    with pytest.raises(ScheduleError, match="the state must be that of"):
        other.to_torch(named()).load_state_dict(scheduler.state_dict())


@pytest.mark.parametrize(
    ("schedules", "optimizer", "reasons"),
    [
        (BOTH, lambda: torch.optim.Adagrad([group(), group(name="b")]), [
            "Adagrad must have momentum, 'betas' or 'momentum', in its parameter groups, but [0,"
            " 'b'] have none",
        ]),
        (NAMED, lambda: torch.optim.Rprop([group(name="x")], lr=0.1), [
            "Rprop must have parameter groups of the names ['bias', 'embed', 'matrix']",
            "but its groups are ['x']", "weight_decay",
        ]),
        (dataclasses.replace(BOTH, groups=[1, 1]), lambda: SGD([group()], lr=0.1), [
            "SGD must have 2 parameter groups, as the schedule has, but has 1",
        ]),
    ],
)  # fmt: skip
def test_what_an_optimizer_has_not_is_told_at_once(
    schedules: Schedules, optimizer: Callable[[], Any], reasons: list[str]
) -> None:
    for drive in (schedules.to_torch, lambda made: Driven(made, schedules)):
        with pytest.raises(ScheduleError) as caught:
            drive(optimizer())
        assert [reason for reason in reasons if reason not in str(caught.value)] == []


def test_a_callback_drives_all_before_the_step() -> None:
    optimizer = named()
    driven = Driven(optimizer, NAMED)
    for number in range(1, 8):
        update(optimizer)
        assert driven.rate == LR(number)
        assert values(optimizer, "lr", "momentum")[0] == (LR.scaled(3)(number), MOMENTUM(number))


# --- MXNet, Optax ---


def test_mxnet_is_never_driven_by_the_learning_rate_alone() -> None:
    net = mxnet.gluon.nn.Dense(1, in_units=1)
    net.initialize()
    options = {"lr_scheduler": BOTH, "learning_rate": BOTH.base_lr}
    trainer = mxnet.gluon.Trainer(net.collect_params(), "sgd", options, kvstore=None)
    with mxnet.autograd.record():
        loss = net(mxnet.nd.ones((1, 1)))
    loss.backward()
    with pytest.raises(ScheduleError, match=r"momentum as well.*schedule.to_mxnet\(trainer\)"):
        trainer.step(1)
    with pytest.raises(ScheduleError, match="has momentum as well"):
        BOTH.to_mxnet()


@pytest.mark.parametrize(
    ("schedules", "name", "options", "reason"),
    [
        (BOTH, "adagrad", {}, "AdaGrad must have momentum or beta1"),
        (BOTH, "sgd", {}, "make it with momentum above 0"),
        (NAMED, "adam", {}, "parameter groups to follow the schedule's, but no trainer of MXNet"),
        (Schedules(lr=LR, weight_decay=LR), "ftrl", {}, "weight decay of the same update"),
    ],
)
def test_what_mxnet_cannot_drive(
    schedules: Schedules, name: str, options: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ScheduleError, match=reason):
        schedules.to_mxnet(mxnet.optimizer.create(name, **options))


def test_mxnets_adam_has_a_beta() -> None:
    adam = mxnet.optimizer.create("adam")
    assert BOTH.to_mxnet(adam)(3) == LR(3)
    assert adam.beta1 == MOMENTUM(3)


def test_optax_groups_are_labels() -> None:
    schedules = dataclasses.replace(NAMED, momentum=MOMENTUM)
    labels = {"a": "embed", "b": "bias", "c": "matrix", "d": "default"}
    optimizer = schedules.to_optax(sgdw, labels=labels)
    weights = dict.fromkeys(labels, jnp.ones(()))
    state = optimizer.init(weights)
    change, _ = optimizer.update(weights, state, weights)
    for name, label in labels.items():
        lr, _, decay = schedules.group(label)
        rate = lr(1) if isinstance(lr, Schedule) else LR(1) * (1 if lr is None else lr)
        assert float(change[name]) == pytest.approx(-rate * (1 + decay(1)), rel=1e-5)


def test_what_optax_cannot_drive() -> None:
    with pytest.raises(ScheduleError, match=r"adagrad must have momentum \('momentum' or 'b1'\)"):
        BOTH.to_optax(optax.adagrad)
    with pytest.raises(ScheduleError, match="labels"):
        NAMED.to_optax(sgdw)
    with pytest.raises(ScheduleError, match="has momentum as well"):
        BOTH.to_optax()
    adam = BOTH.to_optax(optax.adamw, mask=lambda tree: jax.tree.map(lambda _: True, tree))
    assert float(adam.init(jnp.ones(1)).hyperparams["b1"]) == pytest.approx(MOMENTUM(1))
    for curve in curves_of(BOTH).values():  # each by itself is a schedule like any other
        assert float(curve.to_optax()(0)) == pytest.approx(curve(1))
