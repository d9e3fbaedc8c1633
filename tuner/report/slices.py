"""The chart of every sampled parameter against the result."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tuner.definition import StudySpec
from tuner.report.families import dots
from tuner.report.figures.slices import Slice, slices_figure
from tuner.report.figures.style import COLUMNS, Chart, drawn
from tuner.search import TrialRow
from tuner.space import as_params

# The width and the height of a panel, in pixels.
_WIDTH, _HEIGHT = 230, 190


def order_of(charts: Sequence[Chart]) -> list[str]:
    """Return the parameters by their importance, if it is among these charts and stable."""
    figure = next((chart.figure for chart in charts if chart.key == "importances"), None)
    return [] if figure is None else [str(name) for name in reversed(figure.data[0].y)]


def slices_chart(
    rows: Sequence[TrialRow], spec: StudySpec, winner: int | None, order: Sequence[str]
) -> Chart:
    """Return the chart.

    Args:
        rows: The trials.
        spec: The study's definition, with the parameters that it samples.
        winner: The number of the winner.
        order: Parameters in the order of their importance; others follow as in the search space.
    """
    objective = spec.objective
    values = {row.number: {**row.params, **as_params(row.options)} for row in rows}
    trained = [dot for dot in dots(rows, objective) if dot.kind != "pruned"]
    found = []
    for name, param in spec.space.params.items():
        points = tuple((d, values[d.number][name]) for d in trained if name in values[d.number])
        complete = {repr(value) for dot, value in points if dot.kind == "complete"}
        if name != "family" and len(complete) > 1:
            found.append(Slice(name, param, points))
    places = {name: place for place, name in enumerate(order)}
    found.sort(key=lambda each: places.get(each.name, len(places)))
    chart = Chart(
        "slices",
        f"Every sampled parameter against {objective.judged_by}",
        note=("The most important first. " if order else "")
        + "Durations are in updates. Trials differ in more than one parameter, so a panel is no"
        " experiment.",
        height=110 + _HEIGHT * math.ceil(len(found) / COLUMNS),
        width=_WIDTH * COLUMNS,
    )
    sentence = "It needs complete trials that differ in a parameter that was sampled."
    return drawn(chart, found, sentence, lambda: slices_figure(found, winner, objective))
