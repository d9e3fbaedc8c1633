"""Figures of the sampled parameters, or the sentence that says why one has nothing to show."""

from __future__ import annotations

from collections.abc import Callable

import plotly.graph_objects as go
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from tuner.definition import Objective
from tuner.report import importance
from tuner.report.data import varying
from tuner.report.figures.style import ACCENT, GREY, Chart, styled, text
from tuner.report.sentences import count
from tuner.report.snapshot import quiet
from tuner.report.spaces import in_one_space
from tuner.storage import bare, copied


def parameter_charts(study: Study, objective: Objective) -> list[Chart]:
    """Return the charts of the parameters of a study.

    Args:
        study: A study in any state.
        objective: What its values are.
    """
    # Optuna copies the trials again and again, every epoch's record among their attributes.
    complete = [*map(bare, study.get_trials(deepcopy=True, states=(TrialState.COMPLETE,)))]
    with quiet():
        plain = copied(in_one_space(complete), study)
        charts = [_importances(plain, objective)]
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
        # A chart that fails is no reason to be without the report.
        reason = f"{type(error).__name__}: {error}"
        return chart._replace(sentence=f"This chart could not be drawn ({reason}).")


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

    stable = importance.stability(complete, study)
    if not stable.is_stable:
        told = f"These trials do not tell: of {importance.RESAMPLES} resamples of them, the first"
        return chart._replace(sentence=f"{told} parameter is {stable.words or 'none'}.")

    def draw() -> go.Figure:
        shares = importance.importances(study)
        names = [*shares][::-1]  # a bar chart begins at the bottom
        values = [shares[name] for name in names]
        spread = [stable.spread.get(name, 0.0) for name in names]
        bars = go.Bar(
            x=values, y=[text(name) for name in names], orientation="h",
            marker={"color": ACCENT}, hovertemplate="%{y}: %{x}<extra></extra>",
            error_x={
                "array": spread, "arrayminus": [*map(min, spread, values)],
                "color": GREY, "thickness": 1.5,
            },
        )  # fmt: skip
        layout = {
            "showlegend": False,
            "margin": {"r": 48},
            "xaxis": {"title": {"text": "importance (shares, sum 1)"}, "rangemode": "tozero"},
            "yaxis": {"ticks": "outside", "tickcolor": "rgba(0,0,0,0)"},
        }
        return styled([bars], layout)

    return _attempt(chart, draw)


def _complete(study: Study) -> list[FrozenTrial]:
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
