"""What a study says to the chapter's exercises: fixed learning rate, exponent, length of warmup.

1. "Experiment with the optimization behavior for a given fixed learning rate. What is the best
   model you can obtain this way?"
2. "How does convergence change if you change the exponent of the decrease in the learning rate?"
4. "How long should warmup last?"

A study's sampler goes where it is good, so trials that differ in one thing differ in others too:
these are answers of observation, with n and spread.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from tuner.definition import Objective, merit
from tuner.reading import Clock
from tuner.repeats import Spread, spread
from tuner.report.families import Dot, dots
from tuner.schedules import Poly
from tuner.search import TrialRow

# Shares of the horizon between which lengths of warmup are taken together; none is apart.
_WARMUPS = (0.0, 0.05, 0.1, 0.2, 1.0)
# So many complete trials has a range of a parameter at least, and so many ranges there are.
_FEWEST, _RANGES = 6, 5
# Standard errors between two means that are different.
_APART = 2.0


class Point(NamedTuple):
    """A complete or collapsed trial: what it reached, and what is asked about."""

    dot: Dot
    x: float


class Range(NamedTuple):
    """The complete trials with values from ``low`` to ``high``."""

    low: float
    high: float
    spread: Spread


class Answer(NamedTuple):
    """The trials that an exercise is answered by, taken together in ranges, and the answer."""

    points: tuple[Point, ...]
    ranges: tuple[Range, ...]
    sentence: str


def which_base_lr(rows: Sequence[TrialRow], objective: Objective) -> Answer:
    """Say which base LR is safe, where the best ones are, and what a fixed one reaches."""
    trained = dots(rows, objective)
    rates = {row.number: row.schedule.base_lr for row in rows if row.schedule}
    points = _points(trained, rates)
    complete = _complete(points)
    sentences = [
        _safe(trained, rates),
        _best_tenth(complete, objective),
        _fixed(complete, objective),
    ]
    return Answer(points, _ranges(complete), " ".join(filter(None, sentences)))


def which_power(rows: Sequence[TrialRow], objective: Objective) -> Answer:
    """Say how the exponent of the family poly changes what it reaches."""
    powers = {row.number: row.schedule.power for row in rows if isinstance(row.schedule, Poly)}
    trained = dots(rows, objective)
    points = _points(trained, powers)
    complete = _complete(points)
    if len({point.x for point in complete}) < 2:
        return Answer(points, (), "")
    best = _best(complete, objective)
    found = _ranges(complete)
    sentence = (
        f"Of {len(complete)} complete poly trials, the best"
        f" ({best.dot.accuracy:{objective.digits}}, trial"
        f" {best.dot.number}) has the exponent {best.x:.3g}."
    )
    if len(found) > 1:
        first, last = found[0], found[-1]
        sentence += (
            f" Exponents {_span(first)} reach {_mean(first.spread, objective)},"
            f" {_span(last)} reach {_mean(last.spread, objective)}:"
            f" {_compared(first.spread, last.spread, 'exponents')}."
        )
    return Answer(points, found, sentence)


def which_warmup(rows: Sequence[TrialRow], clock: Clock, objective: Objective) -> Answer:
    """Say how long warmup should be: what is reached and what collapses by its length."""
    lengths = {
        row.number: row.schedule.warmup_steps / row.updates_per_unit(clock)
        for row in rows
        if row.schedule
    }
    trained = dots(rows, objective)
    points = _points(trained, lengths)
    complete = _complete(points)
    if len({point.x for point in complete}) < 2:
        return Answer(points, (), "")
    words = clock.unit.words
    found = _by_length(complete, clock.horizon / clock.updates_per_unit)
    best = max(found, key=lambda each: merit(each.spread.mean, objective.minimized))
    none = next((each for each in found if each.high == 0), None)
    sentence = f"The best mean is that of {_length(best, words)}: {_mean(best.spread, objective)}."
    if none and best is not none:
        compared = _compared(best.spread, none.spread, "lengths")
        sentence += f" Without warmup it is {_mean(none.spread, objective)}: {compared}."
    warmups = [(dot, lengths[dot.number]) for dot in trained]
    return Answer(points, found, f"{sentence} {_collapses(warmups)}")


def _points(trained: Sequence[Dot], values: dict[int, float]) -> tuple[Point, ...]:
    return tuple(
        Point(dot, values[dot.number])
        for dot in trained
        if dot.kind != "pruned" and dot.number in values
    )


def _complete(points: Sequence[Point]) -> list[Point]:
    return [point for point in points if point.dot.kind == "complete"]


def _best(points: Sequence[Point], objective: Objective) -> Point:
    return max(points, key=lambda point: merit(point.dot.accuracy, objective.minimized))


def _safe(found: Sequence[Dot], rates: dict[int, float]) -> str:
    """Say up to which base LR nothing collapsed, of all trainings, whatever ended them."""
    trained = [(rates[dot.number], dot.kind == "collapsed") for dot in found]
    if not trained:
        return ""
    bad = [rate for rate, collapsed in trained if collapsed]
    if not bad:
        highest = max(rate for rate, _ in trained)
        return f"Safe up to {highest:.3g}, the highest tried: none of {len(trained)} collapsed."
    below = [rate for rate, _ in trained if rate < min(bad)]
    above = len(trained) - len(below)
    safe = f"Safe up to {max(below):.3g} ({len(below)} trainings, no collapse)" if below else (
        "No base LR was safe"
    )  # fmt: skip
    return f"{safe}; from {min(bad):.3g} on, {len(bad)} of {above} collapsed."


def _best_tenth(complete: Sequence[Point], objective: Objective) -> str:
    if len(complete) < 2:
        return ""
    ranked = sorted(complete, key=lambda point: -merit(point.dot.accuracy, objective.minimized))
    best = [point.x for point in ranked[: max(2, math.ceil(len(ranked) / 10))]]
    return (
        f"The best {len(best)} of {len(complete)} complete trials have base LRs from"
        f" {min(best):.3g} to {max(best):.3g}."
    )


def _fixed(complete: Sequence[Point], objective: Objective) -> str:
    """Say what the best fixed learning rate reaches, which is the chapter's first exercise."""
    fixed = [point for point in complete if point.dot.family == "constant"]
    if not fixed:
        return "No training with a fixed learning rate is complete."
    best = _best(fixed, objective)
    behind = abs(_best(complete, objective).dot.accuracy - best.dot.accuracy)
    worse, form = "above" if objective.minimized else "below", objective.digits
    away = f"{behind:{form}} {worse} the best schedule"
    stands = away if behind else "the best of all schedules"
    return (
        f"The best fixed learning rate of {len(fixed)} is {best.x:.3g}, with"
        f" {best.dot.accuracy:{form}} (trial {best.dot.number}), {stands}."
    )


def _collapses(trained: Sequence[tuple[Dot, float]]) -> str:
    """Say how many trainings collapsed without warmup and with it, whatever ended the others."""
    bad = [warmup for dot, warmup in trained if dot.kind == "collapsed"]
    if not bad:
        return f"None of {len(trained)} trainings collapsed, with warmup or without."
    without = sum(not warmup for _, warmup in trained)
    gone = sum(not warmup for warmup in bad)
    return (
        f"Without warmup {gone} of {without} trainings collapsed, with it {len(bad) - gone} of"
        f" {len(trained) - without}."
    )


def _ranges(complete: Sequence[Point]) -> tuple[Range, ...]:
    """Divide the points by their value into ranges with as many in each."""
    ordered = sorted(complete, key=lambda point: point.x)
    count = min(_RANGES, len(ordered) // _FEWEST)
    edges = [round(len(ordered) * part / count) for part in range(count + 1)] if count else []
    return tuple(_range(ordered[start:end]) for start, end in pairwise(edges))


def _by_length(complete: Sequence[Point], whole: float) -> tuple[Range, ...]:
    groups = [[point for point in complete if point.x == 0]]
    groups += [
        [point for point in complete if low * whole < point.x <= high * whole]
        for low, high in pairwise(_WARMUPS)
    ]
    return tuple(_range(group) for group in groups if group)


def _range(points: Sequence[Point]) -> Range:
    found = spread([point.dot.accuracy for point in points])
    assert found is not None, "a range has points"
    return Range(min(point.x for point in points), max(point.x for point in points), found)


def _span(found: Range) -> str:
    low, high = f"{found.low:.3g}", f"{found.high:.3g}"
    return low if low == high else f"{low} to {high}"


def _length(found: Range, words: str) -> str:
    return f"{_span(found)} {words} of warmup" if found.high else "no warmup"


def _mean(found: Spread, objective: Objective) -> str:
    error = f" ± {found.se:{objective.digits}}" if found.se is not None else ""
    return f"{found.mean:{objective.digits}}{error} (n = {found.n})"


def _compared(one: Spread, other: Spread, what: str) -> str:
    """Say whether two means differ by more than their errors explain."""
    if one.se is None or other.se is None:
        return "too few trials to tell them apart"
    if abs(one.mean - other.mean) > _APART * math.hypot(one.se, other.se):
        return "more than two standard errors apart"
    return f"the trials do not tell these {what} apart"
