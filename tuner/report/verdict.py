"""The best schedule and how it stands, before fresh seeds have said so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from tuner.definition import Objective
from tuner.report.confirmed import is_better
from tuner.search import TrialRow, best_averaged

_STATES = ("complete", "pruned", "collapsed", "failed", "running", "interrupted", "waiting")


class Contender(NamedTuple):
    """A complete trial as the verdict names it."""

    number: int
    family: str
    base_lr: float
    accuracy: float  # or another value of the objective, here and below
    baseline: str | None
    options: Mapping[str, Any] = MappingProxyType({})


class Verdict(NamedTuple):
    """The best schedule and how it stands; ``best`` is None while no trial is complete.

    ``rival`` is the best baseline, or, if the best schedule is a baseline itself, the best
    schedule that was sampled. ``averaged`` has the averaged weights that do better than the best,
    with what they are worth, and ``ties`` are others with its value.
    """

    best: Contender | None
    rival: Contender | None
    states: tuple[tuple[str, int], ...]
    averaged: Contender | None = None
    ties: tuple[Contender, ...] = ()

    @property
    def trials(self) -> int:
        """Trials in any state."""
        return sum(count for _, count in self.states)


def verdict_of(
    ranked: Sequence[TrialRow], rows: Sequence[TrialRow], objective: Objective
) -> Verdict:
    """Return the verdict on trials.

    Args:
        ranked: The complete ones, the best first.
        rows: All of them.
        objective: What judged them.
    """
    contenders = list(filter(None, map(_contender, ranked)))
    best = contenders[0] if contenders else None
    rivals = [c for c in contenders if best and bool(c.baseline) != bool(best.baseline)]
    counts = Counter(row.state for row in rows)
    states = tuple((state, counts[state]) for state in _STATES if counts[state])
    averaged, found = None, best_averaged(rows, objective)
    if found and is_better(found.value, ranked[0]) and (whose := _contender(found.row)):
        averaged = whose._replace(accuracy=found.value)
    ties = tuple(each for each in contenders[1:] if best and each.accuracy == best.accuracy)
    return Verdict(best, rivals[0] if rivals else None, states, averaged, ties)


def _contender(row: TrialRow) -> Contender | None:
    if row.schedule is None or row.value is None:
        return None
    return Contender(
        row.number, row.family, row.schedule.base_lr, row.value, row.baseline, row.options
    )
