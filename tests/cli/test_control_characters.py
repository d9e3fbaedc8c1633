"""What a database, file or message says is shown; it does not move a terminal's cursor."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

import tuner
from tuner.cli.console import Console, visible
from tuner.cli.main import app
from tuner.schedules import Schedule
from tuner.tasks import FunctionTask, State

EVIL = "\x1b[2J\x1b]0;owned\x07 red\r\x9b31m\u202egnorw"
SPACE = """
format = "tuner.search_space/1"
name = "constants"
[fixed]
family = "constant"
[params.base_lr]
type = "float"
low = 0.1
high = 0.3
[[baseline]]
label = "low \\u001b[31m"
base_lr = 0.1
"""
STUDY = """
format = "tuner.study/1"
name = "own"
notes = "a \\u001b[31mnote"
search_space = "space.toml"
[task]
epochs = 1
[objective]
metric = "score"
direction = "maximize"
[budget]
trials = 2
[confirm]
top = 1
seeds = 2
max_seeds = 2
"""


def train(schedule: Schedule, seed: int, start: State | None) -> Iterator[float]:
    if schedule.base_lr > 0.1:
        raise OSError(f"the disk says {EVIL}")
    yield schedule.base_lr + seed


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evil")
    (folder / "space.toml").write_text(SPACE)
    (folder / "own.toml").write_text(STUDY)
    tuner.run_study(folder / "own.toml", task=FunctionTask(train, updates_per_epoch=3))
    return folder / "own.toml"


@pytest.mark.parametrize("command", ["status", "trials", "best", "confirm"])
def test_no_command_passes_them_on(command: str, study: Path) -> None:
    done = CliRunner().invoke(app, [command, str(study)])
    assert visible(done.output.replace("\n", "")) == done.output.replace("\n", "")


def test_a_trials_label_and_reason_are_written_out(study: Path) -> None:
    text = CliRunner().invoke(app, ["trials", str(study)]).output
    assert "low \\x1b[31m" in text
    assert "the disk says \\x1b[2J" in text
    assert "\\u202e" in text


def test_colours_of_our_own_reach_a_terminal() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, color_system="standard")
    console.print(f"plain {EVIL}", style="bold", highlight=False)
    shown = console.file.getvalue()
    assert shown.startswith("\x1b[1m")
    assert shown.count("\x1b") == 2
