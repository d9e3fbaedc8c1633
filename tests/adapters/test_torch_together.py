"""A schedule beside PyTorch's other schedulers: resumed as theirs are, or warned about."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.optim.lr_scheduler import (
    ChainedScheduler,
    ConstantLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    ReduceLROnPlateau,
    SequentialLR,
)

from tuner.linting import ScheduleWarning
from tuner.schedules import Cosine

SCHEDULE = Cosine(base_lr=0.4, horizon=6, final_lr=0.02)
UPDATES = 9

Make = Callable[[torch.optim.Optimizer], Any]


def sgd() -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.4)


def ours(optimizer: torch.optim.Optimizer) -> Any:
    return SCHEDULE.to_torch(optimizer)


def theirs(optimizer: torch.optim.Optimizer) -> Any:
    """The same learning rates by a scheduler of PyTorch's."""
    return LambdaLR(optimizer, lambda done: SCHEDULE(done + 1) / 0.4)


def alone(schedule: Make) -> Make:
    return schedule


def after_a_warmup(schedule: Make) -> Make:
    def make(optimizer: torch.optim.Optimizer) -> Any:
        parts = [ConstantLR(optimizer, 0.1, total_iters=9), schedule(optimizer)]
        return SequentialLR(optimizer, parts, milestones=[3])

    return make


def first(schedule: Make) -> Make:
    def make(optimizer: torch.optim.Optimizer) -> Any:
        parts = [schedule(optimizer), ExponentialLR(optimizer, 0.9)]
        return SequentialLR(optimizer, parts, milestones=[3])

    return make


def in_the_middle(schedule: Make) -> Make:
    def make(optimizer: torch.optim.Optimizer) -> Any:
        parts = [
            LinearLR(optimizer, 0.5, total_iters=9),
            schedule(optimizer),
            ConstantLR(optimizer, 0.3),
        ]
        return SequentialLR(optimizer, parts, milestones=[2, 5])

    return make


def in_a_chain_of_one(schedule: Make) -> Make:
    return lambda optimizer: ChainedScheduler([after_a_warmup(schedule)(optimizer)], optimizer)


def updates(optimizer: torch.optim.Optimizer, scheduler: Any, count: int) -> list[float]:
    rates = []
    for _ in range(count):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def resumed(make: Make, saved_after: int, optimizer_first: bool) -> list[float]:
    optimizer = sgd()
    scheduler = make(optimizer)
    rates = updates(optimizer, scheduler, saved_after)
    states = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
    optimizer = sgd()
    scheduler = make(optimizer)
    both = [(optimizer, states[0]), (scheduler, states[1])]
    for each, state in both if optimizer_first else reversed(both):
        each.load_state_dict(state)
    return rates + updates(optimizer, scheduler, UPDATES - saved_after)


@pytest.mark.parametrize("optimizer_first", [True, False])
@pytest.mark.parametrize("place", [alone, after_a_warmup, first, in_the_middle, in_a_chain_of_one])
def test_it_resumes_everywhere_as_pytorchs_own(
    place: Callable[[Make], Make], optimizer_first: bool
) -> None:
    """Before, at and after every change-over, whichever state is loaded first."""
    optimizer = sgd()
    whole = updates(optimizer, place(ours)(optimizer), UPDATES)
    for saved_after in range(UPDATES + 1):
        own = resumed(place(theirs), saved_after, optimizer_first)
        assert own == pytest.approx(whole, rel=1e-12), saved_after
        assert resumed(place(ours), saved_after, optimizer_first) == whole, saved_after


def test_a_state_of_before_that_waits_for_its_turn() -> None:
    """States of earlier versions do not say who was in charge."""
    optimizer = sgd()
    scheduler = after_a_warmup(ours)(optimizer)
    updates(optimizer, scheduler, 1)
    states = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
    del states[1]["_schedulers"][1]["in_charge"]
    optimizer = sgd()
    scheduler = after_a_warmup(ours)(optimizer)
    optimizer.load_state_dict(states[0])
    scheduler.load_state_dict(states[1])
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.04)


@pytest.mark.parametrize("ours_last", [True, False])
def test_a_chain_multiplies_nothing_and_says_so(ours_last: bool) -> None:
    optimizer = sgd()
    parts = [LinearLR(optimizer, 0.1, total_iters=4), ours(optimizer)]
    chain = ChainedScheduler(parts if ours_last else parts[::-1], optimizer)
    with pytest.warns(ScheduleWarning, match=r"only the schedule must set .* Has something else"):
        updates(optimizer, chain, 3)
    updates(optimizer, chain, 3)  # it is said once


def test_a_plateau_beside_it_has_no_effect_and_that_is_said() -> None:
    optimizer = sgd()
    scheduler = ours(optimizer)
    plateau = ReduceLROnPlateau(optimizer, factor=0.1, patience=0)
    updates(optimizer, scheduler, 2)
    plateau.step(1.0)
    updates(optimizer, scheduler, 1)
    plateau.step(1.0)
    with pytest.warns(ScheduleWarning, match=r"is 0\.0\d+ where the schedule had set 0\.\d"):
        updates(optimizer, scheduler, 1)


def test_a_former_state_that_is_loaded_too_late_is_said() -> None:
    former = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.02).state_dict()
    optimizer = sgd()
    scheduler = ours(optimizer)
    optimizer.load_state_dict(former)
    with pytest.warns(ScheduleWarning, match=r"is 0\.02 where .*Load states of the optimizer"):
        assert updates(optimizer, scheduler, 1) == [0.02]
    assert optimizer.param_groups[0]["lr"] == SCHEDULE(2)


def test_a_scheduler_of_something_else_is_welcome_in_a_chain() -> None:
    class Decay(torch.optim.lr_scheduler.LRScheduler):
        """Moves the weight decay alone."""

        def get_lr(self) -> list[Any]:
            self.optimizer.param_groups[0]["weight_decay"] = 0.1 * self.last_epoch
            return [group["lr"] for group in self.optimizer.param_groups]

    optimizer = sgd()
    chain = ChainedScheduler([ours(optimizer), Decay(optimizer)], optimizer)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert updates(optimizer, chain, 6) == SCHEDULE(range(1, 7))
    assert optimizer.param_groups[0]["weight_decay"] == pytest.approx(0.6)
