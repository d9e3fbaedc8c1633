"""The rule of the plateau, held against PyTorch's own object decision by decision."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.errors import ScheduleError, UndecidedError
from tuner.schedules import (
    LiveSchedule,
    MultiFactor,
    Plateau,
    rule_from_dict,
    rule_to_dict,
    schedule_from_dict,
    schedule_to_dict,
)

torch = pytest.importorskip("torch")

CURVES = Path(__file__).parents[2] / "benchmarks" / "curves" / "lenet_10_epochs.jsonl"
PER_REPORT = 7


def torchs(values: list[float], *, lr: float, **options: Any) -> list[float]:
    """The LRs of PyTorch's own object: before the first report, and after each."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
    rates = [lr]
    for value in values:
        scheduler.step(value)
        rates.append(optimizer.param_groups[0]["lr"])
    return rates


def ours(values: list[float], *, lr: float, mode: str = "min", **options: Any) -> list[float]:
    """The same LRs of the schedule that the rule finds: of the first update after each report."""
    renamed = {
        "factor": "decay_factor", "threshold": "min_delta", "threshold_mode": "delta_mode",
        "min_lr": "final_lr",
    }  # fmt: skip
    named = {renamed.get(name, name): value for name, value in options.items()}
    rule = Plateau(base_lr=lr, horizon=(len(values) + 1) * PER_REPORT, **named)
    found = rule.after(values, updates_per_report=PER_REPORT, mode=mode)
    return [found(report * PER_REPORT + 1) for report in range(len(values) + 1)]


def assert_same(values: list[float], **options: Any) -> None:
    wanted, got = torchs(values, **options), ours(values, **options)
    assert np.diff(wanted).astype(bool).tolist() == np.diff(got).astype(bool).tolist()
    np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=0)


def recorded() -> list[dict[str, list[float]]]:
    lines = CURVES.read_text().splitlines()
    columns = json.loads(lines[0])["columns"]
    epochs = [json.loads(line)["epochs"] for line in lines[1:]]
    return [dict(zip(columns, zip(*rows, strict=True), strict=True)) for rows in epochs if rows]


@pytest.mark.parametrize(
    ("column", "mode"), [("train_loss", "min"), ("test_accuracy", "max"), ("test_loss", "min")]
)
@pytest.mark.parametrize("delta_mode", ["rel", "abs"])
def test_the_decisions_are_pytorchs_on_recorded_trainings(column, mode, delta_mode):
    curves = [curve[column] for curve in recorded() if column in curve]
    assert len(curves) >= 100
    drops = 0
    for number, curve in enumerate(curves):
        options = {
            "lr": 0.5, "mode": mode, "factor": 0.3, "patience": number % 3, "cooldown": number % 2,
            "threshold": (1e-4, 0.01, 0.1)[number % 3], "threshold_mode": delta_mode,
            "min_lr": (0.0, 0.1)[number % 2],
        }  # fmt: skip
        assert_same(list(curve), **options)
        drops += len(set(ours(list(curve), **options))) - 1
    assert drops > 50


NUMBERS = st.sampled_from([0.0, 0.5, 1.0, 1.0001, -1.0, float("nan"), float("inf")])


@given(
    st.lists(NUMBERS | st.floats(-10, 10), max_size=40),
    st.fixed_dictionaries(
        {
            "lr": st.sampled_from([1.0, 0.1, 1e-5, 3e-8]),
            "mode": st.sampled_from(["min", "max"]),
            "factor": st.floats(0.01, 0.99),
            "patience": st.integers(0, 5),
            "cooldown": st.integers(0, 4),
            "threshold": st.sampled_from([0.0, 1e-4, 0.3, 1.0]),
            "threshold_mode": st.sampled_from(["rel", "abs"]),
            "min_lr": st.sampled_from([0.0, 1e-8]),
        }
    ),
)
def test_the_decisions_are_pytorchs_on_any_curve(values, options):
    assert_same(values, **options)


def test_a_flat_curve_drops_after_each_patience_by_hand():
    rule = Plateau(base_lr=0.8, horizon=100, decay_factor=0.5, patience=1, final_lr=0.3)
    found = rule.after([1.0] * 9, updates_per_report=10)
    # The first report is the best one; two more make a plateau; the floor is reached at once.
    assert found == MultiFactor(
        base_lr=0.8, horizon=100, decay_factor=0.5, milestones=(30, 50), stop_factor_lr=0.3
    )
    assert found([30, 31, 50, 51, 100]) == [0.8, 0.4, 0.4, 0.3, 0.3]
    assert rule.after([], updates_per_report=10).milestones == (100,)


def test_reports_up_to_the_end_of_the_warmup_are_passed_over():
    rule = Plateau(base_lr=0.8, horizon=100, decay_factor=0.5, patience=0, warmup_steps=20)
    found = rule.after([0.1, 0.1, 2.0, 1.0, 1.5], updates_per_report=10)
    assert found.milestones == (50,)
    assert found([10, 20, 51]) == [0.4, 0.8, 0.4]


@given(st.lists(NUMBERS, max_size=30), st.integers(0, 30))
def test_later_reports_change_nothing_before_the_update_that_follows_them(values, first):
    rule = Plateau(base_lr=0.8, horizon=310, decay_factor=0.5, patience=1, cooldown=1)
    early = rule.after(values[:first], updates_per_report=10)
    late = rule.after(values, updates_per_report=10)
    known = range(min(first, len(values)) * 10 + 1)
    assert early(known) == late(known)


def test_a_rule_is_plain_data_and_no_schedule():
    rule = Plateau(base_lr=0.8, horizon=100, decay_factor=0.5, patience=0, on="metric")
    assert rule_from_dict(json.loads(json.dumps(rule_to_dict(rule)))) == rule
    assert eval(repr(rule)) == rule
    with pytest.raises(ScheduleError, match="a schedule of a known family"):
        schedule_to_dict(rule)
    with pytest.raises(ScheduleError, match="unknown family 'plateau'"):
        schedule_from_dict(rule_to_dict(rule))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"patience": -1}, "`patience >= 0` must hold, but got (patience=-1)"),
        ({"patience": 1.5}, "`patience` must be a whole number"),
        ({"decay_factor": 1.0}, "`0 < decay_factor < 1` must hold"),
        ({"decay_factor": 0.0}, "`0 < decay_factor < 1` must hold"),
        ({"min_delta": -0.1}, "`min_delta >= 0` must hold"),
        ({"min_delta": float("nan")}, "`min_delta` must be a finite number"),
        ({"cooldown": -1}, "`cooldown >= 0` must hold"),
        ({"final_lr": 0.9}, "`0 <= final_lr <= base_lr` must hold"),
        ({"on": "loss"}, "`on` must be one of 'train_loss', 'metric', but got 'loss'"),
        ({"delta_mode": "relative"}, "`delta_mode` must be one of 'rel', 'abs'"),
        ({"warmup_steps": 100}, "`warmup_steps < horizon` must hold"),
    ],
)
def test_a_wrong_parameter_is_said_in_words(wrong, said):
    right = {"base_lr": 0.8, "horizon": 100, "decay_factor": 0.5, "patience": 2}
    with pytest.raises(ScheduleError) as error:
        Plateau(**{**right, **wrong})
    assert said in str(error.value)


def live(**more: Any) -> LiveSchedule:
    rule = Plateau(base_lr=0.8, horizon=40, decay_factor=0.5, patience=0, **more)
    return LiveSchedule(rule, updates_per_report=10, mode="min")


def test_a_live_schedule_answers_up_to_the_next_report_and_never_otherwise():
    schedule = live()
    assert schedule([0, 1, 10]) == [0.8, 0.8, 0.8]
    with pytest.raises(UndecidedError, match="update 11 is not decided yet: the report after"):
        schedule(11)
    schedule.tell([1.0])
    schedule.tell([1.0, 2.0])
    assert schedule(np.array([20, 21, 30])).tolist() == [0.8, 0.4, 0.4]
    schedule.tell([1.0])  # fewer than before
    schedule.tell([1.0, 2.0, 0.5])
    assert schedule([20, 21, 40, 10_000]) == [0.8, 0.4, 0.4, 0.4]  # to the horizon and past it
    assert schedule.as_of(10).milestones == (40,)
    assert schedule.as_of(20).milestones == schedule.found.milestones == (20,)


def test_asked_often_it_still_learns_of_its_drops():
    schedule = live()
    assert {schedule(10) for _ in range(2000)} == {0.8}
    schedule.tell([1.0, 2.0])
    assert {schedule(21) for _ in range(2000)} == {0.4}


@pytest.mark.parametrize(
    "ask",
    [
        lambda schedule: schedule.learning_rates(),
        lambda schedule: schedule.to_csv(),
        lambda schedule: schedule.to_python(),
        lambda schedule: schedule.with_horizon(80),
        lambda schedule: schedule.scaled(2.0),
        lambda schedule: schedule.for_training(epochs=8, updates_per_epoch=10),
        lambda schedule: schedule(range(41)),
    ],
)
def test_what_needs_the_rates_in_advance_is_refused_in_words(ask):
    with pytest.raises(UndecidedError, match=r"before each update|when it comes"):
        ask(live())


def test_a_copy_in_another_process_knows_what_was_known_and_no_more():
    schedule = live()
    schedule.tell([1.0, 2.0])
    other = pickle.loads(pickle.dumps(schedule))
    assert other == schedule
    assert hash(other) == hash(schedule)
    assert other(30) == 0.4
    schedule.tell([1.0, 2.0, 3.0])
    assert schedule(31) == 0.2
    with pytest.raises(UndecidedError):
        other(31)
