"""A search space written in Python says what one in TOML says."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import optuna
import pytest

from tuner import Choice, Constant, Float, Int
from tuner.definition.named_space import space_named
from tuner.errors import DefinitionError, StudyError
from tuner.reading import Clock
from tuner.reading.toml import tomllib
from tuner.schedules import FAMILIES
from tuner.space import SearchSpace, baseline_of, default_space, parse_space, written

CLOCK = Clock(updates_per_epoch=10, horizon=100)


def parsed(data: dict[str, Any]) -> SearchSpace:
    return parse_space(data, "space", CLOCK)


def test_objects_say_what_a_file_says() -> None:
    in_python = {
        "base_lr": Float(0.01, 1, log=True),
        "decay_factor": Float(0.1, 0.9, step=0.1),
        "n_milestones": Int(1, 3),
        "warmup_steps": Int("0up", "1ep", step="2up"),
        "power": Float(1.0, 3.0),
        "family": ["multi_factor", "poly", "cosine"],
        "warmup_mode": Choice(["linear", "constant"], when={"family": ["cosine"]}),
        "final_lr": 0.001,
    }
    in_toml = """
        format = "tuner.search_space/1"
        name = "own"
        [params]
        family = { type = "categorical", choices = ["multi_factor", "poly", "cosine"] }
        base_lr = { type = "float", low = 0.01, high = 1, log = true }
        warmup_steps = { type = "int", low = "0up", high = "1ep", step = "2up" }
        [params.decay_factor]
        type = "float"
        low = 0.1
        high = 0.9
        step = 0.1
        when = { family = ["multi_factor"] }
        [params.n_milestones]
        type = "int"
        low = 1
        high = 3
        when = { family = ["multi_factor"] }
        [params.power]
        type = "float"
        low = 1.0
        high = 3.0
        when = { family = ["poly"] }
        [params.warmup_mode]
        type = "categorical"
        choices = ["linear", "constant"]
        when = { family = ["cosine"] }
        [fixed]
        final_lr = 0.001
    """
    found, expected = parsed(written(in_python, "own")), parsed(tomllib.loads(in_toml))
    assert found.params == expected.params
    assert found.fixed == expected.fixed


def test_numbers_and_arrays_of_numpy_are_what_pythons_are() -> None:
    in_python = {
        "family": ["cosine", "poly"],
        "base_lr": Float(0.25, 1.0, step=0.25),
        "power": [1.0, 2.0],
        "warmup_mode": Choice(["linear", "constant"]),
        "final_lr": 0.125,
    }
    with_numpy = {
        "family": np.array(["cosine", "poly"]),
        "base_lr": Float(np.float32(0.25), np.float64(1), step=np.float16(0.25)),
        "power": np.array([1.0, 2.0], np.float32),
        "warmup_mode": Choice(np.array(["linear", "constant"])),
        "final_lr": np.float32(0.125),
    }
    # As a database keeps it.
    assert json.dumps(written(with_numpy, "own")) == json.dumps(written(in_python, "own"))


@pytest.mark.parametrize("param", [Float(0.1, 1.0, step=0.35), Float(0.1, 0.2, step=5.0)])
def test_a_step_that_does_not_divide_its_range_ends_before_it(param: Float) -> None:
    space = parsed(written({"family": "constant", "base_lr": param}, "own"))
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    rates = {space.sample(study.ask())["base_lr"] for _ in range(20)}  # and no warning of Optuna's
    steps = int((float(param.high) - float(param.low)) / (param.step or 1))
    assert sorted(rates) == pytest.approx([0.1 + 0.35 * n for n in range(steps + 1)])


def test_a_parameter_that_all_families_have_goes_with_all() -> None:
    space = written({"family": ["cosine", "poly"], "final_lr_ratio": Float(0.01, 0.1)}, "own")
    assert "when" not in space["params"]["final_lr_ratio"]


def test_what_no_family_has_and_what_is_no_object_is_told_with_its_name() -> None:
    for given, words in [
        ({"oops": Float(1, 2)}, "params.oops +unknown parameter"),
        ({"base_lr": Float("1ep", 2)}, "params.base_lr.low +must be a number, but got '1ep'"),
        ({"base_lr": Float(2, 1)}, "params.base_lr.* must hold, but got"),
        ({"base_lr": Choice(5)}, "params.base_lr.choices +must be a list, but got 5"),
        ({"base_lr": Float(1, 2, when=5)}, "params.base_lr.when +must be a table, but got 5"),
        ({"base_lr": object()}, "fixed.base_lr"),
        ({7: 1}, "fixed.7 +unknown parameter"),
    ]:
        with pytest.raises(DefinitionError, match=words):
            parsed(written({"family": "cosine", **given}, "own"))
    with pytest.raises(
        DefinitionError, match=r"params\.family\.choices +must be a list, but got 5"
    ):
        parsed(written({"family": Choice(5), "power": 2.0}, "own"))


@pytest.mark.parametrize("base_lr", [1e-5, 0.1, 30.0])
def test_the_default_space_lies_around_todays_learning_rate(base_lr: float) -> None:
    space = parsed(default_space(base_lr))
    (today,) = space.baselines
    assert today.schedule == Constant(base_lr=base_lr, horizon=100)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    families = set()
    for _ in range(40):
        schedule = space.schedule(space.sample(study.ask()))
        families.add(schedule.family)
        assert base_lr / 30.01 <= schedule.base_lr <= base_lr * 30.01
        assert schedule(100) < 0.31 * schedule.base_lr  # it decays
    assert families == {"cosine", "linear", "poly", "wsd"}


@pytest.mark.parametrize("family", ["constant", "square_root", "cosine"])
def test_a_schedule_is_a_baseline_as_it_stands(family: str) -> None:
    space = written({"family": "poly", "base_lr": Float(0.01, 1.0), "final_lr": 0.0}, "own")
    schedule = FAMILIES[family](base_lr=5.0, horizon=100, warmup_steps=7)
    found = parsed({**space, "baseline": [baseline_of("mine", schedule, CLOCK)]})
    (baseline,) = found.baselines
    assert (baseline.label, baseline.schedule) == ("mine", schedule)


def test_named_spaces_need_or_refuse_a_learning_rate() -> None:
    assert len(parsed(space_named("chapter")).baselines) > 1
    assert parsed(space_named("modern")).params["base_lr"]
    for name, base_lr, words in [
        ("modem", None, "No search space is called 'modem'; did you mean 'modern'?"),
        ("default", None, "`base_lr` must be the learning rate of today, above 0.* got None"),
        ("default", 0.0, "got 0.0"),
        ("default", float("inf"), "got inf"),
        ("default", True, "got True"),
        ("default", "0.1", "got '0.1'"),
        ("modern", 0.1, "`base_lr` must be left out beside the space 'modern', .* got 0.1"),
    ]:
        with pytest.raises(StudyError, match=words):
            space_named(name, base_lr)
