"""Repeats are of one study: one that is begun anew under its name has none of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest

import tuner
from tuner.schedules import Schedule
from tuner.tasks import FunctionTask, State

pytestmark = pytest.mark.usefixtures("seconds")

ROOT = Path(__file__).parents[2]
SPACE = """
format = "tuner.search_space/1"
name = "constants"
[fixed]
family = "constant"
[params.base_lr]
type = "float"
low = {low}
high = 0.3
[[baseline]]
label = "low"
base_lr = {low}
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
trials = 4
[workers]
count = 1
[confirm]
top = 1
seeds = 2
max_seeds = 2
"""


def task(offset: float = 0.0, *, updates: int = 10) -> FunctionTask:
    def train(schedule: Schedule, seed: int, start: State | None) -> Iterator[float]:
        while True:
            yield schedule.base_lr + 0.001 * seed + offset

    return FunctionTask(train, updates_per_epoch=updates)


@pytest.fixture(scope="module")
def done_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("done") / "own.toml"
    path.with_name("space.toml").write_text(SPACE.format(low=0.1))
    path.write_text(STUDY)
    assert tuner.run_study(path, task=task()).confirmed is not None
    tuner.compare_study(path, seeds=2, task=task())
    return path


@pytest.fixture
def study(done_once: Path, tmp_path: Path) -> Path:
    """Return a study that is searched, confirmed and compared."""
    shutil.copytree(done_once.parent, tmp_path, dirs_exist_ok=True)
    return tmp_path / done_once.name


def delete(study: Path, name: str = "own") -> None:
    optuna.delete_study(study_name=name, storage=f"sqlite:///{study.with_suffix('')}/study.db")


def names(study: Path) -> set[str]:
    storage = f"sqlite:///{study.with_suffix('')}/study.db"
    return set(optuna.get_all_study_names(storage))


def begin_anew(study: Path, low: float, **options: object) -> tuner.StudyResult:
    delete(study)
    (study.parent / "space.toml").write_text(SPACE.format(low=low))
    return tuner.run_study(study, task=task(), **options)


def test_a_study_begun_anew_is_not_confirmed(study: Path) -> None:
    result = begin_anew(study, 0.2, confirm=False)
    assert result.confirmation is None
    assert result.confirmed is None
    assert result.best == max(result.trials, key=lambda row: row.value or 0)
    written = tuner.read_schedule_file(study.with_suffix("") / "best.json")
    assert written.schedule == result.best_schedule
    assert "confirm" not in written.provenance


def test_it_gets_a_confirm_of_its_own_and_the_old_one_is_kept(
    study: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = tuner.open_study(study).confirmed
    result = begin_anew(study, 0.2)
    assert result.confirmed is not None
    assert before is not None
    known = {row.schedule for row in result.trials}
    assert {c.schedule for c in result.confirmed.candidates} <= known
    assert not {c.schedule for c in before.candidates} & known
    assert "own.before-1.confirm" in names(study)
    assert "is kept as own.before-1.confirm" in caplog.text
    kept = optuna.load_study(
        study_name="own.before-1.confirm",
        storage=f"sqlite:///{study.with_suffix('')}/study.db",
    )
    assert len(kept.trials) == 2 * len(before.candidates)
    # And looked at again, it is one study, with its confirm.
    again = tuner.open_study(storage=result.storage)
    assert again.name == "own"
    assert again.confirmed == result.confirmed


def test_the_same_study_begun_anew_has_the_same_confirm(study: Path) -> None:
    """With the same trials, what fresh seeds say of their schedules is as true as before."""
    before = tuner.open_study(study).confirmed
    result = begin_anew(study, 0.1)
    assert result.confirmed == before
    assert names(study) == {"own", "own.confirm", "own.compare"}


def test_a_comparison_of_another_task_is_none(study: Path) -> None:
    delete(study)
    longer = task(updates=20)
    result = tuner.run_study(study, task=longer, confirm=False)
    assert result.comparison is None
    result = tuner.compare_study(study, seeds=2, task=longer)
    assert result.comparison is not None
    assert all(len(each.repeats) == 2 for each in result.comparison.schedules)
    assert "own.before-1.compare" in names(study)


def test_a_comparison_is_of_every_study_of_its_task(study: Path) -> None:
    before = tuner.open_study(study).comparison
    result = begin_anew(study, 0.2, confirm=False)
    assert before is not None
    assert result.comparison == before


def test_repeats_without_their_study_are_nobodys(study: Path) -> None:
    delete(study)
    assert names(study) == {"own.confirm", "own.compare"}
    with pytest.raises(tuner.TunerError, match="must have"):
        tuner.open_study(study)


def test_a_copy_under_the_same_name_keeps_its_confirm(study: Path, tmp_path: Path) -> None:
    before = tuner.open_study(study).confirmed
    copy = tmp_path / "elsewhere"
    copy.mkdir()
    shutil.copy(study.with_suffix("") / "study.db", copy / "study.db")
    assert tuner.open_study(storage=f"sqlite:///{copy}/study.db").confirmed == before
