"""Trials that plain Optuna put into a study: they stand in no trial's way."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import optuna
import pytest

import tuner
from tuner.errors import StudyError
from tuner.schedules import Poly
from tuner.search import EpochEnded
from tuner.studies import StudyResult

pytestmark = pytest.mark.usefixtures("seconds")

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def begun_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("begun")
    (folder / "s.toml").write_text(
        'format = "tuner.study/1"\nname = "s"\n'
        f'search_space = "{ROOT}/search_spaces/modern.toml"\n'
        f'[task]\nname = "table"\npath = "{ROOT}/benchmarks/curves/lenet_10_epochs.jsonl"\n'
        "epochs = 10\n[budget]\ntrials = 8\n[workers]\ncount = 1\n[confirm]\nenabled = false\n"
        "seeds = 2\nmax_seeds = 2\n"
    )
    tuner.run_study(folder / "s.toml")
    return folder


@pytest.fixture
def begun(begun_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StudyResult:
    """Return a study of eight trials over recorded trainings."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(begun_once, tmp_path, dirs_exist_ok=True)
    return tuner.open_study("s.toml")


def test_an_added_trial_is_neither_compared_with_nor_the_best(begun: StudyResult) -> None:
    best = begun.best.number
    added = {"value": 0.99, "intermediate_values": {1: 0.5, 2: 0.5}}
    begun.study.add_trial(optuna.trial.create_trial(**added))
    result = tuner.run_study("s.toml", trials=14)
    assert (result.summary.finished, result.trials[8].schedule) == (14, None)
    assert result.best.number in {best, *range(9, 14)}
    result.report("report.html")


def test_a_trial_that_is_none_of_the_space_fails_alone(begun: StudyResult) -> None:
    begun.study.enqueue_trial({"family": "nonsense"})
    rows = tuner.run_study("s.toml", trials=10).trials
    assert rows[8].state == "failed"
    assert "must be of the search space" in rows[8].reason
    assert "nonsense" in rows[8].reason
    assert rows[9].is_finished


HOT = {"family": "poly", "base_lr": 5.0, "warmup_steps": 900, "power": 1.0, "final_lr_ratio": 0.01}
LATE = {"family": "cosine", "base_lr": 0.4, "warmup_steps": 700, "final_lr_ratio": 0.01}


def test_a_number_outside_its_range_is_trained_and_reported(begun: StudyResult) -> None:
    for params in (HOT, LATE):
        begun.study.enqueue_trial(params)
    epochs: list[EpochEnded] = []
    stopped = tuner.run_study(
        "s.toml",
        trials=14,
        on_event=lambda e: epochs.append(e) if isinstance(e, EpochEnded) else None,
        stop_requested=lambda: bool(epochs) and epochs[-1].number == 9,
    )
    # Stopped after an epoch of its own: its pruner is asked again.
    assert (stopped.trials[9].state, stopped.trials[9].epochs) == ("waiting", 1)
    result = tuner.resume_study(stopped.storage, trials=14, confirm=True)
    hot, late = result.trials[8:10]
    assert (hot.params, late.params) == (HOT, LATE)
    assert hot.schedule == Poly(
        base_lr=5.0, warmup_steps=900, power=1.0, final_lr=0.05, horizon=2350
    )
    assert (late.state, result.summary.finished) == ("complete", 14)
    assert result.confirmed.winner.schedule == result.best_schedule
    result.export("late.json", trial=9)
    assert tuner.load_schedule("late.json") == late.schedule
    assert "could not draw" not in (result.folder / "report.html").read_text()


NO_SCHEDULES: list[tuple[dict[str, object], str]] = [
    ({"warmup_steps": math.inf}, "warmup_steps must be a finite number, but got inf"),
    ({"warmup_steps": "inf"}, "warmup_steps must be a finite number, but got 'inf'"),
    ({"warmup_steps": 10**400}, "warmup_steps must be a finite number, but got 1000"),
    ({"base_lr": "high"}, "'high' is not a valid type"),
    ({"base_lr": -1.0}, "`-1.0` is invalid value"),
    ({"base_lr": [0.1]}, "'[0.1]' is not a valid type"),
    ({"warmup_steps": 2350}, "`warmup_steps < horizon` must hold"),
]


def test_what_is_no_schedule_fails_alone_and_can_be_read(begun: StudyResult) -> None:
    for params, _ in NO_SCHEDULES:
        begun.study.enqueue_trial({"family": "cosine", **params})
        begun.study.enqueue_trial({})  # for three failures in a row end a study
    result = tuner.run_study("s.toml", trials=8 + 2 * len(NO_SCHEDULES))
    for (_, words), failed, other in zip(
        NO_SCHEDULES, result.trials[8::2], result.trials[9::2], strict=True
    ):
        assert failed.state == "failed"
        assert words in failed.reason
        assert other.state in ("complete", "pruned")
        assert other.params
    result.report("report.html")


def test_parameters_of_another_name_are_shown_and_passed_over(begun: StudyResult) -> None:
    begun.study.enqueue_trial({**LATE, "momentum": 0.5})
    for value in ("a", "b"):
        distribution = optuna.distributions.CategoricalDistribution(["a", "b"])
        added = {"params": {"other": value}, "distributions": {"other": distribution}}
        begun.study.add_trial(optuna.trial.create_trial(value=0.1, **added))
    result = tuner.run_study("s.toml", trials=14, confirm=True)
    assert [row.params for row in result.trials[8:11]] == [LATE, {"other": "a"}, {"other": "b"}]
    assert result.summary.finished == 14
    assert "could not draw" not in (result.folder / "report.html").read_text()


@pytest.mark.parametrize("directions", [["minimize"], ["maximize", "minimize"]])
@pytest.mark.parametrize("ending", ["", ".confirm"])
def test_a_study_of_its_name_that_goes_elsewhere_is_refused(
    directions: list[str], ending: str, begun: StudyResult
) -> None:
    if not ending:
        optuna.delete_study(study_name=begun.name, storage=begun.storage)
    optuna.create_study(
        study_name=begun.name + ending, storage=begun.storage, directions=directions
    )
    with pytest.raises(StudyError) as caught:
        tuner.run_study("s.toml", trials=9, confirm=True)
    words = f"Study '{begun.name}{ending}' must maximize its values, but the study of that name"
    assert str(caught.value).startswith(words)
    assert f"is there to {' and '.join(directions)} them" in str(caught.value)
