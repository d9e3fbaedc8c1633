"""Any sampler of Optuna's, by its name: it draws, goes on, keeps quiet, and is checked."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

import tuner
from tuner.definition import Search
from tuner.errors import StudyError
from tuner.reading import Clock
from tuner.search.by_name import SAMPLERS
from tuner.search.samplers import OptunaSampler
from tuner.space import load_space

ROOT = Path(__file__).parents[3]
SPACE = load_space(ROOT / "search_spaces" / "chapter.toml", Clock(235, 2350))
DRAWN: list[tuple[str, dict[str, Any]]] = [
    ("CmaEsSampler", {}),
    ("CmaEsSampler", {"use_separable_cma": True, "independent_sampler": {"name": "TPESampler"}}),
    ("NSGAIISampler", {"population_size": 4, "crossover": {"name": "BLXAlphaCrossover"}}),
    ("NSGAIIISampler", {"population_size": 4}),
    ("RandomSampler", {}),
    ("TPESampler", {"n_startup_trials": 3, "group": True, "consider_endpoints": True}),
]


def sampler(name: str, options: dict[str, Any], seed: int = 0) -> OptunaSampler:
    found = OptunaSampler(type="optuna", name=name, options=options, seed=seed)
    assert found.wrong() == {}
    return found


def drawn(
    sampler: OptunaSampler, n: int, *, killed: tuple[int, ...] = (), restart: bool = False
) -> list[dict[str, Any]]:
    """Run trials with a made-up value; those of ``killed`` die between two parameters."""
    study = optuna.create_study(direction="maximize", sampler=sampler.make(Search(SPACE)))
    for number in range(n):
        trial = study.ask()
        if number in killed:
            trial.suggest_categorical("family", SPACE.params["family"].choices)
        if number in killed or restart:
            study.sampler = sampler.make(Search(SPACE))
            trial = optuna.trial.Trial(study, trial._trial_id)
        values = SPACE.sample(trial)
        study.tell(trial, 1 - abs(values["base_lr"] - 0.2) + len(values["family"]) / 100)
    return [trial.params for trial in study.trials]


@pytest.mark.parametrize(("name", "options"), DRAWN, ids=str)
def test_an_interrupted_study_draws_what_an_uninterrupted_one_does(
    name: str, options: dict[str, Any]
) -> None:
    once = drawn(sampler(name, options), 16)
    assert drawn(sampler(name, options), 16, restart=True) == once
    assert drawn(sampler(name, options), 16, killed=(2, 7, 14)) == once
    assert drawn(sampler(name, options, seed=1), 4) != once[:4]
    assert len({row["base_lr"] for row in once}) > 8


def test_a_gaussian_process_goes_on_after_a_restart(trainers: None) -> None:
    gaussian = sampler("GPSampler", {"n_startup_trials": 2})
    assert drawn(gaussian, 4, restart=True) == drawn(gaussian, 4)


@pytest.mark.parametrize(
    ("name", "options"), [*DRAWN, ("GPSampler", {"n_startup_trials": 2})], ids=str
)
def test_a_trial_without_parameters_changes_nothing_that_is_drawn(
    name: str, options: dict[str, Any], trainers: None
) -> None:
    """As of a baseline outside the space: what is sampled jointly still is."""

    def after(state: TrialState) -> list[dict[str, Any]]:
        made = sampler(name, options).make(Search(SPACE))
        study = optuna.create_study(direction="maximize", sampler=made)
        study.tell(study.ask(), 0.9 if state == TrialState.COMPLETE else None, state=state)
        for _ in range(12):
            trial = study.ask()
            values = SPACE.sample(trial)
            study.tell(trial, 1 - abs(values["base_lr"] - 0.2) + len(values["family"]) / 100)
        return [trial.params for trial in study.trials]

    assert after(TrialState.COMPLETE) == after(TrialState.FAIL)


def test_what_cma_es_cannot_have_is_drawn_at_random_without_a_word(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, "optuna"):
        rows = drawn(sampler("CmaEsSampler", {}), 12)
    assert {row["family"] for row in rows} > {"factor", "cosine"}
    assert caplog.records == []


WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    ("CmaEs", {}, "name", "must be a class of optuna.samplers, but got 'CmaEs'; known: CmaEs"),
    ("BaseSampler", {}, "name", "must be a class of optuna.samplers, but got 'BaseSampler'"),
    ("nsgaii", {}, "name", "must be a class of optuna.samplers, but got 'nsgaii'"),
    ("GridSampler", {}, "name", "cannot be used: it ends a study when every value"),
    ("BruteForceSampler", {}, "name", "cannot be used: it ends a study when every value"),
    ("PartialFixedSampler", {}, "name", "cannot be used: what is fixed is in [fixed]"),
    ("QMCSampler", {}, "name", "cannot be used: it counts in the database which point"),
    ("CmaEsSampler", {"popsze": 3}, "options.popsze", "unknown key; did you mean 'popsize'?"),
    ("CmaEsSampler", {"popsize": "3"}, "options.popsize", "must be a whole number, but got '3'"),
    ("CmaEsSampler", {"popsize": True}, "options.popsize", "must be a whole number, but got True"),
    ("CmaEsSampler", {"sigma0": float("nan")}, "options.sigma0", "must be a number, but got nan"),
    ("CmaEsSampler", {"x0": {"base_lr": sys}}, "options.x0", "must be a table, but got {"),
    ("CmaEsSampler", {"source_trials": []}, "options.source_trials", "cannot be written in a f"),
    ("CmaEsSampler", {"lr_adapt": True, "with_margin": True}, "options",
     "must be what CmaEsSampler takes, but it says: It is prohibited to pass"),
    ("CmaEsSampler", {"independent_sampler": "TPESampler"}, "options.independent_sampler",
     "must be a table with `name` and `options`, but got 'TPESampler'"),
    ("CmaEsSampler", {"independent_sampler": {"name": "TPE"}}, "options.independent_sampler.name",
     "must be a class of optuna.samplers, but got 'TPE'"),
    ("CmaEsSampler", {"independent_sampler": {"name": "TPESampler", "options": {"gruop": True}}},
     "options.independent_sampler.options.gruop", "unknown key; did you mean 'group'?"),
    ("CmaEsSampler", {"independent_sampler": {"name": "TPESampler", "options": 3}},
     "options.independent_sampler.options", "must be a table, but got 3"),
    ("TPESampler", {"seed": 3}, "options.seed", "must be a key of [sampler] itself"),
    ("TPESampler", {"gamma": 3}, "options.gamma", "cannot be written in a file; leave it out"),
    ("TPESampler", {"group": 1}, "options.group", "must be true or false, but got 1"),
    ("TPESampler", {"group": True, "multivariate": False}, "options", "it says: "),
    ("NSGAIISampler", {"population_size": 1}, "options", "must be greater than or equal to 2"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options", "place", "text"), WRONG, ids=str)
def test_mistakes(name: str, options: dict[str, Any], place: str, text: str) -> None:
    found = OptunaSampler(type="optuna", name=name, options=options).wrong()
    assert [*found] == [place]
    assert text in found[place]


@pytest.mark.parametrize(
    ("name", "packages"), [("CmaEsSampler", ["cmaes"]), ("GPSampler", ["scipy", "torch"])]
)
def test_a_package_that_is_missing_is_named_with_the_command(
    name: str, packages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in packages:
        monkeypatch.setitem(sys.modules, package, None)
    missing = sampler(name, {})  # can be read all the same, to look at a study
    with pytest.raises(StudyError, match=f"Type `pip install {' '.join(packages)}`"):
        missing.make(Search(SPACE))


def test_every_sampler_that_is_offered_is_tried_here() -> None:
    assert {name for name, _ in DRAWN} | {"GPSampler"} == {*SAMPLERS.names}


STUDY = """
format = "tuner.study/1"
name = "any"
search_space = "{root}/search_spaces/chapter.toml"
[task]
name = "table"
path = "{root}/benchmarks/curves/lenet_10_epochs.jsonl"
epochs = 10
[sampler]
type = "optuna"
name = "CmaEsSampler"
options = {{ n_startup_trials = 2 }}
[pruner]
type = "optuna"
name = "PercentilePruner"
options = {{ percentile = 50.0, n_startup_trials = 3, n_warmup_steps = 2 }}
[budget]
trials = 16
[workers]
count = 1
[confirm]
enabled = false
"""


@pytest.mark.usefixtures("seconds")
def test_a_study_goes_on_from_its_database_as_if_it_had_not_stopped(tmp_path: Path) -> None:
    results = []
    for name, stops in (("whole", []), ("stopped", [7])):
        file = tmp_path / f"{name}.toml"
        file.write_text(STUDY.format(root=ROOT))
        for trials in stops:
            tuner.run_study(file, trials=trials)
        results.append(tuner.run_study(file) if not stops else tuner.resume_study(
            f"sqlite:///{tmp_path}/{name}/study.db"))  # fmt: skip
    whole, stopped = ([(r.state, r.value, r.schedule) for r in each.trials] for each in results)
    assert stopped == whole
    assert {state for state, _, _ in whole} == {"complete", "pruned"}
    page = (tmp_path / "whole" / "report.html").read_text()
    assert "CmaEsSampler" in page
    assert "PercentilePruner" in page
