"""What ``tuner init`` starts from: every template is checked and run as the command says."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import tuner
from tuner.cli.formats import Template
from tuner.definition import schema_text
from tuner.definition.templates import TEMPLATES

# What makes the studies small: seconds instead of minutes.
SMALL = {
    "train_size = 20_000": "train_size = 640",
    "examples = 4000": "examples = 400",
    "epochs = 4\n": "epochs = 2\ntrain_size = 640\ntest_size = 300\n",
    "epochs     = 4 ": "epochs     = 2 ",
}
TASKS = {
    "torch": "tasks:make_task",
    "gluon": "tasks:make_task",
    "function": "tasks:make_task",
    "chapter": "lenet_fashion_mnist",
}


def without(*packages: str) -> list[str]:
    """Return the command in a process that cannot import some packages."""
    program = (
        "import sys\n"
        f"sys.modules.update(dict.fromkeys({packages!r}))\n"
        "from tuner.cli.main import main\n"
        "sys.argv[0] = 'tuner'\nmain()\n"
    )
    return [sys.executable, "-W", "error", "-c", program]


def said(command: list[str], cwd: Path, code: int = 0) -> tuple[str, str]:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout, done.stderr


def make_small(study: Path) -> None:
    text = study.read_text()
    for old, new in SMALL.items():
        text = text.replace(old, new)
    study.write_text(text)


def run_as_told(folder: Path, told: str, tuner_command: Callable) -> tuner.StudyResult:
    """Type what the command said, of a smaller study; only the run has options to be shorter."""
    check, run = (shlex.split(line.removeprefix("next"))[1:] for line in told.splitlines())
    make_small(folder / run[-1])
    for words in (check, [*run, "--trials", 2, "--workers", 1, "--no-confirm"]):
        ran = tuner_command(*words, cwd=folder)
        assert ran.code == 0, ran
    result = tuner.open_study(folder / run[-1])
    assert [row.state for row in result.trials if row.state != "waiting"] == ["complete"] * 2
    assert tuner.load_schedule(result.folder / "best.json") == result.best_schedule
    return result


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_is_written_checked_and_run(
    template: str, tmp_path: Path, tuner_command: Callable
) -> None:
    ran = tuner_command("init", "mine", "--template", template)
    assert ran.code == 0, ran
    written = [tmp_path / line.removeprefix("wrote ") for line in ran.out.splitlines()]
    assert all(path.is_file() for path in written)
    result = run_as_told(tmp_path, ran.err, tuner_command)
    assert result.spec.training.name == TASKS[template]


@pytest.mark.parametrize("template", ["torch", "gluon", "function"])
def test_the_files_of_ones_own_lie_together(template: str, tmp_path: Path) -> None:
    files = tuner.init_project(tmp_path, template)
    names = ["study.toml", "space.toml", "tasks.py"]
    schemas = ["study.json", "search_space.json", "schedule.json"]
    assert files == [tmp_path / name for name in names] + [
        tmp_path / "schemas" / name for name in schemas
    ]
    for path, schema in zip(files[:2], ("study", "search_space"), strict=True):
        first = path.read_text().partition("\n")[0]
        assert (path.parent / first.removeprefix("#:schema ")).read_text() == schema_text(schema)


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize("template", ["torch", "gluon", "function"])
def test_their_code_is_neat(template: str, tmp_path: Path) -> None:
    """As it lies in a project of its own, by ruff's own rules."""
    tuner.init_project(tmp_path, template)
    own = ["--isolated", "--line-length", "99"]
    for words in (["check", *own, "--select", "E,F,W,I,B,UP,D1"], ["format", *own, "--check"]):
        said([sys.executable, "-m", "ruff", *words, str(tmp_path)], tmp_path)


# --- what is installed decides ---


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize(
    ("absent", "first"),
    [
        ((), "studies/quickstart.toml"),
        (("torch",), "studies/quickstart.toml"),
        (("mxnet",), "study.toml"),
        (("mxnet", "torch"), "study.toml"),
    ],
)
def test_by_default_it_is_what_is_installed(
    absent: tuple[str, ...], first: str, tmp_path: Path
) -> None:
    out, _ = said([*without(*absent), "init", "mine"], tmp_path)
    assert out.partition("\n")[0] == f"wrote {Path('mine') / first}"
    if absent[:1] == ("mxnet",):
        own = (tmp_path / "mine" / "tasks.py").read_text()
        assert ("import torch" in own) == (absent == ("mxnet",))
    else:
        assert 'name   = "lenet_fashion_mnist" ' in (tmp_path / "mine" / first).read_text()


@pytest.mark.usefixtures("processes")
def test_without_mxnet_the_chapters_study_trains_in_pytorch(
    tmp_path: Path, tuner_command: Callable
) -> None:
    _, err = said([*without("mxnet"), "init", "mine", "--template", "chapter"], tmp_path)
    result = run_as_told(tmp_path, err, tuner_command)
    assert result.spec.training.name == "lenet_fashion_mnist_torch"
    assert set(result.trials[0].versions) >= {"torch", "numpy"}
    assert "mxnet" not in result.trials[0].versions


@pytest.mark.usefixtures("processes")
def test_nothing_is_imported_to_find_out(tmp_path: Path) -> None:
    program = (
        "import sys, tuner; tuner.init_project('mine');"
        "print(sorted({'mxnet', 'torch'} & set(sys.modules)))"
    )
    assert said([sys.executable, "-c", program], tmp_path)[0] == "[]\n"


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize(
    ("template", "absent", "message"),
    [
        ("gluon", "mxnet", "pip install 'schedule-tuner[mxnet]'"),
        ("torch", "torch", "import of torch"),
    ],
)
def test_a_study_whose_framework_is_not_there(
    template: str, absent: str, message: str, tmp_path: Path
) -> None:
    tuner.init_project(tmp_path, template)
    out, err = said([*without(absent), "run", "study.toml"], tmp_path, code=2)
    assert out == ""
    assert message in err
    assert "Traceback" not in err
    assert not (tmp_path / "study").exists()


# --- what is refused ---


@pytest.mark.usefixtures("processes")
def test_an_unknown_template(tmp_path: Path, tuner_command: Callable) -> None:
    with pytest.raises(
        tuner.TunerError,
        match="must be torch, gluon, function, chapter, but got 'troch'; did you mean 'torch'",
    ):
        tuner.init_project(tmp_path / "mine", "troch")
    ran = tuner_command("init", "mine", "--template", "troch")
    assert (ran.code, ran.out) == (2, "")
    for name in TEMPLATES:
        assert name in ran.err
    assert not (tmp_path / "mine").exists()


def test_the_command_knows_every_template() -> None:
    assert [each.value for each in Template] == [*TEMPLATES]


def test_code_of_ones_own_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "tasks.py").write_text("mine")
    with pytest.raises(tuner.TunerError, match=r"tasks\.py already exists; name another folder"):
        tuner.init_project(tmp_path, "torch")
    assert [path.name for path in tmp_path.iterdir()] == ["tasks.py"]
    assert (tmp_path / "tasks.py").read_text() == "mine"
