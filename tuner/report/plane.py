"""All trials in the plane that the search thinks in: the sum of learning rates and their end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tuner.definition import Objective, StudySpec
from tuner.report.families import Dot, dots
from tuner.report.outlook import Outlook
from tuner.search import Features, Telling, TrialRow

# Lines of the ground to each side, and how far it reaches beyond the trials, in their range.
_LINES, _BEYOND = 24, 0.06


class Place(NamedTuple):
    """Where a trial is: the sum of its learning rates, and their mean at the end."""

    dot: Dot
    total: float
    end: float


class Ground(NamedTuple):
    """What is expected of schedules between the trials; a row of ``values`` for each end."""

    totals: tuple[float, ...]
    ends: tuple[float, ...]
    values: tuple[tuple[float, ...], ...]


class Plane(NamedTuple):
    """The trials that were trained, and the ground below them if the model can tell."""

    places: tuple[Place, ...]
    ground: Ground | None


def plane(
    rows: Sequence[TrialRow],
    spec: StudySpec,
    objective: Objective,
    outlook: Outlook | None,
    telling: Telling | None = None,
) -> Plane:
    """Return where the trials of a study are.

    Args:
        rows: Its trials.
        spec: Its definition.
        objective: What judges.
        outlook: What its trials leave to expect.
        telling: Tells of schedules, and may have done so already.
    """
    features, usual = Features.of(spec.space), spec.space.clock.updates_per_epoch
    telling = telling or Telling(spec.space)
    trained = dots(rows, objective)
    numbers = {dot.number for dot in trained}
    told = {
        row.number: telling.trained(
            row.schedule, row.options, row.updates_per_epoch or usual
        ).ahead
        for row in rows
        if row.schedule is not None and row.number in numbers
    }
    places = tuple(
        Place(dot, *_rates(total, end, features))
        for dot in trained
        for end, total in [told[dot.number]]
    )
    here = [told[dot.number] for dot in trained if dot.kind == "complete"]
    return Plane(places, _ground(here, features, outlook) if outlook else None)


def _ground(
    told: Sequence[tuple[float, ...]], features: Features, outlook: Outlook
) -> Ground | None:
    ends, totals = (_grid([each[index] for each in told]) for index in (0, 1))
    rows = outlook.anywhere(ends, totals)
    across = tuple(_rates(total, 0.0, features)[0] for total in totals)
    up = tuple(_rates(0.0, end, features)[1] for end in ends)
    values = tuple(tuple(row[place] for row in rows) for place in range(len(ends)))
    return Ground(across, up, values)


def _grid(values: Sequence[float]) -> list[float]:
    low, high = min(values), max(values)
    low, high = low - _BEYOND * (high - low), high + _BEYOND * (high - low)
    return [low + (high - low) * line / _LINES for line in range(_LINES + 1)]


def _rates(total: float, end: float, features: Features) -> tuple[float, float]:
    """Return what the features have as logarithms of shares of the highest LR."""
    return 10**total * features.highest, 10**end * features.highest
