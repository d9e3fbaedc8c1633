"""Every sampled parameter against the result: a panel for each, the most important first."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any, NamedTuple

import plotly.graph_objects as go

from tuner.definition import Objective
from tuner.report.families import Dot, in_order
from tuner.report.figures.panels import grid, panel_number
from tuner.report.figures.style import (
    COLUMNS,
    family_colour,
    marker,
    ring,
    styled,
    text,
    window,
)
from tuner.report.figures.trace import Trace, scatter
from tuner.space import Param


class Slice(NamedTuple):
    """A parameter, and the complete and collapsed trials that have it, with their values of it."""

    name: str
    param: Param
    points: tuple[tuple[Dot, Any], ...]


def slices_figure(slices: Sequence[Slice], winner: int | None, objective: Objective) -> go.Figure:
    """Draw a panel for each parameter, with a point for each trial that has it."""
    rows = math.ceil(len(slices) / COLUMNS)
    layout = grid(rows, COLUMNS, beside=0.03, below=0.5 / (rows + 1))
    for place in range(rows * COLUMNS):
        # The panels of a row have the axis of the first one.
        first = place - place % COLUMNS
        layout[f"yaxis{panel_number(place)}"] |= (
            {"title": {"text": objective.judged_by}}
            if place == first
            else {"matches": f"y{panel_number(first)}", "showticklabels": False}
        )
    complete = [dot for each in slices for dot, _ in each.points if dot.kind == "complete"]
    seen = window([dot.accuracy for dot in complete], objective.minimized)
    traces: list[Trace] = []
    for place, each in enumerate(slices):
        axis = panel_number(place)
        panel = {"xaxis": f"x{axis}", "yaxis": f"y{axis}"}
        named = {trace["name"] for trace in traces}
        traces += _traces(each, seen.shown, seen.edge, named, panel)
        won = [(x, dot.accuracy) for dot, x in _placed(each) if dot.number == winner]
        traces += ring(won, legend=False, **panel)
        layout[f"xaxis{axis}"] |= _axis(each) | {"title": {"text": text(each.name), "standoff": 4}}
        layout[f"yaxis{axis}"] |= {"range": seen.range}
    return styled(traces, layout)


def _traces(
    each: Slice, shown: Any, edge: float, named: Set[str], panel: Mapping[str, str]
) -> Iterator[Trace]:
    """Yield the traces of a panel; those that another one has named are not named again."""
    placed = _placed(each)
    collapsed = [(dot, x) for dot, x in placed if dot.kind == "collapsed"]
    for family in in_order(dot.family for dot, _ in placed if dot.kind == "complete"):
        chosen = [(d, x) for d, x in placed if (d.family, d.kind) == (family, "complete")]
        look = {**marker("complete", family), "color": family_colour(family)}
        look["size"] -= 3
        y = [shown(dot.accuracy) for dot, _ in chosen]
        yield _trace(family, chosen, y, look, showlegend=family not in named, **panel)
    if collapsed:
        look = {**marker("collapsed", ""), "size": 6}
        y, is_first = [edge] * len(collapsed), "collapsed" not in named
        yield _trace("collapsed", collapsed, y, look, showlegend=is_first, **panel)


def _trace(
    name: str,
    points: Sequence[tuple[Dot, float]],
    y: Sequence[float],
    look: Mapping[str, Any],
    **panel: Any,
) -> Trace:
    return scatter(
        x=[float(f"{x:.5g}") for _, x in points], y=y, mode="markers", name=name, marker=look,
        customdata=[dot.number for dot, _ in points],
        hovertemplate="trial %{customdata}: %{y:.4f}, at %{x:.4g}<extra></extra>", **panel,
    )  # fmt: skip


def _placed(each: Slice) -> list[tuple[Dot, float]]:
    """Return the points with where they are: of choices the place of the choice."""
    if not each.param.choices:
        return [(dot, float(value)) for dot, value in each.points]
    choices = [*each.param.choices]
    places = [
        (dot, choices.index(value) if value in choices else len(choices))
        for dot, value in each.points
    ]
    # Beside each other, the same in every report.
    return [(dot, place + (dot.number * 0.618034 % 1 - 0.5) * 0.4) for dot, place in places]


def _axis(each: Slice) -> dict[str, Any]:
    if each.param.choices:
        words = [text(choice) for choice in each.param.choices]
        return {"tickvals": [*range(len(words))], "ticktext": words}
    values = [value for _, value in each.points if value > 0]
    if each.param.log and values:
        low, high = math.log10(min(values)), math.log10(max(values))
        ticks = [10.0**power for power in range(math.floor(low), math.ceil(high) + 1)]
        return {"type": "log", "tickvals": ticks, "ticktext": [f"{tick:g}" for tick in ticks]}
    return {"nticks": 5}
