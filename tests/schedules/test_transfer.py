"""A schedule for another training: what happens to its parameters, and what is on record."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import re
from pathlib import Path
from typing import Any

import numpy
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tuner.errors import ScheduleError, ScheduleFileError
from tuner.schedules import (
    Cosine,
    Cyclic,
    Exponential,
    Factor,
    InverseTime,
    MultiFactor,
    OneCycle,
    Piecewise,
    Schedule,
    SquareRoot,
    load_schedule,
    read_schedule_file,
    save_schedule,
)

from .strategies import schedules as any_schedule

TUNED = Cosine(base_lr=0.3, final_lr=0.01, horizon=2350, warmup_steps=235, warmup_begin_lr=0.02)
HUGE = 10**400  # no float has it


def short(value: object) -> str:
    return str(value)[:30]


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (TUNED, {"horizon": 7050, "warmup_steps": 705}),
        (
            MultiFactor(base_lr=0.5, horizon=2350, decay_factor=0.1, milestones=(1000, 2000)),
            {"horizon": 7050, "milestones": (3000, 6000)},
        ),
        (
            Factor(base_lr=0.5, horizon=2350, decay_factor=0.9, decay_interval=235),
            {"horizon": 7050, "decay_interval": 705},
        ),
        (
            Piecewise(base_lr=0.5, horizon=2350, knots=((0, 0.1), (470, 1.0), (2350, 0.0))),
            {"horizon": 7050, "knots": ((0, 0.1), (1410, 1.0), (7050, 0.0))},
        ),
        (
            OneCycle(base_lr=0.5, begin_lr=0.1, horizon=2350, rise_steps=700),
            {"horizon": 7050, "rise_steps": 2100},
        ),
    ],
)
def test_durations_keep_their_share_and_learning_rates_stay(
    schedule: Schedule, expected: dict[str, Any]
) -> None:
    longer = schedule.for_training(epochs=30, updates_per_epoch=235)
    assert longer == dataclasses.replace(schedule, **expected) == schedule.with_horizon(7050)


def test_every_learning_rate_is_scaled_and_durations_stay() -> None:
    assert TUNED.scaled(2) == dataclasses.replace(
        TUNED, base_lr=0.6, final_lr=0.02, warmup_begin_lr=0.04
    )
    factor = Factor(
        base_lr=0.5, horizon=9, decay_factor=0.5, decay_interval=3, stop_factor_lr=0.25
    )
    assert factor.scaled(0.5) == dataclasses.replace(factor, base_lr=0.25, stop_factor_lr=0.125)


@given(any_schedule(), st.integers(-3, 3))
def test_a_power_of_two_scales_the_values_exactly(schedule: Schedule, power: int) -> None:
    assume(1e-90 < schedule.base_lr < 1e90)
    times = 2.0**power
    for update in (0, 1, schedule.horizon // 2, schedule.horizon):
        scaled = schedule.scaled(times)(update)
        # Below the smallest normal number there are fewer digits to scale.
        assert scaled == pytest.approx(times * schedule(update), rel=1e-15, abs=1e-300)


def test_the_object_says_where_it_comes_from() -> None:
    assert TUNED.derivation == ()
    there = TUNED.scaled(2).for_training(epochs=10, updates_per_epoch=118).with_horizon(590)
    assert there.derivation == (
        {
            "rule": "scaled",
            "factor": 2.0,
            "learning_rates": "multiplied by 2.0",
            "durations": "kept",
            "from": repr(TUNED),
        },
        {
            "rule": "for_training",
            "epochs": 10,
            "updates_per_epoch": 118,
            "learning_rates": "kept",
            "durations": "multiplied by 1180/2350 and rounded to whole updates",
            "from": repr(TUNED.scaled(2)),
        },
        {
            "rule": "with_horizon",
            "learning_rates": "kept",
            "durations": "multiplied by 590/1180 and rounded to whole updates",
            "from": repr(TUNED.scaled(2).with_horizon(1180)),
        },
    )
    for same in (pickle.loads(pickle.dumps(there)), copy.deepcopy(there)):
        assert same.derivation == there.derivation
    assert TUNED.derivation == ()
    assert dataclasses.replace(there, base_lr=0.1).derivation == ()


def test_what_changes_nothing_is_not_on_record() -> None:
    assert TUNED.scaled(1).with_horizon(2350).derivation == ()
    assert TUNED.for_training(epochs=10, updates_per_epoch=235).derivation == ()


def test_the_record_is_no_part_of_the_value() -> None:
    back = TUNED.with_horizon(4700).with_horizon(2350)
    assert len(back.derivation) == 2
    assert (back, hash(back), repr(back)) == (TUNED, hash(TUNED), repr(TUNED))
    back.derivation[0]["rule"] = "changed"
    assert back.derivation[0]["rule"] == "with_horizon"


@pytest.mark.parametrize("factor", [0, -1, float("nan"), HUGE, "2", True, 1e-320], ids=short)
def test_what_is_no_factor_is_refused(factor: Any) -> None:
    with pytest.raises(ScheduleError, match=r"`factor( > 0)?` must|`0 < base_lr"):
        Cosine(base_lr=1e-10, horizon=10).scaled(factor)


@pytest.mark.parametrize(
    ("epochs", "updates_per_epoch"),
    [
        (0, 5), (-1, 5), ("3", 5), (3, 0), (3, 2.5), (True, 5),
        (1e308, 1000), (HUGE, 5), (0.5, HUGE), (float("inf"), 5), (float("nan"), 5),
    ],
    ids=short,
)  # fmt: skip
def test_what_is_no_training_is_refused(epochs: Any, updates_per_epoch: Any) -> None:
    with pytest.raises(ScheduleError, match="`epochs > 0` and a whole number"):
        TUNED.for_training(epochs=epochs, updates_per_epoch=updates_per_epoch)


@pytest.mark.parametrize(
    ("horizon", "words"),
    [
        (0, r"^Cosine: `1 <= horizon <= 2\*\*53` must hold, but got \(horizon=0\)\.$"),
        (-5, "`1 <= horizon"),
        (HUGE, "`1 <= horizon"),
        (2.0, r"^Cosine: `horizon` must be a whole number \(int\), but got 2\.0\.$"),
        ("9", "`horizon` must be a whole number"),
    ],
    ids=short,
)
def test_what_is_no_horizon_is_refused(horizon: Any, words: str) -> None:
    with pytest.raises(ScheduleError, match=words):
        TUNED.with_horizon(horizon)


@pytest.mark.parametrize(
    ("schedule", "refused", "words", "kept"),
    [
        (Cyclic(base_lr=0.5, begin_lr=0.001, horizon=1000, cycle_steps=20), 1234,
         "would not at 1234 with cycle_steps=25. Set `cycle_steps`", 1250),
        (Cyclic(base_lr=0.5, begin_lr=0.001, horizon=995, cycle_steps=7), 1100,
         "cycle_steps=7 fits 142.1 times into the schedule, but cycle_steps=8", 1990),
        (Factor(base_lr=0.5, horizon=1000, decay_interval=1, decay_factor=0.995), 1400,
         "its nearest whole number over a horizon of 1400, would 1400.0 times.", 2000),
        (Exponential(base_lr=0.5, horizon=1010, decay_interval=2, decay_factor=0.99,
                     warmup_steps=10), 1250,
         "would 619.0 times. Set `decay_interval` by hand: dataclasses.replace(", 2020),
        (SquareRoot(base_lr=0.5, horizon=90), 120, "fits 90.0 times", 180),
        (InverseTime(base_lr=0.5, horizon=90, decay_interval=1), 120, "would 120.0 times", 180),
    ],
    ids=lambda value: getattr(value, "family", None),
)  # fmt: skip
def test_what_rounding_one_interval_would_add_up_to_is_refused(
    schedule: Schedule, refused: int, words: str, kept: int
) -> None:
    with pytest.raises(ScheduleError, match=re.escape(words)):
        schedule.with_horizon(refused)
    longer = schedule.with_horizon(kept)
    assert longer(kept) == pytest.approx(schedule(schedule.horizon), rel=1e-12)


# --- out of a file ------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    save_schedule(TUNED, tmp_path / "best.json", updates_per_epoch=235, batch_size=256)
    return tmp_path / "best.json"


@pytest.fixture
def unclocked(tmp_path: Path) -> Path:
    save_schedule(TUNED, tmp_path / "plain.json")
    return tmp_path / "plain.json"


@pytest.mark.parametrize(
    ("surroundings", "horizon"),
    [
        ({}, 2350),
        ({"updates_per_epoch": 235}, 2350),
        ({"epochs": 10}, 2350),
        ({"epochs": 30}, 7050),
        ({"updates_per_epoch": 469}, 4690),
        ({"updates_per_epoch": 469, "epochs": 30}, 14070),
        ({"epochs": 0.5}, 118),
    ],
)
def test_loading_lays_the_schedule_out(
    file: Path, surroundings: dict[str, Any], horizon: int
) -> None:
    loaded = load_schedule(file, **surroundings)
    assert loaded == TUNED.with_horizon(horizon)
    assert [step["rule"] for step in loaded.derivation] == ["for_training"] * (horizon != 2350)


def test_a_file_without_a_clock_needs_both_numbers(unclocked: Path) -> None:
    both = load_schedule(unclocked, epochs=30, updates_per_epoch=235)
    assert both == TUNED.with_horizon(7050)
    for one in ({"epochs": 30}, {"updates_per_epoch": 235}):
        with pytest.raises(ScheduleFileError, match=r"plain\.json does not say how many updates"):
            load_schedule(unclocked, **one)


def test_loading_refuses_what_does_not_fit(file: Path) -> None:
    with pytest.raises(ScheduleFileError, match=r"warmup_steps\) would vanish over a"):
        load_schedule(file, epochs=1, updates_per_epoch=2)
    with pytest.raises(ScheduleFileError, match=r"best\.json does not fit.*`epochs > 0`"):
        load_schedule(file, epochs=-1)


@pytest.mark.parametrize("epochs", [numpy.int64(30), numpy.float32(30)])
def test_numbers_of_numpy_are_plain_ones_in_a_file(epochs: Any, tmp_path: Path) -> None:
    count = numpy.int64(235)
    longer = TUNED.for_training(epochs=epochs, updates_per_epoch=count)
    assert longer == TUNED.with_horizon(numpy.int32(7050))
    path = tmp_path / "x.json"
    save_schedule(longer, path, updates_per_epoch=count, batch_size=numpy.uint8(64))
    found = read_schedule_file(path)
    assert (found.updates_per_epoch, found.batch_size) == (235, 64)
    assert found.schedule.derivation == longer.derivation
    laid_out = load_schedule(path, updates_per_epoch=numpy.int16(470))
    assert laid_out == TUNED.with_horizon(14100)


def test_the_record_goes_through_files(file: Path, tmp_path: Path) -> None:
    longer = load_schedule(file, epochs=30)
    origin = {"study": "quickstart", "trial": 3}
    save_schedule(longer, tmp_path / "longer.json", updates_per_epoch=235, provenance=origin)
    again = read_schedule_file(tmp_path / "longer.json")
    assert again.provenance == {**origin, "derived": list(longer.derivation)}
    assert again.schedule.derivation == longer.derivation
    further = load_schedule(tmp_path / "longer.json").scaled(2)
    assert [step["rule"] for step in further.derivation] == ["for_training", "scaled"]
    save_schedule(further, tmp_path / "further.json", provenance=again.provenance)
    found = read_schedule_file(tmp_path / "further.json").provenance
    assert found["derived"] == list(further.derivation)
    assert found["study"] == "quickstart"


def test_a_word_of_the_users_own_is_no_record(tmp_path: Path) -> None:
    save_schedule(TUNED, tmp_path / "s.json", provenance={"derived": "by hand"})
    assert load_schedule(tmp_path / "s.json").derivation == ()
