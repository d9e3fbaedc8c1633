"""Trials go on from states: their own, and those of trials whose schedules begin alike."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest

import tuner
from tuner.definition import Pruner, load_spec
from tuner.schedules import Schedule
from tuner.search import EpochEnded, TrialRow
from tuner.search.first_answer import first_answer
from tuner.search.pruners import Hyperband, Median, SuccessiveHalving
from tuner.tasks import Checkpoint, CheckpointStore, checkpoint_keys

from .searches import search

# One drop, after half of the training.
DROPS = """
format = "tuner.search_space/1"
name = "drops"
[fixed]
family = "multi_factor"
n_milestones = 1
warmup_steps = "4up"
[params.base_lr]
type = "categorical"
choices = [0.1, 0.01]
[params.decay_factor]
type = "float"
low = 0.1
high = 0.9
"""
HALF = '[[baseline]]\nlabel = "half"\nbase_lr = 0.1\ndecay_factor = 0.5\n'
FIFTH = '[[baseline]]\nlabel = "fifth"\nbase_lr = 0.1\ndecay_factor = 0.2\n'
AGAIN = '[[baseline]]\nlabel = "again"\nbase_lr = 0.1\ndecay_factor = 0.5\n'
SMALL = "train_size = 320\ntest_size = 250\nbatch_size = 32"


@pytest.fixture
def write_drops(write_study: Callable[..., Path], tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a study of multi_factor trials, 4 epochs each."""

    def write(*baselines: str, trials: int, epochs: int = 4, **options: Any) -> Path:
        (tmp_path / "drops.toml").write_text(DROPS + "".join(baselines))
        options = {"task": SMALL, **options}
        return write_study(space="drops.toml", trials=trials, epochs=epochs, **options)

    return write


def comparable(row: TrialRow) -> TrialRow:
    """Return the row without what depends on time and on other trials' states."""
    records = tuple(record._replace(seconds=0.0) for record in row.records)
    return row._replace(number=0, baseline=None, params={}, records=records, epochs_given=0)


def states(folder: Path) -> dict[str, int]:
    """Return the files of the states; one that is written again gets another number."""
    return {path.name: path.stat().st_ino for path in (folder / "checkpoints").iterdir()}


def last_state(study: Path, schedule: Schedule) -> Checkpoint:
    spec = load_spec(study)
    identity = spec.task.training_identity()
    assert identity is not None
    keys = checkpoint_keys(
        identity,
        schedule,
        seed=spec.training.seed,
        updates_per_epoch=spec.task.updates_per_epoch,
        epochs=spec.epochs,
    )
    found = CheckpointStore(study.with_suffix("") / "checkpoints").deepest(keys)
    assert found is not None
    assert found.state.epoch == spec.epochs
    return found


def test_the_second_of_two_that_begin_alike_trains_from_the_first_milestone_on(
    write_drops: Callable[..., Path],
) -> None:
    study = write_drops(HALF, FIFTH, trials=2)
    events: list[object] = []
    result = tuner.run_study(study, on_event=events.append)
    half, fifth = result.trials
    assert half.records[:2] == fifth.records[:2]  # with the seconds of who trained them
    assert half.records[2] != fifth.records[2]
    assert [(row.epochs_trained, row.epochs_given) for row in result.trials] == [(4, 0), (2, 2)]
    stored = optuna.load_study(study_name="small", storage=result.storage).trials
    for trial, trained, given in zip(stored, (4, 2), (0, 2), strict=True):
        assert trial.user_attrs["epochs_trained"] == trained
        assert trial.user_attrs["epochs_given"] == given
        assert list(trial.intermediate_values) == [1, 2, 3, 4]
    assert (result.summary.epochs_trained, result.summary.epochs_given) == (6, 2)
    seen = [(e.number, e.record.epoch) for e in events if isinstance(e, EpochEnded)]
    assert seen == [(number, epoch) for number in (0, 1) for epoch in (1, 2, 3, 4)]
    # It is the same training as one that begins at the beginning.
    (alone,) = tuner.run_study(write_drops(FIFTH, trials=1, name="alone")).trials
    assert alone.epochs_given == 0
    assert comparable(alone) == comparable(fifth)


def test_a_trial_that_was_trained_already_trains_nothing(
    write_drops: Callable[..., Path],
) -> None:
    result = tuner.run_study(write_drops(HALF, AGAIN, trials=2))
    first, again = result.trials
    assert (again.epochs_trained, again.epochs_given) == (0, 4)
    assert again.state == "complete"
    assert again.value == first.value
    assert again.records == first.records
    assert len(states(result.folder)) == 4


@pytest.mark.parametrize("more", ["seed = 1", "batch_size = 40", 'optimizer = "nag"'])
def test_other_trainings_in_the_same_folder_share_nothing(
    write_drops: Callable[..., Path], more: str
) -> None:
    folder = tuner.run_study(write_drops(HALF, trials=1)).folder
    name = more.partition(" ")[0]
    task = "\n".join(line for line in SMALL.splitlines() if not line.startswith(name))
    other = write_drops(
        HALF, trials=1, name="other", task=f"{task}\n{more}",
        more='[storage]\nurl = "sqlite:///small/study.db"',
    )  # fmt: skip
    result = tuner.run_study(other)
    assert result.folder == folder / "other"
    assert [row.epochs_given for row in result.trials] == [0]
    assert len(states(folder)) == 8


def test_a_training_is_extended_to_more_epochs(write_study: Callable[..., Path]) -> None:
    first = tuner.run_study(write_study(trials=1, task=SMALL, epochs=2))
    longer = write_study(
        "longer",
        trials=1,
        task=SMALL,
        epochs=3,
        more='[storage]\nurl = "sqlite:///small/study.db"',
    )
    row = tuner.run_study(longer).trials[0]  # a constant learning rate
    assert (row.epochs_trained, row.epochs_given) == (1, 2)
    assert row.records[:2] == first.trials[0].records


def test_states_change_nothing_but_the_time(
    write_drops: Callable[..., Path], caplog: pytest.LogCaptureFixture
) -> None:
    """And a study that cannot keep any goes on without."""
    pruner = '[pruner]\ntype = "successive_halving"\nreduction_factor = 2\n'
    more = f'{pruner}[sampler]\ntype = "random"\n'
    study = write_drops(HALF, trials=14, more=more, sleeps=0.0)
    shared = tuner.run_study(study)
    assert not caplog.messages
    without = write_drops(HALF, trials=14, name="without", more=more, sleeps=0.0)
    without.with_suffix("").mkdir()
    (without.with_suffix("") / "checkpoints").write_text("in the way")
    alone = tuner.run_study(without)
    (said,) = [text for text in caplog.messages if "cannot be kept" in text]
    assert "File exists" in said
    assert [comparable(row) for row in shared.trials] == [comparable(row) for row in alone.trials]
    assert alone.summary.epochs_given == 0
    assert any(row.state == "pruned" and row.epochs_given > 0 for row in shared.trials)
    assert any(row.state == "complete" and row.epochs_given == 2 for row in shared.trials)


KILLED = """
import os, signal, sys
import tuner
from tuner.search.events import EpochEnded

def stop(event):
    if isinstance(event, EpochEnded) and event.record.epoch == 3:
        os.kill(os.getpid(), signal.SIGKILL)

tuner.run_study(sys.argv[1], on_event=stop)
"""


def test_a_killed_trial_goes_on_with_the_epoch_it_was_in(
    write_drops: Callable[..., Path], run_alone: Callable
) -> None:
    whole_study = write_drops(HALF, trials=1, epochs=5, name="whole")
    (whole,) = run_alone(whole_study).trials
    study = write_drops(HALF, trials=1, epochs=5)
    killed = subprocess.run([sys.executable, "-c", KILLED, str(study)], check=False)
    assert killed.returncode == -9
    (before,) = tuner.open_study(study).trials
    assert (before.state, before.epochs) == ("interrupted", 3)
    folder = study.with_suffix("")
    shutil.copytree(folder, aside := folder.with_name("aside"))
    for last_state_is_lost in (False, True):
        if last_state_is_lost:  # as when it is killed before it could write it
            shutil.rmtree(folder)
            aside.rename(folder)
            kept = [*(folder / "checkpoints").iterdir()]
            max(kept, key=lambda path: path.stat().st_mtime_ns).unlink()
        there = states(folder)
        assert len(there) == (2 if last_state_is_lost else 3)

        (after,) = run_alone(study).trials
        new = states(folder).items() - there.items()
        assert len(new) == (3 if last_state_is_lost else 2)  # epochs that were trained now
        assert there.items() <= states(folder).items()  # the others were not
        assert comparable(after) == comparable(whole)
        assert after.records[:3] == before.records
        assert (after.epochs_trained, after.epochs_given) == (5, 0)
        assert after.schedule is not None
        one, other = (last_state(each, after.schedule).state for each in (whole_study, study))
        assert one.arrays.keys() == other.arrays.keys()
        for name, array in one.arrays.items():
            assert array.tobytes() == other.arrays[name].tobytes()


def test_an_optimizer_that_cannot_go_on_keeps_no_states(
    write_drops: Callable[..., Path],
) -> None:
    result = tuner.run_study(
        write_drops(HALF, AGAIN, trials=2, task=f'{SMALL}\noptimizer = "lbsgd"')
    )
    assert [(row.epochs_trained, row.epochs_given) for row in result.trials] == [(4, 0)] * 2
    assert not (result.folder / "checkpoints").exists()


@pytest.mark.usefixtures("seconds")
@pytest.mark.parametrize(
    "pruner",
    [
        SuccessiveHalving(min_resource="1ep", reduction_factor=2),
        Hyperband(type="hyperband", min_resource="1ep", reduction_factor=2),
        Median(type="median", n_startup_trials=2),
    ],
    ids=["halving", "hyperband", "median"],
)
def test_a_pruner_that_is_asked_again_gives_the_same_answer(pruner: Pruner) -> None:
    """A process may be killed after the question and before the trial's end is stored."""
    random = np.random.default_rng(0)
    study = optuna.create_study(
        study_name="fixed", direction="maximize", pruner=pruner.make(search(8, 10))
    )
    answers = []
    for _ in range(40):
        trial = study.ask()
        study.enqueue_trial({"x": 1})  # one is waiting
        skill = random.normal()
        for epoch in range(1, 8):
            trial.report(skill + random.normal() / 4, step=epoch)
            answer = trial.should_prune()
            assert first_answer(trial) == first_answer(trial) == answer
            answers.append(answer)
            if answer:
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                break
        else:
            study.tell(trial, skill)
    assert {*answers} == {True, False}
