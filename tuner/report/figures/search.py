"""Figures of the search: what it reached at what cost, by family, by parameter, and when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from tuner.definition import Objective
from tuner.reading import EPOCHS, Unit
from tuner.report.answers import Answer
from tuner.report.families import Dot, Ended, Family, in_order
from tuner.report.figures.style import (
    ACCENT,
    GREY,
    Window,
    family_colour,
    family_pattern,
    from_zero,
    log_axis,
    marker,
    ring,
    styled,
    time_axis,
    window,
)
from tuner.report.figures.trace import Trace, scatter
from tuner.report.progress import Bar, Step

_HATCH = {
    "complete": "", "pruned": "", "collapsed": "x", "failed": "/", "running": ".",
    "interrupted": ".",
}  # fmt: skip
_UNITS = ((3 * 86400, 86400, "days"), (3 * 3600, 3600, "hours"), (300, 60, "minutes"))


def best_so_far_figure(
    steps: Sequence[Step], winner: int | None, objective: Objective, unit: Unit = EPOCHS
) -> go.Figure:
    """Draw the best value so far against the epochs that all trials had cost until then."""
    steps = [step._replace(epochs=unit.count(step.epochs)) for step in steps]
    seen = window([step.accuracy for step in steps], objective.minimized)
    line = scatter(
        x=[step.epochs for step in steps], y=[seen.shown(step.best) for step in steps],
        mode="lines", line={"color": ACCENT, "width": 2.5, "shape": "hv"}, name="best so far",
        hovertemplate=f"after %{{x}} {unit.words}: best %{{y:{objective.digits}}}<extra></extra>",
    )  # fmt: skip
    traces = [line]
    for family in in_order(step.family for step in steps):
        chosen = [step for step in steps if step.family == family]
        traces.append(
            _points(
                family, [step.epochs for step in chosen], [s.accuracy for s in chosen], seen,
                [f"trial {step.number}" for step in chosen],
            )
        )  # fmt: skip
    traces += ring([(s.epochs, s.accuracy) for s in steps if s.number == winner])
    across = {
        "title": {"text": f"{unit.words} trained, all trials together"},
        "range": from_zero([step.epochs for step in steps]),
    }
    return styled(traces, {"xaxis": across, "yaxis": _judged(objective, seen)})


def families_figure(
    families: Sequence[Family], winner: int | None, objective: Objective, unit: Unit = EPOCHS
) -> go.Figure:
    """Draw every trained trial of every family as a point, and a box of the complete ones."""
    values = [dot.accuracy for f in families for dot in f.of("complete")]
    seen = window(values, objective.minimized)
    traces: list[Any] = []
    for place, family in enumerate(families):
        colour = family_colour(family.name)
        complete = family.of("complete")
        if len(complete) > 2:
            box = go.Box(
                x=[seen.shown(dot.accuracy) for dot in complete], y=[place] * len(complete),
                orientation="h", width=0.62, boxpoints=False, whiskerwidth=0.4, hoverinfo="skip",
                line={"color": GREY, "width": 1.2}, fillcolor="rgba(138,143,152,0.12)",
                showlegend=False,
            )  # fmt: skip
            traces.append(box)
        for kind in ("pruned", "collapsed", "complete"):
            dots = family.of(kind)
            traces.append(
                scatter(
                    x=[_shown(dot, seen) for dot in dots],
                    y=[place + _jitter(dot) for dot in dots],
                    mode="markers", showlegend=False,
                    customdata=[hover(dot, objective, unit) for dot in dots],
                    marker={"color": colour, **marker(kind, family.name)},
                    hovertemplate="%{customdata}<extra></extra>",
                )
            )  # fmt: skip
        won = [(d.accuracy, place + _jitter(d)) for d in complete if d.number == winner]
        traces += ring(won, legend=False)
    up = {
        "tickvals": [*range(len(families))],
        "ticktext": [f"{family.name}<br>n = {len(family.dots)}" for family in families],
        "range": [len(families) - 0.45, -0.55],
    }
    return styled(traces, {"xaxis": _judged(objective, seen), "yaxis": up})


def pruning_figure(ended: Sequence[Ended], epochs: int, unit: Unit = EPOCHS) -> go.Figure:
    """Draw after which epoch the pruner ended how many trials of which family."""
    traces = []
    for family in in_order(each.family for each in ended):
        chosen = [each for each in ended if each.family == family]
        traces.append(
            go.Bar(
                x=[unit.count(each.epoch) for each in chosen], y=[each.trials for each in chosen],
                name=family,
                marker={
                    "color": family_colour(family),
                    "pattern": {"shape": family_pattern(family), "size": 6},
                },
                hovertemplate=f"{family}: %{{y}} ended after {unit.word} %{{x}}<extra></extra>",
            )
        )  # fmt: skip
    # A rung of 0 epochs has a bar as well.
    start = min([0.4, *(each.epoch - 0.6 for each in ended)])
    across = time_axis(epochs, unit) | {
        "title": {"text": f"ended after ({unit.words} trained)"},
        "range": [start * unit.size, (epochs + 0.6) * unit.size],
    }
    up = {"title": {"text": "trials"}, "rangemode": "tozero"}
    layout = {"barmode": "stack", "bargap": 0.25, "xaxis": across, "yaxis": up}
    return styled(traces, layout)


def answer_figure(
    answer: Answer,
    winner: int | None,
    objective: Objective,
    axis: dict[str, Any],
    unit: Unit = EPOCHS,
) -> go.Figure:
    """Draw the metric against what is asked about, and the means of ranges of it."""
    traces = []
    collapsed = [point for point in answer.points if point.dot.kind == "collapsed"]
    complete = [point for point in answer.points if point.dot.kind == "complete"]
    seen = window([point.dot.accuracy for point in complete], objective.minimized)
    for family in in_order(point.dot.family for point in complete):
        chosen = [point for point in complete if point.dot.family == family]
        traces.append(
            _points(
                family, [point.x for point in chosen], [p.dot.accuracy for p in chosen], seen,
                [hover(point.dot, objective, unit) for point in chosen],
            )
        )  # fmt: skip
    if collapsed:
        traces.append(
            scatter(
                x=[point.x for point in collapsed], y=[seen.edge] * len(collapsed),
                mode="markers", name="collapsed", marker=marker("collapsed", ""),
                customdata=[hover(point.dot, objective, unit) for point in collapsed],
                cliponaxis=False,
                hovertemplate="%{customdata}, at %{x:.4g}<extra></extra>",
            )
        )  # fmt: skip
    for place, each in enumerate(answer.ranges):
        middle = seen.shown(each.spread.mean)
        trace = scatter(
            x=[each.low, each.high], y=[middle, middle], mode="lines+markers",
            name="range mean", legendgroup="means", showlegend=not place,
            line={"color": GREY, "width": 3}, marker={"size": 5},
            hovertemplate=f"mean {each.spread.mean:{objective.digits}}, n = {each.spread.n}"
            "<extra></extra>",
        )  # fmt: skip
        traces.append(trace)
    traces += ring([(p.x, p.dot.accuracy) for p in complete if p.dot.number == winner])
    values = [point.x for point in answer.points]
    is_log = axis.get("type") == "log"
    across = log_axis([[x] for x in values]) if is_log else {"range": from_zero(values)}
    return styled(traces, {"xaxis": across | axis, "yaxis": _judged(objective, seen)})


def timeline_figure(bars: Sequence[Bar]) -> go.Figure:
    """Draw when each worker ran which trial, a colour for each family, pruned ones paler."""
    total = max(bar.start + bar.seconds for bar in bars)
    second, unit = next(((s, u) for least, s, u in _UNITS if total >= least), (1, "seconds"))
    traces = []
    for family in in_order(bar.family for bar in bars):
        chosen = [bar for bar in bars if bar.family == family]
        trace = go.Bar(
            base=[round(bar.start / second, 4) for bar in chosen],
            x=[round(bar.seconds / second, 4) for bar in chosen],
            y=[bar.worker.partition(" (")[0] for bar in chosen],
            orientation="h", name=family or "no family yet", width=0.7,
            customdata=[f"trial {bar.number}, {bar.kind}, {bar.worker}" for bar in chosen],
            marker={
                "color": family_colour(family),
                "opacity": [1.0 if bar.kind == "complete" else 0.45 for bar in chosen],
                "line": {"width": 0.5, "color": "rgba(255,255,255,0.6)"},
                "pattern": {"shape": [_HATCH[bar.kind] for bar in chosen]},
            },
            hovertemplate=f"%{{customdata}}: %{{x:.2f}} {unit}<extra></extra>",
        )  # fmt: skip
        traces.append(trace)
    across = {"title": {"text": f"time since the first trial ({unit})"}}
    layout = {"barmode": "overlay", "xaxis": across, "yaxis": {"autorange": "reversed"}}
    return styled(traces, layout)


def _judged(objective: Objective, seen: Window) -> dict[str, Any]:
    """Return the settings of the axis of what judges."""
    return {"title": {"text": objective.judged_by}, "range": seen.range}


def _points(
    family: str,
    x: Sequence[float],
    accuracies: Sequence[float],
    seen: Window,
    hover: Sequence[str],
) -> Trace:
    """Return a family's trials as points; those beyond an axis lie on its poorer end."""
    return scatter(
        x=x, y=[*map(seen.shown, accuracies)], mode="markers", name=family,
        marker={"color": family_colour(family), **marker("complete", family)},
        customdata=hover, hovertemplate="%{customdata}, at %{x:.4g}<extra></extra>",
        cliponaxis=False,
    )  # fmt: skip


def _shown(dot: Dot, seen: Window) -> float:
    return seen.edge if dot.kind == "collapsed" else seen.shown(dot.accuracy)


def _jitter(dot: Dot) -> float:
    """Return a shift that is the same in every report, and not that of a trial's neighbours."""
    return (dot.number * 0.618034 % 1 - 0.5) * 0.5


def hover(dot: Dot, objective: Objective, unit: Unit) -> str:
    """Return what a trial's point says of it."""
    after = "" if dot.kind == "complete" else f", {dot.kind} after {unit.told(dot.epochs)}"
    return f"trial {dot.number}: {dot.accuracy:{objective.digits}}{after}"
