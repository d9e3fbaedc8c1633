"""Tasks that are functions: what they yield, and how often they are asked."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import tuner
from tuner.errors import TaskError
from tuner.tasks import FunctionTask, TrainingCollapsed

from .summed import SUMMED


def trained(train: Callable[..., Any], epochs: int = 2) -> list[float]:
    schedule = tuner.Constant(base_lr=0.1, horizon=20)
    task = FunctionTask(train, updates_per_epoch=10)
    return [e.record.value for e in task.train(schedule, seed=0, epochs=epochs)]


def test_a_function_that_ends_early_or_is_no_generator_is_told_so() -> None:
    with pytest.raises(TaskError, match="must yield after each of 3 epochs, but ended after 2"):
        trained(lambda *_: iter([1.0, 2.0]), epochs=3)
    with pytest.raises(TaskError, match="must be a generator function"):
        trained(lambda *_: 5.0)


def test_a_function_is_not_asked_for_more_epochs_than_needed() -> None:
    asked = []

    def train(*_: Any) -> Iterator[float]:
        for epoch in range(9):
            asked.append(epoch)
            yield epoch

    assert trained(train) == [0, 1]
    assert asked == [0, 1]


def test_a_function_goes_on_from_the_state_that_it_yielded() -> None:
    schedule = tuner.Linear(base_lr=1.0, final_lr=0.0, horizon=40)
    whole = [*SUMMED.train(schedule, seed=0, epochs=4)]
    total = sum(schedule(range(1, 41)))
    assert whole[-1].record.value == pytest.approx(abs(total - 3))
    rest = [*SUMMED.train(schedule, seed=0, epochs=4, start=whole[1].state())]
    assert [e.record.value for e in rest] == [e.record.value for e in whole[2:]]


def test_a_function_that_yields_no_number_is_told_so() -> None:
    with pytest.raises(TaskError, match="must yield a number after an epoch, but gave str"):
        trained(lambda *_: iter(["good"]))


def test_a_number_that_is_not_finite_ends_a_function() -> None:
    with pytest.raises(TrainingCollapsed, match="diverged in epoch 2: it gave nan"):
        trained(lambda *_: iter([0.5, math.nan]))
