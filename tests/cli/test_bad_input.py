"""Bad input: exit code 2, what and where and the remedy, no traceback, nothing on disk changes.

What each mistake of a file says is in test_spec.py, test_space.py and test_storage.py; here the
real command meets one of every kind.
"""

from __future__ import annotations

import gc
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tuner.cli.main import main
from tuner.schedules import Cosine, save_schedule
from tuner.spec import load_spec
from tuner.storage import make_database

ROOT = Path(__file__).parent.parent.parent
STUDY = """
format = "tuner.study/1"
name = "small"
search_space = "space.toml"
[task]
name = "lenet_fashion_mnist"
epochs = 3
train_size = 600
test_size = 100
[budget]
trials = 2
"""
BAD, DONE = 2, 0


class Said(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def tuner(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable:
    """Return a function that runs the command in this process."""

    def run(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["tuner", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code
        del ended
        gc.collect()  # closes what the exception holds, as the end of a process does
        return Said(code if isinstance(code, int) else 0, *capsys.readouterr())

    return run


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a good study, its space, a schedule and several wrong databases."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "search_spaces" / "chapter.toml", "space.toml")
    Path("study.toml").write_text(STUDY)
    save_schedule(Cosine(base_lr=0.3, final_lr=0.01, horizon=100), "best.json")
    Path("text.db").write_text("a text")
    with sqlite3.connect("other.db") as connection:
        connection.execute("CREATE TABLE customers (name)")
    connection.close()
    return tmp_path


def tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return everything below a folder, and when it changed."""
    return {
        str(path.relative_to(folder)): (
            path.read_bytes() if path.is_file() else b"",
            path.stat().st_mtime_ns,
        )
        for path in folder.rglob("*")
    }


def refused(said: Said, *words: str) -> None:
    assert said.code == BAD, said
    assert said.out == ""
    for word in words:
        assert word in said.err, said.err
    assert "Traceback" not in said.err
    assert "defect" not in said.err
    assert "Warning" not in said.err


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database with the study, of which no trial has run."""
    folder = tmp_path_factory.mktemp("made")
    shutil.copy(ROOT / "search_spaces" / "chapter.toml", folder / "space.toml")
    (folder / "study.toml").write_text(STUDY)
    from tuner.search.study import prepare_study

    spec = load_spec(folder / "study.toml")
    make_database(spec.storage_url, lambda new: prepare_study(spec, new))
    return folder / "study" / "study.db"


# --- the files of a study ---

# fmt: off
EDITS = [
    # (file, old, new, place, words)
    ("study.toml", "name = \"small\"", "nam = 'small'", "nam", "did you mean 'name'?"),
    ("study.toml", "epochs", "epoch", "task.epoch", "unknown key; did you mean 'epochs'?"),
    ("study.toml", "trials", "trails", "budget.trails", "unknown key; did you mean 'trials'?"),
    ("study.toml", "epochs = 3", "epochs = '3'", "task.epochs", "must be a whole number, but got"),
    ("study.toml", "[budget]", "[sampler]\ntype = 'tpe'\nsead = 1\n[budget]", "sampler.sead",
     "unknown key; did you mean 'seed'?"),
    ("study.toml", "[budget]", "[pruner]\ntype = 'median'\nwarmup = 1\n[budget]", "pruner.warmup",
     "must be whole epochs such as '1ep', but got 1"),
    ("study.toml", "[budget]", "[storage]\nulr = 'x'\n[budget]", "storage.ulr", "mean 'url'?"),
    ("study.toml", "space.toml", "spacs.toml", "search_space", "must exist, but does not; did"),
    ("study.toml", "[budget]", "[budget", "syntax", "must be valid TOML: Expected ']'"),
    ("space.toml", "[params.family]", "[params.family", "search_space", "must be valid TOML"),
    ("space.toml", "notes ", "note ", "note", "unknown key; did you mean 'notes'?"),
    ("space.toml", "warmup_mode ", "warmup_mod ", "fixed.warmup_mod", "mean 'warmup_mode'?"),
    ("space.toml", "[params.power]", "[params.powre]", "params.powre", "did you mean 'power'?"),
    ("space.toml", "log  = true", "logg = true", "params.base_lr.logg", "did you mean 'log'?"),
    ("space.toml", "low  = 0.01", "low  = '0.01'", "params.base_lr.low", "must be a number, but"),
    ("space.toml", '"0.2dur"', "500", "params.warmup_steps.high", "500 has no unit. Write"),
    ("space.toml", "low  = 0.01", "low  = 2", "params.base_lr.low", "`low <= high` must hold"),
    ("space.toml", "low  = 0.01", "low  = 0", "params.base_lr.low", "must be > 0 when log = true"),
    ("space.toml", '{ family = "poly" }', '{ famly = "poly" }', "params.power.when",
     "no categorical parameter 'famly' above; did you mean 'family'?"),
    ("space.toml", '{ family = "poly" }', '{ family = "pol" }', "params.power.when",
     "'family' has no choice 'pol'; choices are constant"),
    ("space.toml", "base_lr      = 0.5", "base_lr      = 5", "baseline[3].base_lr",
     "must be in 0.01..1.0, which is sampled, but got 5.0"),
    ("space.toml", "n_milestones = 1", "n_milestone = 1", "baseline[3].n_milestone",
     "no parameter of multi_factor; did you mean 'n_milestones'?"),
    ("space.toml", '"0.2dur"', '"1dur"', "params.warmup_steps.high",
     "`warmup_steps < horizon` must hold, but got (warmup_steps=9, horizon=9)"),
]
# fmt: on


@pytest.mark.parametrize("command", ["check", "run", "status"])
@pytest.mark.parametrize(("file", "old", "new", "place", "words"), EDITS)
def test_a_mistake_in_a_file(
    tuner: Callable,
    folder: Path,
    command: str,
    file: str,
    old: str,
    new: str,
    place: str,
    words: str,
) -> None:
    text = Path(file).read_text()
    assert old in text
    Path(file).write_text(text.replace(old, new, 1))
    before = tree(folder)
    said = tuner(command, "study.toml")
    refused(said, f"  {place}  ", words)
    where = "space.toml" if file == "space.toml" and place != "search_space" else "study.toml"
    assert said.err.startswith(f"error: {where} has 1 mistake\n")
    assert len(said.err.splitlines()) == 2
    assert tree(folder) == before


def test_all_mistakes_at_once(tuner: Callable, folder: Path) -> None:
    Path("study.toml").write_text(STUDY.replace("trials = 2", "trials = 0\ntimeout = '2'"))
    space = Path("space.toml").read_text()
    Path("space.toml").write_text(
        space.replace("low  = 0.01", "low  = 0").replace('"0.2dur"', "9")
    )
    before = tree(folder)
    said = tuner("run", "study.toml")
    refused(said, "error: study.toml has 4 mistakes\n")
    places = [line.split("  ")[1] for line in said.err.splitlines()[1:]]
    assert places == [
        "budget.trials",
        "budget.timeout",
        "space.toml: params.base_lr.low",
        "space.toml: params.warmup_steps.high",
    ]
    assert tree(folder) == before


@pytest.mark.parametrize("command", ["check", "run", "status", "trials", "best", "export"])
def test_a_missing_study_file(tuner: Callable, folder: Path, command: str) -> None:
    before = tree(folder)
    refused(tuner(command, "studi.toml"), "must exist, but does not; did you mean study.toml?")
    assert tree(folder) == before


# --- databases ---


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


def test_another_definition(tuner: Callable, folder: Path, made: Path) -> None:
    shutil.copy(made, "study.db")
    Path("study.toml").write_text(STUDY.replace("epochs = 3", "epochs = 4"))
    before = tree(folder)
    said = tuner("run", "study.toml", "--storage", "sqlite:///study.db")
    refused(said, "study 'small' was started with another definition", "Give the new one another")
    assert [line.split() for line in said.err.splitlines() if line.startswith("  task")] == [
        ["task.epochs", "3", "->", "4"]
    ]
    assert tree(folder) == before


def test_no_study_at_all(tuner: Callable) -> None:
    refused(tuner("status"), "must be named by its file or by --storage URL, but got neither")


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


# --- schedule files ---


def edited(document: dict) -> str:
    document["schedule"]["params"]["base_lr"] = 0.31
    return json.dumps(document)


def of_an_unknown_family(document: dict) -> str:
    document["schedule"]["family"] = "cosin"
    return json.dumps(document)


def newer(document: dict) -> str:
    return json.dumps({**document, "format": "tuner.schedule/2"})


def truncated(document: dict) -> str:
    return json.dumps(document)[:-20]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (edited, "The file was edited or is damaged: export it again."),
        (truncated, "is not valid JSON, or was cut off"),
        (of_an_unknown_family, "unknown family 'cosin' (did you mean 'cosine'?)"),
        (newer, "this version reads up to 'tuner.schedule/1'. Upgrade tuner."),
    ],
)
def test_a_schedule_file(
    tuner: Callable, folder: Path, change: Callable[[dict], str], words: str
) -> None:
    path = Path("best.json")
    path.write_text(change(json.loads(path.read_text())))
    before = tree(folder)
    said = tuner("show", path)
    refused(said, "error: best.json", words)
    assert tree(folder) == before


def test_no_schedule_file(tuner: Callable) -> None:
    Path("binary.json").write_bytes(b"\x80\x04\x95\xff")
    refused(tuner("show", "binary.json"), "is not text, so not a schedule file")
    refused(tuner("show", "none.json"), "cannot be read: No such file or directory")
    refused(tuner("show", "."), "cannot be read: Is a directory")
    refused(tuner("show", "study.toml"), "is not valid JSON")


# --- the command line itself ---


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("run study.toml --trials 0", "Invalid value for '--trials'"),
        ("run study.toml --trials -1", "Invalid value for '--trials'"),
        ("run study.toml --trials many", "Invalid value for '--trials'"),
        ("resume --storage sqlite:///a.db --trials 0", "Invalid value for '--trials'"),
        (
            "run study.toml --timeout 30",
            "'--timeout': '30' is no time above 0. Write '90s', '30m'",
        ),
        (
            "run study.toml --timeout 0s",
            "'--timeout': '0s' is no time above 0. Write '90s', '30m'",
        ),
        ("run study.toml --timeout soon", "'--timeout': 'soon' is no time above 0. Write '90s'"),
        ("status study.toml --format xml", "Invalid value for '--format'"),
        ("best study.toml --top 0", "Invalid value for '--top'"),
        ("export study.toml --trial one", "Invalid value for '--trial'"),
        ("run", "Missing argument 'STUDY'"),
        ("resume", "Missing option '--storage'"),
        ("runn study.toml", "No such command 'runn'"),
        ("run study.toml --trial 3", "No such option"),
        ("show", "Missing argument 'FILE'"),
    ],
)
def test_the_command_line(tuner: Callable, folder: Path, arguments: str, words: str) -> None:
    before = tree(folder)
    refused(tuner(*arguments.split()), words)
    assert tree(folder) == before


def test_a_good_study_is_good(tuner: Callable) -> None:
    """The one that every test above makes one mistake in."""
    assert tuner("check", "study.toml").code == DONE


def test_the_real_command(tuner_command: Callable, folder: Path) -> None:
    Path("study.toml").write_text(STUDY.replace("epochs = 3", "epochs = 0"))
    before = tree(folder)
    said = tuner_command("run", "study.toml", cwd=folder)
    assert (said.code, said.out) == (BAD, "")
    assert said.err.splitlines() == [
        "error: study.toml has 1 mistake",
        "  task.epochs  must be >= 1, but got 0",
    ]
    assert tree(folder) == before


def test_a_traceback_with_debug_alone(tuner: Callable) -> None:
    said = tuner("--debug", "show", "none.json")
    assert said.code == BAD
    assert "Traceback" in said.err
    assert said.err.endswith("error: none.json cannot be read: No such file or directory.\n")
