"""What all figures of the report have in common: places, colours, axes.

A figure has no title of its own: the page sets the chart's, as text that wraps. Colours of text
and grid come from the page too, for light and dark; those of data are legible on both. A family
has one colour, one symbol and one dash in all charts, of all reports.
"""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import plotly.graph_objects as go

from tuner.definition import merit
from tuner.reading import Unit
from tuner.report.figures.trace import Trace, scatter
from tuner.report.figures.words import described

ACCENT = "#3b82d6"
GREY = "#8a8f98"
# The page's own colour of text, which the page makes a light one in the dark: no family has it.
COLLAPSED = "#1d2129"
# Poor to good, legible on white and on black.
SCALE = [[0.0, "#6f7fa8"], [0.5, "#3b82d6"], [0.8, "#d6559c"], [1.0, "#e0652b"]]

# Colour, symbol and dash. Colours stand out 3 : 1 from white and from the dark page; two that some
# eyes confuse have different dashes.
_FAMILIES = {
    "constant": ("#9a7b4f", "circle", "longdash"),
    "square_root": ("#b58a00", "square", "dash"),
    "factor": ("#2f9e5b", "diamond", "dot"),
    "multi_factor": ("#8b5fd6", "triangle-up", "dashdot"),
    "poly": ("#d6559c", "triangle-down", "dot"),
    "cosine": ("#e0652b", "hexagon", "solid"),
    "linear": ("#1f9aa8", "pentagon", "dash"),
    "exponential": ("#7f9a26", "star", "longdash"),
    "inverse_time": ("#b2465a", "bowtie", "longdashdot"),
    "wsd": ("#cf3f3f", "hourglass", "longdashdot"),
    "one_cycle": ("#6a63cf", "triangle-left", "solid"),
    "cosine_restarts": ("#b5702d", "triangle-right", "dashdot"),
    "cyclic": ("#158f74", "octagon", "solid"),
    "piecewise": ("#a64ca6", "star-diamond", "dashdot"),
    "cosine_power": ("#3b7fc4", "hexagon2", "longdash"),
    "tanh": ("#5c8a3c", "star-square", "dash"),
    "wsd_s": ("#c2477f", "star-triangle-up", "dash"),
    "plateau": ("#4f8a8b", "star-triangle-down", "dashdot"),
}
_PATTERNS = {
    "solid": "", "dash": "/", "dot": ".", "dashdot": "x", "longdash": "-", "longdashdot": "\\",
}  # fmt: skip
_UNKNOWN = (GREY, "circle", "solid")

_LAYOUT = {
    "template": "none",
    "paper_bgcolor": "rgba(0,0,0,0)",
    "plot_bgcolor": "rgba(0,0,0,0)",
    "margin": {"l": 56, "r": 16, "t": 12, "b": 48},
    "legend": {
        "orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom",
        "traceorder": "normal", "font": {"size": 12},
    },
    "font": {"family": "system-ui, sans-serif", "size": 13, "color": GREY},
    "hoverlabel": {"align": "left"},
}  # fmt: skip
_AXIS = {
    "automargin": True, "gridcolor": "#808080", "zeroline": False,
    "title": {"standoff": 8, "font": {"size": 13}},
}  # fmt: skip

# An axis that is longer than these decades shows nothing in its upper part.
_DECADES = 6
# And one that is shorter than these makes a cliff of a step.
_LEAST = 0.8
# Values that are worse than the middle half by so many times its width are drawn at the edge.
_FAR = 4.0
# That width is at least such a share of the values.
_CLOSE = 0.005
# Panels beside each other in a figure of many.
COLUMNS = 3
# Letters in a line of a label beside an axis, and the pixels from such a line to the next.
_WIDTH, _LINE = 16, 17


class Chart(NamedTuple):
    """A place for a chart: its figure, or the sentence that says why there is none.

    ``answer`` is what it shows, in a sentence; ``note`` how to read it. A chart that needs a
    ``width`` in pixels scrolls in its own box where there is less.
    """

    key: str
    title: str
    figure: Any = None
    sentence: str = ""
    answer: str = ""
    note: str = ""
    height: int = 380
    width: int = 0

    @property
    def words(self) -> str:
        """What the figure shows, for who does not see it."""
        return described(self.figure) if self.figure is not None else ""


def family_dash(family: str) -> str:
    """Return how a family's lines are dashed."""
    return _FAMILIES.get(family, _UNKNOWN)[2]


def family_pattern(family: str) -> str:
    """Return the pattern of a family's bars."""
    return _PATTERNS[family_dash(family)]


def drawn(chart: Chart, has_data: object, sentence: str, draw: Callable[[], go.Figure]) -> Chart:
    """Return a chart with its figure, or with the sentence why there is none."""
    return chart._replace(figure=draw()) if has_data else chart._replace(sentence=sentence)


def family_colour(family: str) -> str:
    """Return the colour of a family, the same in every chart."""
    return _FAMILIES.get(family, _UNKNOWN)[0]


def family_symbol(family: str) -> str:
    """Return the symbol of a family's points."""
    return _FAMILIES.get(family, _UNKNOWN)[1]


def marker(kind: str, family: str) -> dict[str, Any]:
    """Return the marker of a trial that is complete, pruned or collapsed."""
    symbol = family_symbol(family)
    # Of one size, these look smaller than the others.
    more = 2 if symbol.startswith(("triangle", "bowtie", "hourglass", "star")) else 0
    return {
        "complete": {"size": 9 + more, "symbol": symbol},
        "pruned": {"size": 8 + more, "symbol": f"{symbol}-open"},
        "collapsed": {"size": 8, "symbol": "x", "color": COLLAPSED},
    }[kind]


def ring(places: Sequence[tuple[float, float]], legend: bool = True, **panel: str) -> list[Trace]:
    """Return the mark of the winner, if it is in one of these places, or none."""
    if not places:
        return []
    return [
        scatter(
            x=[x for x, _ in places], y=[y for _, y in places], mode="markers", name="winner",
            marker={"symbol": "circle-open", "size": 18, "color": ACCENT, "line": {"width": 3}},
            hoverinfo="skip", showlegend=legend, cliponaxis=False, **panel,
        )
    ]  # fmt: skip


def styled(traces: Sequence[Any], more: Mapping[str, Any]) -> go.Figure:
    """Return a figure with the report's look: transparent, no title, room for labels.

    Args:
        traces: What it draws.
        more: Its own settings, over those of the report.
    """
    axes = {"xaxis", "yaxis"} | {key for key in more if key.startswith(("xaxis", "yaxis"))}
    # All at once: each of Plotly's own updates takes as long as drawing the figure.
    return go.Figure(traces, _over({**_LAYOUT, **dict.fromkeys(axes, _AXIS)}, more))


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with others over them, at every depth."""
    return {**below} | {
        key: _over(below.get(key) or {}, value) if isinstance(value, dict) else value
        for key, value in above.items()
    }


def text(value: object) -> str:
    """Return text that Plotly shows as it is; it reads some HTML in names and labels."""
    return html.escape(str(value), quote=False)


def folded(label: str) -> str:
    """Return a label beside an axis, in lines that leave the chart room on a small screen.

    Example:
        >>> folded("square root, with warmup")
        'square root,<br>with warmup'
    """
    return "<br>".join(map(text, textwrap.wrap(label, _WIDTH)))


def row_height(labels: Iterable[str], least: int) -> int:
    """Return the pixels of a row, of which each has one of these labels folded beside it."""
    lines = max((folded(label).count("<br>") + 1 for label in labels), default=1)
    return max(least, _LINE * lines + 12)


def log_axis(curves: Sequence[Sequence[float | None]]) -> dict[str, Any]:
    """Return the settings of a logarithmic axis for learning rates."""
    # A warmup's first few updates would take half of the axis. The first points of steps are high.
    later = [rate for curve in curves for rate in curve[3:] or curve if rate]
    first = [
        rate for curve in curves for rate in curve[:3] if rate and later and rate > min(later)
    ]
    return log_ticks([*later, *first])


def log_ticks(rates: Sequence[float]) -> dict[str, Any]:
    """Return the settings of a logarithmic axis for these numbers."""
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
    # Below the smallest number of all there is none.
    shown = [tick for tick in ticks if tick and low <= math.log10(tick) <= high]
    words = [f"{tick:g}" for tick in shown]
    return {"type": "log", "range": [low, high], "tickvals": shown, "ticktext": words}


def time_axis(epochs: float, unit: Unit, start: float = 0) -> dict[str, Any]:
    """Return the settings of an axis for the time of a training, in a unit."""
    step = {"dtick": unit.size} if epochs <= 12 else {}
    ends = [start * unit.size, epochs * unit.size * 1.02]
    return {"title": {"text": f"time ({unit.words} trained)"}, "range": ends, **step}


def at(unit: Unit) -> str:
    """Return how a point in time is told where a pointer is."""
    return f"%{{x:{unit.form}}} {unit.words}"


def from_zero(values: Sequence[float]) -> tuple[float, float]:
    """Return the ends of an axis from 0 on, with room for the points at its ends.

    Example:
        >>> from_zero([10, 100])
        (-3.0, 103.0)
    """
    most = max(values) or 1
    return -0.03 * most, 1.03 * most


class Window(NamedTuple):
    """The part of the values that an axis shows; what is worse than ``edge`` is drawn there."""

    edge: float
    range: tuple[float, float]
    minimized: bool = False

    def shown(self, value: float) -> float:
        """Return where a value is drawn."""
        return min(value, self.edge) if self.minimized else max(value, self.edge)

    def error(self, value: float, error: float | None) -> float:
        """Return the length of a value's error bar: none if the value lies beyond the edge."""
        return error or 0.0 if self.shown(value) == value else 0.0


def edge_note(minimized: bool) -> str:
    """Say how to read the edge of a window."""
    return f"Values too {'high' if minimized else 'low'} for this range lie on its edge."


def window(values: Iterable[float], minimized: bool) -> Window:
    """Return the window for values that a few very poor ones do not stretch.

    Args:
        values: Values of the objective; one that is infinite is drawn at the edge.
        minimized: Whether the small ones are the good ones.

    Example:
        >>> accuracies = window([0.1, 0.86, 0.87, 0.88, 0.89, 0.9], minimized=False)
        >>> 0.7 < accuracies.edge < 0.86, accuracies.shown(0.1) == accuracies.edge
        (True, True)
        >>> losses = window([9.0, 0.44, 0.43, 0.42, 0.41, 0.4], minimized=True)
        >>> 0.44 < losses.edge < 0.6, losses.shown(9.0) == losses.edge, losses.shown(0.43)
        (True, True, 0.43)
    """
    merits = sorted(merit(value, minimized) for value in values if math.isfinite(value)) or [0.0]
    lower, middle, upper = (
        merits[round(share * (len(merits) - 1))] for share in (0.25, 0.5, 0.75)
    )
    # Values that are all the same have room as well.
    least = _CLOSE * (abs(middle) or 1.0)
    edge = max(merits[0], lower - _FAR * max(upper - lower, least))
    margin = 0.06 * max(merits[-1] - edge, 2 * least)
    low, high = sorted(merit(end, minimized) for end in (edge - margin, merits[-1] + margin))
    return Window(merit(edge, minimized), (low, high), minimized)
