"""Trials that fail, collapse or were killed while they ended, and what becomes of the study."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy
import pytest

import tuner
from tuner.errors import TrainingError
from tuner.search import EpochEnded, Event, StudyEnded, StudyStarted, TrialEnded, TrialStarted
from tuner.tasks import GluonTask

ROOT = Path(__file__).parents[2]


def test_trainings_that_all_fail_end_the_study(write_study: Callable, tmp_path: Path) -> None:
    # MXNet's sgld cannot take a learning rate of 0, which a linear decay to 0 ends with.
    (tmp_path / "to_zero.toml").write_text(
        'format = "tuner.search_space/1"\nname = "to_zero"\n[fixed]\nfamily = "linear"\n'
        '[params.base_lr]\ntype = "float"\nlow = 1e-6\nhigh = 1e-5\n'
    )
    task = 'train_size = 640\ntest_size = 64\noptimizer = "sgld"'
    study = write_study(trials=9, task=task, space="to_zero.toml")
    with pytest.raises(TrainingError, match=r"3 trials failed in a row.*has to be positive"):
        tuner.run_study(study)
    rows = tuner.open_study(study).trials
    assert [row.state for row in rows] == ["waiting"] * 3


LATER = """
from pathlib import Path
from tuner.tasks import FunctionTask

def make():
    def train(schedule, seed, start):
        while True:
            if not Path({mended!r}).exists():
                raise KeyError("boom")
            yield schedule(10)
    return FunctionTask(train, updates_per_epoch=10)
"""


@pytest.mark.usefixtures("seconds")
@pytest.mark.parametrize(("trials", "words"), [(9, "3 trials failed in a row"), (2, "All 2 tri")])
def test_what_failed_is_tried_again_once_its_cause_is_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trials: int, words: str
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    mended = tmp_path / "mended"
    (tmp_path / f"later{trials}.py").write_text(LATER.format(mended=str(mended)))
    study = tmp_path / "later.toml"
    study.write_text(
        'format = "tuner.study/1"\nname = "later"\n'
        f'search_space = "{ROOT}/search_spaces/chapter.toml"\n'
        f'[task]\nname = "later{trials}:make"\nepochs = 2\n[budget]\ntrials = {trials}\n'
        '[workers]\ncount = 1\n[pruner]\ntype = "none"\n[confirm]\nenabled = false\n'
    )
    with pytest.raises(
        TrainingError,
        match=rf"^{words}.*boom' \(later{trials}\.py, line 9\)\. They are in the queue again",
    ):
        tuner.run_study(study)
    rows = tuner.open_study(study).trials
    assert {row.state for row in rows} == {"waiting"}
    assert {row.reason for row in rows} == {""}
    mended.touch()
    result = tuner.run_study(study)
    assert result.summary.states == {"complete": trials}
    assert result.trials[0].baseline == "chapter: constant 0.3"


def test_the_reason_of_an_attempt_that_was_killed_is_forgotten(write_study: Callable) -> None:
    study = write_study(trials=2)
    first = tuner.run_study(study, trials=1)
    waiting = first.study.get_trials()[1]
    first.study._storage.set_trial_user_attr(waiting._trial_id, "reason", "RuntimeError: gone")
    row = tuner.run_study(study).trials[1]
    assert (row.state, row.reason) == ("complete", "")


def test_a_test_loss_that_is_no_number_is_a_collapse(
    tmp_path: Path, write_study: Callable
) -> None:
    """And no end of the study, which Optuna would make of it."""
    mx = tuner.import_mxnet()
    inputs = numpy.linspace(-1, 1, 64, dtype="float32").reshape(32, 2)
    tested = inputs.copy()
    tested[3, 1] = numpy.nan
    task = GluonTask(
        net=lambda: mx.gluon.nn.Dense(1), train_data=(inputs, inputs[:, :1]),
        test_data=(tested, inputs[:, :1]), loss=mx.gluon.loss.L2Loss(), batch_size=8,
    )  # fmt: skip
    study = write_study(trials=2, more='[objective]\nmetric = "test_loss"')
    text = study.read_text()
    start, end = text.index('name = "lenet'), text.index("[budget]")
    study.write_text(text[:start] + "epochs = 2\n" + text[end:])
    result = tuner.run_study(study, task=task)
    rows = result.trials
    assert [row.state for row in rows[:2]] == ["collapsed"] * 2
    assert all(row.is_collapsed for row in rows[:2])
    assert rows[0].reason == "diverged in epoch 1: the test loss is nan"
    # Nor is it reported: other trials are compared with what is.
    assert not any(trial.intermediate_values for trial in result.study.trials)


@pytest.mark.parametrize("event", [StudyStarted, TrialStarted, EpochEnded, TrialEnded, StudyEnded])
@pytest.mark.parametrize("error", [ValueError("mine"), OSError("mine"), RuntimeError("mine")])
def test_what_a_listener_raises_is_not_said_of_the_database(
    event: type[Event], error: Exception, tmp_path: Path
) -> None:
    def listen(said: Event) -> None:
        if isinstance(said, event):
            raise error

    def train(trial: tuner.Trial) -> None:
        for epoch in trial.epochs():
            trial.report(sum(map(trial.schedule, trial.updates_of(epoch))))

    sizes = {"epochs": 2, "updates_per_epoch": 10, "trials": 1, "base_lr": 0.1, "metric": "loss"}
    with pytest.raises(type(error), match=r"^mine$"):
        tuner.tune(train, **sizes, confirm=False, folder=tmp_path, on_event=listen)
