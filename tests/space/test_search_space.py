"""Search spaces: what is asked of a trial, and the schedule that the values become."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tuner.errors import ScheduleError
from tuner.reading import Clock
from tuner.schedules import (
    FAMILIES,
    WSD,
    Constant,
    Cosine,
    CosineRestarts,
    Factor,
    Inverse,
    MultiFactor,
    OneCycle,
    Poly,
    Schedules,
    SquareRoot,
)
from tuner.space import load_space

from .spaces import BASE_LR, CHAPTER, GOOD, HEAD, MODERN, THE_CHAPTERS, parse

CHAPTERS_VALUES = {"base_lr": 0.5, "warmup_steps": 50}


class Fixed:
    """Answers a space as an Optuna trial does, with what it was given or the lowest."""

    def __init__(self, **values: Any) -> None:
        self.values = values

    def suggest_categorical(self, name: str, choices: Any) -> Any:
        return self.values.get(name, choices[0])

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None, log: bool
    ) -> float:
        return self.values.get(name, low)

    def suggest_int(self, name: str, low: int, high: int, *, step: int, log: bool) -> int:
        return self.values.get(name, low)


@pytest.mark.parametrize(
    ("path", "values", "schedule"),
    [
        (CHAPTER, {"family": "constant"}, Constant(base_lr=0.5, horizon=1000, warmup_steps=50)),
        (
            CHAPTER,
            {"family": "square_root", "decay_interval": 20},
            SquareRoot(base_lr=0.5, horizon=1000, warmup_steps=50, decay_interval=20),
        ),
        (
            CHAPTER,
            {"family": "factor", "decay_interval": 20, "decay_factor": 0.7},
            Factor(
                base_lr=0.5, horizon=1000, warmup_steps=50, decay_interval=20, decay_factor=0.7
            ),
        ),
        (
            # 950 updates after warmup in four parts: 287.5, 525, 762.5, rounded to even.
            CHAPTER,
            {"family": "multi_factor", "decay_factor": 0.7, "n_milestones": 3},
            MultiFactor(
                base_lr=0.5,
                horizon=1000,
                warmup_steps=50,
                decay_factor=0.7,
                milestones=(288, 525, 762),
            ),
        ),
        (
            CHAPTER,
            {"family": "poly", "power": 1.5, "final_lr_ratio": 0.01},
            Poly(base_lr=0.5, horizon=1000, warmup_steps=50, power=1.5, final_lr=0.005),
        ),
        (
            CHAPTER,
            {"family": "cosine", "final_lr_ratio": 0.01},
            Cosine(base_lr=0.5, horizon=1000, warmup_steps=50, final_lr=0.005),
        ),
        (
            MODERN,
            {"family": "wsd", "decay_steps": 300, "decay_shape": "1-sqrt", "final_lr_ratio": 0.01},
            WSD(
                base_lr=0.5,
                horizon=1000,
                warmup_steps=50,
                decay_steps=300,
                decay_shape="1-sqrt",
                final_lr=0.005,
            ),
        ),
        (
            MODERN,
            {
                "family": "one_cycle",
                "rise_steps": 300,
                "begin_lr_ratio": 0.1,
                "final_lr_ratio": 0.01,
            },
            OneCycle(base_lr=0.5, horizon=1000, rise_steps=300, begin_lr=0.05, final_lr=0.005),
        ),
        (
            # 950 = 136 + 272 + 544 - 2: rounded up, so that no new peak follows the last cycle.
            MODERN,
            {"family": "cosine_restarts", "n_cycles": 3, "final_lr_ratio": 0.01},
            CosineRestarts(
                base_lr=0.5,
                horizon=1000,
                warmup_steps=50,
                cycle_steps=136,
                cycle_factor=2.0,
                final_lr=0.005,
            ),
        ),
    ],
    ids=lambda value: value["family"] if isinstance(value, dict) else "",
)
def test_values_become_a_schedule(path: Path, values: dict[str, Any], schedule: Any) -> None:
    space = load_space(path, Clock(100, 1000))
    sampled = space.sample(Fixed(**CHAPTERS_VALUES, **values))
    # What the family does not have was not asked for.
    shared = {} if values["family"] == "one_cycle" else {"warmup_steps": 50}
    assert sampled == {"base_lr": 0.5, **shared, **values}
    assert space.schedule(sampled) == schedule


def test_restarts_end_low_at_every_horizon() -> None:
    for horizon in range(100, 114):
        space = load_space(MODERN, Clock(10, horizon))
        for number in (2, 3):
            for warmup in range(0, 20, 7):
                values = space.sample(
                    Fixed(
                        family="cosine_restarts",
                        n_cycles=number,
                        base_lr=1.0,
                        warmup_steps=warmup,
                        final_lr_ratio=0.001,
                    )
                )
                assert space.schedule(values)(horizon) < 0.1


def test_values_of_other_families_are_passed_over() -> None:
    space = load_space(CHAPTER, THE_CHAPTERS)
    values = {"family": "constant", "base_lr": 0.5, "warmup_steps": 0, "power": 2.0}
    assert space.schedule(values) == Constant(base_lr=0.5, horizon=7050)


def test_a_missing_value_is_named() -> None:
    space = load_space(CHAPTER, THE_CHAPTERS)
    with pytest.raises(ScheduleError, match="Factor needs `decay_factor` and `decay_interval`"):
        space.schedule({"family": "factor", "base_lr": 0.1})


def test_durations_are_at_least_an_update_unless_they_are_zero() -> None:
    text = GOOD.replace('"1ep"', '"0.001dur"')
    assert parse(text, Clock(10, 100)).params["decay_interval"].low == 1
    warmup = '[params.warmup_steps]\ntype = "int"\nlow = "0dur"\nhigh = "0.001dur"\n'
    param = parse(GOOD + warmup, Clock(10, 100)).params["warmup_steps"]
    assert (param.low, param.high) == (0, 1)


def test_a_condition_on_a_duration() -> None:
    """It names a choice as it is written; samples are in updates."""
    text = GOOD.replace('type = "int"\nlow = "1ep"\nhigh = "0.5dur"', "@").replace(
        "@", 'type = "categorical"\nchoices = ["1ep", "0.5dur"]'
    )
    text += '[params.stop_factor_lr_ratio]\nwhen = { decay_interval = "1ep" }\n'
    space = parse(text + 'type = "float"\nlow = 0.0\nhigh = 0.1\n')
    factor = {"family": "factor", "decay_factor": 0.5}
    assert "stop_factor_lr_ratio" in space.sample(Fixed(**factor, decay_interval=235))
    assert "stop_factor_lr_ratio" not in space.sample(Fixed(**factor, decay_interval=3525))


def test_other_spaces() -> None:
    fixed = HEAD + '[fixed]\nfamily = "multi_factor"\nmilestones = ["1ep", "0.5dur"]\n'
    space = parse(fixed + "decay_factor = 0.5\n" + BASE_LR)
    assert space.schedule(space.sample(Fixed())) == MultiFactor(
        base_lr=0.01, decay_factor=0.5, milestones=(235, 3525), horizon=7050
    )
    knots = '[fixed]\nfamily = "piecewise"\nknots = [["0up", 0.1], ["1ep", 1], ["1dur", 0]]\n'
    space = parse(HEAD + knots + BASE_LR)
    assert space.schedule(space.sample(Fixed(base_lr=0.5)))([0, 235, 7050]) == [0.05, 0.5, 0.0]


def test_every_family_can_be_in_a_space() -> None:
    own = {
        "factor": 'decay_factor = 0.5\ndecay_interval = "1ep"',
        "multi_factor": "decay_factor = 0.5\nn_milestones = 2",
        "inverse_time": 'decay_interval = "1ep"',
        "exponential": 'decay_factor = 0.5\ndecay_interval = "1ep"',
        "wsd": 'decay_steps = "0.2dur"',
        "one_cycle": 'begin_lr_ratio = 0.1\nrise_steps = "0.2dur"',
        "cosine_restarts": "n_cycles = 3",
        "cyclic": 'begin_lr_ratio = 0.1\ncycle_steps = "1ep"',
        "piecewise": 'knots = [["0up", 1], ["1dur", 0]]',
        "cosine_power": "power = 2.0",
        "wsd_s": 'n_milestones = 2\ndecay_steps = "0.1dur"',
    }
    for family in FAMILIES:
        text = f'{HEAD}[fixed]\nfamily = "{family}"\n{own.get(family, "")}\n{BASE_LR}'
        assert parse(text).schedule({"base_lr": 0.3}).family == family


MOMENTUM = """
[params.momentum_low]
type = "float"
low = 0.8
high = 0.9
[fixed]
momentum_high = 0.95
"""


def test_a_momentum_that_mirrors_the_learning_rate() -> None:
    space = parse(GOOD + MOMENTUM)
    found = space.schedule({"family": "cosine", "base_lr": 0.1, "momentum_low": 0.85})
    assert isinstance(found, Schedules)
    assert found == Schedules(lr=found.lr, momentum=Inverse(of=found.lr, low=0.85, high=0.95))
    assert found.lr == parse(GOOD).schedule({"family": "cosine", "base_lr": 0.1})


def test_a_baseline_without_momentum_is_trained_with_the_optimizers() -> None:
    baseline = '[[baseline]]\nlabel = "%s"\nfamily = "cosine"\nbase_lr = 0.1\n'
    own = baseline % "own" + "momentum_low = 0.85\nmomentum_high = 0.9\n"
    today, with_momentum = parse(GOOD + MOMENTUM + baseline % "today" + own).baselines
    assert not isinstance(today.schedule, Schedules)
    assert today.values == {}
    assert with_momentum.schedule.momentum == Inverse(of=today.schedule, low=0.85, high=0.9)
