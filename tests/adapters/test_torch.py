"""What PyTorch's users expect of a scheduler beyond its values."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch

from tuner.errors import ScheduleError
from tuner.schedules import Cosine, Linear

SCHEDULE = Linear(base_lr=0.8, horizon=8, warmup_steps=2, final_lr=0.1)


def parameter() -> torch.nn.Parameter:
    return torch.nn.Parameter(torch.zeros(1))


def sgd(lr: Any = 0.8) -> torch.optim.Optimizer:
    return torch.optim.SGD([parameter()], lr=lr)


def step(optimizer: torch.optim.Optimizer, scheduler: Any, times: int) -> None:
    for _ in range(times):
        optimizer.step()
        scheduler.step()


def test_it_is_a_scheduler_of_pytorchs() -> None:
    optimizer = sgd()
    scheduler = SCHEDULE.to_torch(optimizer)
    assert isinstance(scheduler, torch.optim.lr_scheduler.LRScheduler)
    assert (scheduler.last_epoch, scheduler.base_lrs) == (0, [0.8])
    assert scheduler.get_last_lr() == [SCHEDULE(1)] == [optimizer.param_groups[0]["lr"]]
    step(optimizer, scheduler, 5)
    assert (scheduler.last_epoch, scheduler.get_last_lr()) == (5, [SCHEDULE(6)])


@pytest.mark.parametrize("lr", [1e-3, torch.tensor(0.5)])
def test_the_learning_rate_of_the_optimizer_has_no_effect(lr: Any) -> None:
    optimizer = sgd(lr)
    scheduler = SCHEDULE.to_torch(optimizer)
    for update in range(1, 12):
        assert float(optimizer.param_groups[0]["lr"]) == pytest.approx(SCHEDULE(update), rel=1e-6)
        step(optimizer, scheduler, 1)


def test_groups_keep_their_ratio_to_the_optimizers_learning_rate(tmp_path: Path) -> None:
    def groups() -> torch.optim.Optimizer:
        body, head, twice = parameter(), parameter(), parameter()
        return torch.optim.AdamW(
            [{"params": [body], "lr": 0.01}, {"params": [head]}, {"params": [twice], "lr": 0.2}],
            lr=0.1,
        )

    optimizer = groups()
    scheduler = SCHEDULE.to_torch(optimizer)
    for update in range(1, 5):
        expected = [SCHEDULE(update) * ratio for ratio in (0.1, 1.0, 2.0)]
        assert [g["lr"] for g in optimizer.param_groups] == pytest.approx(expected, rel=1e-12)
        step(optimizer, scheduler, 1)
    torch.save((optimizer.state_dict(), scheduler.state_dict()), tmp_path / "states")

    other = groups()
    resumed = SCHEDULE.to_torch(other)
    states = torch.load(tmp_path / "states", weights_only=True)
    other.load_state_dict(states[0])
    resumed.load_state_dict(states[1])
    for update in range(5, 12):
        expected = [SCHEDULE(update) * ratio for ratio in (0.1, 1.0, 2.0)]
        assert [g["lr"] for g in other.param_groups] == pytest.approx(expected, rel=1e-12)
        step(other, resumed, 1)


def test_where_no_group_has_the_optimizers_rate_the_largest_follows() -> None:
    body, head = parameter(), parameter()
    groups = [{"params": [body], "lr": 0.08}, {"params": [head], "lr": 0.8}]
    named = torch.optim.AdamW(groups)  # whose own rate is 0.001
    assert SCHEDULE.to_torch(named).ratios == pytest.approx([0.1, 1.0])
    # The state of a former training under another scheduler.
    former = sgd(lr=0.02)
    step(former, torch.optim.lr_scheduler.StepLR(former, 3), 5)
    warm = sgd(lr=SCHEDULE.base_lr)
    warm.load_state_dict(former.state_dict())
    scheduler = SCHEDULE.to_torch(warm)
    assert warm.param_groups[0]["lr"] == SCHEDULE(1) == scheduler.get_last_lr()[0]


@pytest.mark.parametrize("lr", [0.8, torch.tensor(0.8)])
def test_it_goes_on_whatever_is_loaded_first(lr: Any) -> None:
    optimizer = sgd()
    scheduler = SCHEDULE.to_torch(optimizer)
    step(optimizer, scheduler, 5)
    states = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
    other = sgd(lr)
    if not isinstance(lr, torch.Tensor):
        other.load_state_dict(states[0])
    resumed = SCHEDULE.to_torch(other)  # which gives it the rate of update 1
    resumed.load_state_dict(states[1])
    assert float(other.param_groups[0]["lr"]) == pytest.approx(SCHEDULE(6), rel=1e-6)


def test_it_goes_on_from_last_epoch_as_pytorch_counts() -> None:
    """Constructed with the index of the last update made, it has the learning rate of the next."""
    optimizer = sgd()
    step(optimizer, SCHEDULE.to_torch(optimizer), 5)
    other = sgd()
    other.load_state_dict(optimizer.state_dict())
    resumed = SCHEDULE.to_torch(other, last_epoch=4)
    assert (resumed.last_epoch, resumed.get_last_lr()) == (5, [SCHEDULE(6)])
    with pytest.raises(KeyError, match="initial_lr"):
        SCHEDULE.to_torch(sgd(), last_epoch=4)


def test_the_state_of_another_schedule_is_refused() -> None:
    optimizer = sgd()
    scheduler = SCHEDULE.to_torch(optimizer)
    step(optimizer, scheduler, 3)
    longer = SCHEDULE.with_horizon(16).to_torch(sgd())
    with pytest.raises(ScheduleError, match=r"horizon=16.*saved with Linear.*replaces=tuner\.L"):
        longer.load_state_dict(scheduler.state_dict())
    own = torch.optim.lr_scheduler.StepLR(optimizer, 3)
    with pytest.raises(ScheduleError, match=r"saved with another scheduler.*last_epoch=-1\)"):
        longer.load_state_dict(own.state_dict())
    assert longer.get_last_lr() == [SCHEDULE.with_horizon(16)(1)]


def test_another_schedule_goes_on_as_the_refusal_says() -> None:
    optimizer = sgd()
    step(optimizer, SCHEDULE.to_torch(optimizer), 3)
    other = sgd()
    other.load_state_dict(optimizer.state_dict())
    longer = SCHEDULE.with_horizon(16)
    assert longer.to_torch(other, last_epoch=2).get_last_lr() == [longer(4)]


def test_an_optimizer_made_with_another_learning_rate_goes_on_with_the_schedules() -> None:
    optimizer = sgd(lr=0.8)
    step(optimizer, SCHEDULE.to_torch(optimizer), 3)
    higher = dataclasses.replace(SCHEDULE, base_lr=4 * SCHEDULE.base_lr)
    for schedule, lr in ((SCHEDULE, 0.001), (higher, higher.base_lr)):
        other = sgd(lr=lr)
        other.load_state_dict(optimizer.state_dict())
        assert schedule.to_torch(other, last_epoch=2).get_last_lr() == [schedule(4)]


def test_copies_are_at_the_same_update() -> None:
    optimizer = sgd()
    scheduler = SCHEDULE.to_torch(optimizer)
    step(optimizer, scheduler, 3)
    for same in (pickle.loads(pickle.dumps(scheduler)), copy.deepcopy(scheduler)):
        assert (same.last_epoch, same.get_last_lr()) == (3, [SCHEDULE(4)])


def test_pytorchs_sequential_scheduler_takes_it_over() -> None:
    optimizer = sgd()
    own = torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)
    then = Cosine(base_lr=0.4, horizon=10).to_torch(optimizer)
    both = torch.optim.lr_scheduler.SequentialLR(optimizer, [own, then], milestones=[3])
    rates = []
    for _ in range(6):
        rates += both.get_last_lr()
        step(optimizer, both, 1)
    assert rates == [0.8] * 3 + Cosine(base_lr=0.4, horizon=10)([1, 2, 3])


def test_an_optimizer_without_a_learning_rate_is_refused() -> None:
    with pytest.raises(ScheduleError, match=r"learning rate above 0, but got 0\.0"):
        SCHEDULE.to_torch(sgd(0.0))
    finds_its_own = sgd()
    finds_its_own.defaults["lr"] = finds_its_own.param_groups[0]["lr"] = None  # as Adafactor
    with pytest.raises(ScheduleError, match=r"learning rate above 0, but got None"):
        SCHEDULE.to_torch(finds_its_own)
