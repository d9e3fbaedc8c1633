"""Databases that are none, are missing, have no such study, or have no room."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tuner.definition import load_spec
from tuner.storage import make_database

from .refusals import STUDY, Said, refused, tree

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database with the study, of which no trial has run."""
    folder = tmp_path_factory.mktemp("made")
    shutil.copy(ROOT / "search_spaces" / "chapter.toml", folder / "space.toml")
    (folder / "study.toml").write_text(STUDY)
    from tuner.search import prepare_study

    spec = load_spec(folder / "study.toml")
    make_database(spec.storage_url, lambda new: prepare_study(spec, new))
    return folder / "study" / "study.db"


@pytest.mark.usefixtures("training")
@pytest.mark.parametrize("command", ["run study.toml", "resume", "status", "trials", "report"])
@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite:///text.db", "text.db must be an SQLite database, but is another kind of file"),
        ("sqlite:///other.db", "must be Optuna's or empty, but has other tables (customers)"),
        ("sqlite:///.", "must be an SQLite database, but is a folder or device"),
        ("sqlite:///text.db/study.db", "text.db"),
        ("sqlite:////proc/self/mem", "cannot be used: Input/output error"),
        ("study.db", "--storage must be a storage URL such as 'sqlite:///study.db'"),
        ("sqlite://", "--storage must be a file, as in 'sqlite:///path/to/study.db'"),
        ("redis://host", "--storage must be of a known kind, such as"),
        ("oracle+oracledb://me:secret@host/db", "needs a driver that is not installed"),
    ],
)
def test_a_wrong_database(
    tuner: Callable, folder: Path, command: str, url: str, words: str
) -> None:
    before = tree(folder)
    said = tuner(*command.split(), "--storage", url)
    refused(said, words)
    assert len(said.err.splitlines()) == 1
    assert "secret" not in said.err
    assert tree(folder) == before


@pytest.mark.parametrize("command", ["resume", "status", "trials", "best", "export", "report"])
def test_a_missing_database(tuner: Callable, folder: Path, command: str) -> None:
    before = tree(folder)
    refused(
        tuner(command, "--storage", "sqlite:///no/study.db"),
        "The database no/study.db must exist, but does not. Check the path, or start a study",
    )
    assert tree(folder) == before


@pytest.mark.parametrize("command", ["resume", "status", "trials", "best", "export", "report"])
def test_a_study_that_does_not_exist(tuner: Callable, made: Path, command: str) -> None:
    before = tree(made.parent)
    option = ["--study", "smal"]
    refused(
        tuner(command, "--storage", f"sqlite:///{made}", *option),
        "must have the study 'smal', but has not. It has small.",
    )
    assert tree(made.parent) == before


def test_a_study_without_a_trial(tuner: Callable, made: Path) -> None:
    before = tree(made.parent)
    here = ["--storage", f"sqlite:///{made}"]
    refused(tuner("best", *here), "must have a complete trial, but has none yet. Run it on.")
    refused(tuner("export", *here), "must have a complete trial, but has none yet. Run it on.")
    refused(tuner("export", *here, "--trial", "99"), "Trial 99 must exist")
    assert tree(made.parent) == before


@pytest.mark.usefixtures("training")
def test_another_definition(tuner: Callable, folder: Path, made: Path) -> None:
    shutil.copy(made, "study.db")
    Path("study.toml").write_text(STUDY.replace("epochs = 3", "epochs = 4"))
    before = tree(folder)
    said = tuner("run", "study.toml", "--storage", "sqlite:///study.db")
    refused(
        said,
        "study 'small' was started with another definition",
        "copy a study file to one of another name",
    )
    assert [line.split() for line in said.err.splitlines() if line.startswith("  task")] == [
        ["task.epochs", "3", "->", "4"]
    ]
    assert tree(folder) == before


def test_no_study_at_all(tuner: Callable) -> None:
    refused(tuner("status"), "must be named by its file or by --storage URL, but got neither")


@pytest.mark.usefixtures("processes")
def test_a_full_disk(folder: Path) -> None:
    """The kernel refuses to make files larger, as on a full disk, though at another place."""
    before = tree(folder)
    for largest in (0, 65536):
        # Not as preexec_fn, which forks: some framework of other tests may have threads here.
        limited = (
            "import os, resource, sys;"
            f"resource.setrlimit(resource.RLIMIT_FSIZE, ({largest}, {largest}));"
            "os.execv(sys.executable, [sys.executable, '-m', 'tuner', 'run', 'study.toml'])"
        )
        done = subprocess.run(
            [sys.executable, "-c", limited], capture_output=True, text=True, check=False
        )
        refused(
            Said(done.returncode, done.stdout, done.stderr),
            "error: The database sqlite:///study/study.db cannot be used: ",
        )
        assert len(done.stderr.splitlines()) == 1
        assert tree(folder) == before
