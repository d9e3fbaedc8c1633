"""The text of a family that is not ours, and what cannot be text."""

from __future__ import annotations

import dataclasses
import math
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.errors import ScheduleError
from tuner.schedules import Constant, Schedule, sealed
from tuner.schedules.fields import number

from .strategies import schedules as any_schedule
from .strategies import updates_around

SHARE = 0.25
LETTERS = {"a": 1.0}


def part(progress: float) -> float:
    return SHARE + (1 - SHARE) * math.exp(-progress)


@sealed
@dataclasses.dataclass(frozen=True, kw_only=True)
class Mine(Schedule):
    family = "mine"
    formula = r'base_lr * "part"(u) \alpha'  # not to be taken for code
    POWER = 3

    speed: float = number(1.0)

    @property
    def _pace(self) -> float:
        return self.speed**self.POWER

    def _after_warmup(self, update: float) -> float:
        return self.base_lr * part(self._pace * update / self.horizon)


@sealed
@dataclasses.dataclass(frozen=True, kw_only=True)
class Inherits(Mine):
    def _after_warmup(self, update: float) -> float:
        return super()._after_warmup(update) / 2


@sealed
@dataclasses.dataclass(frozen=True, kw_only=True)
class LooksUp(Mine):
    def _after_warmup(self, update: float) -> float:
        return self.base_lr * LETTERS["a"]


def run(text: str) -> dict[str, Any]:
    module: dict[str, Any] = {}
    exec(text, module)
    return module


@given(schedule=any_schedule(), data=st.data())
def test_the_text_gives_the_same_bits(schedule: Schedule, data: st.DataObject) -> None:
    learning_rate = run(schedule.to_python())["learning_rate"]
    for _ in range(3):
        update = data.draw(updates_around(schedule))
        assert learning_rate(update) == schedule(update)
    with pytest.raises(ValueError, match="update >= 0"):
        learning_rate(-1)


def test_a_family_of_anothers_brings_all_that_it_uses() -> None:
    schedule = Mine(base_lr=0.4, horizon=30, speed=1.5, warmup_steps=4)
    module = run(schedule.to_python())
    assert Mine.formula in module["__doc__"]
    learning_rate = module["learning_rate"]
    assert [learning_rate(update) for update in range(45)] == schedule(range(45))


@pytest.mark.usefixtures("processes")
def test_the_text_imports_the_standard_library_alone() -> None:
    text = Mine(base_lr=0.4, horizon=30).to_python()
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", text + "print(learning_rate(30))"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert float(done.stdout) == Mine(base_lr=0.4, horizon=30)(30)
    assert "tuner" not in text


@pytest.mark.parametrize(("family", "word"), [(Inherits, "'super'"), (LooksUp, "'LETTERS'")])
def test_what_cannot_be_text_is_refused(family: type[Schedule], word: str) -> None:
    with pytest.raises(ScheduleError, match=f"{family.__name__} must be made of.*uses {word}"):
        family(base_lr=0.4, horizon=30).to_python()


def test_the_text_says_what_it_is() -> None:
    schedule = Constant(base_lr=0.4, horizon=30)
    assert repr(schedule) in schedule.to_python()
