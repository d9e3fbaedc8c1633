"""Confirm on real trainings: fresh seeds, racing, collapse, kill and resume, what is exported."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import optuna
import pytest

import tuner
from tuner.errors import DefinitionError, StudyError
from tuner.repeats import Confirmation
from tuner.search import StudyEnded, StudyStarted, TrialEnded, TrialStarted
from tuner.studies import run_worker

SMALL = "top = 2\nseeds = 2\nmax_seeds = 3"
TASK = "train_size = 320\ntest_size = 250\nbatch_size = 16"
NEVER_PRUNE = '[pruner]\ntype = "none"\n'


@pytest.fixture(scope="module")
def searched_once(write_study_in: Callable, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("searched")
    study: Path = write_study_in(folder, trials=8, more=NEVER_PRUNE, epochs=1, sleeps=0.0)
    tuner.run_study(study)
    return study


@pytest.fixture
def searched(searched_once: Path, tmp_path: Path) -> Path:
    """Return a study file whose search is over: 5 baselines and 3 sampled schedules."""
    shutil.copytree(searched_once.parent, tmp_path, dirs_exist_ok=True)
    return tmp_path / searched_once.name


def confirmed(result: tuner.StudyResult) -> Confirmation:
    assert result.confirmed is not None
    return result.confirmed


def test_a_run_confirms_at_its_end(write_study: Callable) -> None:
    events: list[object] = []
    task = "train_size = 192\ntest_size = 150\nbatch_size = 16"
    study = write_study(trials=8, epochs=1, task=task, more=NEVER_PRUNE, confirm=SMALL)
    result = tuner.run_study(study, on_event=events.append)
    found = confirmed(result)
    assert result.ended == "done"
    ranked = sorted(
        (row for row in result.trials if not row.baseline), key=lambda row: -(row.value or 0)
    )
    labels = [candidate.label for candidate in found.candidates]
    assert labels[:2] == [f"trial {row.number}" for row in ranked[:2]]
    assert labels[2:] == [row.baseline for row in result.trials if row.baseline]
    for candidate in found.candidates:
        assert sorted(candidate.accuracies) in ([1, 2], [1, 2, 3])
        assert all(0.05 < value < 0.95 for value in candidate.values.values())
        # The training seed is 0: none of them is the search's own training.
        assert len(set(candidate.values.values())) > 1
    trained = optuna.load_study(study_name="small.confirm", storage=result.storage).trials
    ends = [trial.user_attrs["records"][-1]["averaged_accuracy"] for trial in trained]
    averaged = [value for candidate in found.candidates for value in candidate.averaged]
    assert sorted(averaged) == sorted(ends)
    assert found.winner is not None
    assert result.best_schedule == found.winner.schedule
    file = tuner.read_schedule_file(result.folder / "best.json")
    assert file.schedule == found.winner.schedule
    assert result.best.number == file.provenance["trial"]
    confirm = file.provenance["confirm"]
    assert confirm["n"] == len(confirm["seeds"]) == len(found.winner.values)
    assert confirm["mean"] == pytest.approx(sum(found.winner.values.values()) / confirm["n"])
    assert confirm["tie_set"][0] == found.winner.label
    assert confirm["evaluate_on"] == file.provenance["objective"]["evaluate_on"] == "test"
    against = next(row.against for row in found.rows if row.is_winner)
    assert (confirm["against"] is None) == (against is None)
    assert "Confirmed on fresh seeds" in (result.folder / "report.html").read_text()
    # Readable progress, under the confirm's own name.
    names = [event.name for event in events if isinstance(event, StudyStarted)]
    assert names == ["small", "small.confirm"]
    starts = [event for event in events if isinstance(event, TrialStarted)][8:]
    assert starts[0].baseline == f"{labels[0]}, seed 1"
    assert str(starts[-1]).endswith(", seed 3]")
    ended = [event for event in events if isinstance(event, TrialEnded)][8:]
    assert all(event.state == "complete" for event in ended)
    assert len(ends) == found.trained
    last = events[-1]
    assert isinstance(last, StudyEnded)
    assert last[:4] == ("small.confirm", "done", found.trained, found.trained)


def test_a_confirm_is_a_plain_optuna_study_beside_the_other(searched: Path) -> None:
    before = tuner.open_study(searched)
    result = tuner.confirm_study(searched, top=1, seeds=2, max_seeds=2)
    assert optuna.get_all_study_names(result.storage) == ["small", "small.confirm"]
    trials = optuna.load_study(study_name="small.confirm", storage=result.storage).trials
    assert len(trials) == 12
    assert all(trial.state == optuna.trial.TrialState.COMPLETE for trial in trials)
    assert not any(trial.params for trial in trials)
    assert {trial.user_attrs["seed"] for trial in trials} == {1, 2}
    # Without a name, the study is still the only one of its database.
    found = tuner.open_study(storage=result.storage)
    assert found.name == "small"
    assert found.trials == before.trials
    assert found.confirmed == result.confirmed
    alone = tuner.open_study(storage=result.storage, name="small.confirm")
    assert [row.value for row in alone.trials] == [trial.value for trial in trials]
    again: list[object] = []
    assert tuner.confirm_study(storage=result.storage, top=1, seeds=2, max_seeds=2,
                               on_event=again.append).confirmed == result.confirmed  # fmt: skip
    assert again == []  # nothing was left to do


def test_a_winner_among_all_is_kept_when_the_study_goes_on(searched: Path) -> None:
    first = confirmed(tuner.confirm_study(searched, top=1, seeds=2, max_seeds=2))
    tuner.run_study(searched, trials=10)
    second = confirmed(tuner.confirm_study(searched, top=3, seeds=2, max_seeds=2))
    assert second.candidates[:6] == first.candidates
    assert len(second.candidates) == 8 or second.candidates[6].trial in (8, 9)


def test_several_workers_find_the_same_numbers(searched: Path) -> None:
    folder = searched.with_suffix("")
    shutil.copytree(folder, aside := folder.with_name("aside"))
    alone = tuner.confirm_study(searched, top=1, seeds=2, max_seeds=2)
    shutil.rmtree(folder)
    aside.rename(folder)
    together = tuner.confirm_study(searched, top=1, seeds=2, max_seeds=2, workers=2)
    assert by_seed(confirmed(together)) == by_seed(confirmed(alone))


def by_seed(found: Confirmation) -> list[tuple[str, dict[int, float]]]:
    return [(c.label, dict(sorted(c.values.items()))) for c in found.candidates]


def test_killed_in_the_middle_it_ends_as_one_that_was_not(
    write_study: Callable,
    tuner_command: Callable,
    capfd: pytest.CaptureFixture[str],
) -> None:
    few = "top = 1\nseeds = 2\nmax_seeds = 2"
    study = write_study(trials=6, more=NEVER_PRUNE, confirm=few, sleeps=0.1)
    tuner.run_study(study, confirm=False)
    folder = study.with_suffix("")
    shutil.copytree(folder, aside := folder.with_name("aside"))
    whole = tuner.run_study(study)
    trainings = confirmed(whole).trained
    shutil.rmtree(folder)
    aside.rename(folder)
    command = [sys.executable, "-m", "tuner", "run", str(study)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            found = tuner.open_study(study).confirmation
            if found and found.trained >= 5:
                process.kill()
            time.sleep(0.4)
    assert process.returncode == -9
    halfway = tuner.open_study(study)
    assert halfway.confirmed is None
    assert halfway.best.value == max(row.value or 0 for row in halfway.trials)
    url = tuner.open_study(study).storage
    study.unlink()  # the database alone must do
    ran = tuner_command("resume", "--storage", url)
    assert ran.code == 0, ran
    result = tuner.open_study(storage=url)
    with capfd.disabled():
        print(f"\nSIGKILL of a confirm at a moment of {trainings} trainings: the same table")
    assert result.confirmed == whole.confirmed
    assert result.best_schedule == whole.best_schedule


def test_stopped_after_an_epoch_it_goes_on_with_its_own_settings(searched: Path) -> None:
    seen: list[object] = []
    first = tuner.confirm_study(
        searched, top=1, seeds=2, max_seeds=2,
        on_event=seen.append, stop_requested=lambda: len(seen) > 8,
    )  # fmt: skip
    assert first.ended == "interrupted"
    assert first.confirmed is None
    assert first.confirmation is not None
    assert first.confirmation.missing
    result = tuner.resume_study(first.storage)  # though the file says enabled = false
    assert confirmed(result).trained == 12
    assert tuner.confirm_study(searched, top=1, seeds=2, max_seeds=3, timeout="0.01s").ended in (
        "timeout",
        "done",  # the two seeds may have been enough
    )


def test_no_confirm(write_study: Callable) -> None:
    study = write_study(trials=2, confirm=SMALL)
    result = tuner.run_study(study, confirm=False)
    assert result.confirmation is None
    assert "confirm" not in tuner.read_schedule_file(result.folder / "best.json").provenance
    assert tuner.resume_study(result.storage, confirm=False).confirmation is None


def test_what_cannot_be_confirmed(write_study: Callable) -> None:
    study = write_study(trials=1)
    tuner.run_study(study)
    with pytest.raises(StudyError, match="`seeds <= max_seeds` must hold, but got") as caught:
        tuner.confirm_study(study, seeds=9)
    assert "seeds=9, max_seeds=8" in str(caught.value)
    with pytest.raises(StudyError, match="top"):
        tuner.confirm_study(study, top=0)
    write_study(name="none", trials=1)
    none = study.with_name("none.toml")
    tuner.run_study(none, stop_requested=lambda: True)
    with pytest.raises(StudyError, match="must have a complete trial to confirm"):
        tuner.confirm_study(none)
    with pytest.raises(StudyError, match=r"must have the study 'small\.other'"):
        tuner.confirm_study(storage=tuner.open_study(study).storage, name="small.other")


@pytest.mark.parametrize(
    ("name", "confirm", "message"),
    [
        ("a.confirm", "", "must not end in '.confirm'"),
        ("a", "seeds = 1", "confirm.seeds"),
        ("a", "seeds = 9", "(seeds=9, max_seeds=8)"),
        ("a", "tops = 3", "did you mean 'top'?"),
    ],
)
def test_definitions_that_are_refused(
    write_study: Callable, name: str, confirm: str, message: str
) -> None:
    with pytest.raises(DefinitionError) as caught:
        tuner.check_study(write_study(name, confirm=confirm))
    assert message in str(caught.value)


def test_the_confirm_may_change_while_the_study_goes_on(
    searched: Path, write_study: Callable
) -> None:
    before = tuner.open_study(searched).spec.fingerprint()
    settings = "top = 1\nseeds = 2\nmax_seeds = 2\nseed = 7"
    write_study(trials=8, more=NEVER_PRUNE, epochs=1, sleeps=0.0, confirm=settings)
    result = tuner.run_study(searched)
    assert result.spec.fingerprint() == before
    assert all(sorted(c.values) == [7, 8] for c in confirmed(result).candidates)


def test_any_worker_can_help(searched: Path) -> None:
    seen: list[object] = []
    first = tuner.confirm_study(
        searched, top=1, seeds=2, max_seeds=2,
        on_event=seen.append, stop_requested=lambda: len(seen) > 8,
    )  # fmt: skip
    assert run_worker(first.storage, study="small.confirm") == "done"
    assert confirmed(tuner.open_study(searched)).trained == 12


def test_a_trial_that_nobody_needed_is_used_for_the_next_training(searched: Path) -> None:
    """Two workers that see one waiting trial ask twice; the second one's has no schedule."""
    result = tuner.confirm_study(searched, top=1, seeds=2, max_seeds=2)
    study = optuna.load_study(study_name="small.confirm", storage=result.storage)
    study.enqueue_trial({})
    found = confirmed(tuner.confirm_study(searched, top=1, seeds=3, max_seeds=3))
    trials = optuna.load_study(study_name="small.confirm", storage=result.storage).trials
    assert [trial.user_attrs["seed"] for trial in trials] == [1] * 6 + [2] * 6 + [3] * 6
    assert found.trained == 18


def test_a_search_on_a_holdout_is_confirmed_on_the_test_set(write_study: Callable) -> None:
    more = NEVER_PRUNE + '[objective]\nevaluate_on = "holdout"\nholdout_size = 140\n'
    study = write_study(trials=2, more=more, epochs=1, task=TASK)
    searched = tuner.run_study(study)
    held_out = searched.spec.task
    found = confirmed(tuner.confirm_study(study, top=1, seeds=2, max_seeds=2))
    [constant] = [c for c in found.candidates if c.label == "chapter: constant 0.3"]
    task = held_out.with_holdout(140, on_test_set=True)
    assert task.updates_per_epoch == held_out.updates_per_epoch == 12
    for seed, value in constant.values.items():
        [on_test_set] = task.train(constant.schedule, seed=seed, epochs=1)
        [on_holdout] = held_out.train(constant.schedule, seed=seed, epochs=1)
        assert value == on_test_set.record.test_accuracy
        assert on_test_set.record.train_loss == on_holdout.record.train_loss
        assert on_test_set.record.test_loss != on_holdout.record.test_loss


def test_a_run_of_fewer_trials_than_the_study_has_is_not_its_end(write_study: Callable) -> None:
    study = write_study(trials=4, epochs=1, task=TASK, confirm=SMALL)
    part = tuner.run_study(study, trials=2)
    assert part.summary.finished == 2
    assert part.confirmed is None
