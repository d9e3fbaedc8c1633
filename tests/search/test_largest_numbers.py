"""Values as large as a float can be: a study of them ends, and its files are written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest

import tuner
from tuner.tasks import FunctionTask

pytestmark = pytest.mark.usefixtures("seconds")

SPACE = Path(__file__).parents[2] / "examples" / "space.toml"


def study_in(folder: Path, direction: str) -> Path:
    path = folder / "large.toml"
    path.write_text(
        f'format = "tuner.study/1"\nname = "large"\nsearch_space = "{SPACE}"\n'
        f'task = {{ epochs = 2 }}\nobjective = {{ metric = "m", direction = "{direction}" }}\n'
        'budget = { trials = 8 }\nsampler = { type = "random" }\npruner = { type = "none" }\n'
        "confirm = { enabled = false }\n"
    )
    return path


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
@pytest.mark.parametrize("large", [1.7e308, -1.7e308])
def test_a_value_that_cannot_be_averaged_is_one_of_a_diverged_training(
    tmp_path: Path, direction: str, large: float
) -> None:
    def train(schedule: Any, seed: int, start: Any) -> Iterator[float]:
        for epoch in range(2):
            rate = schedule(10 * epoch + 10)
            yield rate if schedule.base_lr < 0.1 or epoch == 0 else large

    result = tuner.run_study(
        study_in(tmp_path, direction), task=FunctionTask(train, updates_per_epoch=10)
    )
    states = {row.schedule.base_lr < 0.1: row.state for row in result.trials if row.schedule}
    assert states == {True: "complete", False: "collapsed"}
    assert f"it gave {large}" in "".join(row.reason for row in result.trials)
    assert (result.folder / "best.json").exists()
    assert result.best_schedule.base_lr < 0.1


@pytest.mark.parametrize("value", [1.7e308, -1.7e308])
def test_values_of_other_programs_are_shown_whatever_their_size(
    tmp_path: Path, value: float
) -> None:
    def train(schedule: Any, seed: int, start: Any) -> Iterator[float]:
        for epoch in range(2):
            yield schedule(10 * epoch + 10)

    result = tuner.run_study(
        study_in(tmp_path, "minimize"), task=FunctionTask(train, updates_per_epoch=10), trials=3
    )
    study = optuna.load_study(study_name="large", storage=result.storage)
    done = study.trials[0]
    for number in (value, value, value, -value):
        study.add_trial(
            optuna.create_trial(
                params=done.params, distributions=done.distributions, value=number,
                user_attrs=done.user_attrs, intermediate_values={1: number, 2: number},
            )
        )  # fmt: skip
    assert tuner.open_study(storage=result.storage).report(tmp_path / "page.html").exists()
    assert tuner.open_study(storage=result.storage).export(tmp_path / "best.json").exists()
