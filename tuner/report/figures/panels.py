"""Panels above or beside each other in a figure, and how Plotly numbers their axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from tuner.report.curves import Curve
from tuner.report.figures.style import log_axis


def panel_number(place: int) -> str:
    """Return how Plotly numbers the axes of a panel, counted from 0: the first has no number.

    Example:
        >>> [f"xaxis{panel_number(place)}" for place in range(3)]
        ['xaxis', 'xaxis2', 'xaxis3']
    """
    return str(place + 1) if place else ""


def grid(rows: int, columns: int, beside: float, below: float) -> dict[str, dict[str, Any]]:
    """Return the axes of panels in rows, where each of them is; Plotly's own way takes longer.

    Args:
        rows: How many rows, from the top.
        columns: How many panels in each.
        beside: The gap between panels beside each other, as a share of the figure.
        below: The gap between rows.

    Example:
        >>> axes = grid(2, 1, beside=0, below=0.5)
        >>> axes["yaxis"], axes["yaxis2"]["domain"]
        ({'anchor': 'x', 'domain': [0.75, 1.0]}, [0.0, 0.25])
    """
    width, height = (1 - beside * (columns - 1)) / columns, (1 - below * (rows - 1)) / rows
    axes: dict[str, dict[str, Any]] = {}
    for place in range(rows * columns):
        number, (row, column) = panel_number(place), divmod(place, columns)
        left, bottom = column * (width + beside), (rows - 1 - row) * (height + below)
        axes[f"xaxis{number}"] = {"anchor": f"y{number}", "domain": [left, left + width]}
        axes[f"yaxis{number}"] = {"anchor": f"x{number}", "domain": [bottom, bottom + height]}
    return axes


def stack(
    panels: Sequence[str], time: Mapping[str, Any], rates: Mapping[str, Any], gap: float
) -> dict[str, dict[str, Any]]:
    """Return the axes of panels above each other, of which the lowest tells the time of all.

    Args:
        panels: What they show, the learning rate first.
        time: The settings of the axis of time.
        rates: Those of the axis of learning rates.
        gap: Between two panels, as a share of the figure.
    """
    axes = grid(len(panels), 1, 0, gap)
    last = panel_number(len(panels) - 1)
    for place, panel in enumerate(panels):
        number = panel_number(place)
        axes[f"yaxis{number}"] |= {"title": {"text": panel}}
        axes[f"xaxis{number}"] |= time
        if number != last:
            follows = {"title": {}, "matches": f"x{last}", "showticklabels": False}
            axes[f"xaxis{number}"] |= follows
    axes["yaxis"] |= rates
    return axes


def rate_axis(drawn: Sequence[Curve]) -> dict[str, Any]:
    """Return an axis with the highest rate of each schedule, even if it is over in a moment."""
    tops = (max(filter(None, curve.rates), default=None) for curve in drawn)
    return log_axis([*(curve.rates for curve in drawn), *((top,) for top in tops)])


def is_logarithmic(figure: go.Figure) -> bool:
    """Tell whether any axis of a figure is."""
    layout = figure.layout
    return any(layout[name].type == "log" for name in layout if name[1:].startswith("axis"))
