"""Figures of the winner: what changes would cost, what is reached when, where it is among all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from tuner.definition import Objective
from tuner.reading import Unit
from tuner.report.families import in_order
from tuner.report.figures.search import hover
from tuner.report.figures.style import (
    ACCENT,
    COLLAPSED,
    GREY,
    SCALE,
    family_colour,
    log_ticks,
    marker,
    ring,
    styled,
    text,
    time_axis,
    window,
)
from tuner.report.figures.trace import Trace, scatter
from tuner.report.frontier import Frontier, Reached
from tuner.report.outlook import PERCENT
from tuner.report.plane import Ground, Place, Plane
from tuner.report.robustness import EVEN, Robustness


def changes_figure(found: Robustness, objective: Objective) -> go.Figure:
    """Draw what each change to the winner would be worth, with its interval."""
    traces = []
    form = f"+{objective.digits}"
    for name, collapses in (("survives", False), ("more likely collapses", True)):
        chosen = [
            (place, change)
            for place, change in enumerate(found.changes)
            if change.collapses == collapses
        ]
        apart = [change.expected.value - found.value for _, change in chosen]
        ends = [
            sorted((c.expected.worst - found.value, c.expected.best - found.value))
            for _, c in chosen
        ]
        colour = COLLAPSED if collapses else ACCENT
        trace = scatter(
            x=apart, y=[place for place, _ in chosen], mode="markers", name=name,
            marker={"color": colour, "size": 10, "symbol": "x" if collapses else "circle"},
            error_x={
                "array": [high - x for x, (_, high) in zip(apart, ends, strict=True)],
                "arrayminus": [x - low for x, (low, _) in zip(apart, ends, strict=True)],
                "color": colour, "thickness": 2,
            },
            customdata=[
                [f"{low:{form}}..{high:{form}}", f"{change.expected.survives:.0%}"]
                for (low, high), (_, change) in zip(ends, chosen, strict=True)
            ],
            hovertemplate=f"%{{x:{form}}}, {PERCENT} % of single runs %{{customdata[0]}},"
            " chance to survive %{customdata[1]}<extra></extra>",
            showlegend=bool(chosen) and any(change.collapses for change in found.changes),
        )  # fmt: skip
        traces.append(trace)
    no_change = {
        "type": "line", "x0": 0, "x1": 0, "xref": "x", "y0": 0, "y1": 1, "yref": "y domain",
        "line": {"color": GREY, "width": 1.5, "dash": "dot"},
    }  # fmt: skip
    names = [change.name for change in found.changes]
    layout = {
        "shapes": [no_change],
        "xaxis": {"title": {"text": f"expected change of {objective.judged_by}"}},
        "yaxis": {
            "tickvals": [*range(len(names))], "ticktext": names, "range": [len(names) - 0.4, -0.6],
        },
    }  # fmt: skip
    return styled(traces, layout)


def map_figure(found: Robustness, objective: Objective) -> go.Figure:
    """Draw what is expected around the winner, by factors of its base LR and of its end."""
    values = [[cell.value if cell else None for cell in line] for line in found.cells]
    risks = [[1 - cell.survives if cell else None for cell in line] for line in found.cells]
    known = [value for line in values for value in line if value is not None]
    # What is far below the winner is one colour, or nothing would be seen near to it.
    seen = window(known, objective.minimized)
    low, high = (seen.range[0], max(known)) if not objective.minimized else (
        min(known), seen.range[1]
    )  # fmt: skip
    x, y = ([*map(math.log2, found.rates)], [*map(math.log10, found.ends)])
    cells = go.Heatmap(
        x=x, y=y, z=_rounded(values), zmin=low, zmax=high, colorscale=SCALE,
        reversescale=objective.minimized, customdata=_rounded(risks, 2),
        colorbar={"thickness": 12, "outlinewidth": 0},
        hovertemplate=f"expected %{{z:{objective.digits}}}, chance of collapse"
        " %{customdata:.0%}<extra></extra>",
    )  # fmt: skip
    places = [
        (x[column], y[row])
        for row, line in enumerate(found.cells)
        for column, cell in enumerate(line)
        # Every other cell: marks that touch are a black wall.
        if cell and cell.survives < EVEN and (row + column) % 2 == 0
    ]
    crosses = scatter(
        x=[x for x, _ in places], y=[y for _, y in places], mode="markers",
        name="more likely collapses", showlegend=bool(places), hoverinfo="skip",
        marker={"symbol": "x", "size": 7, "color": COLLAPSED},
    )  # fmt: skip
    powers = {"tickvals": [-2, -1, 0, 1, 2], "showgrid": False}
    layout = {
        "xaxis": {
            "title": {"text": "base LR, times the winner's"},
            "ticktext": ["¼", "½", "1", "2", "4"], **powers,
        },
        "yaxis": {
            "title": {"text": "final LR, times the winner's"},
            "ticktext": ["1/100", "1/10", "1", "10", "100"], **powers,
        },
    }  # fmt: skip
    return styled([cells, crosses, *ring([(0.0, 0.0)])], layout)


def frontier_figure(found: Frontier, epochs: int, objective: Objective, unit: Unit) -> go.Figure:
    """Draw the best so far after every epoch: of all trials, of the winner, of the default."""
    traces = []
    lines: Sequence[tuple[str, Sequence[Reached], dict[str, Any], str]] = (
        (f"best of all {found.trials}", found.best, {"color": GREY, "width": 2, "dash": "dot"},
         "circle"),
        (f"default: {found.label}", found.default, {"color": "#b06a1c", "width": 2.5,
         "dash": "dash"}, "square"),
        ("winner", found.winner, {"color": ACCENT, "width": 3}, "diamond"),
    )  # fmt: skip
    for name, curve, line, symbol in lines:
        traces.append(
            scatter(
                x=[unit.count(each.epoch) for each in curve], y=[each.value for each in curve],
                mode="lines+markers", name=text(name), line=line,
                marker={"symbol": symbol, "size": 7},
                customdata=[
                    f"trial {each.number}" + (", averaged weights" if each.averaged else "")
                    for each in curve
                ],
                hovertemplate=f"{unit.word} %{{x}}: %{{y:{objective.digits}}}, %{{customdata}}"
                "<extra></extra>",
            )
        )  # fmt: skip
    for each in found.confirmed:
        traces.append(
            scatter(
                x=[unit.count(epochs)], y=[each.spread.mean], mode="markers",
                name=text(f"{each.label}, {each.spread.n} fresh seeds"),
                marker={"symbol": "diamond-open", "size": 12, "color": family_colour(each.family)},
                error_y={"array": [each.spread.se], "thickness": 2},
                hovertemplate=f"mean %{{y:{objective.digits}}}<extra></extra>",
            )
        )  # fmt: skip
    values = [each.value for _, curve, _, _ in lines for each in curve]
    seen = window(values, objective.minimized)
    end = found.default[-1].value
    layout = {
        "xaxis": time_axis(epochs, unit, start=0.5),
        "yaxis": {"title": {"text": objective.judged_by}, "range": seen.range},
        "shapes": [
            {"type": "line", "x0": 0, "x1": 1, "xref": "x domain", "y0": end, "y1": end,
             "yref": "y", "line": {"color": "#b06a1c", "width": 1, "dash": "dot"}}
        ],
    }  # fmt: skip
    return styled(traces, layout)


def plane_figure(found: Plane, winner: int | None, objective: Objective, unit: Unit) -> go.Figure:
    """Draw every trained trial by its sum and its end: a symbol by family, a colour by result."""
    complete = [place for place in found.places if place.dot.kind == "complete"]
    seen = window([place.dot.accuracy for place in complete], objective.minimized)
    traces: list[Any] = []
    if found.ground is not None:
        traces.append(_ground(found.ground, objective))
    for kind in ("pruned", "complete"):
        for family in in_order(p.dot.family for p in found.places if p.dot.kind == kind):
            chosen = [p for p in found.places if (p.dot.family, p.dot.kind) == (family, kind)]
            look = {**marker(kind, family), "color": GREY}
            if kind == "complete":
                colours = [seen.shown(place.dot.accuracy) for place in chosen]
                look |= {"color": colours, "coloraxis": "coloraxis"}
            traces.append(_places(chosen, family, look, objective, unit))
    for family in in_order(place.dot.family for place in complete):
        # A legend has no colour of a scale: it would be black, also in the dark.
        look = {**marker("complete", family), "color": GREY}
        traces.append(scatter(x=[None], y=[None], mode="markers", name=family, marker=look))
    collapsed = [place for place in found.places if place.dot.kind == "collapsed"]
    if collapsed:
        look = marker("collapsed", "")
        traces.append(_places(collapsed, "collapsed", look, objective, unit, legend=True))
    traces += ring([(p.total, p.end) for p in complete if p.dot.number == winner])
    low, high = sorted((seen.edge, seen.range[0] if objective.minimized else seen.range[1]))
    scale = {
        "colorscale": SCALE, "reversescale": objective.minimized, "cmin": low, "cmax": high,
        "colorbar": {"thickness": 12, "outlinewidth": 0},
    }  # fmt: skip
    totals, ends = ([p.total for p in found.places], [p.end for p in found.places])
    layout = {
        "coloraxis": scale,
        "xaxis": {**log_ticks(totals), "title": {"text": "sum of the learning rates"}},
        "yaxis": {**log_ticks(ends), "title": {"text": "learning rate at the end"}},
    }
    return styled(traces, layout)


def _places(
    places: Sequence[Place],
    name: str,
    look: dict[str, Any],
    objective: Objective,
    unit: Unit,
    legend: bool = False,
) -> Trace:
    return scatter(
        x=[place.total for place in places], y=[place.end for place in places], mode="markers",
        name=name, showlegend=legend, marker=look,
        customdata=[hover(place.dot, objective, unit) for place in places],
        hovertemplate="%{customdata}, sum %{x:.4g}, end %{y:.4g}<extra></extra>",
    )  # fmt: skip


def _ground(ground: Ground, objective: Objective) -> go.Contour:
    return go.Contour(
        x=ground.totals, y=ground.ends, z=_rounded(ground.values), ncontours=9,
        contours={
            "coloring": "none", "showlabels": True, "labelfont": {"size": 11},
            "labelformat": objective.digits,
        },
        line={"color": GREY, "width": 1}, showscale=False, showlegend=False, hoverinfo="skip",
    )  # fmt: skip


def _rounded(
    lines: Sequence[Sequence[float | None]], figures: int = 5
) -> list[list[float | None]]:
    """Return numbers in as many figures as a chart needs."""
    return [
        [None if value is None else float(f"{value:.{figures}g}") for value in line]
        for line in lines
    ]
