"""Trials that plain Optuna put into a study: they stand in no trial's way."""

from __future__ import annotations

from pathlib import Path

import optuna
import pytest

import tuner
from tuner.studies import StudyResult

pytestmark = pytest.mark.usefixtures("seconds")

ROOT = Path(__file__).parents[2]


@pytest.fixture
def begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StudyResult:
    """Return a study of eight trials over recorded trainings."""
    monkeypatch.chdir(tmp_path)
    study = tmp_path / "s.toml"
    study.write_text(
        'format = "tuner.study/1"\nname = "s"\n'
        f'search_space = "{ROOT}/search_spaces/modern.toml"\n'
        f'[task]\nname = "table"\npath = "{ROOT}/benchmarks/curves/lenet_10_epochs.jsonl"\n'
        "epochs = 10\n[budget]\ntrials = 8\n[workers]\ncount = 1\n[confirm]\nenabled = false\n"
    )
    return tuner.run_study(study)


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
