"""What a figure shows, in words: for who does not see it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from typing import Any

import plotly.graph_objects as go

# So many series are told one by one.
_TOLD = 12
_TAGS = re.compile(r"<[^>]+>")


def described(figure: go.Figure) -> str:
    """Return a figure's axes, and of each of its named series how much there is, and from where.

    Example:
        >>> figure = go.Figure(go.Scatter(name="cosine", x=[1, 2], y=[0.5, 0.75]))
        >>> figure = figure.update_xaxes(title_text="epochs").update_yaxes(title_text="accuracy")
        >>> described(figure)
        'Across: epochs. Up: accuracy. cosine: 2 points, across 1 to 2, up 0.5 to 0.75.'
    """
    layout = figure.layout
    axes = [(name, layout[name]) for name in layout if name[1:].startswith("axis")]
    told = []
    for letter, word in (("x", "Across"), ("y", "Up")):
        titles = dict.fromkeys(
            str(axis.title.text) for name, axis in axes if name[0] == letter and axis.title.text
        )
        if titles:
            told.append(f"{word}: {', '.join(titles)}.")
        rows = [axis.ticktext for name, axis in axes if name[0] == letter and axis.ticktext]
        if rows and not titles:
            told.append(f"{word}: {', '.join(_plain(label) for label in rows[0])}.")
    series = _by_name(figure.data)
    told += [f"{name}: {_extent(traces)}." for name, traces in [*series.items()][:_TOLD]]
    if len(series) > _TOLD:
        told.append(f"And {len(series) - _TOLD} more.")
    return " ".join(told)


def _by_name(traces: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for trace in traces:
        if trace.name:
            found.setdefault(_plain(trace.name), []).append(trace)
    return found


def _extent(traces: Sequence[Any]) -> str:
    columns = [
        [value for trace in traces for value in _values(trace[letter])] for letter in ("x", "y")
    ]
    points = max(map(len, columns))
    words = [f"{points} point{'' if points == 1 else 's'}"]
    for column, word in zip(columns, ("across", "up"), strict=True):
        numbers = [value for value in column if not isinstance(value, str)]
        if numbers:
            low, high = f"{min(numbers):.4g}", f"{max(numbers):.4g}"
            words.append(f"{word} {low}" + ("" if low == high else f" to {high}"))
    return ", ".join(words)


def _values(values: Any) -> list[Any]:
    return [] if values is None else [value for value in values if value is not None]


def _plain(label: str) -> str:
    return html.unescape(_TAGS.sub(" ", label))
