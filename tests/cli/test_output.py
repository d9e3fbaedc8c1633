"""Output that nobody reads any more, that has no place, or that looks like something else."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tuner.schedules import Piecewise, save_schedule

from ..terminal import in_terminal

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=[3, 20_000], ids=["short", "longer than any buffer"])
def show(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return a command that writes a lot or a little."""
    knots = tuple((at, 0.5) for at in range(request.param))
    path = tmp_path / "best.json"
    save_schedule(Piecewise(base_lr=0.1, horizon=30_000, knots=knots), path)
    return f"{sys.executable} -m tuner show {path}"


def shell(command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)


@pytest.mark.usefixtures("processes")
def test_a_reader_who_has_had_enough_is_no_error(show: str) -> None:
    done = shell(f"{show} | head -c 1; echo; echo ${{PIPESTATUS[0]}}")
    assert done.stdout == "/\n0\n"
    assert done.stderr == ""


@pytest.mark.usefixtures("processes")
def test_a_reader_who_never_reads_is_no_error(show: str) -> None:
    done = shell(f"{show} | true; echo ${{PIPESTATUS[0]}}")
    assert done.stdout == "0\n"
    assert done.stderr == ""


@pytest.mark.usefixtures("processes")
def test_a_full_disk(show: str) -> None:
    done = shell(f"{show} > /dev/full; echo $?")
    assert done.stdout == "1\n"
    assert done.stderr == "error: [Errno 28] No space left on device\n"


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_error(show: str, closed: str) -> None:
    done = shell(f"{{ {show} {closed}; }} > /dev/null; echo $?")
    assert done.stdout == "0\n"
    assert done.stderr == ""


TALKING = """
import os
from tuner.tasks import FunctionTask
print("loading")
def train(schedule, seed, start):
    while True:
        print("training")
        os.write(1, b"writing")
        yield 0.5 + schedule(1) / 10 + 0.001 * seed
def make():
    return FunctionTask(train, updates_per_epoch=10)
"""


def test_what_a_task_prints_is_no_result(tmp_path: Path, tuner_process: Callable) -> None:
    (tmp_path / "talking.py").write_text(TALKING)
    study = tmp_path / "s.toml"
    study.write_text(
        'format = "tuner.study/1"\nname = "s"\nsearch_space = '
        f'"{ROOT}/search_spaces/chapter.toml"\n[task]\nname = "talking:make"\nepochs = 1\n'
        "[budget]\ntrials = 2\n[workers]\ncount = 1\n[confirm]\nenabled = false\n"
    )
    ran = tuner_process("run", study)
    assert ran.code == 0, ran
    assert ran.out.startswith("trials    2 complete")
    for command in (["compare", "--seeds", 2], ["trials"]):
        ran = tuner_process(*command, study, "--format", "json")
        assert ran.code == 0, ran
        assert json.loads(ran.out)
        assert "loading" in ran.err


def test_a_program_that_is_over_ends_though_a_training_left_a_thread_running(
    tmp_path: Path, tuner_process: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = [str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path))
    (tmp_path / "sitecustomize.py").write_text(
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(600,)).start()\n"
        "from tuner.cli import exits\n"
        "exits.LEAVING_SECONDS = 0.1\n"
    )
    ran = tuner_process("--version")
    assert ran.code == 0, ran
    assert "left a thread or process running" in ran.err


LABEL = "old [/best] x :fire: [bold]"


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory, processes: None) -> Path:
    """Return a study whose baseline has a label that could be markup, confirmed."""
    folder = tmp_path_factory.mktemp("labels")
    (folder / "scores.py").write_text(
        "from tuner.tasks import FunctionTask\n"
        "def train(schedule, seed, start):\n"
        "    while True:\n"
        "        yield 0.89 + 0.01 * schedule.base_lr + 0.0017 * (seed % 2)\n"
        "def make():\n"
        "    return FunctionTask(train, updates_per_epoch=10)\n"
    )
    (folder / "space.toml").write_text(
        'format = "tuner.search_space/1"\nname = "one"\n[fixed]\nfamily = "constant"\n'
        '[params.base_lr]\ntype = "float"\nlow = 0.1\nhigh = 0.9\n'
        f'[[baseline]]\nlabel = "{LABEL}"\nbase_lr = 0.5\n'
    )
    study = folder / "labels.toml"
    study.write_text(
        'format = "tuner.study/1"\nname = "labels"\nsearch_space = "space.toml"\n'
        '[task]\nname = "scores:make"\nepochs = 1\n[budget]\ntrials = 3\n[workers]\ncount = 1\n'
        '[objective]\nmetric = "word_accuracy"\ndirection = "maximize"\n'
        "[confirm]\ntop = 1\nseeds = 2\nmax_seeds = 2\n"
    )
    command = [sys.executable, "-m", "tuner", "run", study]
    subprocess.run(command, capture_output=True, check=True, cwd=folder)
    return study


@pytest.mark.parametrize("command", ["trials", "confirm", "check"])
def test_a_label_is_printed_as_it_is(
    searched: Path, tuner_command: Callable, command: str
) -> None:
    ran = tuner_command(command, searched)
    assert ran.code == 0, ran
    assert LABEL in ran.out


def test_a_confirm_has_all_its_columns_in_80(searched: Path) -> None:
    shown = in_terminal("confirm", searched, cwd=searched.parent)
    table = " ".join(shown.last)
    assert "…" not in table
    assert "winner" in table
    assert "0.8959 ± 0.0009" in table  # 0.5: 0.895 and 0.8967


def test_a_place_in_a_file_is_no_emoji(tuner_command: Callable, tmp_path: Path) -> None:
    lines = ["from mxnet import lr_scheduler", *["# more"] * 98]
    lines.append("s = lr_scheduler.CosineScheduler(max_update=20, base_lr=0.3)")
    (tmp_path / "long.py").write_text("\n".join([*lines, ""]))
    ran = tuner_command("lint", tmp_path / "long.py", "--updates", 7050)
    assert f"{tmp_path}/long.py:100: horizon-in-epochs" in ran.out


class Screen(io.StringIO):
    """What a terminal gets."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def lines_on_screen(tuner: Callable, monkeypatch: pytest.MonkeyPatch) -> Callable:
    """Return a function that runs a command for a terminal, and returns the lines it wrote."""

    def run(columns: int, *command: object) -> list[str]:
        screen = Screen()
        with monkeypatch.context() as patch:
            patch.setenv("COLUMNS", str(columns))
            patch.setenv("TERM", "xterm")
            patch.setattr(sys, "stdout", screen)
            assert tuner(*command).code == 0
        return re.sub(r"\x1b\[[\d;]*m", "", screen.getvalue()).splitlines()

    return run


@pytest.mark.parametrize("columns", [80, 60])
@pytest.mark.parametrize("command", ["trials", "best", "status"])
def test_a_terminal_gets_whole_lines_of_whole_words(
    searched: Path,
    lines_on_screen: Callable,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    columns: int,
) -> None:
    monkeypatch.chdir(searched.parent)
    lines = lines_on_screen(columns, command, searched.name)
    assert max(map(len, lines)) <= columns
    assert "…" not in "".join(lines)


@pytest.mark.parametrize("columns", [80, 60])
def test_a_curve_fits_the_terminal(
    tmp_path: Path, lines_on_screen: Callable, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.chdir(tmp_path)
    save_schedule(Piecewise(base_lr=0.1, horizon=3000, knots=((1, 0.5), (20, 1.0))), "best.json")
    lines = lines_on_screen(columns, "show", "best.json")
    assert columns - 10 < max(map(len, lines)) <= columns
