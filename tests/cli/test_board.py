"""The lines of a study that runs, on boards and rows that were written by hand."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

import tuner
from tuner.cli.board import Board, Row, clock, drawn, row_line, spark, standing
from tuner.cli.notebook import Notebook, Shown
from tuner.cli.view import View
from tuner.cli.watching import board
from tuner.search import (
    EpochEnded,
    Event,
    StudyEnded,
    StudyStarted,
    TrialEnded,
    TrialRow,
    TrialStarted,
    ahead,
)
from tuner.tasks import EpochRecord, Within

ROOT = Path(__file__).parents[2]
SPEC = tuner.check_study(ROOT / "studies" / "quickstart.toml").spec


def row(number: int, state: str, *accuracies: float, value: float | None = None) -> TrialRow:
    records = tuple(
        EpochRecord(epoch, 0.5, 0.8, accuracy, 0.3, 0.3, 10.0)
        for epoch, accuracy in enumerate(accuracies, start=1)
    )
    schedule = tuner.Cosine(base_lr=0.25, horizon=940)
    return TrialRow(number, state, value, None, {}, schedule, records, "")


def run(trials: int, epochs: int = 2, *, first: int = 0) -> Iterator[Event]:
    """Yield what happens in a study, whose every hundredth trial is better than all before."""
    schedule = tuner.CosineRestarts(base_lr=0.00012345, horizon=940, cycle_steps=100)
    rows = [row(number, "complete", 0.5, 0.1, value=0.1) for number in range(first)]
    there = ahead([], rows, SPEC, trials)
    yield StudyStarted(
        "many", "", first, trials, epochs, best_value=0.1, best_number=0, ahead=there
    )
    for number in range(first, trials):
        yield TrialStarted(number, schedule, None, 0)
        for epoch in range(1, epochs + 1):
            record = EpochRecord(epoch, 0.5, 0.8, 0.6, 0.3, 0.3, 10.0)
            yield EpochEnded(number, epochs, record, value=0.6)
        best = number // 100 * 100
        yield TrialEnded(number, "complete", 0.6, "", 0.6 + best / 2000, best, number + 1, trials)
    yield StudyEnded("many", "done", trials, trials, 9.0, "trial 400, cosine")


def test_of_many_trials_a_screenful_of_lines_stays() -> None:
    view = View(room=16)
    kept = [line.plain for event in run(500) if (line := view.on(event))]
    assert [line.split()[0] for line in kept[1:-1]] == ["0", "100", "200", "300", "400"]
    assert kept[-1] == "study many: done, 500/500 trials, 9 s in this run"
    few = [line for event in run(16) if (line := view.on(event))]
    assert len(few) == 18  # everybody's, and the first and the last of the study


def test_a_study_that_goes_on_says_at_once_what_is_best() -> None:
    view, events = View(now=iter(range(99)).__next__), run(9, first=3)
    first = view.on(next(events))
    assert first
    assert "continuing after 3 trials, best 0.1000 (trial 0)," in first.plain
    # Five baselines of 4 epochs of 10 s; and a trial that is expected to train 0.7 of them, were
    # it not that 1.5 whole trainings came of 2.1, and 2.8 that are made up of as many.
    left = 200 + 40 * 0.7 * (1.5 + 2.8) / (2.1 + 2.8)
    assert standing(view.board())[1:] == [
        "best 0.1000 (trial 0)",
        f"0:01 so far, about {clock(left)} left",
    ]


def test_events_and_a_database_say_the_same_time_left() -> None:
    view = View(now=lambda: 0.0)
    for event in itertools.islice(run(9, epochs=4), 21):  # three trials, and an epoch
        view.within(Within(3, 0.5))
        view.on(event)
    rows = [row(number, "complete", *[0.6] * 4, value=0.6) for number in range(3)]
    read = board([], [*rows, row(3, "running", 0.6)], SPEC, 9)
    told, shown = view.board(), read.rows[-1]
    assert told.seconds_left is not None
    assert told.seconds_left == read.seconds_left
    other = shown._replace(family="cosine_restarts", base_lr=0.00012345)  # another schedule
    assert told.rows[-1] == other
    view.within(Within(3, 0.5))
    assert " 1.5/4 " in row_line(view.board().rows[-1])


def test_a_notebook_of_500_trials_is_small() -> None:
    class Output:
        sent = count = 0

        def update(self, shown: Shown) -> None:
            bundle = shown._repr_mimebundle_()
            self.sent += sum(map(len, bundle.values()))
            self.count += 1
            self.lines = bundle["text/plain"].splitlines()

    kept, redrawn = Output(), Output()
    notebook = Notebook([kept, redrawn])
    for event in run(500, epochs=1):
        notebook.listen(event)
    assert kept.count == 7
    assert kept.lines[-1] == "best: trial 400, cosine"
    assert redrawn.count > 500  # so that somebody sees it move
    assert kept.sent + redrawn.sent < 5_000_000


def test_a_board_out_of_rows() -> None:
    rows = [
        row(0, "complete", 0.5, 0.6, 0.7, 0.8, value=0.8),
        row(1, "pruned", 0.4, value=0.4),
        row(2, "running", 0.5, 0.7),
        row(3, "waiting"),
        row(4, "collapsed")._replace(reason="collapsed in epoch 1: dead"),
    ]
    found = board([], rows, SPEC, budget=16)
    assert found.rows[-1] == Row(2, "running", "cosine", 0.25, (0.5, 0.7), 2, 4)
    assert [each.number for each in found.rows] == [0, 1, 4, 2]
    assert found.finished == 3
    assert (found.best_value, found.best_number) == (0.8, 0)
    assert found.saved == 3  # one of four epochs was trained
    assert standing(found)[:2] == [
        "3/16 trials: 1 complete, 1 pruned, 1 collapsed, 1 running",
        "best 0.8000 (trial 0), 3 epochs saved by pruning",
    ]
    repeats = board([], rows, SPEC, budget=16, ranked=False)
    assert repeats.best_value is None


def test_nothing_is_said_of_what_is_not_known() -> None:
    assert standing(Board((), {}, 16)) == ["0/16 trials"]
    assert board([], [row(0, "running")], SPEC, 16).seconds_left is None
    assert row_line(Row(0, "running", "", None, (), 0, 4)).split() == ["0", "-", "0/4", "-"]


def test_long_trainings_and_notes_stay_on_one_line() -> None:
    values = tuple(0.1 + 0.005 * epoch for epoch in range(100))
    running = Row(
        12345, "running", "of_another_package", 0.00012345, values, 99, 100, "note " * 30
    )
    part = running._replace(share=0.34)
    over = running._replace(state="complete", value=0.595)
    states = {"complete": 3, "running": 2}
    many = Board((over, over, running, part), states, 9999, 0.9, 3, 10**6, 10**5, 10**6)
    console = Console(width=80, file=io.StringIO())
    console.print(drawn(many, room=3))
    lines = console.file.getvalue().splitlines()
    assert len(lines) == 8
    assert all(len(line) <= 80 for line in lines)
    assert lines[1].strip() == "… and 1 more"
    assert lines[3].endswith("…")
    # Whoever trains and whoever is over has the same columns.
    assert {line.index("0.595") for line in lines[2:5]} == {lines[0].index("accuracy")}
    assert {line.index("of_another_pac…") for line in lines[2:5]} == {lines[0].index("family")}
    assert " 99.3/100 " in lines[4]


def test_small_bars() -> None:
    assert spark([0.0, 0.5, 1.0]) == "▁▅█"
    assert spark([0.3, float("inf"), 0.9]) == "▁█"  # a loss that is no number
    assert spark([float("inf")]) == ""


def test_clock() -> None:
    assert [clock(s) for s in (0, 59.6, 61, 3599, 3600)] == [
        "0:00", "1:00", "1:01", "59:59", "1:00:00",
    ]  # fmt: skip
