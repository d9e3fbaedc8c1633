"""A user's own training and what is around it: folders, prints, tracebacks, states, moving."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest

import tuner
from tuner.definition import load_spec
from tuner.errors import DefinitionError, ScheduleError, StudyError, TaskError
from tuner.tasks import FunctionTask
from tuner.tasks.recording import read_recording

pytestmark = pytest.mark.usefixtures("seconds")

SPACE = Path(__file__).parents[2] / "examples" / "space.toml"
TABLE = Path(__file__).parents[1] / "released" / "0.1.0" / "curves.jsonl"
STUDY = """
format = "tuner.study/1"
name = "own"
search_space = "{space}"
[task]
{task}
[budget]
trials = 3
[objective]
metric = "rate"
direction = "minimize"
[confirm]
enabled = false
[workers]
count = 1
"""
NAMED = 'name = "own_module:make"\nepochs = 3'
PLAIN = """
    epoch = start.epoch if start else 0
    while True:
        epoch += 1
        yield schedule(10 * epoch), {"n": 1}
"""


def study_in(folder: Path, task: str = NAMED, body: str = PLAIN, top: str = "") -> Path:
    """Write a study and the module of its task, and return the study's file."""
    folder.mkdir(exist_ok=True)
    (folder / "own_module.py").write_text(
        f"from tuner.tasks import FunctionTask\n{top}\n"
        f"def train(schedule, seed, start):{body}\n"
        "def make():\n    return FunctionTask(train, updates_per_epoch=10)\n"
    )
    path = folder / "study.toml"
    path.write_text(STUDY.format(space=SPACE, task=task))
    return path


def values_of(result: tuner.StudyResult) -> list[float | None]:
    return [row.value for row in result.trials]


# --- the current folder ---


def test_a_training_that_changes_the_folder_leaves_the_studys_files_where_they_belong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    study_in(tmp_path)
    monkeypatch.chdir(tmp_path)
    seen: list[Path] = []

    def train(schedule: Any, seed: int, start: Any) -> Iterator[Any]:
        import os

        os.chdir("data")  # relative: the second trial begins where the first one did
        for epoch in range(9):
            seen.append(Path.cwd())
            yield schedule(10 * epoch + 10), {"n": 1}

    Path("study.toml").write_text(STUDY.format(space=SPACE, task="epochs = 3"))
    result = tuner.run_study("study.toml", task=FunctionTask(train, updates_per_epoch=10))
    assert Path.cwd() == tmp_path
    assert {row.state for row in result.trials} <= {"complete", "pruned"}
    assert {*seen} == {tmp_path / "data"}
    assert [*(tmp_path / "data").iterdir()] == []
    names = {path.name.partition("-")[0] for path in (tmp_path / "study").iterdir()}
    assert names == {"best.json", "report.html", "checkpoints", "study.db"}
    assert tuner.open_study("study.toml").summary.finished == 3


def test_a_file_that_is_not_there_is_named_with_the_folder_it_was_looked_for_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    study = study_in(tmp_path / "studies", top="open('data.csv')")
    with pytest.raises(DefinitionError) as caught:
        load_spec(study)
    assert f"(relative to the current folder, {tmp_path})" in str(caught.value)


# --- what it prints and raises ---


def test_what_a_module_prints_is_no_result(tmp_path: Path, tuner_process: Callable) -> None:
    study = study_in(tmp_path, top="print('hello from the module')")
    assert tuner_process("run", study, "--quiet").code == 0
    for command in ("trials", "status"):
        said = tuner_process(command, study, "--format", "json")
        assert json.loads(said.out), said
        assert "hello" not in said.out
    assert "hello" not in tuner_process("check", study).out


BROKEN = """
    def deep(value):
        return value / 0
    while True:
        yield deep(schedule(10))
"""


def test_the_traceback_of_a_training_is_kept_and_shown_by_debug(
    tmp_path: Path, tuner_command: Callable
) -> None:
    study = study_in(tmp_path, body=BROKEN)
    said = tuner_command("run", study, "--quiet")
    assert (said.code, "Traceback" in said.err) == (1, False)
    kept = tmp_path / "study" / "failed" / "own-0.txt"
    assert f"Trial 0 failed; its traceback is in {kept}" in said.err
    text = kept.read_text()
    assert text.startswith("Traceback (most recent call last):")
    assert text.endswith("ZeroDivisionError: float division by zero\n")
    assert "return value / 0" in text
    said = tuner_command("--debug", "run", study, "--quiet")
    assert "return value / 0" in said.err


@pytest.mark.usefixtures("processes")
def test_the_traceback_of_a_worker_is_kept_too(tmp_path: Path, tuner_process: Callable) -> None:
    study = study_in(tmp_path, body=BROKEN)
    said = tuner_process("--debug", "run", study, "--workers", 2)
    assert said.code == 1
    assert "return value / 0" in said.err
    assert (tmp_path / "study" / "failed" / "own-0.txt").exists()


# --- states ---


def test_the_room_for_states_is_settable_and_no_part_of_the_definition(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    big = PLAIN.replace('{"n": 1}', '{"n": __import__("numpy").zeros(200_000)}')
    study = study_in(tmp_path, body=big)
    whole, text = load_spec(study), study.read_text()
    study.write_text(f'{text}[storage]\nstates = "1MB"\n')
    assert load_spec(study).fingerprint() == whole.fingerprint()
    result = tuner.run_study(study)
    assert "A training state of 1.6MB is not kept" in caplog.text
    assert [*(tmp_path / "study").glob("checkpoints/*.state")] == []
    study.write_text(f'{text}[storage]\nstates = "0.01TB"\n')
    caplog.clear()
    tuner.run_study(study, trials=4)
    assert caplog.messages == []
    # From the database alone, too, as workers do.
    assert tuner.resume_study(result.storage, trials=5).spec.states_bytes == 10**10
    assert len([*(tmp_path / "study").glob("checkpoints/*.state")]) >= 2


@pytest.mark.parametrize("size", ['"4"', '"0GB"', "4", '"4 gigabytes"'])
def test_a_size_has_a_unit(tmp_path: Path, size: str) -> None:
    study = study_in(tmp_path)
    study.write_text(f"{study.read_text()}[storage]\nstates = {size}\n")
    with pytest.raises(DefinitionError, match="is no size above 0"):
        load_spec(study)


def test_a_function_without_a_file_says_once_that_its_states_are_not_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    known: dict[str, Any] = {"np": np}
    exec(
        "def at_a_prompt(schedule, seed, start):\n"
        "    for epoch in range(9):\n"
        "        yield schedule(10 * epoch + 10), {'n': np.ones(1)}\n",
        known,
    )
    study = study_in(tmp_path, task="epochs = 3")
    tuner.run_study(study, task=FunctionTask(known["at_a_prompt"], updates_per_epoch=10))
    [text] = caplog.messages
    assert text.startswith("at_a_prompt's states are not kept")


# --- a study that was moved ---


@pytest.mark.parametrize("task", [NAMED, 'name = "table"\npath = "../curves.jsonl"\nepochs = 3'])
def test_a_study_that_was_moved_goes_on(
    tmp_path: Path, task: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "before"
    home.mkdir()
    shutil.copy(TABLE, home / "curves.jsonl")
    study = study_in(home / "studies", task)
    if "table" in task:
        study.write_text(study.read_text().replace('"rate"\ndirection = "min', '"test_loss" #'))
        study.write_text(study.read_text().replace('#imize"', ""))
    first = values_of(tuner.run_study(study))
    moved = tmp_path / "after"
    shutil.move(home, moved)
    url = f"sqlite:///{moved}/studies/study/study.db"
    assert values_of(tuner.open_study(moved / "studies" / "study.toml")) == first
    assert values_of(tuner.open_study(storage=url)) == first
    more = tuner.resume_study(url, trials=5, confirm=False)
    assert values_of(more)[:3] == first
    assert more.summary.finished == 5
    assert str(home) not in json.dumps(optuna.load_study(
        study_name="own", storage=url
    ).user_attrs["definition"])  # fmt: skip
    again = tuner.run_study(moved / "studies" / "study.toml", trials=6)
    assert again.summary.finished == 6


def test_a_study_whose_file_is_gone_says_where_it_must_be(tmp_path: Path) -> None:
    shutil.copy(TABLE, tmp_path / "curves.jsonl")
    study = study_in(tmp_path, 'name = "table"\npath = "curves.jsonl"\nepochs = 3')
    study.write_text(study.read_text().replace('"rate"\ndirection = "minimize"', '"test_loss"'))
    url = tuner.run_study(study).storage
    (tmp_path / "curves.jsonl").unlink()
    read_recording.cache_clear()  # as in another process
    with pytest.raises(StudyError, match="or lie around its SQLite file as they did"):
        tuner.open_study(storage=url)


# --- check --train ---

UNSEEDED = """
    import random
    while True:
        yield schedule(10) + random.random(), {"n": 1}
"""
FORGETFUL = """
    total = 0.0
    for epoch in range(start.epoch if start else 0, 99):
        total += schedule(10 * epoch + 10)
        yield total, {"n": 1}
"""
NO_BATCH = """
    raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")
    yield
"""
DIVERGES = """
    schedule(10)
    yield float("nan")
"""


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            UNSEEDED,
            r"must follow from its seed, but epoch 1 from seed 0 gave rate .* and then",
        ),
        (FORGETFUL, r"go on from a state .* epoch 2 gave rate 0\.\d+ in one go and 0\.\d+ from"),
        (NO_BATCH, r"must train, but: RuntimeError: mat1 and mat2 .*\(own_module\.py, line 4\)"),
        (DIVERGES, r"must train under Cosine\(base_lr=0.1.*diverged in epoch 1: it gave nan"),
        ("\n    yield 'x'\n", "must train, but: train must yield a number"),
    ],
)
def test_check_trains_if_asked_and_says_what_is_wrong(
    tmp_path: Path, body: str, words: str
) -> None:
    study = study_in(tmp_path, body=body)
    assert tuner.check_study(study).tried is None
    with pytest.raises(TaskError, match=words.replace("and 0", "and rate 0")):
        tuner.check_study(study, train=True)
    assert not (tmp_path / "study").exists()


PLATEAU = """
format = "tuner.search_space/1"
name = "plateau"
[fixed]
family = "plateau"
decay_factor = 0.5
patience = 0
{on}
[params.base_lr]
type = "float"
low = 0.01
high = 0.1
"""


def test_check_trains_and_says_that_a_plateau_is_never_told_its_loss(tmp_path: Path) -> None:
    study = study_in(tmp_path)
    (tmp_path / "plateau.toml").write_text(PLATEAU.format(on=""))
    space = study.read_text().split("search_space = ")[1].splitlines()[0]
    study.write_text(study.read_text().replace(space, '"plateau.toml"'))
    with pytest.raises(ScheduleError, match="the task gave no train loss"):
        tuner.check_study(study, train=True)
    (tmp_path / "plateau.toml").write_text(PLATEAU.format(on='on = "metric"'))
    assert tuner.check_study(study, train=True).tried is not None


def test_check_says_what_it_found_of_a_training_that_is_right(
    tmp_path: Path, tuner_command: Callable
) -> None:
    study = study_in(tmp_path)
    said = tuner_command("check", study)
    assert f"nothing was trained; `tuner check {study} --train` tries it" in said.err
    assert "judged by rate after the last epoch, the smaller the better" in said.out
    said = tuner_command("check", study, "--train")
    assert "twice the same from one seed; the same from its state" in said.out
    assert "all is well. Start it with" in said.err
    study.write_text(study.read_text().replace("enabled = false", ""))
    said = tuner_command("check", study, "--train")
    assert "the same from another seed too, so a confirm says nothing" in said.out
    assert not (tmp_path / "study").exists()
