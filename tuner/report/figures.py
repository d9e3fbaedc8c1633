"""Figures of schedules and trainings, and what all figures of the report have in common.

A figure has no title of its own: the page sets the chart's, as text that wraps. Colours of text
and grid come from the page too, for light and dark; those of data are legible on both.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from tuner.report.curves import thinned
from tuner.report.data import BestTrial, Line

BEST = "#e0652b"
BLUE, GREEN, VIOLET, TEAL = "#3b82d6", "#2f9e5b", "#a05fd0", "#1f9aa8"
PINK, GOLD, RED, GREY = "#d6569a", "#b98a12", "#d64545", "#8a8f98"
# For the second to the seventh; more colours nobody tells apart.
_TOP = (BLUE, GREEN, VIOLET, TEAL, PINK, GOLD)
# An axis that is longer than these decades shows nothing in its upper part.
_DECADES = 6
# And one that is shorter than these makes a cliff of a step.
_LEAST = 0.8


class Chart(NamedTuple):
    """A place for a chart: its figure, or the sentence that says why there is none.

    Small charts that follow each other and have the same ``group`` stand under it side by side.
    """

    key: str
    title: str
    figure: Any = None
    sentence: str = ""
    note: str = ""
    height: int = 380
    wide: bool = False
    group: str = ""


def styled(figure: go.Figure) -> go.Figure:
    """Give a figure the report's look: transparent, no title, legend below, room for labels."""
    axis = {"automargin": True, "gridcolor": "#808080", "zeroline": False}
    figure.update_layout(
        template="none",
        title=None,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 56, "r": 16, "t": 16, "b": 48},
        legend={"orientation": "h", "x": 0, "y": -0.2, "yanchor": "top", "title": None},
        font={"family": "system-ui, sans-serif", "size": 13, "color": GREY},
    )
    figure.update_xaxes(axis, title_standoff=8)
    figure.update_yaxes(axis, title_standoff=8)
    return figure


def text(value: object) -> str:
    """Return text that Plotly shows as it is; it reads some HTML in names and labels."""
    return html.escape(str(value), quote=False)


def best_figure(best: BestTrial, metric: str = "test accuracy") -> go.Figure:
    """Draw learning rate, loss and metric of one training above each other, over its epochs."""
    figure = make_subplots(rows=3, cols=1, shared_xaxes=True, vertical_spacing=0.05)
    figure.add_trace(_curve_trace(best, BEST), row=1, col=1)
    for name, values, colour, row in (
        ("train loss", best.train_loss, VIOLET, 2),
        ("train accuracy", best.train_accuracy, GREEN, 3),
        (metric, best.test_accuracy, BLUE, 3),
    ):
        if None in values or (name == "train accuracy" and not metric.endswith("accuracy")):
            continue
        trace = go.Scatter(
            x=best.epochs, y=values, name=name, mode="lines+markers", line={"color": colour},
            hovertemplate=f"epoch %{{x}}: {name} %{{y:.4f}}<extra></extra>",
        )  # fmt: skip
        figure.add_trace(trace, row=row, col=1)
    styled(figure)
    figure.update_yaxes(log_axis([best.curve.rates]), title_text="learning rate", row=1, col=1)
    figure.update_yaxes(title_text="train loss", row=2, col=1)
    figure.update_yaxes(title_text=metric.removeprefix("test "), row=3, col=1)
    figure.update_xaxes(epoch_axis(best.curve.epochs[-1]))
    figure.update_xaxes(title_text=None, row=1, col=1)
    figure.update_xaxes(title_text=None, row=2, col=1)
    figure.update_layout(legend={"y": -0.12})
    return figure


def overlay_figure(lines: Sequence[Line]) -> go.Figure:
    """Draw all schedules over each other: the best on top, the next coloured, others faint."""
    ranked = sorted((line for line in lines if line.rank), key=lambda line: line.rank or 0)
    top = ranked[: 1 + len(_TOP)]
    figure = go.Figure()
    pruned = [line for line in lines if line.state == "pruned"]
    _add_faint(figure, f"pruned ({len(pruned)})", pruned, GREY, 0.45)
    others = ranked[len(top) :]
    _add_faint(figure, f"other complete ({len(others)})", others, GREY, 0.85)
    for line, colour in reversed(list(zip(top, (BEST, *_TOP), strict=False))):
        trace = _curve_trace(line, colour)
        name = line.baseline or line.family
        trace.name = text(f"{line.rank}. {name}, trial {line.number}: {line.accuracy:.4f}")
        trace.line.width = 4 if line.rank == 1 else 1.8
        trace.showlegend = True
        figure.add_trace(trace)
    styled(figure)
    figure.update_layout(legend={"traceorder": "reversed"})
    figure.update_xaxes(epoch_axis(lines[0].curve.epochs[-1]))
    rates = [line.curve.rates for line in lines]
    figure.update_yaxes(log_axis(rates), title_text="learning rate")
    return figure


def _curve_trace(line: BestTrial | Line, colour: str) -> go.Scatter:
    return go.Scatter(
        x=line.curve.epochs, y=line.curve.rates, name="learning rate", mode="lines",
        line={"color": colour, "width": 2.5}, showlegend=False,
        hovertemplate=f"trial {line.number}, %{{x:.2f}} epochs: LR %{{y:.4g}}<extra></extra>",
    )  # fmt: skip


def _add_faint(
    figure: go.Figure, name: str, lines: Sequence[Line], colour: str, opacity: float
) -> None:
    """Add many schedules as one trace; a gap lies between two of them."""
    if not lines:
        return
    epochs: list[float | None] = []
    rates: list[float | None] = []
    for line in lines:
        curve = thinned(line.curve)
        epochs += [*curve.epochs, None]
        rates += [*curve.rates, None]
    figure.add_trace(
        go.Scatter(
            x=epochs,
            y=rates,
            name=name,
            mode="lines",
            opacity=opacity,
            hoverinfo="skip",
            line={"color": colour, "width": 1},
        )
    )


def log_axis(curves: Sequence[Sequence[float | None]]) -> dict[str, Any]:
    """Return the settings of a logarithmic axis for learning rates."""
    # A warmup's first few updates would take half of the axis.
    rates = [rate for curve in curves for rate in curve[3:] or curve if rate]
    if not rates:
        return {"type": "log"}
    low, high = math.log10(min(rates)), math.log10(max(rates))
    low = max(low, high - _DECADES)
    margin = max(0.05 * (high - low), (_LEAST - (high - low)) / 2)
    low, high = low - margin, high + margin
    # Powers of ten, and between them 2 and 5 where few of them are in sight.
    steps = (1,) if high - low > 3 else (1, 2, 5)
    powers = range(math.floor(low), math.ceil(high) + 1)
    ticks = [float(f"{step}e{power}") for power in powers for step in steps]
    shown = [tick for tick in ticks if low <= math.log10(tick) <= high]
    words = [f"{tick:g}" for tick in shown]
    return {"type": "log", "range": [low, high], "tickvals": shown, "ticktext": words}


def epoch_axis(epochs: float, start: float = 0) -> dict[str, Any]:
    """Return the settings of an axis for the time of a training."""
    step = {"dtick": 1} if epochs <= 12 else {}
    return {"title_text": "time (epochs trained)", "range": [start, epochs * 1.02], **step}
