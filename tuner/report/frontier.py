"""What is reached after how many epochs: by today's default, by the winner, by the best of all.

A trial's curve says what is had of a training that stops there. Its averaged weights say it
better: a schedule that is laid out for so few epochs decays in time, and they come near to one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tuner.definition import Objective, merit
from tuner.reading import Unit
from tuner.repeats import Confirmation, Spread, spread
from tuner.search import TrialRow


class Reached(NamedTuple):
    """The best that is reached after an epoch, by whom, and whether by its averaged weights."""

    epoch: int
    value: float
    number: int
    averaged: bool


class Confirmed(NamedTuple):
    """A mean over fresh seeds, at the end of the training."""

    label: str
    family: str
    spread: Spread


class Frontier(NamedTuple):
    """What is reached after every epoch, the best so far.

    ``default`` is the study's first baseline; of it and of the winner the curves are their own.
    """

    label: str
    default: tuple[Reached, ...]
    winner: tuple[Reached, ...]
    best: tuple[Reached, ...]
    confirmed: tuple[Confirmed, ...]
    trials: int


def frontier(
    rows: Sequence[TrialRow],
    winner: int | None,
    objective: Objective,
    confirmation: Confirmation | None = None,
) -> Frontier | None:
    """Return the frontier of a study; None without a baseline that is complete, or a winner.

    Args:
        rows: Its trials.
        winner: The number of the winner.
        objective: What judges.
        confirmation: What fresh seeds say.
    """
    default = next((row for row in rows if row.baseline and row.state == "complete"), None)
    won = next((row for row in rows if row.number == winner and row.records), None)
    if default is None or won is None:
        return None
    trained = [row for row in rows if row.records and row.schedule]
    return Frontier(
        default.baseline or "",
        _reached([default], objective),
        _reached([won], objective),
        _reached(trained, objective),
        tuple(_confirmed(confirmation)) if confirmation and won else (),
        len(trained),
    )


def sentence(found: Frontier, objective: Objective, unit: Unit) -> str:
    """Say how early what the default reaches at its end is reached."""
    last = found.default[-1]
    end = next(each for each in found.default if _as_good(each, last, objective))
    form = objective.digits
    said = f"What “{found.label}” reaches in {unit.told(end.epoch)} ({end.value:{form}})"
    told = []
    for name, curve in (("the winner", found.winner), ("the best of all trials", found.best)):
        first = next((r for r in curve if _as_good(r, end, objective)), None)
        if first is None or first.epoch >= end.epoch:
            continue
        whose = f", trial {first.number}" if curve is found.best else ""
        by = ", by its averaged weights" if first.averaged else ""
        told.append(
            f"{name}{whose} reaches in {unit.told(first.epoch)} ({first.value:{form}}{by})"
        )
    if not told:
        return f"{said} no trial reaches in fewer {unit.words}."
    return f"{said}, {'; '.join(told)}."


def _as_good(one: Reached, other: Reached, objective: Objective) -> bool:
    return merit(one.value, objective.minimized) >= merit(other.value, objective.minimized)


def _reached(rows: Iterable[TrialRow], objective: Objective) -> tuple[Reached, ...]:
    """Return the best so far after every epoch."""
    after: dict[int, Reached] = {}
    for row in rows:
        for record in row.records:
            both = ((objective.value(record), False), (objective.averaged_value(record), True))
            for value, averaged in both:
                if value is None:
                    continue
                here = Reached(record.epoch, value, row.number, averaged)
                if record.epoch not in after or not _as_good(after[record.epoch], here, objective):
                    after[record.epoch] = here
    found: list[Reached] = []
    for epoch in sorted(after):
        here = after[epoch]
        if found and _as_good(found[-1], here, objective):
            here = found[-1]._replace(epoch=epoch)
        found.append(here)
    return tuple(found)


def _confirmed(confirmation: Confirmation) -> Iterable[Confirmed]:
    if confirmation.missing or confirmation.winner is None:
        return
    baseline = confirmation.best_baseline  # which a winner that is one itself would be
    rival = baseline if baseline is not confirmation.winner else None
    for candidate in (confirmation.winner, rival):
        found = spread([*candidate.values.values()]) if candidate else None
        if candidate and found and found.se is not None:
            yield Confirmed(candidate.label, candidate.schedule.family, found)
