"""``tuner status --watch``: the board of a study that others run, from its database alone."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.console import Group
from rich.live import Live
from rich.text import Text

from tuner.cli.board import Board, Running, drawn, standing
from tuner.cli.console import is_watched, results
from tuner.definition import CONFIRM, StudySpec
from tuner.repeats import find_comparison, find_confirm, planned
from tuner.search import TrialRow, epochs_saved, ranking, trial_rows
from tuner.storage import storage_of
from tuner.studies import StudyResult

_LOOK_SECONDS = 2.0
# How long a confirm may take to begin, and then its first training.
_GRACE_SECONDS = 15.0


class Part(NamedTuple):
    """A study, or its confirm or comparison, as it is at a moment."""

    name: str
    board: Board
    is_over: bool

    @property
    def has_begun(self) -> bool:
        """Whether anything in it runs or ran."""
        return bool(self.board.finished or self.board.running)


def watch(found: StudyResult) -> None:
    """Show a study, its confirm and its comparison until all that was planned is over.

    In a terminal the lines are redrawn; elsewhere there is a new line when something changed.
    """
    if is_watched():
        with Live(console=results(), auto_refresh=False, transient=True) as live:
            for parts in _moments(found):
                live.update(_page(parts), refresh=True)
        return
    before: set[str] = set()
    for parts in _moments(found):
        lines = [f"{part.name}: {', '.join(standing(part.board))}" for part in parts]
        for line in lines:
            if line not in before:
                results().print(line)
        before = set(lines)


def parts_of(found: StudyResult) -> list[Part]:
    """Return what there is of a study now: itself, and its confirm and comparison if begun."""
    spec, storage = found.spec, storage_of(found.study)
    rows, summary = found.trials, found.summary
    over = summary.finished >= summary.budget
    # Once there is a winner, the best of the search is not the study's best.
    searched = board(rows, spec, summary.budget, ranked=found.confirmed is None)
    parts = [Part(found.name, searched, over)]
    for repeats in (find_confirm(storage, found.name), find_comparison(storage, found.name)):
        if repeats is not None:
            shown = board(trial_rows(repeats), spec, planned(repeats), ranked=False)
            parts.append(Part(repeats.study_name, shown, shown.finished >= shown.budget))
    return parts


def board(rows: Sequence[TrialRow], spec: StudySpec, budget: int, *, ranked: bool = True) -> Board:
    """Return the board of a study's trials.

    Args:
        rows: The trials.
        spec: The study's definition.
        budget: How many trials there will be.
        ranked: Whether the best trial says anything; of several seeds it does not.
    """
    running = [row for row in rows if row.state == "running"]
    best = next(iter(ranking(rows)), None) if ranked else None
    return Board(
        running=tuple(_running(row, spec) for row in running),
        states=Counter(row.state for row in rows),
        budget=budget,
        best_value=best.value if best else None,
        best_number=best.number if best else None,
        saved=epochs_saved(rows, spec.epochs),
        seconds_left=_seconds_left(rows, running, budget),
        metric=spec.objective.noun,
        unit=spec.unit,
    )


def _running(row: TrialRow, spec: StudySpec) -> Running:
    rate = row.schedule.base_lr if row.schedule else None
    measured = [spec.objective.value(record) for record in row.records]
    values = tuple(value for value in measured if value is not None)
    note = row.baseline or ""
    lengths = (row.epochs, spec.epochs)
    return Running(row.number, row.family, rate, values, *lengths, note, spec.unit)


def _seconds_left(
    rows: Sequence[TrialRow], running: Sequence[TrialRow], budget: int
) -> float | None:
    """Extrapolate the mean time of the trials that are over to those that are not."""
    taken = [row.seconds for row in rows if row.is_finished and row.epochs]
    if not taken or not running:
        return None
    over = sum(row.is_finished for row in rows)
    ahead = (budget - over) * statistics.fmean(taken) - sum(row.seconds for row in running)
    return max(ahead, 0.0) / len(running)


def _moments(found: StudyResult) -> Iterator[list[Part]]:
    """Yield the parts again and again, the last time when all of them are over."""
    over_since, known = 0.0, 0
    while True:
        parts = parts_of(found)
        yield parts
        begun = [part for part in parts if part.has_begun]
        is_over = bool(begun) and all(part.is_over for part in begun)
        # Each part has the whole grace.
        if not is_over or len(parts) > known:
            over_since, known = time.monotonic(), len(parts)
        waits = _is_awaited(found, parts) and time.monotonic() - over_since <= _GRACE_SECONDS
        if is_over and not waits:
            return
        time.sleep(_LOOK_SECONDS)


def _is_awaited(found: StudyResult, parts: Sequence[Part]) -> bool:
    """Return whether a study that ends with a confirm may be about to begin it, or its trainings.

    What was planned and never begun, by who was interrupted, is no reason to wait for ever.
    """
    has_confirm = any(part.name.endswith(CONFIRM) for part in parts)
    is_due = found.spec.confirm.enabled and not has_confirm
    return is_due or not all(part.has_begun for part in parts)


def _page(parts: Sequence[Part]) -> Group:
    shown = [part for part in parts if not part.is_over] or parts[:1]
    lines: list[Text | Group] = []
    for part in shown:
        lines += [Text(part.name, style="bold", no_wrap=True), drawn(part.board)]
    return Group(*lines)
