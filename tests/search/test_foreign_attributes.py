"""Attributes of types that ours never have, from another program: as if they were not there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest
from typer.testing import CliRunner

import tuner
from tuner.cli.main import app
from tuner.schedules import Schedule
from tuner.storage import study_id, trial_id
from tuner.tasks import FunctionTask, State

pytestmark = pytest.mark.usefixtures("seconds")

SPACE = """
format = "tuner.search_space/1"
name = "constants"
[fixed]
family = "constant"
[params.base_lr]
type = "float"
low = 0.1
high = 0.3
"""
STUDY = """
format = "tuner.study/1"
name = "own"
search_space = "space.toml"
[task]
epochs = 1
[objective]
metric = "score"
direction = "maximize"
[budget]
trials = {}
[confirm]
enabled = false
"""
FOREIGN: dict[str, list[Any]] = {
    "records": ["none", [1], [{"epoch": 1}]],
    "reason": [{"why": 1}],
    "baseline": [["low"]],
    "epochs_given": ["two"],
    "control": ["yes"],
    "spared": ["2"],
    "versions": ["0.1"],
    "schedule": ["constant", [1]],
}


def train(schedule: Schedule, seed: int, start: State | None) -> Iterator[float]:
    yield schedule.base_lr + seed


@pytest.mark.parametrize("name", FOREIGN)
def test_a_study_with_them_is_looked_at_and_goes_on(name: str, tmp_path: Path) -> None:
    (tmp_path / "space.toml").write_text(SPACE)
    path = tmp_path / "own.toml"
    path.write_text(STUDY.format(2))
    task = FunctionTask(train, updates_per_epoch=3)
    storage = f"sqlite:///{tmp_path}/own/study.db"
    before = tuner.run_study(path, task=task).trials
    stored = optuna.load_study(study_name="own", storage=storage)
    for value in FOREIGN[name]:
        study = optuna.create_study(study_name="other", storage=storage, direction="maximize")
        assert study_id(study) > study_id(stored)
        trials = stored.get_trials()
        trials[0].user_attrs = {**trials[0].user_attrs, name: value}
        for key, kept in stored.user_attrs.items():
            study.set_user_attr(key, kept)
        study.add_trials(trials)
        assert trial_id(study.get_trials()[0]) > trial_id(trials[0])
        for command in ("status", "trials --format json"):
            words = [*command.split(), "--storage", storage, "--study", "other"]
            done = CliRunner().invoke(app, words)
            assert (done.exit_code, done.exception) == (0, None), done.output
        found = tuner.open_study(storage=storage, name="other").trials
        assert found[1] == before[1]
        if name != "schedule":
            assert found[0].schedule == before[0].schedule
        result = tuner.resume_study(storage, study="other", task=task, trials=3)
        assert result.summary.finished == 3
        optuna.delete_study(study_name="other", storage=storage)
