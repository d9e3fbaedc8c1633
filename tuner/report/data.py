"""What the report says, as plain data made from the rows of a study."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from tuner.definition import Objective
from tuner.reading import EPOCHS, Clock, Unit
from tuner.repeats import Spread, spread
from tuner.report.curves import Curve, curve_of
from tuner.report.verdict import Verdict, verdict_of
from tuner.schedules import Schedule, Schedules
from tuner.search import TrialRow, ranking
from tuner.space import as_params, is_option
from tuner.tasks import EpochRecord

TOP = 10
_COLUMNS = ("family", "base_lr", "warmup_steps")  # of a table of their own


class Parameter(NamedTuple):
    """A parameter of a schedule, in words."""

    name: str
    value: str


class BestTrial(NamedTuple):
    """The winner: its schedule in words and as a curve, and its training epoch by epoch.

    ``accuracy`` is None if fresh seeds confirmed a baseline that is not complete in the study.
    """

    number: int
    baseline: str | None
    accuracy: float | None
    family: str
    formula: str
    text: str
    parameters: tuple[Parameter, ...]
    curve: Curve
    records: tuple[EpochRecord, ...]


class Line(NamedTuple):
    """A trial's schedule among others; ``rank`` is 1 for the best, None if it is not complete."""

    number: int
    state: str
    family: str
    baseline: str | None
    rank: int | None
    accuracy: float | None
    curve: Curve


class Entry(NamedTuple):
    """A trial in a table. ``accuracy`` of one that is not complete is its last epoch's."""

    number: int
    state: str
    rank: int | None
    baseline: str
    family: str
    base_lr: float | None
    warmup: float | None
    accuracy: float | None
    averaged: float | None
    epochs: int
    seconds: float
    params: str
    reason: str
    options: Mapping[str, Any] = MappingProxyType({})


class Averaging(NamedTuple):
    """What averaged weights give at the end of a training, over that of the weights themselves."""

    winner: float
    gain: Spread


class ReportData(NamedTuple):
    """All that the report says of the trials.

    ``winner`` is the number of the best trial, None while there is none.
    """

    verdict: Verdict
    winner: int | None
    best: BestTrial | None
    averaging: Averaging | None
    leaders: tuple[Entry, ...]
    lines: tuple[Line, ...]
    entries: tuple[Entry, ...]

    @property
    def options(self) -> list[str]:
        """The options of the task that are sampled, each a column of the tables."""
        return [*dict.fromkeys(name for entry in self.entries for name in entry.options)]


def report_data(
    rows: Sequence[TrialRow],
    clock: Clock,
    objective: Objective,
    winner: TrialRow | None = None,
) -> ReportData:
    """Return what the report says of a study's trials.

    Args:
        rows: The trials.
        clock: Updates per epoch, and updates of a full training.
        objective: What judged them.
        winner: The trial that fresh seeds confirmed; without one, the best of the ranking.
    """
    ranked = ranking(rows)
    first = winner or next(iter(ranked), None)
    ranks = {row.number: rank for rank, row in enumerate(ranked, start=1)}
    entries = {row.number: _entry(row, ranks.get(row.number), clock, objective) for row in rows}
    unranked_baselines = [row for row in rows if row.baseline and row.number not in ranks]
    leaders = [row for row in ranked if row.baseline or row is winner or ranks[row.number] <= TOP]
    return ReportData(
        verdict=verdict_of(ranked, rows, objective),
        winner=first.number if first else None,
        best=_best(first, clock) if first and first.schedule else None,
        averaging=_averaging(first, ranked, objective) if first else None,
        leaders=tuple(entries[row.number] for row in [*leaders, *unranked_baselines]),
        lines=tuple(
            _line(row, row.schedule, ranks.get(row.number), clock)
            for row in rows
            if row.schedule is not None
        ),
        entries=tuple(entries.values()),
    )


def _best(row: TrialRow, clock: Clock) -> BestTrial:
    assert row.schedule is not None
    return BestTrial(
        number=row.number,
        baseline=row.baseline,
        accuracy=row.value if row.state == "complete" else None,
        family=row.family,
        formula=row.schedule.formula,
        text=row.schedule_text,
        parameters=(
            *parameters(
                row.schedule, row.updates_per_epoch or clock.updates_per_epoch, clock.unit
            ),
            *(Parameter(name, plain(value)) for name, value in as_params(row.options).items()),
        ),
        curve=curve_of(row.schedule, row.updates_per_epoch, clock),
        records=row.records,
    )


def _averaging(
    winner: TrialRow, ranked: Sequence[TrialRow], objective: Objective
) -> Averaging | None:
    pairs = [(row.value, _averaged(row, objective)) for row in ranked]
    gains = [
        averaged - value
        for value, averaged in pairs
        if value is not None and averaged is not None and math.isfinite(averaged - value)
    ]
    gain = spread(gains)
    own = _averaged(winner, objective) if winner.state == "complete" else None
    return Averaging(own, gain) if own is not None and gain else None


def _averaged(row: TrialRow, objective: Objective) -> float | None:
    """Return what its averaged weights were worth after its last epoch, if they were kept."""
    return objective.averaged_value(row.records[-1]) if row.records else None


def _line(row: TrialRow, schedule: Schedule, rank: int | None, clock: Clock) -> Line:
    curve = curve_of(schedule, row.updates_per_epoch, clock)
    return Line(row.number, row.state, row.family, row.baseline, rank, row.value, curve)


def _entry(row: TrialRow, rank: int | None, clock: Clock, objective: Objective) -> Entry:
    return Entry(
        number=row.number,
        state=row.state,
        rank=rank,
        baseline=row.baseline or "",
        family=row.family,
        base_lr=row.schedule.base_lr if row.schedule else None,
        warmup=row.schedule.warmup_steps / row.updates_per_unit(clock) if row.schedule else None,
        accuracy=row.value,
        averaged=_averaged(row, objective),
        epochs=clock.unit.count(row.epochs),
        seconds=row.seconds,
        params=", ".join(
            f"{name}={plain(value)}"
            for name, value in row.params.items()
            if name not in _COLUMNS and not is_option(name)
        ),
        reason=row.reason,
        options=row.options,
    )


def parameters(
    schedule: Schedule, updates_per_epoch: int, unit: Unit = EPOCHS
) -> tuple[Parameter, ...]:
    """Return the parameters of a schedule in words, durations in updates and in epochs."""

    def duration(updates: int) -> str:
        epochs = f" ({updates / updates_per_epoch:.3g} epochs)"
        return f"{updates} updates" + (epochs if unit == EPOCHS else "")

    def words(kind: str, value: Any) -> str:
        if kind == "updates":
            return duration(value)
        if kind == "update_list":
            return "; ".join(map(duration, value))
        if kind == "knots":
            return "; ".join(f"{duration(update)}: {plain(ratio)}" for update, ratio in value)
        if kind == "schedule":  # that a momentum mirrors, which has rows of its own
            return f"the {value.family}"
        return plain(value)

    if isinstance(schedule, Schedules):
        return (
            *(
                Parameter(name if of == "lr" else f"{of}.{name}", value)
                for of, curve in schedule.curves().items()
                for name, value in parameters(curve, updates_per_epoch, unit)
            ),
            *(Parameter(name, plain(factor)) for name, factor in schedule.factors().items()),
        )
    return tuple(
        Parameter(field.name, words(field.metadata["kind"], getattr(schedule, field.name)))
        for field in dataclasses.fields(schedule)
        if field.metadata["kind"] != "followed" and getattr(schedule, field.name) is not None
    )


def plain(value: Any) -> str:
    """Return a value in as many digits as one reads."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def varying(trials: Iterable[dict[str, Any]]) -> list[str]:
    """Return the names of the parameters that have more than one value, in order of appearance."""
    values: dict[str, set[str]] = {}
    for params in trials:
        for name, value in params.items():
            values.setdefault(name, set()).add(repr(value))
    return [name for name, found in values.items() if len(found) > 1]
