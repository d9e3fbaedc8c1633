"""What a person sees while a study runs: in a terminal of 80 columns, in a pipe, in a notebook."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

import tuner

from ..terminal import Shown, in_terminal

COLUMNS = r"[a-z_ ]{15} [\d.e-]+ +[\d.]+/\d+ (\d\.\d{4}|-)( .*)?"
RUNNING = rf" {{0,4}}\d+ [▁▂▃▄▅▆▇█ ]{{9}} {COLUMNS}"
OVER = rf" {{0,4}}\d+ (complete|pruned|collapsed|failed) +{COLUMNS}"
LINES = re.compile(
    "|".join(
        (
            r"study small: .*",
            r"sqlite:///.*",  # where the first line is cut
            r"trial state     family          base LR     epoch accuracy",
            RUNNING,
            OVER,
            r"\d+/\d+ trials.*",
            r"best 0\.\d{4} \(trial \d+\).*",
            r"\d+ epochs saved by pruning.*",
            r"\d+:\d\d so far(, about [\d:]+ left)?",
            r"",
        )
    )
)
TASK = "train_size = 640\ntest_size = 500\nbatch_size = 32"


@pytest.fixture
def shown(write_study: Callable, tmp_path: Path) -> Shown:
    study = write_study(trials=7, epochs=3, workers=2, task=TASK)
    return in_terminal("run", study.name, cwd=tmp_path, environment={"NO_COLOR": "1"}, lines=60)


def test_a_terminal_shows_whole_rows_that_move(shown: Shown, tmp_path: Path) -> None:
    assert shown.code == 0, shown.last
    # What comes after the live part begins with this line.
    over = [any(line.startswith("trials   ") for line in screen) for screen in shown.screens]
    live = shown.screens[: over.index(True)]
    broken = {line for screen in live for line in screen if not LINES.fullmatch(line)}
    assert broken == set()
    running = [line for screen in live for line in screen if re.fullmatch(RUNNING, line)]
    # The last epoch's row is there for a moment only.
    assert any(re.search("[23]/3", line) and re.search("[▁▂▃▄▅▆▇█]{2}", line) for line in running)
    assert any(
        re.fullmatch(r"\d:\d\d so far, about \d:\d\d left", line) for s in live for line in s
    )
    assert any("chapter: constant 0" in line for line in running)
    assert max(sum(bool(re.fullmatch(RUNNING, line)) for line in s) for s in live) == 2
    standing = [line for screen in live for line in screen if "trials: " in line]
    assert standing[-1].startswith(("6/7 trials: ", "7/7 trials: "))
    # Every trial has one line that stays, and no line is left of those that ran.
    last = live[-1]
    rows = tuner.open_study(tmp_path / "small.toml").trials
    kept = [line.split()[:6] for line in last if re.fullmatch(OVER, line)]
    values = ["-" if row.value is None else f"{row.value:.4f}" for row in rows]
    assert sorted(kept) == sorted(
        [str(row.number), row.state, row.family, f"{row.schedule.base_lr:.4g}", f"{row.epochs}/3",
         value] for row, value in zip(rows, values, strict=True) if row.schedule
    )  # fmt: skip
    colours = re.findall(r"\x1b\[[\d;]*m", shown.raw)
    assert not any(re.search(r"\b(3[0-7]|4[0-7]|9[0-7]|38|48)\b", code) for code in colours)


def test_ci_and_a_pipe_get_plain_lines(write_study: Callable, tmp_path: Path) -> None:
    study = write_study(trials=1, epochs=1, task=TASK)
    shown = in_terminal("run", study.name, cwd=tmp_path, environment={"CI": "true"})
    assert shown.code == 0
    events = shown.raw[: shown.raw.index("trials    ")]
    assert "\x1b" not in events
    assert "trial 0 epoch 1/1: test accuracy 0." in events
    piped = subprocess.run(
        f"{sys.executable} -m tuner status {study} --watch | cat",
        shell=True, cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    first, *rest = piped.stdout.splitlines()
    assert first.startswith("small: 1/1 trials: 1 complete, best 0.")
    assert rest[0].split() == ["study", "small"]  # then what `tuner status` says
    assert "\x1b" not in piped.stdout + piped.stderr


def test_another_terminal_watches_from_the_database_alone(
    write_study: Callable, tmp_path: Path
) -> None:
    study = write_study(trials=5, epochs=12, workers=2, task=TASK)
    with subprocess.Popen(
        [sys.executable, "-m", "tuner", "run", study.name], cwd=tmp_path,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        next(line for line in process.stderr if "epoch 1/12" in line)
        url = f"sqlite:///{study.with_suffix('')}/study.db"
        shown = in_terminal("status", "--storage", url, "--watch", cwd=tmp_path)
        process.stderr.read()
    assert shown.code == 0
    running = [line for s in shown.screens for line in s if re.fullmatch(RUNNING, line)]
    assert any("chapter: " in line for line in running)
    boards = [screen for screen in shown.screens if len(screen) > 1 and screen[0] == "small"]
    broken = {line for screen in boards for line in screen[1:] if not LINES.fullmatch(line)}
    assert broken == set()
    assert any(line.startswith("finished") and line.split()[-1] == "5" for line in shown.last)


def test_a_notebook_shows_the_same(write_study: Callable, tmp_path: Path) -> None:
    write_study(trials=1, epochs=1, task=TASK)
    notebook = nbformat.v4.new_notebook()
    program = (
        "import tuner\n"
        "with tuner.live() as listen:\n"
        "    result = tuner.run_study('small.toml', on_event=listen)\n"
        "result.best_schedule"
    )
    notebook.cells = [nbformat.v4.new_code_cell(program)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Jupyter about itself
        from nbclient import NotebookClient

        NotebookClient(
            notebook, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
        ).execute(env={**os.environ, "CI": ""})
    outputs = notebook.cells[0].outputs
    kept, board, best = (each["data"] for each in outputs if "data" in each)
    row = tuner.open_study(tmp_path / "small.toml").trials[0]
    line = rf"^    0 complete  constant +0.3 +1/1 {row.value:.4f} "
    assert re.search(line, kept["text/plain"], re.M)
    assert f"{row.value:.4f}" in kept["text/html"]
    last = kept["text/plain"].splitlines()[-1]
    assert last.startswith(
        "best: trial 0 [chapter: constant 0.3], constant, base LR 0.3, test acc"
    )
    assert board["text/plain"] == ""  # nothing runs any more
    assert best["text/html"].startswith("<div><code>")
    assert "<svg " in best["text/html"]
    streams = [each["text"] for each in outputs if each["output_type"] == "stream"]
    # Nothing unasked; what tqdm says is about the notebook.
    assert [text for text in streams if "TqdmWarning" not in text] == []


def test_the_library_shows_nothing_unasked(
    write_study: Callable, capfd: pytest.CaptureFixture[str]
) -> None:
    tuner.run_study(write_study(trials=1, epochs=1, task=TASK))
    assert capfd.readouterr() == ("", "")
