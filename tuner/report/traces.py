"""Every trial's training in few bytes, for the page to draw when it is asked to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tuner.reading import Unit
from tuner.report.curves import thinned
from tuner.report.data import Line
from tuner.report.figures.series import Series
from tuner.report.figures.style import family_colour, log_axis
from tuner.report.figures.trainings import any_of
from tuner.search import TrialRow

# A longer training is drawn by so many of its epochs, evenly chosen.
EPOCHS = 60


def trial_traces(
    rows: Sequence[TrialRow], lines: Sequence[Line], series: Sequence[Series], unit: Unit
) -> dict[int, dict[str, Any]]:
    """Return what the page draws of each trial that has a schedule.

    Args:
        rows: The trials.
        lines: Their schedules as curves.
        series: What any of them measures.
        unit: What time is told in.

    Returns:
        By trial number: ``colour``; ``axis`` of the learning rates; ``x``, of the learning rates
        and of the epochs; ``y`` with an entry for each trace of
        :func:`tuner.report.figures.trainings.training_figure`, in its order.
    """
    curves = {line.number: line for line in lines}
    return {
        row.number: _traces(row, curves[row.number], series, unit)
        for row in rows
        if row.number in curves
    }


def _traces(row: TrialRow, line: Line, series: Sequence[Series], unit: Unit) -> dict[str, Any]:
    curve = thinned(line.curve)
    records = [row.records[index] for index in chosen(len(row.records), EPOCHS)]
    epochs = [unit.count(record.epoch) for record in records]
    return {
        "colour": family_colour(line.family),
        "axis": log_axis([curve.rates]),
        "x": [curve.epochs, epochs],
        "y": [curve.rates, *(_values([*map(each.of, records)]) for each in series)],
    }


def chosen(length: int, most: int) -> list[int]:
    """Return the places of at most so many entries of a list, the first and the last among them.

    Example:
        >>> chosen(4, 10), chosen(10, 4)
        ([0, 1, 2, 3], [0, 3, 6, 9])
    """
    if length <= most:
        return list(range(length))
    return [round(place * (length - 1) / (most - 1)) for place in range(most)]


def _values(values: Sequence[float | None]) -> list[float | None]:
    """Return numbers as a chart needs them, none of what was never measured."""
    return [*map(_short, values)] if any_of(values) else []


def _short(value: float | None) -> float | None:
    """Return a number as a chart needs it; JSON has none that is not finite."""
    return float(f"{value:.5g}") if value is not None and math.isfinite(value) else None
