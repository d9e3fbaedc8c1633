"""What is drawn follows from study seed, trial number and parameter alone."""

from __future__ import annotations

from pathlib import Path

import optuna
import pytest

from tuner.definition import Search
from tuner.reading import Clock
from tuner.search.samplers import TPE, Random, Sampler
from tuner.space import load_space

SPACE = load_space(Path(__file__).parents[3] / "search_spaces" / "chapter.toml", Clock(235, 2350))


def drawn(sampler: Sampler, numbers: list[int], restart: bool) -> list[dict[str, object]]:
    """Run trials with a made-up value; with ``restart``, every trial in a new process's state."""
    study = optuna.create_study(direction="maximize", sampler=sampler.make(Search(SPACE)))
    for _ in numbers:
        if restart:
            study.sampler = sampler.make(Search(SPACE))
        trial = study.ask()
        values = SPACE.sample(trial)
        study.tell(trial, 1 - abs(values["base_lr"] - 0.2) + len(values["family"]) / 100)
    return [trial.params for trial in study.trials]


@pytest.mark.parametrize(
    "sampler",
    [
        TPE(n_startup_trials=4),
        TPE(seed=7, n_startup_trials=4),
        TPE(n_startup_trials=4, group=True),
        Random(type="random"),
    ],
)
def test_a_new_sampler_for_every_trial_draws_what_one_sampler_draws(sampler: Sampler) -> None:
    numbers = list(range(14))
    assert drawn(sampler, numbers, restart=True) == drawn(sampler, numbers, restart=False)


def test_trials_and_seeds_differ() -> None:
    rows = drawn(TPE(), list(range(10)), restart=True)
    assert len({row["base_lr"] for row in rows}) == 10
    assert drawn(TPE(seed=1), [0], restart=True) != drawn(TPE(seed=2), [0], restart=True)


def test_parameters_of_a_trial_are_not_drawn_from_the_same_random_number() -> None:
    study = optuna.create_study(sampler=Random(type="random").make(Search(SPACE)))
    trial = study.ask()
    assert trial.suggest_float("a", 0, 1) != trial.suggest_float("b", 0, 1)


def test_a_trial_continued_between_two_parameters_gets_the_values_it_would_have() -> None:
    def start() -> tuple[optuna.Study, optuna.Trial]:
        study = optuna.create_study(sampler=TPE(n_startup_trials=0).make(Search(SPACE)))
        for value in range(5):
            trial = study.ask()
            SPACE.sample(trial)
            study.tell(trial, value)
        return study, study.ask()

    _, whole = start()
    SPACE.sample(whole)
    study, broken = start()
    broken.suggest_categorical("family", SPACE.params["family"].choices)
    study.sampler = TPE(n_startup_trials=0).make(Search(SPACE))
    again = optuna.trial.Trial(study, broken._trial_id)
    SPACE.sample(again)
    assert again.params == whole.params


@pytest.mark.usefixtures("seconds")
def test_tpe_finds_a_better_region_than_random() -> None:
    # Its own seeds would show if each parameter were drawn without regard to the history.
    def best(sampler: Sampler) -> float:
        study = optuna.create_study(direction="maximize", sampler=sampler.make(Search(SPACE)))
        total = 0.0
        for _ in range(40):
            trial = study.ask()
            values = SPACE.sample(trial)
            score = -abs(values["base_lr"] - 0.5) - 0.5 * (values["family"] != "cosine")
            study.tell(trial, score)
            total += score
        return total

    assert best(TPE()) > best(Random(type="random"))
