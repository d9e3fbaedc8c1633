"""Schedules in the hands of MXNet's trainers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tuner.adapters import import_mxnet
from tuner.adapters.mxnet import optimizer_params, to_mxnet
from tuner.errors import FrozenScheduleError
from tuner.schedules import (
    FAMILIES,
    Constant,
    Cosine,
    Factor,
    Linear,
    MultiFactor,
    Poly,
    Schedule,
)

mxnet = import_mxnet()

SCHEDULE = Linear(base_lr=0.016, horizon=8, warmup_steps=2, final_lr=0.004)
UPDATES = range(1, 11)

# Every optimizer that MXNet registers: those that ask the schedule, ...
FOLLOWING = {
    "adagrad": {},
    "adam": {},
    "adamax": {},
    "ccsgd": {"momentum": 0.9},
    "dcasgd": {},
    "ftml": {},
    "ftrl": {},
    "groupadagrad": {},
    "lamb": {},
    "lars": {"momentum": 0.9},
    "lbsgd": {"momentum": 0.9},
    "nadam": {},
    "nag": {"momentum": 0.9},
    "rmsprop": {},
    "sgd": {"momentum": 0.9},
    "sgld": {},
    "signum": {},
}
# ... and those that have no learning rate: AdaDelta by design, and MXNet's own test dummy, which
# adds the gradient.
WITHOUT_LR = {"adadelta", "test"}
# Those that give themselves a learning rate and would overwrite the schedule's.
WITH_OWN_LR = {"adam", "adamax", "lamb", "nadam", "rmsprop", "signum"}


class Training:
    """A one-layer network that is fed the same batch again and again."""

    def __init__(self, optimizer: str, options: dict[str, Any]) -> None:
        mxnet.random.seed(0)
        self.net = mxnet.gluon.nn.Dense(1, use_bias=False, in_units=3)
        self.net.initialize()
        self.batch = mxnet.nd.array([[1.0, 2.0, 3.0], [3.0, 1.0, 2.0]])
        self.trainer = mxnet.gluon.Trainer(
            self.net.collect_params(), optimizer, dict(options), kvstore=None
        )

    def step(self) -> float:
        """Make one update and return the learning rate that it used."""
        with mxnet.autograd.record():
            loss = (self.net(self.batch) ** 2).mean()
        loss.backward()
        self.trainer.step(2)
        return float(self.trainer.learning_rate)

    def weights(self) -> list[float]:
        return [float(x) for x in self.net.weight.data().asnumpy().ravel()]


def test_these_are_all_optimizers() -> None:
    assert set(mxnet.optimizer.Optimizer.opt_registry) == set(FOLLOWING) | WITHOUT_LR


@pytest.mark.parametrize("optimizer", sorted(FOLLOWING))
def test_update_k_uses_the_learning_rate_of_k(optimizer: str) -> None:
    training = Training(optimizer, optimizer_params(SCHEDULE, **FOLLOWING[optimizer]))
    assert [training.step() for _ in UPDATES] == SCHEDULE(UPDATES)


@pytest.mark.parametrize("optimizer", sorted(FOLLOWING))
def test_the_learning_rate_decides_the_weights(optimizer: str) -> None:
    """Another schedule leads to other weights, so the optimizer really reads it."""
    ends = []
    for base_lr in (0.016, 0.008):
        params = optimizer_params(Constant(base_lr=base_lr, horizon=8), **FOLLOWING[optimizer])
        training = Training(optimizer, params)
        training.step()
        ends.append(training.weights())
    assert ends[0] != ends[1]


def test_ada_delta_does_not_read_the_learning_rate() -> None:
    ends = []
    for base_lr in (0.016, 0.008):
        schedule = Constant(base_lr=base_lr, horizon=8)
        training = Training("adadelta", optimizer_params(schedule))
        training.step()
        ends.append(training.weights())
    assert ends[0] == ends[1]


def test_the_first_step_of_sgd_is_that_of_update_1() -> None:
    training = Training("sgd", {"lr_scheduler": SCHEDULE})
    before = training.weights()
    training.step()
    gradient = training.net.weight.grad().asnumpy().ravel() / 2
    expected = [w - SCHEDULE(1) * float(g) for w, g in zip(before, gradient, strict=True)]
    assert training.weights() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("optimizer", sorted(set(FOLLOWING) - WITH_OWN_LR))
def test_the_schedule_alone_is_enough_for_the_others(optimizer: str) -> None:
    training = Training(optimizer, {"lr_scheduler": SCHEDULE, **FOLLOWING[optimizer]})
    assert [training.step() for _ in UPDATES] == SCHEDULE(UPDATES)


@pytest.mark.parametrize("optimizer", sorted(WITH_OWN_LR))
def test_an_optimizer_that_overwrites_is_told_what_to_pass(
    optimizer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(FrozenScheduleError, match=r"'learning_rate': schedule\.base_lr"):
        Training(optimizer, {"lr_scheduler": SCHEDULE})
    capsys.readouterr()  # MXNet prints that it overwrites.
    assert SCHEDULE.base_lr == 0.016


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_saved_states_continue_with_the_same_learning_rates(
    optimizer: str, tmp_path: Path
) -> None:
    params = optimizer_params(SCHEDULE)
    whole = Training(optimizer, params)
    rates = [whole.step() for _ in UPDATES]

    first = Training(optimizer, params)
    begun = [first.step() for _ in range(4)]
    first.net.save_parameters(str(tmp_path / "net"))
    first.trainer.save_states(str(tmp_path / "states"))

    second = Training(optimizer, params)
    second.net.load_parameters(str(tmp_path / "net"))
    second.trainer.load_states(str(tmp_path / "states"))
    assert begun + [second.step() for _ in range(6)] == rates
    assert second.weights() == whole.weights()


# --- MXNet's own objects ---

WARM = {"horizon": 30, "warmup_steps": 6, "warmup_begin_lr": 0.1}
NATIVE: list[Schedule] = [
    Constant(base_lr=0.8, **WARM),
    # Below MXNet's default stop_factor_lr of 1e-8.
    Constant(base_lr=1e-12, horizon=30),
    Factor(base_lr=0.8, decay_factor=0.5, decay_interval=4, **WARM),
    Factor(base_lr=1e-9, decay_factor=0.5, decay_interval=4, horizon=30),
    Factor(base_lr=0.8, decay_factor=0.5, decay_interval=4, stop_factor_lr=0.3, horizon=30),
    MultiFactor(base_lr=0.8, decay_factor=0.5, milestones=(3, 12, 30), **WARM),
    MultiFactor(base_lr=0.8, decay_factor=0.5, milestones=(30,), horizon=30),
    Poly(base_lr=0.8, power=1.5, final_lr=0.01, warmup_mode="constant", **WARM),
    Cosine(base_lr=0.8, final_lr=0.01, **WARM),
]


@pytest.mark.parametrize("schedule", NATIVE, ids=lambda s: s.family)
def test_native_objects_have_the_same_values(schedule: Schedule) -> None:
    scheduler = to_mxnet(schedule)
    assert isinstance(scheduler, mxnet.lr_scheduler.LRScheduler)
    # Past the horizon too where MXNet's family ends; FactorScheduler goes on dropping.
    end = 30 if isinstance(schedule, Factor) else 90
    in_order = [scheduler(update) for update in range(1, end + 1)]
    assert in_order == pytest.approx(schedule(range(1, end + 1)), rel=1e-12)


def test_native_objects_drive_a_trainer() -> None:
    schedule = NATIVE[-1]
    training = Training("sgd", {"lr_scheduler": schedule.to_mxnet()})
    rates = [training.step() for _ in range(1, 31)]
    assert rates == pytest.approx(schedule(range(1, 31)), rel=1e-12)


def test_native_objects_are_new_each_time() -> None:
    one, other = to_mxnet(NATIVE[2]), to_mxnet(NATIVE[2])
    one(30)
    assert other(6) == NATIVE[2](6)


def test_what_mxnet_does_not_have_stays_itself() -> None:
    native = {type(schedule) for schedule in NATIVE}
    assert native == {Constant, Factor, MultiFactor, Poly, Cosine}
    assert to_mxnet(SCHEDULE) is SCHEDULE
    assert SCHEDULE.to_mxnet() is SCHEDULE
    first = Cosine(base_lr=0.1, horizon=9, warmup_steps=3, warmup_mode="from_first")
    assert to_mxnet(first) is first
    assert type(SCHEDULE) in set(FAMILIES.values()) - native


def test_the_options_of_the_optimizer_are_kept() -> None:
    assert optimizer_params(SCHEDULE, momentum=0.9, wd=1e-4) == {
        "lr_scheduler": SCHEDULE,
        "learning_rate": 0.016,
        "momentum": 0.9,
        "wd": 1e-4,
    }
    with pytest.raises(FrozenScheduleError, match="base_lr of a schedule is fixed"):
        Training("sgd", optimizer_params(SCHEDULE, learning_rate=0.5))
