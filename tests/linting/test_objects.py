"""``tuner.lint`` on scheduler objects, real ones of MXNet and PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler as theirs

import tuner
from tuner.errors import ScheduleError
from tuner.schedules import Constant, Cosine, Linear

mxnet = tuner.import_mxnet()
native = mxnet.lr_scheduler


def rules(what: Any, **surroundings: int) -> list[str]:
    return [finding.rule for finding in tuner.lint(what, **surroundings)]


def sgd() -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)


def gluon(optimizer: str, options: dict[str, Any]) -> Any:
    net = mxnet.gluon.nn.Dense(1, in_units=1)
    net.initialize()
    return mxnet.gluon.Trainer(net.collect_params(), optimizer, options, kvstore=None)


SHORT: list[Callable[[], Any]] = [
    lambda: Cosine(base_lr=0.1, horizon=20),
    lambda: native.CosineScheduler(max_update=20, base_lr=0.5),
    lambda: native.PolyScheduler(max_update=20, base_lr=0.5),
    lambda: native.MultiFactorScheduler(step=[15, 30], factor=0.5, base_lr=0.5),
    lambda: native.FactorScheduler(step=1, factor=0.9, base_lr=0.5),
    lambda: theirs.CosineAnnealingLR(sgd(), T_max=20),
    lambda: theirs.PolynomialLR(sgd(), total_iters=20),
    lambda: theirs.OneCycleLR(sgd(), max_lr=0.1, total_steps=20),
    lambda: theirs.MultiStepLR(sgd(), milestones=[10, 20]),
    lambda: theirs.StepLR(sgd(), step_size=10, gamma=0.5),
    lambda: theirs.ExponentialLR(sgd(), gamma=0.95),
    lambda: Cosine(base_lr=0.1, horizon=20).to_torch(sgd()),
    lambda: theirs.SequentialLR(
        (o := sgd()),
        [theirs.LinearLR(o, total_iters=5), theirs.CosineAnnealingLR(o, T_max=25)],
        milestones=[5],
    ),
    lambda: theirs.SequentialLR(
        (o := sgd()), [theirs.CosineAnnealingLR(o, T_max=25)], milestones=[]
    ),
    lambda: theirs.ChainedScheduler(
        [theirs.ConstantLR(o := sgd(), total_iters=5), theirs.CosineAnnealingLR(o, T_max=25)]
    ),
]


@pytest.mark.parametrize("make", SHORT)
def test_a_horizon_in_epochs(make: Callable[[], Any]) -> None:
    assert rules(make(), updates=7050) == ["horizon-in-epochs"]
    assert rules(make(), epochs=30, updates_per_epoch=235) == ["horizon-in-epochs"]
    # Stepped once an epoch it is right, and so it is for all that is known of nothing.
    assert rules(make(), updates=30) == []
    assert rules(make()) == []


def test_the_message_says_after_how_many() -> None:
    [found] = tuner.lint(native.CosineScheduler(20), epochs=30, updates_per_epoch=235)
    assert "this CosineScheduler is over after 20 of 7050 updates." in found.message
    assert "write 20 * 235 = 4700" in found.message
    [found] = tuner.lint(Cosine(base_lr=0.1, horizon=1), updates=7050)
    assert "is over after 1 of 7050 updates." in found.message


LONG: list[Callable[[], Any]] = [
    lambda: Cosine(base_lr=0.1, horizon=7050, warmup_steps=235),
    lambda: native.CosineScheduler(max_update=7050, base_lr=0.5, warmup_steps=235),
    lambda: native.MultiFactorScheduler(step=[3525, 5000], factor=0.5, base_lr=0.5),
    lambda: native.FactorScheduler(step=235, factor=0.9, base_lr=0.5),
    lambda: theirs.CosineAnnealingLR(sgd(), T_max=7050),
    lambda: theirs.StepLR(sgd(), step_size=2350),
    lambda: theirs.StepLR(sgd(), step_size=1, gamma=0.9999),
    lambda: theirs.ExponentialLR(sgd(), gamma=0.9999),
    lambda: theirs.LinearLR(sgd(), total_iters=5),
    lambda: theirs.CosineAnnealingWarmRestarts(sgd(), T_0=235),
    lambda: theirs.LambdaLR(sgd(), lambda update: 1 / (1 + update)),
    lambda: gluon("sgd", {"lr_scheduler": native.FactorScheduler(235, 0.9, base_lr=0.1)}),
    lambda: gluon("nag", {"lr_scheduler": Linear(base_lr=0.1, horizon=7050)}),
    lambda: native.FactorScheduler(step=1, factor=0.9, stop_factor_lr=0.01, base_lr=0.5),
    lambda: native.FactorScheduler(step=1, factor=0.9999, base_lr=0.5),
    lambda: native.FactorScheduler(step=10, base_lr=0),
    lambda: theirs.MultiStepLR(sgd(), milestones=[]),
    lambda: theirs.ChainedScheduler([theirs.ExponentialLR(sgd(), gamma=0.9999)]),
    lambda: Constant(base_lr=0.1, horizon=20),
    lambda: Constant(base_lr=0.1, horizon=100_000),
]


@pytest.mark.parametrize("make", LONG)
def test_a_horizon_in_updates_is_right(make: Callable[[], Any]) -> None:
    assert rules(make(), updates=7050) == []
    assert rules(make(), updates_per_epoch=235) == []


@pytest.mark.parametrize(
    "make",
    [
        lambda: Cosine(base_lr=0.1, horizon=7050),
        lambda: theirs.OneCycleLR(sgd(), max_lr=0.1, total_steps=7050),
        lambda: theirs.MultiStepLR(sgd(), milestones=[3525, 5000]),
    ],
)
def test_a_horizon_in_updates_for_a_scheduler_stepped_by_epochs(make: Callable[[], Any]) -> None:
    assert rules(make(), updates=30) == ["horizon-in-updates"]


@pytest.mark.parametrize("last", [31, 2])
@pytest.mark.parametrize(
    "make",
    [
        lambda: native.FactorScheduler(step=1, factor=0.9, base_lr=0.5),
        lambda: native.MultiFactorScheduler(step=[1, 30], factor=0.9, base_lr=0.5),
    ],
)
def test_an_mxnet_scheduler_that_was_plotted(make: Callable[[], Any], last: int) -> None:
    scheduler = make()
    assert rules(scheduler) == []
    [scheduler(update) for update in range(last + 1)]
    assert rules(scheduler) == ["used-before"]


def test_what_plotting_does_not_change_is_passed_over() -> None:
    for scheduler in (
        Cosine(base_lr=0.1, horizon=100),
        native.CosineScheduler(max_update=100, base_lr=0.5),
        native.PolyScheduler(max_update=100, base_lr=0.5),
    ):
        [scheduler(update) for update in range(101)]
        assert rules(scheduler, updates=100) == []


@pytest.mark.parametrize(
    "make",
    [
        lambda optimizer: Linear(base_lr=0.1, horizon=10).to_torch(optimizer),
        lambda optimizer: theirs.StepLR(optimizer, 5),
        lambda optimizer: theirs.ChainedScheduler([theirs.StepLR(optimizer, 5)]),
    ],
)
def test_a_pytorch_scheduler_that_was_stepped(make: Callable[..., Any]) -> None:
    optimizer = sgd()
    scheduler = make(optimizer)
    assert rules(scheduler) == []
    optimizer.step()
    scheduler.step()
    [found] = tuner.lint(scheduler)
    assert found.rule == "used-before"
    assert "was stepped 1 times" in found.message


@pytest.mark.parametrize(
    ("optimizer", "options", "expected"),
    [
        ("sgd", {"learning_rate": 0.5}, ["learning-rate-beside"]),
        ("adam", {}, ["learning-rate-beside"]),
        ("adam", {"learning_rate": 0.1}, []),
        ("sgd", {}, []),
    ],
)
def test_a_learning_rate_that_overwrote_the_schedulers(
    optimizer: str,
    options: dict[str, Any],
    expected: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    for scheduler in (
        native.FactorScheduler(step=500, factor=0.9, base_lr=0.1),
        native.MultiFactorScheduler(step=[500], factor=0.9, base_lr=0.1),
    ):
        trainer = gluon(optimizer, {"lr_scheduler": scheduler, **options})
        assert rules(trainer) == rules(trainer._optimizer) == rules(scheduler) == expected
    capsys.readouterr()  # MXNet prints that it overwrites


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize(
    ("make", "options", "expected"),
    [
        # MXNet's own idiom: the learning rate is that of the optimizer.
        (lambda: native.FactorScheduler(500, 0.9), {"learning_rate": 0.03}, []),
        (lambda: native.MultiFactorScheduler([500], 0.9), {"learning_rate": 0.03}, []),
        # But a warmup has its end from the scheduler, and would jump.
        (
            lambda: native.FactorScheduler(500, 0.9, warmup_steps=100),
            {"learning_rate": 0.03},
            ["learning-rate-beside"],
        ),
        # These keep what they were made with.
        (
            lambda: native.CosineScheduler(7050, base_lr=0.5),
            {"learning_rate": 0.1},
            ["learning-rate-beside"],
        ),
        (lambda: native.PolyScheduler(7050), {"learning_rate": 0.1}, ["learning-rate-beside"]),
        (lambda: native.CosineScheduler(7050, base_lr=0.5), {"learning_rate": 0.5}, []),
        (lambda: native.CosineScheduler(7050, base_lr=0.5), {}, []),
    ],
)
def test_a_learning_rate_beside_schedulers_without_one_or_that_keep_theirs(
    make: Callable[[], Any],
    options: dict[str, Any],
    expected: list[str],
    optimizer: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert rules(gluon(optimizer, {"lr_scheduler": make(), **options})) == expected
    capsys.readouterr()  # MXNet prints that it overwrites


def test_a_schedule_in_a_chained_scheduler() -> None:
    schedule = Cosine(base_lr=0.1, horizon=7050)
    optimizer = sgd()
    alone = theirs.ChainedScheduler([schedule.to_torch(optimizer)])
    assert rules(alone, updates=7050) == []
    optimizer = sgd()
    warmup = theirs.LinearLR(optimizer, total_iters=500)
    both = theirs.ChainedScheduler([warmup, schedule.to_torch(optimizer)])
    [found] = tuner.lint(both, updates=7050)
    assert found.rule == "multiplied"
    assert "this cosine sets its own" in found.message
    assert "write SequentialLR" in found.message


@pytest.mark.parametrize(
    ("options", "expected"),
    [({}, ["prepared"]), ({"split_batches": True}, []), ({"step_with_optimizer": False}, [])],
)
def test_a_schedule_that_accelerate_has_prepared(
    options: dict[str, bool], expected: list[str]
) -> None:
    scheduler = pytest.importorskip("accelerate.scheduler")
    optimizer = sgd()
    ours = Cosine(base_lr=0.1, horizon=7050).to_torch(optimizer)
    prepared = scheduler.AcceleratedScheduler(ours, optimizer, **options)
    assert rules(prepared, updates=7050) == expected
    theirs_ = scheduler.AcceleratedScheduler(theirs.StepLR(optimizer, 2350), optimizer)
    assert rules(theirs_, updates=7050) == []
    short = Cosine(base_lr=0.1, horizon=20).to_torch(optimizer)
    short = scheduler.AcceleratedScheduler(short, optimizer, split_batches=True)
    assert rules(short, updates=7050) == ["horizon-in-epochs"]


@pytest.mark.parametrize(
    ("scheduler", "updates"),
    [
        (native.CosineScheduler(max_update=20, warmup_steps=5 * 235), None),
        (native.CosineScheduler(max_update=5000, warmup_steps=2000), 1500),
        (native.FactorScheduler(step=500, warmup_steps=2000), 1500),
        (Constant(base_lr=0.1, horizon=5000, warmup_steps=2000), 1500),
    ],
)
def test_a_warmup_past_the_horizon(scheduler: Any, updates: int | None) -> None:
    assert rules(scheduler, **({"updates": updates} if updates else {})) == ["warmup-past-horizon"]


@pytest.mark.parametrize("name", ["updates", "updates_per_epoch", "epochs"])
@pytest.mark.parametrize("number", ["7050", -5, 0, 1.5, True])
def test_a_length_of_the_training_that_is_none(name: str, number: Any) -> None:
    with pytest.raises(ScheduleError) as error:
        tuner.lint(Cosine(base_lr=0.1, horizon=20), **{name: number})
    assert str(error.value) == f"`{name}` must be an int of 1 or more, but got {number!r}."


@pytest.mark.parametrize("what", [None, 0.1, torch.nn.Linear(1, 1), sgd()])
def test_what_is_no_scheduler_is_refused(what: Any) -> None:
    with pytest.raises(ScheduleError, match=r"a scheduler of MXNet or PyTorch.* is needed"):
        tuner.lint(what)


def test_a_trainer_without_a_scheduler_is_refused() -> None:
    with pytest.raises(ScheduleError, match="is needed"):
        tuner.lint(gluon("sgd", {"learning_rate": 0.1}))
