"""The lines of a study that runs, on boards and rows that were written by hand."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

import tuner
from tuner.cli.board import Board, Running, clock, drawn, running_line, spark, standing
from tuner.cli.watching import board
from tuner.search import TrialRow
from tuner.tasks import EpochRecord

ROOT = Path(__file__).parents[2]
SPEC = tuner.check_study(ROOT / "studies" / "quickstart.toml").spec


def row(number: int, state: str, *accuracies: float, value: float | None = None) -> TrialRow:
    records = tuple(
        EpochRecord(epoch, 0.5, 0.8, accuracy, 0.3, 0.3, 10.0)
        for epoch, accuracy in enumerate(accuracies, start=1)
    )
    schedule = tuner.Cosine(base_lr=0.25, horizon=940)
    return TrialRow(number, state, value, None, {}, schedule, records, "")


def test_a_board_out_of_rows() -> None:
    rows = [
        row(0, "complete", 0.5, 0.6, 0.7, 0.8, value=0.8),
        row(1, "pruned", 0.4, value=0.4),
        row(2, "running", 0.5, 0.7),
        row(3, "waiting"),
        row(4, "collapsed")._replace(reason="collapsed in epoch 1: dead"),
    ]
    found = board(rows, SPEC, budget=16)
    assert found.running == (Running(2, "cosine", 0.25, (0.5, 0.7), 2, 4, ""),)
    assert found.finished == 3
    assert (found.best_value, found.best_number) == (0.8, 0)
    assert found.saved == 3  # one of four epochs was trained
    # 13 trials of (40 + 10) / 2 s are left, of which one worker has trained 20 s.
    assert found.seconds_left == 13 * 25 - 20
    assert standing(found) == [
        "3/16 trials: 1 complete, 1 pruned, 1 collapsed, 1 running",
        "best 0.8000 (trial 0), 3 epochs saved by pruning, about 5:05 left",
    ]
    repeats = board(rows, SPEC, budget=16, ranked=False)
    assert repeats.best_value is None


def test_nothing_is_said_of_what_is_not_known() -> None:
    assert standing(Board((), {}, 16)) == ["0/16 trials"]
    assert board([row(0, "running")], SPEC, 16).seconds_left is None
    assert running_line(Running(0, "", None, (), 0, 4, "")).split() == ["0", "-", "0/4", "-"]


def test_long_trainings_and_notes_stay_on_one_line() -> None:
    values = tuple(0.1 + 0.005 * epoch for epoch in range(100))
    running = Running(12345, "cosine_restarts", 0.00012345, values, 100, 100, "note " * 30)
    many = Board((running, running), {"complete": 3, "running": 2}, 9999, 0.9, 3, 10**6, 10**6)
    console = Console(width=80, file=io.StringIO())
    console.print(drawn(many))
    lines = console.file.getvalue().splitlines()
    assert len(lines) == 5
    assert all(len(line) <= 80 for line in lines)
    assert lines[1].endswith("…")


def test_small_bars() -> None:
    assert spark([0.0, 0.5, 1.0]) == "▁▅█"
    assert spark([0.3, float("inf"), 0.9]) == "▁█"  # a loss that is no number
    assert spark([float("inf")]) == ""


def test_clock() -> None:
    assert [clock(s) for s in (0, 59.6, 61, 3599, 3600)] == [
        "0:00", "1:00", "1:01", "59:59", "1:00:00",
    ]  # fmt: skip
