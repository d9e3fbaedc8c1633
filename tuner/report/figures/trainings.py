"""Figures of schedules and of their trainings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from tuner.definition import Objective, digits
from tuner.reading import EPOCHS, Unit
from tuner.report.confirmed import Finalist
from tuner.report.curves import thinned
from tuner.report.data import BestTrial, Line
from tuner.report.families import in_order
from tuner.report.figures.panels import panel_number, stack
from tuner.report.figures.series import Series, measured, panels, with_gaps
from tuner.report.figures.style import (
    ACCENT,
    GREY,
    at,
    family_colour,
    family_dash,
    family_symbol,
    folded,
    log_axis,
    styled,
    text,
    time_axis,
    window,
)
from tuner.report.figures.trace import Trace, scatter


class Trained(NamedTuple):
    """What a trial's training reached after each of its epochs."""

    family: str
    is_complete: bool
    accuracies: tuple[float | None, ...]  # or other values of the objective
    is_winner: bool = False


# So many of the best schedules stand out of the others.
TOP = 7
# So many curves can be told from each other.
_CLEAR = 40


def training_figure(
    epochs: float,
    series: Sequence[Series],
    objective: Objective,
    unit: Unit = EPOCHS,
    best: BestTrial | None = None,
) -> go.Figure:
    """Draw the places for one training: learning rate, loss and accuracies over its epochs.

    The chapter draws loss and accuracies, as they stand here.

    Args:
        epochs: Epochs of a full training.
        series: What it measures.
        objective: What judges; another one than an accuracy stands in its place.
        unit: What time is told in.
        best: The training; without it, the traces have no data yet.
    """
    names = panels(series)
    numbers = {panel: panel_number(place) for place, panel in enumerate(names)}
    rate = {"width": 2.5, "color": family_colour(best.family) if best else GREY}
    traces = [
        scatter(
            x=best.curve.epochs if best else None, y=best.curve.rates if best else None,
            mode="lines", line=rate, showlegend=False, name="learning rate", xaxis="x", yaxis="y",
            hovertemplate=f"{at(unit)}: LR %{{y:.4g}}<extra></extra>",
        )
    ]  # fmt: skip
    times = [unit.count(record.epoch) for record in best.records] if best else None
    for each in series:
        form = digits(each.name) if each.panel == "train loss" else objective.digits
        number = numbers[each.panel]
        trace = scatter(
            x=times, y=[*map(each.of, best.records)] if best else None,
            name=each.name, mode="lines+markers", line=each.line, marker={"size": 5},
            xaxis=f"x{number}", yaxis=f"y{number}",
            hovertemplate=f"{unit.word} %{{x}}: {each.name} %{{y:{form}}}<extra></extra>",
        )  # fmt: skip
        traces.append(trace)
    rates = log_axis([best.curve.rates]) if best else {}
    return styled(traces, stack(names, time_axis(epochs, unit), rates, gap=0.05))


def best_figure(best: BestTrial, objective: Objective, unit: Unit = EPOCHS) -> go.Figure:
    """Draw learning rate, loss and metric of the winner's training above each other."""
    series = measured(best.records, objective)
    last = round(best.curve.epochs[-1]) / unit.size
    return training_figure(last, series, objective, unit, best)


def overlay_figure(
    lines: Sequence[Line], winner: int | None, objective: Objective, unit: Unit = EPOCHS
) -> go.Figure:
    """Draw all schedules over each other: the winner thick, the best in the colours of their
    families, the other complete ones and the pruned ones faint.
    """
    ranked = sorted((line for line in lines if line.rank), key=lambda line: line.rank or 0)
    # The last is on top.
    top = [*(line for line in reversed(ranked[:TOP]) if line.number != winner)]
    top += [line for line in ranked if line.number == winner]
    others = [line for line in ranked if line not in top]
    traces = []
    for how in ("collapsed", "pruned"):
        ended = [line for line in lines if line.state == how]
        traces += _faint(f"{how} ({len(ended)})", ended, 0.3)
    # Hundreds of them are a ground, from which the best must stand out.
    traces += _faint(
        f"other complete ({len(others)})", others, 0.75 if len(others) < _CLEAR else 0.4
    )
    for line in top:
        won = line.number == winner
        name = f"{line.rank}. {line.baseline or line.family}, trial {line.number}"
        what = "winner: " if won else ""
        traces.append(
            scatter(
                x=line.curve.epochs, y=line.curve.rates, mode="lines",
                name=text(f"{what}{name}: {line.accuracy:{objective.digits}}"),
                line={
                    "color": family_colour(line.family), "width": 5 if won else 2,
                    "dash": family_dash(line.family),
                },
                hovertemplate=f"trial {line.number}, {at(unit)}: LR %{{y:.4g}}<extra></extra>",
            )
        )  # fmt: skip
    rates = [line.curve.rates for line in lines]
    layout = {
        "legend": {"traceorder": "reversed", "y": -0.13, "yanchor": "top"},
        "xaxis": time_axis(lines[0].curve.epochs[-1] / unit.size, unit),
        "yaxis": {**log_axis(rates), "title": {"text": "learning rate"}},
    }
    return styled(traces, layout)


def learning_figure(
    trials: Sequence[Trained], epochs: int, objective: Objective, unit: Unit = EPOCHS
) -> go.Figure:
    """Draw the metric of every trial after each epoch, by family; the winner is thick.

    The more there are, the paler they are: hundreds are a cloud in which one sees where many go.
    """
    traces = []
    pale = min(0.8, max(0.15, _CLEAR / len(trials)))
    mode = "lines+markers" if len(trials) <= _CLEAR else "lines"
    value = f"%{{y:{objective.digits}}}"
    for family in in_order(trial.family for trial in trials):
        for complete in (False, True):
            chosen = [t for t in trials if (t.family, t.is_complete) == (family, complete)]
            if not chosen:
                continue
            x, y = with_gaps(
                ([*map(unit.count, range(1, len(t.accuracies) + 1))], t.accuracies) for t in chosen
            )
            only = not any(t.is_complete for t in trials if t.family == family)
            traces.append(
                scatter(
                    x=x, y=y, name=family, legendgroup=family, mode=mode,
                    showlegend=(complete or only) and len(trials) <= _CLEAR,
                    opacity=pale if complete else pale / 2,
                    line={
                        "color": family_colour(family), "width": 1.3, "dash": family_dash(family),
                    },
                    marker={"size": 4, "symbol": family_symbol(family)},
                    hovertemplate=f"{family}, {unit.word} %{{x}}: {value}<extra></extra>",
                )
            )  # fmt: skip
    if len(trials) > _CLEAR:
        for family in in_order(trial.family for trial in trials):
            line = {"color": family_colour(family), "dash": family_dash(family), "width": 2}
            traces.append(
                scatter(
                    x=[None], y=[None], mode="lines", name=family, line=line, legendgroup=family
                )
            )
    for winner in (trial for trial in trials if trial.is_winner):
        x = [*map(unit.count, range(1, len(winner.accuracies) + 1))]
        traces.append(
            scatter(
                x=x, y=winner.accuracies, name="winner", mode="lines+markers",
                line={"color": ACCENT, "width": 4}, marker={"size": 7},
                hovertemplate=f"winner, {unit.word} %{{x}}: {value}<extra></extra>",
            )
        )  # fmt: skip
    values = [value for t in trials for value in t.accuracies if value is not None]
    seen = window(values, objective.minimized)
    layout = {
        "xaxis": time_axis(epochs, unit, start=0.5),
        "yaxis": {"title": {"text": objective.judged_by}, "range": seen.range},
    }
    return styled(traces, layout)


def confirmed_figure(finalists: Sequence[Finalist], objective: Objective) -> go.Figure:
    """Draw every training of a confirm as a point, and each schedule's mean with its error."""
    traces = []
    seen = window([value for f in finalists for value in f.values], objective.minimized)
    for place, finalist in enumerate(finalists):
        colour = family_colour(finalist.family)
        shown = [*map(seen.shown, finalist.values)]
        traces.append(
            scatter(
                x=shown, y=[place] * len(shown), mode="markers", name=text(finalist.label),
                marker={
                    "color": colour, "size": 8, "symbol": "circle-open", "line": {"width": 1.5},
                },
                customdata=finalist.values,
                hovertemplate=f"%{{customdata:{objective.digits}}}<extra></extra>",
            )
        )  # fmt: skip
        if finalist.mean is not None:
            traces.append(
                scatter(
                    x=[seen.shown(finalist.mean)], y=[place], mode="markers",
                    marker={"color": colour, "size": 11, "symbol": "diamond"},
                    error_x={
                        "array": [seen.error(finalist.mean, finalist.se)], "color": colour,
                        "thickness": 2,
                    },
                    customdata=[finalist.mean],
                    hovertemplate=f"mean %{{customdata:{objective.digits}}}<extra></extra>",
                )
            )  # fmt: skip
    layout = {
        "showlegend": False,
        "xaxis": {"title": {"text": objective.judged_by}, "range": seen.range},
        "yaxis": {
            "tickvals": [*range(len(finalists))],
            "ticktext": [folded(f.label) for f in finalists],
            "range": [len(finalists) - 0.4, -0.6],
        },
    }
    return styled(traces, layout)


def any_of(values: Sequence[float | None]) -> bool:
    """Return whether anything was measured."""
    return any(value is not None for value in values)


def _faint(name: str, lines: Sequence[Line], opacity: float) -> list[Trace]:
    """Return many schedules as one trace, or none if there are none."""
    if not lines:
        return []
    curves = [thinned(line.curve) for line in lines]
    epochs, rates = with_gaps((curve.epochs, curve.rates) for curve in curves)
    return [
        scatter(
            x=epochs, y=rates, name=name, mode="lines", opacity=opacity, hoverinfo="skip",
            line={"color": GREY, "width": 1},
        )
    ]  # fmt: skip
