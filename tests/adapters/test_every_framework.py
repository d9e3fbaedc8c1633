"""Every family in every framework: the learning rates that real trainings really used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tuner.schedules import FAMILIES, Schedule

from .every_family import HORIZON, SCHEDULES
from .trainings import TRAININGS

UPDATES = range(1, 3 * HORIZON // 2 + 1)
SAVED_AT = 25


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
