"""Every family in every framework: the learning rates that real trainings really used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tuner.schedules import (
    FAMILIES,
    WSD,
    WSDS,
    Constant,
    Cosine,
    CosinePower,
    CosineRestarts,
    Cyclic,
    Exponential,
    Factor,
    InverseTime,
    Linear,
    MultiFactor,
    OneCycle,
    Piecewise,
    Poly,
    Schedule,
    SquareRoot,
    Tanh,
)

from .trainings import TRAININGS

HORIZON = 60
UPDATES = range(1, 3 * HORIZON // 2 + 1)
SAVED_AT = 25
WARM: dict[str, Any] = {"horizon": HORIZON, "warmup_steps": 7, "warmup_begin_lr": 0.01}

SCHEDULES: list[Schedule] = [
    Constant(base_lr=0.3, **WARM),
    SquareRoot(base_lr=0.9, decay_interval=5, **WARM),
    Factor(base_lr=0.7, decay_factor=0.6, decay_interval=9, stop_factor_lr=0.05, **WARM),
    MultiFactor(base_lr=0.5, decay_factor=0.3, milestones=(20, 30, 55), **WARM),
    Poly(base_lr=0.43, power=1.7, final_lr=1e-5, **WARM),
    Cosine(base_lr=0.1832, final_lr=0.0, **WARM),
    Linear(base_lr=0.7, final_lr=0.0, **WARM),
    Exponential(base_lr=0.5, decay_factor=0.1, decay_interval=11, final_lr=0.0, **WARM),
    InverseTime(base_lr=0.5, decay_interval=4, **WARM),
    WSD(base_lr=0.4, decay_steps=20, decay_shape="1-sqrt", final_lr=1e-4, **WARM),
    OneCycle(base_lr=0.9, begin_lr=0.036, rise_steps=17, final_lr=3.6e-6, **WARM),
    CosineRestarts(base_lr=0.5, cycle_steps=8, cycle_factor=2.0, decay_factor=0.8, **WARM),
    Cyclic(base_lr=0.6, begin_lr=0.05, cycle_steps=16, decay_factor=0.5, **WARM),
    Piecewise(base_lr=0.5, knots=((0, 0.1), (19, 1.0), (41, 0.35), (60, 0.0)), **WARM),
    CosinePower(base_lr=0.5, power=1.7, final_lr=0.0, **WARM),
    Tanh(base_lr=0.5, final_lr=1e-4, warmup_mode="overlap", **WARM),
    WSDS(base_lr=0.4, milestones=(30,), decay_steps=12, warmup_mode="from_first", **WARM),
]


def largest_difference(rates: list[float], expected: list[float]) -> float:
    """Return the largest relative difference; a 0 must be 0."""
    return max(
        abs(rate - lr) / lr if lr else (0.0 if rate == 0 else float("inf"))
        for rate, lr in zip(rates, expected, strict=True)
    )


def test_every_family_is_here() -> None:
    assert [schedule.family for schedule in SCHEDULES] == list(FAMILIES)


@pytest.mark.parametrize("framework", TRAININGS)
@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda schedule: schedule.family)
def test_every_update_has_the_learning_rate_of_the_schedule(
    schedule: Schedule, framework: str, tmp_path: Path, record_property: Any
) -> None:
    """Past the horizon too, in one go and saved and loaded in the middle."""
    expected = schedule(UPDATES)
    make = TRAININGS[framework]
    whole = make(schedule)
    first = largest_difference(whole.steps(len(UPDATES)), expected)

    begun = make(schedule)
    rates = begun.steps(SAVED_AT)
    begun.save(tmp_path)
    loaded = make(schedule)
    loaded.load(tmp_path)
    rates += loaded.steps(len(UPDATES) - SAVED_AT)
    second = largest_difference(rates, expected)

    record_property("adapters", (schedule.family, framework, f"{first:.1e}, {second:.1e}"))
    assert first <= make.limit
    assert second <= make.limit


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda schedule: schedule.family)
def test_the_python_text_is_the_schedule(schedule: Schedule, record_property: Any) -> None:
    module: dict[str, Any] = {}
    exec(schedule.to_python(), module)
    rates = [module["learning_rate"](update) for update in UPDATES]
    difference = largest_difference(rates, schedule(UPDATES))
    record_property("adapters", (schedule.family, "Python text", f"{difference:.1e}"))
    assert difference == 0
    assert module["learning_rate"](0) == schedule(0)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda schedule: schedule.family)
def test_the_csv_text_is_the_schedule(schedule: Schedule) -> None:
    header, *rows = schedule.to_csv().splitlines()
    assert header == "update,learning_rate"
    pairs = [row.split(",") for row in rows]
    assert [int(update) for update, _ in pairs] == list(range(1, HORIZON + 1))
    assert [float(lr) for _, lr in pairs] == schedule(range(1, HORIZON + 1))
    assert schedule.to_csv().count("\n") == HORIZON + 1
