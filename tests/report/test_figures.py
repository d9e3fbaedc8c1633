from __future__ import annotations

import math

import optuna
import pytest

from tuner.report import optuna_figures
from tuner.report.data import report_data
from tuner.report.figures import BEST, best_figure, overlay_figure, text
from tuner.report.optuna_figures import optuna_charts
from tuner.report.snapshot import snapshot
from tuner.results import trial_rows
from tuner.spec import StudySpec

from .studies import HOSTILE, MIXED, STATES, accuracy, add_trials, empty_study, figure_data
from .studies import study_in as study_of

NEEDS_COMPLETE = {"history", "slice", "parallel", "importances"}


@pytest.mark.parametrize("state", STATES)
def test_every_chart_has_data_or_a_sentence(
    state: str, spec: StudySpec, capfd: pytest.CaptureFixture[str]
) -> None:
    charts = optuna_charts(study_of(state, spec), "test accuracy")
    assert len({chart.key for chart in charts}) == len(charts)
    for chart in charts:
        assert (chart.figure is None) == bool(chart.sentence), chart.key
        assert "could not draw" not in chart.sentence, chart
        if chart.figure is not None:
            assert any(trace.x is not None and len(trace.x) for trace in chart.figure.data)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("state", ["no trials", "only failed", "only pruned", "only running"])
def test_charts_that_need_a_complete_trial_say_so(state: str, spec: StudySpec) -> None:
    charts = {c.key: c for c in optuna_charts(study_of(state, spec), "test accuracy")}
    assert all("complete trial" in charts[key].sentence for key in NEEDS_COMPLETE)


def test_one_complete_trial_has_a_history_but_no_importances(spec: StudySpec) -> None:
    charts = {c.key: c for c in optuna_charts(study_of("only one complete", spec), "accuracy")}
    assert charts["history"].figure is not None
    assert charts["importances"].sentence == (
        "It needs two complete trials at least, and there is one."
    )
    assert "1 complete trial, 0 such parameters" in charts["parallel"].sentence


def test_one_varying_parameter(spec: StudySpec) -> None:
    study = empty_study()
    for base_lr in (0.1, 0.2, 0.4):
        study.enqueue_trial({"family": "constant", "base_lr": base_lr, "warmup_steps": 0})
    add_trials(study, spec, ["complete"] * 3)
    charts = {c.key: c for c in optuna_charts(study, "accuracy")}
    assert "3 complete trials, 1 such parameter" in charts["parallel"].sentence
    assert [c.title for c in charts.values() if c.key.startswith("slice")] == ["base_lr, 3 trials"]
    assert charts["importances"].figure is not None


def test_trials_with_the_same_value_have_no_importances() -> None:
    study = empty_study()
    for _ in range(5):
        trial = study.ask()
        trial.suggest_float("x", 0, 1)
        study.tell(trial, 0.1)
    charts = {c.key: c for c in optuna_charts(study, "accuracy")}
    assert charts["importances"].sentence == "All complete trials have the same accuracy."


def test_a_plot_that_fails_costs_its_own_place_alone(
    spec: StudySpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no variance")

    monkeypatch.setattr(optuna_figures.visualization, "plot_param_importances", broken)
    charts = {c.key: c for c in optuna_charts(study_of("mixed", spec), "accuracy")}
    assert charts["importances"].sentence == (
        "Optuna could not draw this chart (RuntimeError: no variance)."
    )
    assert charts["history"].figure is not None


def test_history_shows_the_complete_trials_and_the_best_so_far(spec: StudySpec) -> None:
    charts = {c.key: c for c in optuna_charts(study_of("mixed", spec), "accuracy")}
    points, line, *_ = figure_data(charts["history"].figure)
    complete = [n for n, state in enumerate(MIXED) if state == "complete"]
    values = [accuracy(n, spec.epochs) for n in complete]
    assert (list(points["x"]), list(points["y"])) == (complete, values)
    assert line["y"][-1] == max(values)


def test_intermediate_values_of_every_trial_with_the_best_one_highlighted(
    spec: StudySpec,
) -> None:
    study = study_of("mixed", spec)
    charts = {c.key: c for c in optuna_charts(study, "accuracy")}
    traces = figure_data(charts["intermediate"].figure)
    assert {t["name"] for t in traces} == {
        f"Trial{n}" for n, state in enumerate(MIXED) if state != "failed"
    }
    highlighted = [t["name"] for t in traces if t["line"]["color"] == BEST]
    assert highlighted == [f"Trial{study.best_trial.number}"] == [traces[-1]["name"]]


def test_a_parameter_on_a_logarithmic_axis_has_all_its_points_in_sight(spec: StudySpec) -> None:
    charts = optuna_charts(study_of("mixed", spec), "accuracy")
    (figure,) = [chart.figure for chart in charts if chart.title.startswith("base_lr, ")]
    low, high = figure.layout.xaxis.range
    assert figure.layout.xaxis.type == "log"
    assert all(low < math.log10(x) < high for x in figure.data[0].x)
    assert len(figure.layout.xaxis.tickvals) >= 2


def test_the_timeline_leaves_out_trials_that_wait(spec: StudySpec) -> None:
    study = empty_study()
    add_trials(study, spec, ["pruned"])
    study.enqueue_trial({"family": "constant"})
    charts = {c.key: c for c in optuna_charts(study, "accuracy")}
    assert [t["name"] for t in figure_data(charts["timeline"].figure)] == ["pruned"]


def test_optuna_keeps_how_much_it_says(spec: StudySpec) -> None:
    before = optuna.logging.get_verbosity()
    optuna_charts(study_of("no trials", spec), "accuracy")
    assert optuna.logging.get_verbosity() == before


def test_nothing_of_a_trials_attributes_gets_into_optunas_figures(spec: StudySpec) -> None:
    charts = optuna_charts(study_of("mixed", spec), "accuracy")
    drawn = [chart.figure.to_json() for chart in charts if chart.figure is not None]
    assert not any("script" in text or "train_loss" in text for text in drawn)


def test_a_snapshot_has_every_trial_and_does_not_follow_the_study(spec: StudySpec) -> None:
    study = study_of("mixed", spec)
    frozen = snapshot(study)
    assert trial_rows(frozen) == trial_rows(study)
    add_trials(study, spec, ["complete"])
    assert len(frozen.get_trials()) == len(MIXED)


def test_the_best_figure_has_rate_loss_and_accuracies_on_one_time_axis(spec: StudySpec) -> None:
    best = report_data(trial_rows(study_of("mixed", spec)), spec.space.clock).best
    assert best is not None
    figure = best_figure(best)
    rate, loss, train, test = figure_data(figure)
    assert tuple(rate["x"]) == best.curve.epochs
    assert tuple(rate["y"]) == best.curve.rates
    assert tuple(loss["y"]) == best.train_loss
    assert tuple(train["y"]) == best.train_accuracy
    assert tuple(test["y"]) == best.test_accuracy
    assert tuple(loss["x"]) == tuple(train["x"]) == tuple(test["x"]) == best.epochs
    assert figure.layout.yaxis.type == "log"
    assert figure.layout.xaxis.matches == figure.layout.xaxis2.matches == "x3"
    assert "epochs" in figure.layout.xaxis3.title.text


def test_the_overlay_draws_the_best_last_and_the_pruned_as_one_faint_trace(
    spec: StudySpec,
) -> None:
    study = add_trials(empty_study(), spec, ["complete"] * 12 + ["pruned"] * 5)
    lines = report_data(trial_rows(study), spec.space.clock).lines
    traces = figure_data(overlay_figure(lines))
    assert [t["name"] for t in traces[:2]] == ["pruned (5)", "other complete (5)"]
    assert len(traces) == 2 + 7
    assert f"trial {study.best_trial.number}" in traces[-1]["name"]
    assert traces[-1]["line"]["color"] == BEST
    assert traces[-1]["line"]["width"] > max(t["line"]["width"] for t in traces[:-1])
    gaps = [x for x in traces[0]["x"] if x is None or (isinstance(x, float) and math.isnan(x))]
    assert len(gaps) == 5


def test_labels_are_text_to_plotly() -> None:
    assert text(HOSTILE) == "&lt;script&gt;alert('reason')&lt;/script&gt;"
