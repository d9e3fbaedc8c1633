"""Panels above or beside each other in a figure, and how Plotly numbers their axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def panel_number(place: int) -> str:
    """Return how Plotly numbers the axes of a panel, counted from 0: the first has no number.

    Example:
        >>> [f"xaxis{panel_number(place)}" for place in range(3)]
        ['xaxis', 'xaxis2', 'xaxis3']
    """
    return str(place + 1) if place else ""


def panel_axes(
    panels: Sequence[str], time: Mapping[str, Any], rates: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the settings of the axes of panels above each other, of which the lowest tells time.

    Args:
        panels: What they show, the learning rate first.
        time: Of the axis of all of them, as ``time_axis`` gives them.
        rates: Of the axis of learning rates.
    """
    numbers = [*map(panel_number, range(len(panels)))]
    across = {f"xaxis{number}": {**time, "title": {}} for number in numbers[:-1]}
    up = {
        f"yaxis{number}": {"title": {"text": panel}}
        for number, panel in zip(numbers, panels, strict=True)
    }
    up["yaxis"] |= rates
    return {**across, f"xaxis{numbers[-1]}": {**time}, **up}
