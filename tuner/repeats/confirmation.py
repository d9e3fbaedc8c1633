"""What trainings on fresh seeds say: means, paired differences, the tie set.

All candidates are trained on the same seeds, and the seed moves all of them together. So two are
compared seed by seed: the mean of their differences has a much smaller error than the difference
of their means. Everything here is a pure function of the accuracies.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from tuner.definition import merit
from tuner.repeats.paired import Difference, Spread, paired, spread
from tuner.schedules import Plateau, Schedule
from tuner.search import Key, key_of


class Candidate(NamedTuple):
    """A schedule that is trained on fresh seeds.

    ``accuracies`` has a test accuracy, or what else the objective measures, for every seed whose
    training is over: that of a collapsed training is what it was then, chance, and counts like
    any other; that of a failed one is None.
    ``trial`` is the number of the study's trial that the schedule is from, None for a baseline.
    ``minimized`` says that small values are the good ones.
    ``averaged`` are the values of the averaged weights, of trainings that have them.
    ``curves`` are the values after each epoch of trainings that got to their end.
    ``rule`` finds the schedule of each training, where it is not given.
    ``options`` are those of the task that it is trained with, where the study samples any.
    """

    label: str
    schedule: Schedule
    trial: int | None
    accuracies: Mapping[int, float | None]
    collapsed: tuple[int, ...] = ()
    minimized: bool = False
    averaged: tuple[float, ...] = ()
    rule: Plateau | None = None
    options: Mapping[str, Any] = MappingProxyType({})
    curves: tuple[tuple[float | None, ...], ...] = ()

    @property
    def given(self) -> Schedule | Plateau:
        """The schedule, or the rule that finds one."""
        return self.rule or self.schedule

    @property
    def key(self) -> Key:
        """The schedule or rule, with the options of the task, which it is whatever its label."""
        return key_of(self.given, self.options)

    @property
    def is_baseline(self) -> bool:
        """Whether it is a baseline of the search space."""
        return self.trial is None

    @property
    def values(self) -> dict[int, float]:
        """The values that there are, by seed."""
        return {seed: value for seed, value in self.accuracies.items() if value is not None}

    @property
    def merit(self) -> float:
        """Its mean, so that the larger one is the better one; the worst without a value."""
        values = self.values.values()
        return merit(statistics.fmean(values), self.minimized) if values else -math.inf

    @property
    def with_averaged(self) -> Candidate | None:
        """Itself as its averaged weights are worth; None unless every value has theirs.

        Without a collapsed training, which has none, it would be better than it is.
        """
        if not self.averaged or len(self.averaged) != len(self.values):
            return None
        return self._replace(accuracies=dict(zip(self.values, self.averaged, strict=True)))


class Training(NamedTuple):
    """A training that is still to be done."""

    candidate: Candidate
    seed: int


class Row(NamedTuple):
    """A candidate in the table.

    ``against`` is its difference to the best baseline, ``to_leader`` that to the first one.
    """

    candidate: Candidate
    spread: Spread | None
    against: Difference | None
    is_winner: bool
    is_tied: bool
    to_leader: Difference | None = None


class Confirmation(NamedTuple):
    """A study's candidates on fresh seeds; ``missing`` trainings keep it from being done.

    ``ignores_seeds`` if trainings from different seeds are equal: then they say nothing.
    """

    candidates: tuple[Candidate, ...]
    missing: tuple[Training, ...]
    ignores_seeds: bool = False

    @property
    def trained(self) -> int:
        """Trainings that are over."""
        return sum(len(candidate.accuracies) for candidate in self.candidates)

    @property
    def winner(self) -> Candidate | None:
        """The leader, once nothing is missing and seeds told something."""
        return None if self.missing or self.ignores_seeds else leader(self.candidates)

    @property
    def tie_set(self) -> tuple[Candidate, ...]:
        """The candidates that the seeds do not separate from the leader, itself first."""
        return tie_set(self.candidates)

    @property
    def best_baseline(self) -> Candidate | None:
        """The baseline that the leader is ahead of by least."""
        return closest(leader(self.candidates), [c for c in self.candidates if c.is_baseline])

    @property
    def rows(self) -> tuple[Row, ...]:
        """The table, the leader first and then by their means."""
        first, tied, against = leader(self.candidates), self.tie_set, self.best_baseline
        rows = []
        for c in self.candidates:
            found = spread([*c.values.values()])
            versus = difference(c, against) if against and c is not against else None
            behind = difference(c, first) if first and c is not first else None
            rows.append(Row(c, found, versus, c is first, c is not first and c in tied, behind))
        return tuple(sorted(rows, key=lambda r: (not r.is_winner, -r.candidate.merit)))


def difference(one: Candidate, other: Candidate) -> Difference | None:
    """Return the paired difference of two candidates, seed by seed, with its 95 % interval."""
    return paired(one.values, other.values)


def leader(candidates: Sequence[Candidate]) -> Candidate | None:
    """Return the candidate with the best mean of those with the most seeds; of equals the first.

    Those with fewer seeds were separated from a leader on the seeds they have. Their mean is no
    rival: it is of easier or harder seeds. Where each has diverged from some seed, and so has an
    infinite loss, it is the one that did so least often, or else has the best mean otherwise.
    """
    most = max((len(c.values) for c in candidates), default=0)
    longest = [c for c in candidates if c.values and len(c.values) == most]
    return max(longest, key=_rank, default=None)


def _rank(candidate: Candidate) -> tuple[float, int, float]:
    finite = [value for value in candidate.values.values() if math.isfinite(value)]
    rest = candidate._replace(accuracies=dict(enumerate(finite)))
    return candidate.merit, len(finite), rest.merit


def closest(first: Candidate | None, others: Sequence[Candidate]) -> Candidate | None:
    """Return whom a candidate is ahead of by least, by paired differences; of equals the first.

    Seed by seed, as some have fewer seeds than others: on those that both have.
    """
    versus = [(c, difference(c, first)) for c in others] if first else []
    ahead = [(merit(found.mean, c.minimized), c) for c, found in versus if found]
    return max(ahead, key=lambda each: each[0], default=(0.0, None))[1]


def tie_set(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Return the leader and all that the seeds do not separate from it.

    Separated is whose difference to it has an interval that does not reach 0, and who is behind
    and collapsed from more of the seeds that both have: the interval of differences, some of which
    are a collapse, is so wide that it would keep such a candidate in the race to its end.

    The interval of leader − candidate; one that is below 0 altogether, as a new finalist's can be
    that has few seeds yet, is no reason to leave the race either.
    """
    first = leader(candidates)
    if first is None:
        return ()
    others = [c for c in candidates if c is not first and c.values]
    return (first, *(c for c in others if not _separated(first, c)))


def _separated(first: Candidate, other: Candidate) -> bool:
    versus = difference(first, other)
    if versus is None:
        return False
    common = first.values.keys() & other.values.keys()
    collapsed = [len(common.intersection(c.collapsed)) for c in (first, other)]
    behind = merit(versus.mean, first.minimized) > 0
    return _lead(versus, first) > 0 or (behind and collapsed[0] < collapsed[1])


def _lead(versus: Difference, first: Candidate) -> float:
    """Return by how much the leader is better at least, by its difference to another one."""
    return -versus.high if first.minimized else versus.low
