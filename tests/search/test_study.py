"""A study end to end on real data: budget, baselines, pruning, collapse, resume."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

import tuner
from tuner.errors import StudyError
from tuner.search import EpochEnded, StudyEnded, TrialEnded, TrialRow, TrialStarted

ROOT = Path(__file__).parents[2]

ALWAYS_PRUNE = '[pruner]\ntype = "median"\nn_startup_trials = 1\n'


def without_seconds(rows: list[TrialRow]) -> list[TrialRow]:
    return [
        row._replace(records=tuple(r._replace(seconds=0.0) for r in row.records)) for row in rows
    ]


def test_a_study_runs_its_baselines_first_and_keeps_everything(write_study: Callable) -> None:
    events: list[object] = []
    result = tuner.run_study(write_study(trials=8), on_event=events.append)
    rows = result.trials
    assert result.ended == "done"
    assert [row.number for row in rows] == list(range(8))
    assert [row.baseline for row in rows[:2]] == [
        "chapter: constant 0.3",
        "chapter: cosine 0.3 to 0.01",
    ]
    assert [bool(row.baseline) for row in rows] == [True] * 5 + [False] * 3
    for row in rows:
        assert row.state in ("complete", "pruned")
        assert row.schedule is not None
        assert row.schedule.base_lr == row.params["base_lr"]
        assert [record.epoch for record in row.records] == list(range(1, row.epochs + 1))
        if row.state == "complete":
            assert row.epochs == 2
            assert row.value == row.records[-1].test_accuracy
    stored = optuna.load_study(study_name="small", storage=result.storage)
    for trial, row in zip(stored.trials, rows, strict=True):
        assert trial.intermediate_values == {r.epoch: r.test_accuracy for r in row.records}
    assert result.best.value == max(row.value or 0 for row in rows if row.state == "complete")
    assert result.best_schedule == result.best.schedule
    assert sum(isinstance(event, TrialStarted) for event in events) == 8
    assert sum(isinstance(event, EpochEnded) for event in events) == result.summary.epochs_trained
    assert isinstance(events[-2], TrialEnded)
    assert isinstance(events[-1], StudyEnded)
    assert all("\n" not in str(event) for event in events)


def test_a_run_ends_with_schedule_and_report_in_place(write_study: Callable) -> None:
    result = tuner.run_study(write_study(trials=2))
    assert result.folder == Path(write_study()).parent / "small"
    file = tuner.read_schedule_file(result.folder / "best.json")
    assert file.schedule == result.best_schedule
    assert file.updates_per_epoch == 12  # 384 examples in batches of 32
    assert file.batch_size == 32
    origin = file.provenance
    assert origin["trial"] == result.best.number
    assert origin["objective"]["value"] == result.best.value
    assert origin["fingerprint"] == result.spec.fingerprint()
    assert origin["task"]["optimizer"] == "sgd"
    assert (result.folder / "report.html").read_text().startswith("<!DOCTYPE html>")


def test_baselines_are_never_pruned_and_others_are(write_study: Callable) -> None:
    result = tuner.run_study(write_study(trials=12, epochs=3, more=ALWAYS_PRUNE, sleeps=0.0))
    for row in result.trials:
        if row.baseline:
            assert row.state == "complete"
    pruned = [row for row in result.trials if row.reason.startswith("pruned")]
    assert pruned
    for row in pruned:
        assert row.state == "pruned"
        assert row.reason == f"pruned after epoch {row.epochs} of 3"
        assert row.epochs < 3


def test_collapsed_and_diverged_trainings_are_called_so_with_the_reason(
    write_study: Callable, tmp_path: Path
) -> None:
    space = tmp_path / "hot.toml"
    space.write_text(
        'format = "tuner.search_space/1"\nname = "hot"\n'
        '[params.family]\ntype = "categorical"\nchoices = ["constant"]\n'
        '[params.base_lr]\ntype = "float"\nlow = 1e11\nhigh = 1e12\nlog = true\n'
        '[[baseline]]\nlabel = "too hot"\nfamily = "constant"\nbase_lr = 1e12\n'
    )
    result = tuner.run_study(write_study(trials=4, space="hot.toml"))
    assert [row.state for row in result.trials] == ["collapsed"] * 4
    assert all("diverged in epoch 1: the loss is nan" in row.reason for row in result.trials)
    assert not (result.folder / "best.json").exists()
    with pytest.raises(StudyError, match="must have a complete trial"):
        _ = result.best
    assert (result.summary.states, result.summary.finished) == ({"collapsed": 4}, 4)
    page = result.report(tmp_path / "r.html").read_text()
    assert '<span class="state collapsed">collapsed</span>' in page
    assert 'class="state pruned"' not in page


def test_the_budget_is_the_studys_over_all_runs(write_study: Callable) -> None:
    study = write_study(trials=4, sleeps=0.0)
    assert len(tuner.run_study(study, trials=3).trials) == 5  # two baselines are waiting
    first = tuner.run_study(study).summary
    assert (first.finished, first.states) == (4, {"complete": 4})
    assert tuner.run_study(study).summary == first  # nothing is left to do


def test_a_trial_asked_for_beside_the_last_one_is_shown_once_it_begins(
    write_study: Callable,
) -> None:
    study = write_study(trials=6, sleeps=0.0)
    first = tuner.run_study(study)
    surplus = first.study.ask()  # as a worker may, at the moment when another one took the last
    first.study._storage.set_trial_state_values(surplus._trial_id, state=TrialState.WAITING)
    assert [row.number for row in first.trials] == list(range(6))
    assert tuner.run_study(study).summary.finished == 6
    more = tuner.run_study(study, trials=7)
    assert [row.number for row in more.trials] == list(range(7))
    assert more.trials[-1].is_finished


@pytest.mark.parametrize("pruner", ["forecast", "hyperband"])
def test_a_study_stopped_between_trials_ends_as_one_that_was_not(
    write_study: Callable, pruner: str
) -> None:
    more = f'[pruner]\ntype = "{pruner}"\n[sampler]\ntype = "tpe"\nn_startup_trials = 6\n'
    study = write_study(trials=9, more=more, sleeps=0.0)
    whole = tuner.run_study(study)
    expected = without_seconds(whole.trials)
    shutil.rmtree(whole.folder)
    stopped = tuner.run_study(study, trials=7)
    study.unlink()  # the database alone must do
    resumed = tuner.resume_study(stopped.storage)
    assert without_seconds(resumed.trials) == expected
    assert resumed.best_schedule == whole.best_schedule


def test_stopping_after_an_epoch_puts_the_trial_back(write_study: Callable) -> None:
    study = write_study(trials=7)
    expected = without_seconds(tuner.run_study(study).trials)
    shutil.rmtree(study.with_suffix(""))
    seen: list[object] = []
    first = tuner.run_study(study, on_event=seen.append, stop_requested=lambda: len(seen) > 15)
    assert first.ended == "interrupted"
    assert not {"running", "interrupted"} & first.summary.states.keys()
    assert without_seconds(tuner.run_study(study).trials) == expected


def test_a_trial_that_was_begun_is_counted_though_it_is_beyond_the_files_budget(
    write_study: Callable,
) -> None:
    study = write_study(trials=1)
    seen: list[object] = []
    first = tuner.run_study(
        study, trials=2, on_event=seen.append, stop_requested=lambda: len(seen) > 6
    )
    assert first.ended == "interrupted"
    assert first.summary.states == {"complete": 1, "waiting": 1}
    assert tuner.run_study(study).summary == first.summary
    assert tuner.run_study(study, trials=2).summary.states == {"complete": 2}


def test_a_trial_without_a_state_starts_anew_and_says_so(tmp_path: Path) -> None:
    def train(trial: tuner.Trial) -> None:
        for epoch in trial.epochs():
            trial.report(trial.schedule(2 * epoch + 2))

    def run(**options: Any) -> tuner.StudyResult:
        return tuner.tune(
            train, name="s", folder=tmp_path, epochs=3, updates_per_epoch=2, metric="loss",
            base_lr=0.1, trials=1, confirm=False, **options,
        )  # fmt: skip

    seen: list[object] = []
    run(on_event=seen.append, stop_requested=lambda: isinstance(seen[-1:][0], EpochEnded))
    before = len(seen)
    run(on_event=seen.append)
    started = [each for each in seen[before:] if isinstance(each, TrialStarted)]
    assert [each.done for each in started] == [0]
    assert str(started[0]).startswith("trial 0 starts: ")


def test_whoever_asked_once_to_stop_is_not_asked_to_go_on(write_study: Callable) -> None:
    asked = itertools.count()
    result = tuner.run_study(write_study(sleeps=0.0), stop_requested=lambda: next(asked) == 4)
    assert result.ended == "interrupted"
    assert result.summary.states["waiting"] >= 1


def test_a_time_limit_ends_a_run_but_not_the_study(write_study: Callable) -> None:
    study = write_study(trials=6, sleeps=0.05)
    result = tuner.run_study(study, timeout="0.1s")
    assert result.ended == "timeout"
    assert result.summary.finished < 6
    assert tuner.run_study(study).summary.finished == 6


def test_an_exception_in_the_caller_leaves_no_running_trial(write_study: Callable) -> None:
    def explode(event: object) -> None:
        if isinstance(event, EpochEnded) and event.number == 1:
            raise KeyboardInterrupt

    study = write_study(trials=3, sleeps=0.0)
    with pytest.raises(KeyboardInterrupt):
        tuner.run_study(study, on_event=explode)
    assert not {"running", "interrupted"} & tuner.open_study(study).summary.states.keys()
    assert tuner.run_study(study).summary.finished == 3


def test_a_changed_definition_is_refused_with_the_difference(write_study: Callable) -> None:
    study = write_study(trials=2)
    tuner.run_study(study)
    before = (study.with_suffix("") / "study.db").read_bytes()
    write_study(trials=3, epochs=3)
    with pytest.raises(StudyError) as caught:
        tuner.run_study(study)
    assert "task.epochs" in str(caught.value)
    assert "2 -> 3" in str(caught.value)
    assert (study.with_suffix("") / "study.db").read_bytes() == before
    write_study(trials=3)  # a larger budget is no other definition
    assert tuner.run_study(study).summary.finished == 3


def test_the_definition_in_the_database_is_the_files(write_study: Callable) -> None:
    study = write_study(trials=1)
    result = tuner.run_study(study)
    attributes = optuna.load_study(study_name="small", storage=result.storage).user_attrs
    assert attributes["definition"]["study"]["budget"] == {"trials": 1}
    assert attributes["definition"]["space"]["name"] == "chapter"
    json.dumps(attributes)  # plain data
    assert tuner.open_study(storage=result.storage).spec.decisive() == result.spec.decisive()
