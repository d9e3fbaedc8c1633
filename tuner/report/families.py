"""The families side by side: what each reached, how its trainings ended, where pruning struck."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tuner.definition import Objective, merit
from tuner.repeats import Spread, spread
from tuner.schedules import FAMILIES
from tuner.search import TrialRow
from tuner.tasks import TrainingCollapsed

# The states of trials whose training says something.
TRAINED = ("complete", "pruned", "collapsed")


class Dot(NamedTuple):
    """A trial as a point; ``kind`` is complete, pruned or collapsed.

    ``accuracy``, or what else the objective measures, is the final one of a complete trial, the
    last one of another.
    """

    number: int
    family: str
    kind: str
    accuracy: float
    epochs: int


class Family(NamedTuple):
    """The trials of a family; ``best``, ``median`` and ``spread`` are of the complete ones.

    ``untrained`` of them were pruned before their first epoch, and are no points.
    """

    name: str
    dots: tuple[Dot, ...]
    best: float | None
    median: float | None
    spread: Spread | None
    untrained: int

    @property
    def trials(self) -> int:
        """Complete, pruned and collapsed ones."""
        return len(self.dots) + self.untrained

    @property
    def pruned(self) -> int:
        """Trials that the pruner ended, before their first epoch or after it."""
        return len(self.of("pruned")) + self.untrained

    @property
    def collapse_rate(self) -> float | None:
        """The share of its trainings that collapsed, None if there was none."""
        return len(self.of("collapsed")) / len(self.dots) if self.dots else None

    def of(self, kind: str) -> tuple[Dot, ...]:
        """Return the points of a kind."""
        return tuple(dot for dot in self.dots if dot.kind == kind)


class Ended(NamedTuple):
    """How many trials of a family the pruner ended after an epoch."""

    family: str
    epoch: int
    trials: int


def dots(rows: Sequence[TrialRow], objective: Objective) -> list[Dot]:
    """Return the trials that are complete, pruned or collapsed, as points.

    One that was pruned before its first epoch was never trained, and says nothing.
    """
    return [dot for row in rows if (dot := _dot(row, objective)) is not None]


def families(rows: Sequence[TrialRow], objective: Objective) -> tuple[Family, ...]:
    """Return the families of all trials that are complete, pruned or collapsed."""
    found = dots(rows, objective)
    untrained = Counter(row.family for row in rows if row.schedule and _is_untrained(row))
    return tuple(
        _family(name, [dot for dot in found if dot.family == name], untrained[name], objective)
        for name in in_order([*(dot.family for dot in found), *untrained])
    )


def ended_by_pruning(rows: Sequence[TrialRow]) -> tuple[Ended, ...]:
    """Return after which epochs the pruner ended trials, by family and then by epoch."""
    counts = Counter(
        (row.family, row.epochs)
        for row in rows
        if row.state == "pruned" and row.schedule is not None
    )
    return tuple(
        Ended(name, epoch, counts[name, epoch])
        for name in in_order(family for family, _ in counts)
        for epoch in sorted(epoch for family, epoch in counts if family == name)
    )


def in_order(names: Iterable[str]) -> list[str]:
    """Return the families that there are, each once, in the order of all charts."""
    found = set(names)
    return [name for name in FAMILIES if name in found] + sorted(found - set(FAMILIES))


def _family(name: str, found: Sequence[Dot], untrained: int, objective: Objective) -> Family:
    values = [dot.accuracy for dot in found if dot.kind == "complete"]
    best = max(values, key=lambda value: merit(value, objective.minimized), default=None)
    median = statistics.median(values) if values else None
    return Family(name, tuple(found), best, median, spread(values), untrained)


def _is_untrained(row: TrialRow) -> bool:
    return row.state == "pruned" and not row.records


def _dot(row: TrialRow, objective: Objective) -> Dot | None:
    if row.state not in TRAINED or row.schedule is None or _is_untrained(row):
        return None
    final = row.value if row.state == "complete" else None
    accuracy = objective.value(row.records[-1]) if final is None and row.records else final
    if accuracy is None:
        # A training that collapsed in its first epoch has no record; it was at chance.
        accuracy = objective.collapsed_value(TrainingCollapsed(row.epochs + 1, row.reason))
    return Dot(row.number, row.family, row.state, accuracy, row.epochs)
