"""How a study went: the best so far against epochs trained, and which worker ran what when."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from optuna.trial import FrozenTrial

from tuner.definition import merit
from tuner.reading import EPOCHS, Unit
from tuner.search import TrialRow, epochs_saved, owner_of


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
    """What the trials cost, in epochs or updates.

    How many they trained, took over from others, and were spared by pruning.
    """

    trained: int
    given: int
    saved: int

    @property
    def unpruned(self) -> int:
        """What they would have trained without pruning."""
        return self.trained + self.saved

    @property
    def words(self) -> str:
        """How many epochs were not trained, and why."""
        parts = []
        if self.saved:
            share = self.saved / self.unpruned
            parts.append(f"{100 * share:.0f} % fewer than {self.unpruned} without pruning")
        if self.given:
            parts.append(f"{self.given} shared with other trials")
        return ", ".join(parts) or "all trials together"


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
            kind=row.state,
            worker=f"{names[worker]}{f' ({worker})' if worker else ''}",
            start=_seconds(first, start),
            seconds=_seconds(start, end or last),
        )
        for row, start, end, worker in begun
    )


def cost(rows: Sequence[TrialRow], epochs: int, unit: Unit = EPOCHS) -> Cost:
    """Return what a study's trials cost; a collapse that ended one is no merit of pruning.

    Args:
        rows: Its trials.
        epochs: Epochs of a full training.
        unit: What they are told in.
    """
    return Cost(
        trained=unit.count(sum(row.epochs_trained for row in rows)),
        given=unit.count(sum(row.epochs_given for row in rows)),
        saved=unit.count(epochs_saved(rows, epochs)),
    )


def _worker(trial: FrozenTrial) -> str:
    owner = owner_of(trial)
    return f"{owner.machine.split()[0]}, process {owner.pid}" if owner else ""


def _seconds(start: datetime, end: datetime) -> float:
    return round((end - start).total_seconds(), 2)
