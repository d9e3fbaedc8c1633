"""Optuna's own figures of a study, or the sentence that says why one has nothing to show."""

from __future__ import annotations

import re
from collections.abc import Callable

import plotly.graph_objects as go
from optuna import visualization
from optuna.distributions import CategoricalDistribution
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState
from plotly.colors import sample_colorscale

from tuner.report.data import varying
from tuner.report.figures import (
    BEST,
    BLUE,
    GOLD,
    GREEN,
    GREY,
    PINK,
    RED,
    VIOLET,
    Chart,
    epoch_axis,
    log_axis,
    styled,
    text,
)
from tuner.report.snapshot import in_memory, quiet
from tuner.report.words import count

_STATE_COLOURS = {
    "COMPLETE": BLUE, "PRUNED": GOLD, "FAIL": RED, "RUNNING": GREEN, "WAITING": GREY,
}  # fmt: skip
# Poor to good, legible on white and on black.
_SCALE = [[0.0, BLUE], [0.4, VIOLET], [0.7, PINK], [1.0, BEST]]


def optuna_charts(study: Study, metric: str) -> list[Chart]:
    """Return Optuna's charts of a study.

    Args:
        study: A study in any state.
        metric: What its values are, in words.
    """
    trials = study.get_trials(deepcopy=True)
    for trial in trials:
        # Optuna writes them all into each trial's label, every epoch's record among them.
        trial.user_attrs = {}
    with quiet():
        plain = in_memory(trials, study.direction)
        charts = [
            _history(plain, metric), _intermediate(plain, metric), _importances(plain, metric),
            _parallel(plain, metric), *_slices(plain, metric), _timeline(plain),
        ]  # fmt: skip
    return charts


def _attempt(chart: Chart, draw: Callable[[], go.Figure]) -> Chart:
    try:
        return chart._replace(figure=draw())
    except Exception as error:
        # One of Optuna's plots that fails is no reason to be without the report.
        reason = f"{type(error).__name__}: {error}"
        return chart._replace(sentence=f"Optuna could not draw this chart ({reason}).")


def _history(study: Study, metric: str) -> Chart:
    moved = "fell" if study.direction == StudyDirection.MINIMIZE else "rose"
    title = f"How the best {metric} {moved} from trial to trial"
    chart = Chart("history", title)
    if not _complete(study):
        return chart._replace(sentence="It needs a complete trial, and there is none yet.")

    def draw() -> go.Figure:
        figure = styled(visualization.plot_optimization_history(study, target_name=metric))
        last = study.get_trials(deepcopy=False)[-1].number
        edges = [-0.5 - 0.01 * last, last + 0.5 + 0.01 * last]
        figure.update_xaxes(title_text="trial (number)", range=edges)
        figure.update_yaxes(title_text=metric)
        figure.update_traces(marker_color=BLUE, selector={"mode": "markers"})
        figure.update_traces(hovertemplate=f"trial %{{x}}: {metric} %{{y:.4f}}<extra></extra>")
        line = {"color": BEST, "shape": "hv"}
        figure.update_traces(line=line, name="best so far", selector={"mode": "lines"})
        return figure

    return _attempt(chart, draw)


def _intermediate(study: Study, metric: str) -> Chart:
    title = f"{metric.capitalize()} of every trial after each epoch"
    note = "Orange: the best trial; blue: complete; grey: pruned, failed or still running."
    chart = Chart("intermediate", title, note=note)
    reported = [trial for trial in study.get_trials(deepcopy=False) if trial.intermediate_values]
    if not reported:
        return chart._replace(sentence="It needs a trained epoch, and no trial has reported one.")
    complete = {trial.number for trial in _complete(study)}
    best = study.best_trial.number if complete else None

    def draw() -> go.Figure:
        figure = styled(visualization.plot_intermediate_values(study))
        for trace in figure.data:
            match = re.fullmatch(r"Trial(\d+)", trace.name or "")
            number = int(match[1]) if match else None
            trace.line.color = BEST if number == best else BLUE if number in complete else GREY
            trace.line.width = 3 if number == best else 1.2
            trace.opacity = 1 if number == best else 0.7
            trace.marker.size = 5
            trace.hovertemplate = f"trial {number}, epoch %{{x}}: %{{y:.4f}}<extra></extra>"
        figure.data = sorted(figure.data, key=lambda trace: trace.line.width)
        last = max(step for trial in reported for step in trial.intermediate_values)
        figure.update_xaxes(epoch_axis(last, start=0.5))
        figure.update_yaxes(title_text=metric)
        return figure

    return _attempt(chart, draw)


def _importances(study: Study, metric: str) -> Chart:
    complete = _complete(study)
    title = f"Which parameters {metric} depended on, over {count(len(complete), 'complete trial')}"
    note = "PED-ANOVA, Optuna's default. From a few dozen trials or less, read it as a hint."
    chart = Chart("importances", title, note=note)
    if len(complete) < 2:
        found = "there is one" if complete else "there is none yet"
        return chart._replace(sentence=f"It needs two complete trials at least, and {found}.")
    if not varying(trial.params for trial in complete):
        return chart._replace(sentence="No parameter varies between the complete trials.")
    if len({trial.value for trial in complete}) < 2:
        return chart._replace(sentence=f"All complete trials have the same {metric}.")

    def draw() -> go.Figure:
        figure = styled(visualization.plot_param_importances(study, target_name=metric))
        figure.update_traces(marker_color=BLUE)
        figure.update_layout(showlegend=False, margin={"r": 48})
        figure.update_xaxes(title_text="importance (shares, sum 1)", rangemode="tozero")
        figure.update_yaxes(title_text=None, ticks="outside", tickcolor="rgba(0,0,0,0)")
        return figure

    return _attempt(chart, draw)


def _parallel(study: Study, metric: str) -> Chart:
    title = f"Parameters and {metric} of the complete trials, a line for each"
    note = "Each axis has its own range and unit; durations are in updates. “None”: the family "
    note += "has no such parameter."
    chart = Chart("parallel", title, note=note, height=440, wide=True)
    complete = _complete(study)
    names = varying(trial.params for trial in complete)
    if len(complete) < 2 or len(names) < 2:
        have = f"{count(len(complete), 'complete trial')}, {count(len(names), 'such parameter')}"
        needs = "It needs two complete trials and two parameters that vary between them"
        return chart._replace(sentence=f"{needs}; there is so far: {have}.")

    def draw() -> go.Figure:
        figure = visualization.plot_parallel_coordinate(study, params=names, target_name=metric)
        styled(figure)
        figure.update_layout(margin={"t": 32})
        minimized = study.direction == StudyDirection.MINIMIZE
        for line in figure.select_traces({"mode": "lines"}):
            # The first axis is the value, from 0 for the smallest to 1 for the largest.
            height = min(max(line.y[0], 0.0), 1.0)
            line.line.color = sample_colorscale(_SCALE, 1 - height if minimized else height)[0]
            line.opacity = 0.8
        for tick in figure.layout.annotations:
            if "e+" in tick.text:  # 1.37e+03 updates
                tick.text = f"{float(tick.text):.0f}"
        scale = {"colorscale": _SCALE, "reversescale": minimized}
        figure.update_traces(marker=scale, selector={"mode": "markers"})
        return figure

    return _attempt(chart, draw)


def _slices(study: Study, metric: str) -> list[Chart]:
    complete = _complete(study)
    names = varying(trial.params for trial in complete)
    title = f"{metric.capitalize()} against each parameter, a point for each complete trial"
    if not names:
        chart = Chart("slice", title)
        why = "It needs complete trials between which a parameter varies, and there are none yet."
        return [chart._replace(sentence=why)]
    return [_slice(study, f"slice-{i}", name, metric, title) for i, name in enumerate(names)]


def _slice(study: Study, key: str, name: str, metric: str, group: str) -> Chart:
    having = [trial for trial in _complete(study) if name in trial.params]
    title = f"{name}, {count(len(having), 'trial')}"
    chart = Chart(key, title, height=300, group=group)

    def draw() -> go.Figure:
        figure = styled(visualization.plot_slice(study, params=[name], target_name=metric))
        figure.update_traces(
            marker={"color": BLUE, "showscale": False, "size": 8, "opacity": 0.75},
            customdata=[trial.number for trial in having],
            hovertemplate="trial %{customdata}: %{x} gave %{y:.4f}<extra></extra>",
        )
        figure.update_layout(showlegend=False)
        distribution = having[0].distributions[name]
        if isinstance(distribution, CategoricalDistribution):
            # Optuna writes the Python form of the values there.
            written = [repr(choice) for choice in distribution.choices]
            words = [text(choice) for choice in distribution.choices]
            figure.update_xaxes(tickvals=written, ticktext=words)
        elif figure.layout.xaxis.type == "log":
            figure.update_xaxes(log_axis([[trial.params[name]] for trial in having]))
        figure.update_xaxes(title_text=text(_with_unit(name)))
        figure.update_yaxes(title_text=metric)
        return figure

    return _attempt(chart, draw)


def _with_unit(name: str) -> str:
    return f"{name} (updates)" if name.endswith(("_steps", "_interval")) else name


def _timeline(study: Study) -> Chart:
    chart = Chart("timeline", "When each trial ran, and how it ended")
    trials = study.get_trials(deepcopy=False)
    if all(trial.state == TrialState.WAITING for trial in trials):
        return chart._replace(sentence="No trial has been started yet.")

    def draw() -> go.Figure:
        figure = styled(visualization.plot_timeline(study))
        # Optuna gives those that have not run a bar as well.
        figure.data = [trace for trace in figure.data if trace.name != "WAITING"]
        for trace in figure.data:
            trace.marker.color = _STATE_COLOURS.get(trace.name, GREY)
            trace.name = "failed" if trace.name == "FAIL" else trace.name.lower()
            trace.text = [f"trial {number}" for number in trace.y]
            trace.hovertemplate = f"%{{text}}, {trace.name}: %{{base}} to %{{x}}<extra></extra>"
        axis = {"title_text": "local time of the machine that ran it", "tickangle": 0, "nticks": 5}
        figure.update_xaxes(axis)
        figure.update_layout(legend={"y": 1.02, "yanchor": "bottom"}, margin={"t": 40})
        figure.update_yaxes(title_text="trial (number)", dtick=1 if len(trials) < 13 else None)
        return figure

    return _attempt(chart, draw)


def _complete(study: Study) -> list[FrozenTrial]:
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
