"""The pictures of a comparison: the spread over seeds, and trainings as the chapter's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from tuner.definition import digits
from tuner.reading import EPOCHS, Clock, Unit
from tuner.repeats import Compared, Comparison, Repeat
from tuner.report.comparison import curves, short
from tuner.report.curves import Curve, curve_of
from tuner.report.figures.panels import panel_number, rate_axis, stack
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
from tuner.report.figures.trainings import any_of

_VIOLET, _GREEN = "#a05fd0", "#2f9e5b"


class _Line(NamedTuple):
    """What a training measures, the field that has it, and the panel where it is drawn."""

    name: str
    field: str
    colour: str
    panel: str


def seeds_figure(comparison: Comparison, unit: Unit = EPOCHS) -> go.Figure:
    """Draw the final value of every training as a point, a row for each schedule, best on top."""
    metric, schedules = comparison.judged_by, comparison.ranked
    traces = []
    every = [[(r.value, r.seed) for r in c.repeats if r.value is not None] for c in schedules]
    # A training that collapsed would leave the others no room.
    seen = window([value for points in every for value, _ in points], comparison.minimized)
    hover = f"seed %{{customdata[1]}}: {metric} %{{customdata[0]:{digits(metric)}}}<extra></extra>"
    for place, (compared, points) in enumerate(zip(schedules, every, strict=True)):
        trace = scatter(
            x=[seen.shown(value) for value, _ in points], y=[place] * len(points),
            name=text(compared.label), mode="markers", showlegend=False, customdata=points,
            marker={"color": ACCENT, "size": 8, "opacity": 0.7},
            hovertemplate=hover,
        )  # fmt: skip
        traces.append(trace)
    means = [(place, c.value) for place, c in enumerate(schedules) if c.value]
    traces.append(
        scatter(
            x=[seen.shown(found.mean) for _, found in means],
            customdata=[found.mean for _, found in means],
            y=[place for place, _ in means],
            error_x={"type": "data", "array": [seen.error(f.mean, f.sd) for _, f in means]},
            mode="markers", name="mean ± standard deviation",
            marker={"color": GREY, "size": 11, "symbol": "line-ns-open"},
            hovertemplate=f"mean %{{customdata:{digits(metric)}}}<extra></extra>",
        )
    )  # fmt: skip
    across = {"title": {"text": f"{metric} after the last {unit.word}"}, "range": seen.range}
    up = {
        "tickvals": [*range(len(schedules))],
        "ticktext": [folded(compared.label) for compared in schedules],
        "range": [len(schedules) - 0.4, -0.6],
    }
    return styled(traces, {"xaxis": across, "yaxis": up})


def compared_curve(compared: Compared, clock: Clock) -> Curve:
    """Return a schedule's curve over the time of all, however many updates that is for it."""
    return curve_of(compared.schedule, compared.updates_per_epoch, clock)


def training_figure(compared: Compared, clock: Clock, metric: str) -> go.Figure:
    """Draw one schedule and its trainings as the chapter does: the means, each seed faintly."""
    lines, unit = _measured(compared, metric), clock.unit
    panels = ("LR", *dict.fromkeys(each.panel for each in lines))
    numbers = {panel: panel_number(place) for place, panel in enumerate(panels)}
    rate = compared_curve(compared, clock)
    traces = [
        scatter(
            x=rate.epochs, y=rate.rates, mode="lines", line={"color": GREY, "width": 2},
            name="learning rate", showlegend=False, xaxis="x", yaxis="y",
            hovertemplate=f"{at(unit)}: LR %{{y:.4g}}<extra></extra>",
        )
    ]  # fmt: skip
    means = curves(compared.repeats)
    for each in lines:
        name, number = short(each.name), numbers[each.panel]
        place = {"xaxis": f"x{number}", "yaxis": f"y{number}"}
        for repeat in compared.repeats:
            trace = scatter(
                x=[unit.count(record.epoch) for record in repeat.records],
                y=_values(repeat, each.field), mode="lines", opacity=0.35,
                line={"color": each.colour, "width": 1}, showlegend=False, hoverinfo="skip",
                **place,
            )  # fmt: skip
            traces.append(trace)
        trace = scatter(
            x=[*map(unit.count, means.epochs)], y=getattr(means, each.field), name=name,
            mode="lines+markers", line={"color": each.colour, "width": 2}, marker={"size": 4},
            hovertemplate=f"{unit.word} %{{x}}: {name} %{{y:{digits(each.name)}}}<extra></extra>",
            **place,
        )  # fmt: skip
        traces.append(trace)
    epochs = clock.horizon / clock.updates_per_epoch
    layout = stack(panels, time_axis(epochs, unit), rate_axis([rate]), gap=0.06)
    return styled(traces, layout)


def _measured(compared: Compared, metric: str) -> list[_Line]:
    """Return what a schedule's trainings measure; a train accuracy only beside another one."""
    is_accuracy = metric.endswith("accuracy")
    panel = "accuracy" if is_accuracy else metric
    lines = [
        _Line("train loss", "train_loss", _VIOLET, "train loss"),
        *([_Line("train accuracy", "train_accuracy", _GREEN, panel)] if is_accuracy else []),
        _Line(metric, "value", ACCENT, panel),
    ]
    return [
        each for each in lines if any(any_of(_values(r, each.field)) for r in compared.repeats)
    ]


def _values(repeat: Repeat, field: str) -> Sequence[float | None]:
    return repeat.values if field == "value" else [getattr(r, field) for r in repeat.records]
