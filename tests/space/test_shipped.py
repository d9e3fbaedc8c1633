"""The shipped search spaces: they fit every study, and what they can produce."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tuner.reading import Clock
from tuner.schedules import Constant, Cosine, MultiFactor, SquareRoot
from tuner.space import load_space

from .spaces import CHAPTER, MODERN, THE_CHAPTERS, mistakes


@pytest.mark.parametrize("path", [CHAPTER, MODERN], ids=lambda path: path.stem)
@pytest.mark.parametrize("updates_per_epoch", [5, 6, 24, 47, 235, 938, 60_000])
def test_the_shipped_spaces_fit_every_study(path: Path, updates_per_epoch: int) -> None:
    """Every corner of a space is built when it is read."""
    for epochs in (1, 2, 3, 4, 5, 10, 20, 30):
        clock = Clock(updates_per_epoch, epochs * updates_per_epoch)
        space = load_space(path, clock)
        assert space.params["base_lr"].log
        for baseline in space.baselines:
            assert baseline.values.keys() <= space.params.keys()


def test_a_horizon_that_has_no_room_is_refused() -> None:
    text = CHAPTER.read_text(encoding="utf-8")
    assert mistakes(text, Clock(1, 1)) == [
        (
            "params.warmup_steps.high",
            "`warmup_steps < horizon` must hold, but got (warmup_steps=1, horizon=1), in updates",
        )
    ]
    ((place, message),) = mistakes(text, Clock(3, 3))
    assert place == "params.n_milestones"
    assert message == (
        "family multi_factor: `each of milestones < the next` must hold, but got"
        " (milestones=(2, 2))."
    )


class AnyPoint:
    """Answers a space with any values in its bounds."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw

    def suggest_categorical(self, name: str, choices: Any) -> Any:
        return self.draw(st.sampled_from(choices), label=name)

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None, log: bool
    ) -> float:
        return self.draw(st.floats(low, high), label=name)

    def suggest_int(self, name: str, low: int, high: int, *, step: int, log: bool) -> int:
        return self.draw(st.integers(low, high), label=name)


@pytest.mark.parametrize("path", [CHAPTER, MODERN], ids=lambda path: path.stem)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(data=st.data(), updates_per_epoch=st.integers(5, 500), epochs=st.integers(1, 30))
def test_every_point_is_a_schedule_over_the_whole_study(
    path: Path, data: st.DataObject, updates_per_epoch: int, epochs: int
) -> None:
    space = load_space(path, Clock(updates_per_epoch, updates_per_epoch * epochs))
    values = space.sample(AnyPoint(data.draw))
    schedule = space.schedule(values)
    assert schedule.horizon == updates_per_epoch * epochs
    assert schedule.family == values["family"]
    assert schedule.base_lr == values["base_lr"]
    assert all(0 <= lr <= schedule.base_lr for lr in schedule([1, schedule.horizon]))


@pytest.mark.parametrize("path", [CHAPTER, MODERN], ids=lambda path: path.stem)
def test_optuna_samples_them(path: Path) -> None:
    space = load_space(path, THE_CHAPTERS)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    families = set()
    for _ in range(60):
        trial = study.ask()
        values = space.sample(trial)
        assert trial.params == values
        families.add(space.schedule(values).family)
    assert families == set(space.params["family"].choices)


def test_the_chapters_baselines_in_its_own_units() -> None:
    baselines = load_space(CHAPTER, THE_CHAPTERS).baselines
    assert [baseline.schedule for baseline in baselines] == [
        Constant(base_lr=0.3, horizon=7050),
        Cosine(base_lr=0.3, final_lr=0.01, horizon=4700),
        SquareRoot(base_lr=0.1, decay_interval=235, horizon=7050),
        MultiFactor(base_lr=0.5, decay_factor=0.5, milestones=(3525,), horizon=7050),
        Cosine(base_lr=0.3, final_lr=0.01, horizon=4700, warmup_steps=1175),
    ]
    assert baselines[1].values == {
        "family": "cosine",
        "base_lr": 0.3,
        "warmup_steps": 0,
        "final_lr_ratio": 0.01 / 0.3,
    }
    assert [baseline.label for baseline in baselines] == [
        "chapter: constant 0.3",
        "chapter: cosine 0.3 to 0.01",
        "chapter: square root 0.1",
        "chapter: multi factor 0.5",
        "chapter: cosine with warmup",
    ]


def test_the_modern_baselines_decay_over_the_whole_study() -> None:
    cosine, linear = load_space(MODERN, THE_CHAPTERS).baselines
    assert cosine.schedule == Cosine(base_lr=0.3, final_lr=0.003, horizon=7050)
    assert linear.schedule(7050) == 0.003
