"""What is removed while a study runs: it says what is gone, at once."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest

import tuner
from tuner.errors import StorageError, StudyError, TunerError
from tuner.search import EpochEnded, Event, StudyEnded, tried_again
from tuner.tasks import FunctionTask

ROOT = Path(__file__).parents[2]
URL = "sqlite:///s/study.db"
# The same in every process that has the study's folder as its own.
MODULE = """
import os, shutil, optuna
from pathlib import Path
from tuner.tasks import FunctionTask

def make():
    def train(schedule, seed, start):
        yield 1.0
        try:
            Path("removed").mkdir()
        except FileExistsError:
            pass
        else:
            {removal}
        while True:
            yield 1.0
    return FunctionTask(train, updates_per_epoch=10)
"""


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study of six trials of three epochs, whose task is passed."""
    monkeypatch.chdir(tmp_path)
    path = Path("s.toml")
    path.write_text(
        'format = "tuner.study/1"\nname = "s"\n'
        f'search_space = "{ROOT}/search_spaces/chapter.toml"\n'
        "[task]\nepochs = 3\n[budget]\ntrials = 6\n[workers]\ncount = 1\n"
        '[pruner]\ntype = "none"\n[confirm]\nenabled = false\n'
    )
    return path


def remove_file() -> None:
    Path("s/study.db").unlink()


def remove_folder() -> None:
    shutil.rmtree("s")


def replace_file() -> None:
    shutil.copy("s/study.db", "copy.db")
    Path("copy.db").replace("s/study.db")


def delete_study() -> None:
    optuna.delete_study(study_name="s", storage=URL)


GONE: list[tuple[Callable[[], None], type[TunerError], str]] = [
    (remove_file, StorageError, r"s/study.db is gone: it was moved or removed while the study"),
    (remove_folder, StorageError, r"s/study.db is gone: it was moved or removed while the study"),
    (replace_file, StorageError, r"s/study.db is another file than before: it was replaced"),
    (delete_study, StudyError, r"Study 's' is gone: it was deleted from sqlite:///s/study.db"),
]


@pytest.mark.parametrize(("remove", "kind", "words"), GONE)
def test_what_is_gone_is_said_after_the_epoch(
    study: Path, remove: Callable[[], None], kind: type[TunerError], words: str
) -> None:
    seen: list[Event] = []

    def train(*_: Any) -> Iterator[float]:
        yield 1.0
        remove()
        while True:
            yield 1.0

    with pytest.raises(kind, match=words):
        tuner.run_study(
            study, task=FunctionTask(train, updates_per_epoch=10), on_event=seen.append
        )
    assert [each.record.epoch for each in seen if isinstance(each, EpochEnded)] == [1]
    assert not Path("s/best.json").exists()
    if remove in (remove_file, remove_folder):
        assert not Path("s/study.db").exists()


@pytest.mark.parametrize(("remove", "kind", "words"), GONE)
def test_what_is_gone_at_the_end_is_said(
    study: Path, remove: Callable[[], None], kind: type[TunerError], words: str
) -> None:
    task = FunctionTask(lambda schedule, *_: iter([schedule(1), 0.2, 0.3]), updates_per_epoch=10)
    with pytest.raises(kind, match=words):
        tuner.run_study(
            study, task=task, on_event=lambda e: isinstance(e, StudyEnded) and remove()
        )


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize(
    ("removal", "words"),
    [
        ("shutil.rmtree('s')", r"study.db is gone: it was moved or removed while the study"),
        (f"optuna.delete_study(study_name='s', storage={URL!r})", "Study 's' is gone: it was"),
    ],
)
@pytest.mark.usefixtures("processes")
def test_workers_say_what_is_gone(
    study: Path, tuner_command: Callable, removal: str, words: str
) -> None:
    Path("removing.py").write_text(MODULE.format(removal=removal))
    study.write_text(study.read_text().replace("[task]", '[task]\nname = "removing:make"'))
    ran = tuner_command("run", study, "--workers", 2)
    assert ran.code in (1, 2), ran
    assert words in " ".join(ran.err.split()), ran
    assert "defect" not in ran.err
    assert "Traceback" not in ran.err


def test_an_interrupted_run_leaves_no_connection_open(study: Path) -> None:
    """In a program that goes on, its log would grow beside the database."""

    def stop(event: Event) -> None:
        if isinstance(event, EpochEnded):
            raise KeyboardInterrupt

    task = FunctionTask(lambda *_: iter([0.1, 0.2, 0.3]), updates_per_epoch=10)
    with pytest.raises(KeyboardInterrupt):
        tuner.compare_study(study, task=task, on_event=stop)
    assert not [path.name for path in Path("s").iterdir() if path.name.startswith("study.db-")]


def test_trials_behind_a_proxy_are_not_said_to_be_in_the_queue() -> None:
    """Only a database can put them back."""
    behind = optuna.storages.InMemoryStorage()
    assert tried_again(behind, [0]).startswith("They stay failed, for a storage proxy cannot")
