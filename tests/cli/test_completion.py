"""What the shell offers when Tab is pressed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tuner.schedules import Cosine, save_schedule

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with studies, a search space, a schedule, and files that are neither."""
    monkeypatch.chdir(tmp_path)
    for name in ("studies", "search_spaces"):
        Path(name).mkdir()
    shutil.copy(ROOT / "studies" / "quickstart.toml", "studies")
    shutil.copy(ROOT / "studies" / "quickstart.toml", "other.toml")
    shutil.copy(ROOT / "studies" / "quickstart.toml", "with space.toml")
    shutil.copy(ROOT / "search_spaces" / "chapter.toml", "search_spaces")
    save_schedule(Cosine(base_lr=0.3, final_lr=0.01, horizon=100), "best.json")
    Path("package.json").write_text("{}")
    Path("train.py").write_text("")
    return tmp_path


@pytest.fixture
def offered(tuner: Callable, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """Return a function that returns what bash is offered behind a line."""

    def offer(line: str) -> list[str]:
        words = line.split(" ")
        monkeypatch.setenv("_TUNER_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
        said = tuner()
        assert (said.code, said.err) == (0, "")
        out: str = said.out
        return out.split("\n")[:-1] if out.strip() else []

    return offer


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("tuner re", ["resume", "report"]),
        ("tuner run --ti", ["--timeout", "--timestamps"]),
        ("tuner run ", ["other.toml", "studies/quickstart.toml"]),
        ("tuner check s", ["studies/quickstart.toml"]),
        ("tuner status studies/", ["studies/quickstart.toml"]),
        ("tuner check ./", ["./other.toml", "./studies/quickstart.toml"]),
        ("tuner check ../none/", []),
        ("tuner show ", ["best.json"]),
        ("tuner compare other.toml ", ["other.toml", "studies/quickstart.toml", "best.json"]),
        ("tuner trials other.toml --format ", ["table", "json", "csv"]),
        ("tuner export --format p", ["python"]),
        ("tuner schema s", ["study", "search_space", "schedule"]),
        # Nothing of ours: the shell's own files.
        ("tuner lint ", []),
        ("tuner export other.toml -o ", []),
    ],
)
def test_what_is_offered(offered: Callable, line: str, words: list[str]) -> None:
    assert offered(line) == words


@pytest.mark.usefixtures("processes")
def test_bash_completes_commands_once_it_has_read_the_script(project: Path) -> None:
    script = (
        "source <(tuner --show-completion)\n"
        "complete -p tuner >&2\n"
        "COMP_WORDS=(tuner run st) COMP_CWORD=2\n"
        "_tuner_completion tuner\n"
        'echo "${COMPREPLY[@]}"\n'
    )
    done = in_shell(script, project)
    assert done.stdout == "studies/quickstart.toml\n"


@pytest.mark.usefixtures("processes")
def test_the_completion_is_installed_where_bash_reads_it(project: Path) -> None:
    done = in_shell("tuner --install-completion; source ~/.bashrc; complete -p tuner", project)
    assert "complete -o default -F _tuner_completion tuner" in done.stdout
    assert str(project / "home") in done.stdout


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells(tuner: Callable, monkeypatch: pytest.MonkeyPatch, shell: str) -> None:
    monkeypatch.setenv("_TUNER_COMPLETE", f"source_{shell}")
    script = tuner()
    assert script.code == 0
    assert f"_TUNER_COMPLETE=complete_{shell}" in script.out
    monkeypatch.setenv("_TUNER_COMPLETE", f"complete_{shell}")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "tuner stat")
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
    said = tuner()
    assert said.code == 0
    assert "status" in said.out
    assert "Say how far a study is, and what is best so far." in said.out.replace("\n", " ")


def in_shell(script: str, project: Path) -> subprocess.CompletedProcess[str]:
    """Run a script of bash that finds ``tuner`` and has an empty home."""
    home = project / "home"
    home.mkdir()
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", f"{script}\n"], cwd=project, capture_output=True, text=True, check=True,
        env={**os.environ, "PATH": path, "HOME": str(home)},
    )  # fmt: skip
