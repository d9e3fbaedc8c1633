"""Schedules that were trained on the same seeds: all their curves, and how far they are apart."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from tuner.definition import digits
from tuner.reading import Clock
from tuner.repeats import Difference
from tuner.report.curves import Curve
from tuner.report.figures.panels import rate_axis, stack
from tuner.report.figures.series import with_gaps
from tuner.report.figures.style import (
    ACCENT,
    GREY,
    at,
    folded,
    styled,
    text,
    time_axis,
    window,
)
from tuner.report.figures.trace import scatter

# Each legible on white and on the dark page; those with the first colours again are dashed.
_COLOURS = (
    "#3b82d6", "#e0652b", "#2f9e5b", "#8b5fd6", "#cf3f3f", "#9a7b4f", "#d6559c", "#1f9aa8",
    "#b58a00", "#7f9a26",
)  # fmt: skip
_DASHES = ("solid", "dash", "dot", "dashdot")


class Together(NamedTuple):
    """A schedule, and the values of its whole trainings after each epoch."""

    label: str
    curve: Curve
    trainings: Sequence[Sequence[float | None]]


class Apart(NamedTuple):
    """How far a schedule is from the best one: for each seed, and what that comes to."""

    label: str
    by_seed: Mapping[int, float]
    found: Difference | None


def together_figure(
    schedules: Sequence[Together], clock: Clock, metric: str, minimized: bool
) -> go.Figure:
    """Draw the learning rates of all, and below them the means of their trainings and each seed.

    Args:
        schedules: Them.
        clock: Of their study.
        metric: What their trainings were judged by, in words.
        minimized: Whether the small values are the good ones.
    """
    unit, traces = clock.unit, []
    every = [value for each in schedules for training in each.trainings for value in training]
    values = [value for value in every if value is not None]
    panels = ("learning rate", metric) if values else ("learning rate",)
    for number, each in enumerate(schedules):
        again, colour = divmod(number, len(_COLOURS))
        line = {"color": _COLOURS[colour], "width": 2, "dash": _DASHES[again % len(_DASHES)]}
        whole = {"name": text(each.label), "legendgroup": str(number), "mode": "lines"}
        epochs = max(map(len, each.trainings), default=0)
        times = [unit.count(epoch) for epoch in range(1, epochs + 1)]
        if values and times:
            x, y = with_gaps((times, training) for training in each.trainings)
            faint = {"color": _COLOURS[colour], "width": 1}
            traces.append(
                scatter(
                    x=x, y=y, xaxis="x2", yaxis="y2", line=faint, opacity=0.3, showlegend=False,
                    hoverinfo="skip", **whole,
                )
            )  # fmt: skip
            traces.append(
                scatter(
                    x=times, y=_means(each.trainings), xaxis="x2", yaxis="y2", line=line,
                    showlegend=False, hovertemplate=f"{unit.word} %{{x}}: %{{y:{digits(metric)}}}",
                    **whole,
                )
            )  # fmt: skip
        traces.append(
            scatter(
                x=each.curve.epochs, y=each.curve.rates, xaxis="x", yaxis="y", line=line,
                hovertemplate=f"{at(unit)}: LR %{{y:.4g}}", **whole,
            )
        )  # fmt: skip
    time = time_axis(clock.horizon / clock.updates_per_epoch, unit)
    layout = stack(panels, time, rate_axis([each.curve for each in schedules]), gap=0.05)
    if values:
        layout["yaxis2"] |= {"range": window(values, minimized).range}
    return styled(traces, layout)


def _means(trainings: Sequence[Sequence[float | None]]) -> list[float | None]:
    """Return the mean of each epoch, None where a training has no value."""
    means: list[float | None] = []
    for values in zip(*trainings, strict=False):
        known = [value for value in values if value is not None]
        means.append(statistics.fmean(known) if len(known) == len(values) else None)
    return means


def apart_figure(rows: Sequence[Apart], metric: str, minimized: bool) -> go.Figure:
    """Draw how far schedules are from the best one, on each seed, with the 95 % interval.

    Args:
        rows: Them, the best one left out.
        metric: What they were judged by, in words.
        minimized: Whether the small values are the good ones.
    """
    form = f"+{digits(metric)}"
    seen = window([d for row in rows for d in [*row.by_seed.values(), 0.0]], minimized)
    traces = []
    for place, row in enumerate(rows):
        points = [*row.by_seed.items()]
        traces.append(
            scatter(
                x=[seen.shown(d) for _, d in points], y=[place] * len(points), mode="markers",
                name=text(row.label), customdata=[(seed, d) for seed, d in points],
                marker={"color": GREY, "size": 8, "symbol": "circle-open", "line": {"width": 1.5}},
                hovertemplate=f"seed %{{customdata[0]}}: %{{customdata[1]:{form}}}<extra></extra>",
            )
        )  # fmt: skip
        if row.found is None:
            continue
        half = row.found.high - row.found.mean
        traces.append(
            scatter(
                x=[seen.shown(row.found.mean)], y=[place], mode="markers", name=text(row.label),
                marker={"color": ACCENT, "size": 11, "symbol": "diamond"},
                error_x={
                    "array": [seen.error(row.found.mean, half if half < float("inf") else None)],
                    "color": ACCENT, "thickness": 2,
                },
                customdata=[(row.found.n, row.found.mean)],
                hovertemplate=f"mean of %{{customdata[0]}}: %{{customdata[1]:{form}}}"
                "<extra></extra>",
            )
        )  # fmt: skip
    same = {
        "type": "line", "x0": 0, "x1": 0, "xref": "x", "y0": 0, "y1": 1, "yref": "y domain",
        "line": {"color": GREY, "width": 1.5, "dash": "dot"},
    }  # fmt: skip
    layout = {
        "showlegend": False,
        "shapes": [same],
        "xaxis": {
            "title": {"text": f"difference of {metric}"},
            "range": seen.range,
        },
        "yaxis": {
            "tickvals": [*range(len(rows))],
            "ticktext": [folded(row.label) for row in rows],
            "range": [len(rows) - 0.4, -0.6],
        },
    }
    return styled(traces, layout)
