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
from tuner.schedules import Plateau, Schedule
from tuner.search import Key, key_of

# Two-sided 95 % quantiles of Student's t for 1 to 30 degrees of freedom, and the normal one.
# NIST/SEMATECH e-Handbook of Statistical Methods, section 1.3.6.7.2.
_T_95 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
_NORMAL_95 = 1.960


class Candidate(NamedTuple):
    """A schedule that is trained on fresh seeds.

    ``accuracies`` has a test accuracy, or what else the objective measures, for every seed whose
    training is over: that of a collapsed training is what it was then, chance, and counts like
    any other; that of a failed one is None.
    ``trial`` is the number of the study's trial that the schedule is from, None for a baseline.
    ``minimized`` says that small values are the good ones.
    ``averaged`` are the values of the averaged weights, of trainings that have them.
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


class Spread(NamedTuple):
    """A mean over seeds; ``sd`` and ``se`` are None for a single value."""

    n: int
    mean: float
    sd: float | None
    se: float | None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval of the mean, mean ± t(n − 1) · se; None of a single value.

        Example:
            >>> Spread(n=3, mean=0.0, sd=2.0, se=1.0).interval
            (-4.303, 4.303)
        """
        if self.se is None:
            return None
        half = quantile(self.n - 1) * self.se
        return self.mean - half, self.mean + half


class Difference(NamedTuple):
    """A mean paired difference over ``n`` common seeds, and its 95 % interval."""

    n: int
    mean: float
    low: float
    high: float


class Training(NamedTuple):
    """A training that is still to be done."""

    candidate: Candidate
    seed: int


class Row(NamedTuple):
    """A candidate in the table; ``against`` is its difference to the best baseline."""

    candidate: Candidate
    spread: Spread | None
    against: Difference | None
    is_winner: bool
    is_tied: bool


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
            rows.append(Row(c, found, versus, c is first, c is not first and c in tied))
        return tuple(sorted(rows, key=lambda r: (not r.is_winner, -r.candidate.merit)))


def quantile(degrees: int) -> float:
    """Return the t with P(-t <= T <= t) = 0.95 for Student's T; beyond 30 degrees the normal one.

    Example:
        >>> quantile(2), quantile(31)
        (4.303, 1.96)
    """
    return _T_95[degrees - 1] if degrees <= len(_T_95) else _NORMAL_95


def spread(values: Sequence[float]) -> Spread | None:
    """Return mean, standard deviation (n − 1) and standard error sd / √n; None of no values.

    Example:
        >>> spread([1.0, 2.0, 3.0])
        Spread(n=3, mean=2.0, sd=1.0, se=0.5773502691896258)
    """
    if not values:
        return None
    if {math.inf, -math.inf} <= {*values}:  # as other programs may store
        return Spread(len(values), math.nan, None, None)
    n, mean = len(values), statistics.fmean(values)
    if n == 1:
        return Spread(1, mean, None, None)
    if not math.isfinite(mean):  # a training that diverged has an infinite loss
        return Spread(n, mean, None, None)
    sd = statistics.stdev(values)
    return Spread(n, mean, sd, sd / math.sqrt(n))


def difference(one: Candidate, other: Candidate) -> Difference | None:
    """Return the paired difference of two candidates: mean(d) ± t(n − 1) · sd(d) / √n.

    d are the differences ``one`` − ``other`` on the seeds that both have. Without such a seed it
    is None, with one the interval has no end; nor with two or three that are equal though the seed
    moves the values, which those in coarse steps are by chance. An infinite difference, to a loss
    that is no number, is certain; two such losses on one seed, or one on each side, say nothing.

    The interval is that of one comparison with a fixed n. A race looks at several of them after
    every seed, so that it takes a true tie for separated more often than once in 20:
    ``benchmarks/races.py``.
    """
    seeds = sorted(one.values.keys() & other.values.keys())
    differences = [one.values[seed] - other.values[seed] for seed in seeds]
    differences = [d for d in differences if not math.isnan(d)]
    if {math.inf, -math.inf} <= {*differences}:
        return None
    found = spread(differences)
    if found is None:
        return None
    if math.isinf(found.mean):
        return Difference(found.n, found.mean, found.mean, found.mean)
    mine, others = ([each.values[seed] for seed in seeds] for each in (one, other))
    rounding = 1e-12 * max(map(abs, [*mine, *others]))
    moved = max(mine) - min(mine) > rounding
    coarse = found.n <= 3 and moved and max(differences) - min(differences) <= rounding
    half = math.inf if found.se is None or coarse else quantile(found.n - 1) * found.se
    return Difference(found.n, found.mean, found.mean - half, found.mean + half)


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
