"""How a study went: the best so far against epochs trained, and which worker ran what when."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from optuna.trial import FrozenTrial

from tuner.objective import merit
from tuner.results import TrialRow
from tuner.search.ownership import owner_of


class Step(NamedTuple):
    """A trial that became complete after ``epochs`` had been trained in all trials together."""

    number: int
    family: str
    epochs: int
    accuracy: float  # or another value of the objective
    best: float


class Bar(NamedTuple):
    """A trial's time on a worker, in seconds after the study's first trial began.

    An interrupted trial's time reaches from its first beginning to its end, on its last worker.
    """

    number: int
    family: str
    kind: str
    worker: str
    start: float
    seconds: float


class Cost(NamedTuple):
    """What the trials cost, in epochs: ``full`` is what those that are over would have cost
    without pruning, ``trained`` and ``given`` what was trained and taken over from others.
    """

    full: int
    trained: int
    given: int

    @property
    def saved(self) -> float:
        """The share of the full cost that was not trained."""
        return 1 - self.trained / self.full if self.full else 0.0


def best_so_far(rows: Sequence[TrialRow], trials: Sequence[FrozenTrial]) -> tuple[Step, ...]:
    """Return the complete trials in the order in which they ended, with what had been spent.

    Args:
        rows: A study's trials.
        trials: The same as Optuna has them, which know when they ended.
    """
    ended = [
        (trial.datetime_complete, row)
        for row, trial in zip(rows, trials, strict=True)
        if trial.datetime_complete is not None
    ]
    steps: list[Step] = []
    spent, best = 0, -math.inf
    for _, row in sorted(ended, key=lambda pair: (pair[0], pair[1].number)):
        spent += row.epochs_trained
        if row.state == "complete" and row.value is not None:
            best = max(best, merit(row.value, row.minimized))
            step = Step(row.number, row.family, spent, row.value, merit(best, row.minimized))
            steps.append(step)
    return tuple(steps)


def timeline(rows: Sequence[TrialRow], trials: Sequence[FrozenTrial]) -> tuple[Bar, ...]:
    """Return when which worker ran which trial, workers in the order of their first trial.

    A trial that is still running lasts until the last moment that the study knows of.

    Args:
        rows: A study's trials.
        trials: The same as Optuna has them.
    """
    begun = [
        (row, trial.datetime_start, trial.datetime_complete, _worker(trial))
        for row, trial in zip(rows, trials, strict=True)
        if trial.datetime_start is not None and row.state != "waiting"
    ]
    if not begun:
        return ()
    begun.sort(key=lambda each: (each[1], each[0].number))
    names: dict[str, str] = {}
    for *_, worker in begun:
        names.setdefault(worker, f"worker {len(names) + 1}" if worker else "unknown")
    first = begun[0][1]
    last = max(end or start for _, start, end, _ in begun)
    return tuple(
        Bar(
            number=row.number,
            family=row.family,
            kind="collapsed" if row.is_collapsed else row.state,
            worker=f"{names[worker]}{f' ({worker})' if worker else ''}",
            start=_seconds(first, start),
            seconds=_seconds(start, end or last),
        )
        for row, start, end, worker in begun
    )


def cost(rows: Sequence[TrialRow], epochs: int) -> Cost:
    """Return what a study's trials cost.

    Args:
        rows: Its trials.
        epochs: Epochs of a full training.
    """
    over = [row for row in rows if row.state in ("complete", "pruned")]
    return Cost(
        full=epochs * len(over),
        trained=sum(row.epochs_trained for row in over),
        given=sum(row.epochs_given for row in over),
    )


def _worker(trial: FrozenTrial) -> str:
    owner = owner_of(trial)
    return f"{owner.machine.split()[0]}, process {owner.pid}" if owner else ""


def _seconds(start: datetime, end: datetime) -> float:
    return round((end - start).total_seconds(), 2)
