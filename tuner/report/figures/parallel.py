"""Parallel coordinates: an axis for the value and for each parameter, a line for each trial."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import plotly.graph_objects as go
from optuna.trial import FrozenTrial
from plotly.colors import sample_colorscale

from tuner.report.data import plain
from tuner.report.figures.style import GREY, SCALE, styled, text

# Lines of nearly the same value are one trace: a trace for each trial takes seconds to draw.
_SHADES = 12
# Where lines lie whose trial has no such parameter, below the axis.
_NONE = -0.14
# Equal steps of a linear axis that have a label.
_STEPS = 4


class Axis(NamedTuple):
    """An axis: its name, a height from 0 to 1 for each trial, and the heights with a label."""

    name: str
    heights: list[float]
    ticks: list[tuple[float, str]]


def value_axis(name: str, trials: Sequence[FrozenTrial]) -> Axis:
    """Return the axis of the trials' values."""
    return _linear(name, [trial.value for trial in trials])


def parameter_axis(name: str, trials: Sequence[FrozenTrial]) -> Axis:
    """Return the axis of a parameter: logarithmic if it is sampled so, names at equal steps."""
    values = [trial.params.get(name) for trial in trials]
    known = [value for value in values if value is not None]
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in known):
        return _named(name, values)
    is_log = any(getattr(trial.distributions.get(name), "log", False) for trial in trials)
    # A baseline may have a value outside the range, 0 among them.
    return _logarithmic(name, values) if is_log and min(known) > 0 else _linear(name, values)


def _linear(name: str, values: Sequence[Any]) -> Axis:
    known = [value for value in values if value is not None]
    low, high = min(known), max(known)
    steps = [low + step / _STEPS * (high - low) for step in range(_STEPS + 1)]
    if all(isinstance(value, int) for value in known):
        steps = sorted({round(step) for step in steps})
    return _axis(name, values, [_height(value, low, high) for value in steps], steps, low, high)


def _logarithmic(name: str, values: Sequence[Any]) -> Axis:
    logs = [None if value is None else math.log10(value) for value in values]
    known = [value for value in logs if value is not None]
    low, high = min(known), max(known)
    near = 0.08 * (high - low)  # a label there would lie on that of the end
    powers = [
        float(power)
        for power in range(math.ceil(low), math.floor(high) + 1)
        if low + near < power < high - near
    ]
    steps = [low, *powers, *([high] if high > low else [])]
    heights = [_height(step, low, high) for step in steps]
    return _axis(name, logs, heights, [10.0**step for step in steps], low, high)


def _named(name: str, values: Sequence[Any]) -> Axis:
    found = list(dict.fromkeys(str(value) for value in values if value is not None))
    places = [None if value is None else found.index(str(value)) for value in values]
    most = len(found) - 1
    heights = [_height(place, 0, most) for place in range(len(found))]
    return _axis(name, places, heights, found, 0, most)


def _axis(
    name: str,
    values: Sequence[float | None],
    heights: Sequence[float],
    ticks: Sequence[object],
    low: float,
    high: float,
) -> Axis:
    none = [(_NONE, "None")] if None in values else []
    labels = [plain(float(tick)) if isinstance(tick, int | float) else str(tick) for tick in ticks]
    return Axis(
        name,
        [_NONE if value is None else _height(value, low, high) for value in values],
        [*none, *zip(heights, labels, strict=True)],
    )


def _height(value: float, low: float, high: float) -> float:
    return 0.5 if low == high else (value - low) / (high - low)


def parallel_figure(axes: Sequence[Axis], values: Sequence[float], minimized: bool) -> go.Figure:
    """Return the figure of axes, the value's first.

    Args:
        axes: Axes with a height for each trial.
        values: The value of each trial.
        minimized: Whether the small values are the good ones, which lie on top.
    """
    scale = go.Scatter(
        x=[None], y=[None], mode="markers", showlegend=False, hoverinfo="skip",
        marker={
            "color": [min(values)], "cmin": min(values), "cmax": max(values), "showscale": True,
            "colorscale": SCALE, "reversescale": minimized, "colorbar": {"title": axes[0].name},
        },
    )  # fmt: skip
    places = [*range(len(axes))]
    layout = {
        "margin": {"t": 16},
        "xaxis": {
            "tickvals": places, "ticktext": [text(axis.name) for axis in axes], "tickangle": 0,
            "tickfont": {"size": 11}, "range": [-0.2, len(axes) - 0.8], "showgrid": False,
        },
        "yaxis": {"range": [_NONE - 0.08, 1.08], "visible": False, "fixedrange": True},
        "shapes": [
            {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "layer": "below",
             "line": {"color": GREY, "width": 1}}
            for x in places
        ],
        "annotations": [
            {"x": x, "y": height, "text": text(label), "xanchor": "left", "xshift": 5,
             "showarrow": False, "font": {"size": 10}}
            for x, axis in enumerate(axes)
            for height, label in axis.ticks
        ],
    }  # fmt: skip
    return styled([*_lines(axes, minimized), scale], layout)


def _lines(axes: Sequence[Axis], minimized: bool) -> list[go.Scatter]:
    """Return the trials' lines as few traces, the best on top, a colour for nearly equal ones."""
    shades: dict[int, list[tuple[float, ...]]] = {}
    for line in zip(*(axis.heights for axis in axes), strict=True):
        height = 1 - line[0] if minimized else line[0]
        shades.setdefault(round(height * _SHADES), []).append(line)
    return [
        go.Scatter(
            x=[*range(len(axes)), None] * len(shades[shade]),
            y=[y for line in shades[shade] for y in (*(round(y, 4) for y in line), None)],
            mode="lines", hoverinfo="skip", showlegend=False, opacity=0.75,
            line={"color": sample_colorscale(SCALE, shade / _SHADES)[0], "width": 1.3},
        )
        for shade in sorted(shades)
    ]  # fmt: skip
