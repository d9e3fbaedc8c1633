"""What a figure draws, as plain settings: Plotly checks them once, when the figure is made."""

from __future__ import annotations

from typing import Any

Trace = dict[str, Any]


def scatter(**settings: Any) -> Trace:
    """Return points, or a line.

    A trace object of Plotly's would be checked twice, and copied: that is most of the time that a
    figure takes.

    Example:
        >>> scatter(x=[1, 2], y=[3, 4], mode="lines")["type"]
        'scatter'
    """
    return {"type": "scatter", **settings}
