"""Optuna's own figures of a study, or the sentence that says why one has nothing to show."""

from __future__ import annotations

from collections.abc import Callable

import plotly.graph_objects as go
from optuna import visualization
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState
from plotly.colors import sample_colorscale

from tuner.definition import Objective
from tuner.report.data import varying
from tuner.report.figures.style import ACCENT, GREY, SCALE, Chart, styled
from tuner.report.importance import RESAMPLES, stability
from tuner.report.sentences import count
from tuner.report.snapshot import quiet
from tuner.report.spaces import in_one_space
from tuner.storage import bare, copied

# Lines of nearly the same value are one trace: a trace for each trial takes seconds to draw.
_SHADES = 12
# The width of an axis with its name, in pixels.
_AXIS = 104


def optuna_charts(study: Study, objective: Objective) -> list[Chart]:
    """Return Optuna's charts of a study.

    Args:
        study: A study in any state.
        objective: What its values are.
    """
    # Optuna writes all attributes into each trial's label, every epoch's record among them, and
    # copies the trials again and again.
    complete = [*map(bare, study.get_trials(deepcopy=True, states=(TrialState.COMPLETE,)))]
    with quiet():
        plain = copied(in_one_space(complete), study)
        charts = [_importances(plain, objective), _parallel(plain, objective)]
    left_out = len(complete) - len(_complete(plain))
    if not left_out:
        return charts
    told = f"{count(left_out, 'complete trial')} without sampled parameters left out: outside"
    told += " the search space."
    return [
        chart._replace(note=f"{chart.note} {told}")
        if chart.figure is not None
        else chart._replace(sentence=f"{chart.sentence} {told}")
        for chart in charts
    ]


def _attempt(chart: Chart, draw: Callable[[], go.Figure]) -> Chart:
    try:
        return chart._replace(figure=draw())
    except Exception as error:
        # One of Optuna's plots that fails is no reason to be without the report.
        reason = f"{type(error).__name__}: {error}"
        return chart._replace(sentence=f"Optuna could not draw this chart ({reason}).")


def _importances(study: Study, objective: Objective) -> Chart:
    complete, metric = _complete(study), objective.judged_by
    title = f"Which parameters {metric} depended on, over {count(len(complete), 'complete trial')}"
    note = "PED-ANOVA, Optuna's default. Bars: standard deviation over resamples of the trials."
    chart = Chart("importances", title, note=note, height=320)
    if len(complete) < 2:
        found = "there is one" if complete else "there is none yet"
        return chart._replace(sentence=f"It needs two complete trials at least, and {found}.")
    if not varying(trial.params for trial in complete):
        return chart._replace(sentence="No parameter varies between the complete trials.")
    if len({trial.value for trial in complete}) < 2:
        return chart._replace(sentence=f"All complete trials have the same {metric}.")

    stable = stability(complete, study)
    if not stable.is_stable:
        told = f"Too few trials to tell: of {RESAMPLES} resamples of them, the first parameter is"
        return chart._replace(sentence=f"{told} {stable.words or 'none'}.")

    def draw() -> go.Figure:
        figure = styled(visualization.plot_param_importances(study, target_name=metric))
        for bar in figure.data:
            spread = [stable.spread.get(name, 0.0) for name in bar.y]
            below = [min(each, value) for each, value in zip(spread, bar.x, strict=True)]
            error = {"array": spread, "arrayminus": below, "color": GREY, "thickness": 1.5}
            bar.update(error_x=error, text=None, texttemplate=None)
        figure.update_traces(marker_color=ACCENT)
        figure.update_layout(showlegend=False, margin={"r": 48})
        figure.update_xaxes(title_text="importance (shares, sum 1)", rangemode="tozero")
        figure.update_yaxes(title_text=None, ticks="outside", tickcolor="rgba(0,0,0,0)")
        return figure

    return _attempt(chart, draw)


def _parallel(study: Study, objective: Objective) -> Chart:
    metric = objective.judged_by
    title = f"Parameters and {metric} of the complete trials, a line for each"
    note = "Each axis has its own range and unit; durations are in updates. “None”: the family "
    note += "has no such parameter."
    chart = Chart("parallel", title, note=note, height=440)
    complete = _complete(study)
    names = varying(trial.params for trial in complete)
    chart = chart._replace(width=_AXIS * (len(names) + 1) + 160)
    if len(complete) < 2 or len(names) < 2:
        have = f"{count(len(complete), 'complete trial')}, {count(len(names), 'such parameter')}"
        needs = "It needs two complete trials and two parameters that vary between them"
        return chart._replace(sentence=f"{needs}; there is so far: {have}.")

    def draw() -> go.Figure:
        figure = visualization.plot_parallel_coordinate(study, params=names, target_name=metric)
        styled(figure)
        figure.update_layout(margin={"t": 16})
        figure.update_xaxes(tickangle=0, tickfont_size=11)
        lines = list(figure.select_traces({"mode": "lines"}))
        others = [trace for trace in figure.data if trace.mode != "lines"]
        figure.data = []
        figure.add_traces([*_in_shades(lines, objective.minimized), *others])
        for tick in figure.layout.annotations:
            if "e+" in tick.text:  # 1.37e+03 updates
                tick.text = f"{float(tick.text):.0f}"
        scale = {"colorscale": SCALE, "reversescale": objective.minimized}
        figure.update_traces(marker=scale, selector={"mode": "markers"})
        return figure

    return _attempt(chart, draw)


def _in_shades(lines: list[go.Scatter], minimized: bool) -> list[go.Scatter]:
    """Return a trial's line each as few traces, the best on top, a colour for each value."""
    shades: dict[int, list[go.Scatter]] = {}
    for line in lines:
        # The first axis is the value, from 0 for the smallest to 1 for the largest.
        height = min(max(line.y[0], 0.0), 1.0)
        shade = round((1 - height if minimized else height) * _SHADES)
        shades.setdefault(shade, []).append(line)
    return [
        go.Scatter(
            x=[x for line in shades[shade] for x in (*line.x, None)],
            y=[y for line in shades[shade] for y in (*(round(y, 4) for y in line.y), None)],
            mode="lines", hoverinfo="skip", showlegend=False, opacity=0.75,
            line={"color": sample_colorscale(SCALE, shade / _SHADES)[0], "width": 1.3},
        )
        for shade in sorted(shades)
    ]  # fmt: skip


def _complete(study: Study) -> list[FrozenTrial]:
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
