"""``tuner status --watch``: the board of a study that others run, from its database alone."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from optuna.trial import FrozenTrial
from rich.console import Group
from rich.live import Live
from rich.text import Text

from tuner.cli.board import Board, Row, drawn, seed_first, standing
from tuner.cli.console import is_watched, results
from tuner.cli.progress import room_of
from tuner.definition import CONFIRM, StudySpec
from tuner.reading import options_told
from tuner.repeats import find_comparison, find_confirm, planned
from tuner.search import (
    TrialRow,
    ahead,
    begun_trials,
    epochs_saved,
    ranking,
    repeat_label,
    trial_rows,
)
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
        return bool(self.board.finished or self.board.is_running)


def watch(found: StudyResult) -> None:
    """Show a study, its confirm and its comparison until all that was planned is over.

    In a terminal the lines are redrawn; elsewhere there is a new line when something changed.
    """
    if is_watched():
        with Live(console=results(), auto_refresh=False, transient=True) as live:
            for parts in _moments(found):
                live.update(_page(parts, room_of(live.console)), refresh=True)
        return
    before: set[str] = set()
    for parts in _moments(found):
        # Without the time so far, which is another one at every look.
        boards = [(part.name, part.board._replace(seconds_so_far=None)) for part in parts]
        lines = [f"{name}: {', '.join(standing(shown))}" for name, shown in boards]
        for line in lines:
            if line not in before:
                results().print(line)
        before = set(lines)


def parts_of(found: StudyResult) -> list[Part]:
    """Return what there is of a study now: itself, and its confirm and comparison if begun."""
    spec, storage = found.spec, storage_of(found.study)
    rows, summary = found.trials, found.summary
    over = summary.finished >= summary.budget
    confirm, comparison = find_confirm(storage, found.name), find_comparison(storage, found.name)
    repeats = spec.confirm.expected(len(spec.space.baselines)) if spec.confirm.enabled else 0
    # Once there is a winner, the best of the search is not the study's best.
    is_ranked = found.confirmed is None
    later = 0 if confirm else repeats
    trials = begun_trials(found.study)
    searched = board(trials, rows, spec, summary.budget, ranked=is_ranked, repeats=later)
    parts = [Part(found.name, searched, over)]
    for study, expected in ((confirm, repeats), (comparison, 0)):
        if study is not None:
            budget = planned(study)
            more = max(expected - budget, 0)
            of_seeds = spec.for_repeats(study.study_name.removeprefix(found.name))
            trials, rows = begun_trials(study), trial_rows(study)
            shown = board(trials, rows, of_seeds, budget, ranked=False, repeats=more)
            parts.append(Part(study.study_name, shown, shown.finished >= shown.budget))
    return parts


def board(
    trials: Sequence[FrozenTrial],
    rows: Sequence[TrialRow],
    spec: StudySpec,
    budget: int,
    *,
    ranked: bool = True,
    repeats: int = 0,
) -> Board:
    """Return the board of a study's trials.

    Args:
        trials: The trials, as Optuna has them.
        rows: The same as rows.
        spec: The study's definition.
        budget: How many trials there will be.
        ranked: Whether the best trial says anything; of several seeds it does not.
        repeats: How many trainings come after them.
    """
    running = [row for row in rows if row.state == "running"]
    over = [row for row in rows if row.is_finished]
    best = next(iter(ranking(rows)), None) if ranked else None
    labels = {trial.number: repeat_label(trial.user_attrs) for trial in trials}
    starts = [trial.datetime_start for trial in trials if trial.datetime_start and running]
    return Board(
        rows=tuple(_row(row, spec, labels.get(row.number, "")) for row in (*over, *running)),
        states=Counter(row.state for row in rows),
        budget=budget,
        best_value=best.value if best else None,
        best_number=best.number if best else None,
        saved=epochs_saved(rows, spec.epochs),
        seconds_so_far=(datetime.now() - min(starts)).total_seconds() if starts else None,
        seconds_left=ahead(trials, rows, spec, budget, repeats).seconds_left(len(running)),
        metric=spec.objective.noun,
        unit=spec.unit,
    )


def _row(row: TrialRow, spec: StudySpec, label: str) -> Row:
    rate = row.schedule.base_lr if row.schedule else None
    measured = [spec.objective.value(record) for record in row.records]
    values = tuple(value for value in measured if value is not None)
    reason = "" if row.state == "pruned" and row.epochs else row.reason  # whose columns say it
    options = options_told(row.options) if row.options else ""
    note = "; ".join(filter(None, (seed_first(label) or row.baseline, options, reason)))
    return Row(
        row.number, row.state, row.family, rate, values, row.epochs, spec.epochs, note, spec.unit,
        row.value,
    )  # fmt: skip


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


def _page(parts: Sequence[Part], room: int) -> Group:
    shown = [part for part in parts if not part.is_over] or parts[:1]
    lines: list[Text | Group] = []
    for part in shown:
        rows = drawn(part.board, room // len(shown))
        lines += [Text(part.name, style="bold", no_wrap=True), rows]
    return Group(*lines)
