"""Parameter groups: which of them follows the schedule, in a study, in its export, added later."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from tuner.errors import ScheduleError, TaskError
from tuner.schedules import Linear
from tuner.tasks import TorchTask

SCHEDULE = Linear(base_lr=0.8, horizon=8, warmup_steps=2, final_lr=0.1)
ENDS_AT_0 = Linear(base_lr=0.8, horizon=4)


def group(**options: Any) -> dict[str, Any]:
    return {"params": [torch.nn.Parameter(torch.zeros(1))], **options}


def groups(*rates: float | None) -> list[dict[str, Any]]:
    return [group() if rate is None else group(lr=rate) for rate in rates]


class Named(torch.optim.AdamW):
    """An optimizer of somebody's, which says nothing of a learning rate in its own arguments."""

    def __init__(self, params: Any, **options: Any) -> None:
        super().__init__(params, **options)


SGD, AdamW = torch.optim.SGD, torch.optim.AdamW

# Adam's own learning rate is 0.001, as is SGD's.
CLEAR: dict[str, tuple[Callable[[], torch.optim.Optimizer], list[float]]] = {
    "one group, no rate": (lambda: AdamW(groups(None)), [1]),
    "all the same, not the optimizer's": (lambda: AdamW(groups(0.01, 0.01), lr=0.5), [1, 1]),
    "those that name none follow": (lambda: SGD(groups(0.01, None, 0.2), lr=0.1), [0.1, 1, 2]),
    "the largest follows, none was written": (lambda: AdamW(groups(1e-4, 1e-2)), [0.01, 1]),
    "the largest follows, another was": (lambda: SGD(groups(0.01, 0.1), lr=0.5), [0.1, 1]),
    "the default is the largest": (lambda: AdamW(groups(1e-4, None)), [0.1, 1]),
    "as a tensor": (lambda: AdamW(groups(0.05, None), lr=torch.tensor(0.5)), [0.1, 1]),
    "the rate of a class between": (lambda: Named(groups(0.05, None, 5.0), lr=0.5), [0.1, 1, 10]),
    "ratios are named": (
        lambda: AdamW([group(schedule_ratio=1, lr=1e-3), group(schedule_ratio=10, lr=1e-2)]),
        [1, 10],
    ),
    "one ratio is named": (lambda: AdamW([group(schedule_ratio=0.1), group()]), [0.1, 1]),
}


@pytest.mark.parametrize("case", CLEAR)
def test_groups_keep_their_ratios(case: str) -> None:
    make, ratios = CLEAR[case]
    optimizer = make()
    scheduler = SCHEDULE.to_torch(optimizer)
    for update in (1, 2, 3, 9):
        while scheduler.last_epoch < update - 1:
            optimizer.step()
            scheduler.step()
        expected = [SCHEDULE(update) * ratio for ratio in ratios]
        assert [float(g["lr"]) for g in optimizer.param_groups] == pytest.approx(
            expected, rel=1e-6
        )


@pytest.mark.parametrize(
    "make",
    [
        lambda: AdamW(groups(1e-3, 1e-2)),  # each names its own
        lambda: AdamW(groups(None, 1e-2)),  # one has Adam's
        lambda: AdamW(groups(None, 1e-2), lr=1e-3),  # one has what was written
        lambda: Named(groups(1e-3, 1e-2)),
        lambda: SGD(groups(1e-4, 1e-3, 1e-2)),
    ],
)
def test_a_default_that_may_not_have_been_written_decides_nothing(
    make: Callable[[], torch.optim.Optimizer],
) -> None:
    with pytest.raises(
        ScheduleError, match=r"0\.01, and 0\.001 is what \w+ takes.*schedule_ratio"
    ):
        SCHEDULE.to_torch(make())


def test_groups_that_were_made_with_one_tensor_keep_ratios_of_their_own() -> None:
    """As an optimizer that is to be compiled is made with."""
    optimizer = AdamW([group(schedule_ratio=0.1), group(), group()], lr=torch.tensor(0.5))
    SCHEDULE.to_torch(optimizer)
    rates = [float(g["lr"]) for g in optimizer.param_groups]
    assert rates == pytest.approx([0.1 * SCHEDULE(1), SCHEDULE(1), SCHEDULE(1)])


class Recorded(SGD):
    """Keeps the learning rates of the updates that it makes."""

    made: list[list[float]]

    def step(self, closure: Any = None) -> Any:
        self.made.append([group["lr"] for group in self.param_groups])
        return super().step(closure)


DATA = np.ones((16, 2), np.float32), np.zeros(16, np.int64)


def test_a_study_trains_what_its_export_gives() -> None:
    """The task's loop and `to_torch` give the groups of one optimizer the same learning rates."""
    in_study: list[list[float]] = []
    in_training: list[list[float]] = []

    def optimizer(made: list[list[float]]) -> Callable[[Any], Recorded]:
        def make(parameters: Any) -> Recorded:
            weight, bias = parameters
            body, head = {"params": [weight], "lr": 0.01}, {"params": [bias]}
            recorded = Recorded([body, head], lr=0.1)
            recorded.made = made
            return recorded

        return make

    task = TorchTask(
        net=lambda: torch.nn.Linear(2, 2), train_data=DATA, test_data=DATA, batch_size=4,
        optimizer=optimizer(in_study),
    )  # fmt: skip
    task.check()
    first, _ = task.train(SCHEDULE, seed=0, epochs=2)
    exported = optimizer(in_training)(torch.nn.Linear(2, 2).parameters())
    scheduler = SCHEDULE.to_torch(exported)
    for _ in range(8):
        exported.step()
        scheduler.step()
    assert in_study == in_training
    assert in_study[4] == pytest.approx([0.1 * SCHEDULE(5), SCHEDULE(5)])

    whole, in_study[:] = in_study[:], []
    [_] = task.train(SCHEDULE, seed=0, epochs=2, start=first.state())
    assert in_study == whole[4:]


def test_a_study_refuses_what_its_export_would() -> None:
    task = TorchTask(
        net=lambda: torch.nn.Linear(2, 2), train_data=DATA, test_data=DATA, batch_size=4,
        optimizer=lambda of: AdamW([{"params": [p], "lr": 10**-n} for n, p in enumerate(of, 2)]),
    )  # fmt: skip
    with pytest.raises(TaskError, match="which parameter group has the schedule's learning rate"):
        task.check()


# --- Groups that are added when the training is under way ---------------------------------


def advanced(
    optimizer: torch.optim.Optimizer, scheduler: Any, updates: int
) -> list[tuple[float, ...]]:
    rates = []
    for _ in range(updates):
        rates.append(tuple(group["lr"] for group in optimizer.param_groups))
        optimizer.step()
        scheduler.step()
    return rates


@pytest.mark.parametrize(
    ("options", "ratio"),
    [
        ({}, 1.0),  # as all that name none
        ({"lr": SCHEDULE(5) / 10}, 0.1),  # as Lightning's finetuning gives it
        ({"schedule_ratio": 0.3, "lr": 0.3 * SCHEDULE(5)}, 0.3),
    ],
)
def test_a_later_group_goes_on_with_the_others(options: dict[str, float], ratio: float) -> None:
    optimizer = SGD(groups(0.08, None), lr=0.8)
    scheduler = SCHEDULE.to_torch(optimizer)
    advanced(optimizer, scheduler, 4)
    optimizer.add_param_group(group(**options))
    rates = advanced(optimizer, scheduler, 6)
    for update, found in enumerate(rates[1:], start=6):
        expected = [SCHEDULE(update) * each for each in (0.1, 1, ratio)]
        assert found == pytest.approx(expected, rel=1e-12)

    # Resumed by a process that makes the optimizer with all its groups.
    states = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
    for optimizer_first in (True, False):
        other = SGD(groups(0.08, None, 0.5), lr=0.8)
        resumed = SCHEDULE.to_torch(other)
        for each in (other, resumed) if optimizer_first else (resumed, other):
            each.load_state_dict(states[each is resumed])
        assert advanced(other, resumed, 2)[0] == tuple(g["lr"] for g in optimizer.param_groups)


def test_a_later_group_before_the_schedules_turn() -> None:
    optimizer = SGD(groups(None), lr=0.8)
    warmup = torch.optim.lr_scheduler.ConstantLR(optimizer, factor=0.1)
    both = torch.optim.lr_scheduler.SequentialLR(
        optimizer, [warmup, SCHEDULE.to_torch(optimizer)], milestones=[3]
    )
    advanced(optimizer, both, 2)
    optimizer.add_param_group(group(lr=optimizer.param_groups[0]["lr"] / 4, initial_lr=0.2))
    warmup.base_lrs.append(0.2)  # PyTorch's own scheduler knows the groups that it began with
    rates = advanced(optimizer, both, 4)
    assert [one / other for one, other in rates] == pytest.approx([4] * 4)
    assert rates[1][0] == SCHEDULE(1)


def test_a_later_group_has_no_ratio_to_0() -> None:
    optimizer = SGD(groups(None), lr=0.8)
    scheduler = ENDS_AT_0.to_torch(optimizer)
    advanced(optimizer, scheduler, 5)
    optimizer.add_param_group(group(lr=0.1))
    with pytest.raises(ScheduleError, match=r"above 0 when a parameter group is added.*0\.1"):
        advanced(optimizer, scheduler, 1)
    optimizer.param_groups[1]["schedule_ratio"] = 0.5
    assert advanced(optimizer, scheduler, 2)[1] == (0, 0)
