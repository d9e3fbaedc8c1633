"""What sampler and pruner make of options: two trials under one schedule need not be equal."""

from __future__ import annotations

from typing import Any

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.trial import TrialState, create_trial

from tuner import Choice, Float
from tuner.definition import Objective, Search
from tuner.reading import Clock
from tuner.schedules import Cosine, schedule_to_dict
from tuner.search.features import Features
from tuner.search.forecast import make_forecast
from tuner.search.samplers.screening import Screening
from tuner.space import SearchSpace, parse_space, written

CLOCK = Clock(20, 200, batch_size=64)
SPACE = {
    "family": "cosine",
    "base_lr": Float(0.01, 1.0, log=True),
    "task": {"decay": Float(1e-4, 1.0, log=True), "kind": Choice(["a", "b"])},
}
DISTRIBUTIONS = {
    "base_lr": FloatDistribution(0.01, 1.0, log=True),
    "task.decay": FloatDistribution(1e-4, 1.0, log=True),
    "task.kind": CategoricalDistribution(("a", "b")),
}
LOSS = Objective(metric="val_loss")


@pytest.fixture
def space() -> SearchSpace:
    return parse_space(written(SPACE, "s"), "s", CLOCK)


@pytest.fixture
def study() -> optuna.Study:
    return optuna.create_study(direction="minimize")


def trial(value: float | None, rate: float, options: dict[str, Any], **more: Any) -> Any:
    schedule = Cosine(base_lr=rate, horizon=200)
    attributes = {"schedule": schedule_to_dict(schedule), "task_options": options, **more}
    params = {"base_lr": rate, **{f"task.{name}": of for name, of in options.items()}}
    state = TrialState.COMPLETE if value is not None else TrialState.RUNNING
    return create_trial(
        value=value, params=params, distributions=DISTRIBUTIONS, user_attrs=attributes,
        intermediate_values={1: 1.0}, state=state,
    )  # fmt: skip


def test_the_sampler_and_the_pruner_learn_which_options_are_good(
    space: SearchSpace, study: optuna.Study
) -> None:
    rates = [0.03, 0.1, 0.3]
    for number in range(12):
        kind, decay = "ab"[number % 2], 10.0 ** -(number % 4)
        value = (0.2 if kind == "b" else 0.8) + 0.1 * (number % 4)
        study.add_trial(trial(value, rates[number % 3], {"decay": decay, "kind": kind}))
    search = Search(space, LOSS)
    study.sampler = Screening(type="screening").make(search)
    for _ in range(4):
        asked = study.ask()
        assert space.sample(asked)["task.kind"] == "b"
        assert asked.params["task.decay"] > 0.01, "the better end of what was seen"
    forecast = make_forecast(search, n_startup_trials=4)
    assert forecast is not None
    alike = [trial(None, 0.1, {"decay": 1.0, "kind": kind}) for kind in "ab"]
    for epoch in (0, 1):
        scores = forecast(study, alike, epoch)
        assert scores is not None
        assert scores[1] > scores[0] + 0.1


def test_what_trials_of_another_batch_size_are_told_at_equal_examples(
    space: SearchSpace, study: optuna.Study
) -> None:
    """The same shape over twice the updates has as much ahead of it."""
    features = Features.of(space)
    whole, twice = (Cosine(base_lr=0.3, horizon=n, warmup_steps=n // 10) for n in (200, 400))
    expected = features.ahead(whole, 100)
    assert features.lasting(400).ahead(twice, 200) == pytest.approx(expected, abs=0.1)
    assert features.lasting(200) == features
    for number in range(8):
        options = {"decay": 0.1, "kind": "a"}
        study.add_trial(trial(0.1 + number / 10, 0.02 * 1.5**number, options))
    forecast = make_forecast(Search(space, LOSS), n_startup_trials=4)
    assert forecast is not None
    longer = schedule_to_dict(Cosine(base_lr=0.1, horizon=400))
    both = [
        trial(None, 0.1, options),
        trial(None, 0.1, options, updates_per_epoch=40, schedule=longer),
    ]
    one, other = forecast(study, both, 1) or []
    assert one == pytest.approx(other, abs=0.05)
