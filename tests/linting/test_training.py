"""``tuner.check_training``: a look back at a training."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

import tuner
from tuner.errors import ScheduleError
from tuner.linting import Finding, ScheduleWarning
from tuner.schedules import Constant, Cosine, MultiFactor, Schedule

COSINE = Cosine(base_lr=0.3, final_lr=0.01, horizon=7050, warmup_steps=470)


def found(schedule: Schedule, updates_done: int) -> Finding:
    with pytest.warns(ScheduleWarning) as caught:
        [finding] = tuner.check_training(schedule, updates_done)
    assert [str(warning.message) for warning in caught] == [str(finding)]
    assert caught[0].filename == __file__
    return finding


@pytest.mark.parametrize(
    ("schedule", "updates_done"),
    [
        (COSINE, 7050),
        (COSINE, 7020),
        (COSINE, 7080),
        # The learning rate would have stayed, or has stayed, what it was.
        (Constant(base_lr=0.3, horizon=7050), 20),
        (Constant(base_lr=0.3, horizon=20), 7050),
        (MultiFactor(base_lr=0.3, horizon=100, decay_factor=0.5, milestones=(50,)), 60),
    ],
)
def test_all_is_well(schedule: Schedule, updates_done: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert tuner.check_training(schedule, updates_done) == []


def test_a_horizon_in_epochs_was_over_at_once() -> None:
    finding = found(Cosine(base_lr=0.3, final_lr=0.01, horizon=20), 7050)
    assert finding.rule == "past-horizon"
    assert "this cosine was over after 20 of 7050 updates" in finding.message
    assert "the last 7030 of them had 0.01." in finding.message
    assert "schedule.with_horizon(7050)" in finding.message


def test_a_training_that_ended_early_never_had_the_end() -> None:
    finding = found(COSINE, 2350)
    assert finding.rule == "unfinished"
    assert "ended after 2350 of this cosine's 7050 updates" in finding.message
    assert f"{COSINE(2350):.6g}; it would have ended at 0.01" in finding.message


def test_a_training_that_ended_in_the_warmup() -> None:
    assert "inside its warmup of 470" in found(COSINE, 100).message
    assert found(COSINE, 0).rule == "unfinished"
    warm = Constant(base_lr=0.3, horizon=7050, warmup_steps=470)
    assert found(warm, 100).rule == "unfinished"


def test_a_schedule_with_drops_before_its_end_is_over_too() -> None:
    drops = MultiFactor(base_lr=0.3, horizon=30, decay_factor=0.5, milestones=(15,))
    assert found(drops, 7050).rule == "past-horizon"


@pytest.mark.parametrize("updates_done", [-1, 2.5, "7", True, None])
def test_what_is_no_number_of_updates_is_refused(updates_done: Any) -> None:
    with pytest.raises(ScheduleError, match="`updates_done` must be an int of 0 or more"):
        tuner.check_training(COSINE, updates_done)
