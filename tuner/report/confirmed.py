"""The table of a confirm in words, for the report and the command line."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from tuner.definition import digits, merit
from tuner.repeats import (
    Candidate,
    Confirmation,
    Difference,
    Row,
    Spread,
    better_than_winner,
    spread,
)
from tuner.search import Summary, TrialRow

# So many are named where there are many.
_NAMED = 2


class ConfirmedLine(NamedTuple):
    """A candidate of a confirm, in words."""

    label: str
    family: str
    n: int
    mean: str
    averaged: str
    difference: str
    note: str
    is_winner: bool
    to_leader: str


class Finalist(NamedTuple):
    """A candidate of a confirm as a figure needs it: its trainings, their mean and its error."""

    label: str
    family: str
    values: tuple[float, ...]
    mean: float | None
    se: float | None


class Confirmed(NamedTuple):
    """A confirm in words and in numbers; ``has_averaged`` if averaged weights were kept.

    ``better`` says what does better than the winner, if anything does.
    """

    sentence: str
    lines: tuple[ConfirmedLine, ...]
    finalists: tuple[Finalist, ...]
    has_averaged: bool
    better: str = ""
    done: bool = True


def confirmed_data(confirmation: Confirmation, metric: str) -> Confirmed:
    """Return the table of a confirm and a sentence about it.

    Args:
        confirmation: The confirm.
        metric: What judges in it, in words.
    """
    done = not confirmation.missing
    lines = tuple(_line(row, done, metric) for row in confirmation.rows)
    return Confirmed(
        sentence=confirmed_sentence(confirmation, metric),
        better=better_sentence(confirmation, metric),
        lines=lines,
        finalists=tuple(map(_finalist, confirmation.rows)),
        done=done,
        has_averaged=any(candidate.averaged for candidate in confirmation.candidates),
    )


def confirmed_sentence(confirmation: Confirmation, metric: str) -> str:
    """Return who won on which evidence, or how far the confirm is."""
    if confirmation.ignores_seeds:
        return "without a winner, because the training ignores its seed: all seeds give the same"
    if confirmation.missing:
        known = confirmation.trained + len(confirmation.missing)
        return f"unfinished, {confirmation.trained} of at least {known} trainings are over"
    if confirmation.winner is None:
        return "without a winner, because every training failed"
    first = confirmation.rows[0]
    survived = first.spread is not None and math.isfinite(first.spread.mean)
    text = "" if survived else "no schedule survived; the first is "
    text += f"{first.candidate.label}, {mean(first.spread, metric)}"
    text += f" on {len(first.candidate.values)} seeds"
    if first.against is not None and confirmation.best_baseline is not None:
        to = confirmation.best_baseline.label
        versus = difference(first.against, metric, len(first.candidate.values))
        text += f", {versus} against the best baseline, {to}"
    return "; ".join(filter(None, [text, apart_sentence(confirmation)]))


def apart_sentence(confirmation: Confirmation) -> str:
    """Return from whom the seeds do not separate the leader, ``""`` if it is alone."""
    if len(confirmation.candidates) == 1:
        return ""
    tied = [candidate.label for candidate in confirmation.tie_set[1:]]
    return f"not separated from {', '.join(tied)}" if tied else "separated from all others"


def better_sentence(confirmation: Confirmation, metric: str) -> str:
    """Return what does better than the winner's weights, ``""`` if nothing does.

    Args:
        confirmation: The confirm.
        metric: What judges in it, in words.
    """
    first = next(iter(better_than_winner(confirmation)), None)
    if first is None:
        return ""
    what = "averaged weights do" if first.is_averaged else "another schedule does"
    return f"{what} better: {mean(first.spread, metric)}, {first.candidate.label}"


def search_sentence(best: TrialRow | None, of_search: TrialRow | None, metric: str) -> str:
    """Return which trial has the best single value, ``""`` if it is the best one anyway.

    Args:
        best: The best trial, which fresh seeds may have confirmed.
        of_search: The one with the best value.
        metric: What judged it, in words.
    """
    if best is None or of_search is None or best.number == of_search.number:
        return ""
    value = f"{metric} {of_search.value:{digits(metric)}}"
    return f"best of the search: trial {of_search.number}, {value} from one run"


def beside_sentences(
    summary: Summary, confirmation: Confirmation | None, metric: str
) -> list[str]:
    """Return what does better than the best trial, or as well, where no fresh seeds say it.

    Args:
        summary: Where the study stands.
        confirmation: Its confirm; one that has a winner says it instead.
        metric: What judged, in words.
    """
    best, averaged, told = summary.best, summary.best_averaged, []
    if best is None or best.value is None or (confirmation and confirmation.winner):
        return []
    if averaged and is_better(averaged.value, best):
        value = f"{metric} {averaged.value:{digits(metric)}}"
        told.append(f"averaged weights do better: {value} from one run, {averaged.row.title}")
    if summary.ties:
        told.append(f"as good: {some(row.title for row in summary.ties)}")
    return told


def is_better(value: float, best: TrialRow) -> bool:
    """Tell whether a value is better than that of a complete trial."""
    return merit(value, best.minimized) > merit(best.value or 0.0, best.minimized)


def some(names: Iterable[str]) -> str:
    """Return names, of many the first.

    Example:
        >>> some(["trial 3", "trial 7"]), some(f"trial {number}" for number in range(5))
        ('trial 3, trial 7', 'trial 0, trial 1 and 3 others')
    """
    every = [*names]
    few = every if len(every) <= _NAMED + 1 else every[:_NAMED]
    more = len(every) - len(few)
    return ", ".join(few) + (f" and {more} others" if more else "")


def mean(found: Spread | None, metric: str) -> str:
    """Return a mean and its standard error.

    Example:
        >>> mean(Spread(n=3, mean=0.87, sd=0.0035, se=0.002), "accuracy")
        '0.8700 ± 0.0020'
    """
    if found is None:
        return "–"
    form = digits(metric)
    return f"{found.mean:{form}}" + (f" ± {found.se:{form}}" if found.se is not None else "")


def difference(found: Difference | None, metric: str, seeds: int) -> str:
    """Return a paired difference and its interval.

    Args:
        found: Them, over the seeds that both have.
        metric: Whose they are, in words.
        seeds: How many seeds the mean beside it is of: what is of others says so.

    Example:
        >>> found = Difference(n=3, mean=0.002, low=-0.001, high=0.005)
        >>> difference(found, "accuracy", 3), difference(found, "accuracy", 9)
        ('+0.0020 (-0.0010..+0.0050)', '+0.0020 (-0.0010..+0.0050, n = 3)')
    """
    if found is None:
        return "–"
    form = f"+{digits(metric)}"
    ends = [f"{found.low:{form}}..{found.high:{form}}"] * math.isfinite(found.low)
    ends += [f"n = {found.n}"] * (found.n != seeds)
    return f"{found.mean:{form}}" + (f" ({', '.join(ends)})" if ends else "")


def _finalist(row: Row) -> Finalist:
    found = row.spread
    return Finalist(
        label=row.candidate.label,
        family=row.candidate.schedule.family,
        values=tuple(value for _, value in sorted(row.candidate.values.items())),
        mean=found.mean if found else None,
        se=found.se if found else None,
    )


def _averaged(candidate: Candidate, metric: str) -> str:
    """Return the mean of its averaged weights; of how many trainings, if those are not all."""
    told, known = mean(spread(candidate.averaged), metric), len(candidate.averaged)
    return told if known in (0, len(candidate.values)) else f"{told}, n = {known}"


def _line(row: Row, done: bool, metric: str) -> ConfirmedLine:
    candidate = row.candidate
    notes = ["winner" if done else "leads"] * row.is_winner + ["tie"] * row.is_tied
    failed = len(candidate.accuracies) - len(candidate.values)
    notes += [f"{len(candidate.collapsed)} collapsed"] * bool(candidate.collapsed)
    notes += [f"{failed} failed"] * bool(failed)
    return ConfirmedLine(
        label=candidate.label,
        family=candidate.schedule.family,
        n=len(candidate.values),
        mean=mean(row.spread, metric),
        averaged=_averaged(candidate, metric),
        difference=difference(row.against, metric, len(candidate.values)),
        note=", ".join(notes),
        is_winner=row.is_winner,
        to_leader=difference(row.to_leader, metric, len(candidate.values)),
    )
