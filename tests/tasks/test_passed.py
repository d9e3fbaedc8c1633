"""Tasks passed from Python: their studies by file, and arguments that are none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy
import pytest

import tuner
from tuner.definition import load_spec
from tuner.errors import DefinitionError, StorageError, StudyError
from tuner.tasks import FunctionTask

from .summed import SUMMED, summed

ROOT = Path(__file__).parents[2]


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Return the file of a study that names no task."""
    path = tmp_path / "study.toml"
    path.write_text(
        f'format = "tuner.study/1"\nname = "own"\n'
        f'search_space = "{ROOT / "examples" / "space.toml"}"\n'
        "[task]\nepochs = 4\n[budget]\ntrials = 10\n"
        '[objective]\nmetric = "distance"\ndirection = "minimize"\n'
        "[confirm]\nenabled = false\n"
    )
    return path


def test_a_study_of_a_passed_task_is_looked_at_by_its_file(
    study: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(StorageError, match=r"The database .*study.db must exist"):
        tuner.open_study(study)
    tuner.run_study(study, task=SUMMED, trials=2)
    assert tuner.open_study(study).summary.finished == 2
    assert caplog.messages == []
    study.write_text(study.read_text().replace("epochs = 4", "epochs = 5"))
    assert tuner.open_study(study).spec.epochs == 4
    assert "is not what the study was begun with" in caplog.text
    study.write_text(study.read_text().replace("trials = 10", "trials = 0"))
    with pytest.raises(DefinitionError, match=r"budget\.trials  must be >= 1"):
        tuner.open_study(study)


def test_a_file_without_a_task_says_whose_it_is(study: Path) -> None:
    with pytest.raises(DefinitionError) as caught:
        load_spec(study)
    [(place, text)] = caught.value.mistakes
    assert place == "task.name"
    assert text.startswith("is required, but missing: only the file of a study whose task is pass")
    assert "tuner.run_study(study, task=...)" in text


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (summed, "but got a function without updates_per_epoch"),
        ("x", "but got a str without updates_per_epoch"),
        (FunctionTask, "but got the class FunctionTask"),
    ],
)
def test_what_is_passed_must_be_a_task(study: Path, task: Any, words: str) -> None:
    must = r"`task` must be a task, such as a tuner.tasks.GluonTask, TorchTask or FunctionTask, "
    with pytest.raises(StudyError, match=must + words):
        tuner.run_study(study, task=task)
    assert not study.with_suffix("").exists()
    storage = tuner.run_study(study, task=SUMMED, trials=1).storage
    with pytest.raises(StudyError, match=must + words):
        tuner.resume_study(storage, task=task)


@pytest.mark.parametrize("number", ["3", 2.5, True, 0, numpy.int64(-1)])
def test_numbers_are_whole(study: Path, number: Any) -> None:
    whole = "must be a whole number of"
    for name in ("trials", "workers"):
        limit: dict[str, Any] = {name: number}
        with pytest.raises(StudyError, match=f"`{name}` {whole} 1 or more, but got {number!r}"):
            tuner.run_study(study, task=SUMMED, **limit)
    with pytest.raises(StudyError, match=f"`seeds` {whole} 2 to 1000"):
        tuner.compare_study(study, task=SUMMED, seeds=number)
    assert not study.with_suffix("").exists()


@pytest.mark.usefixtures("seconds")
def test_numpys_numbers_are_whole(study: Path) -> None:
    two = numpy.int64(2)
    assert tuner.run_study(study, task=SUMMED, trials=two).summary.finished == 2
    found = tuner.compare_study(study, task=SUMMED, seeds=two).comparison
    assert found is not None
    assert {len(each.repeats) for each in found.schedules} == {2}
