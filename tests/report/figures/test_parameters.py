from __future__ import annotations

import optuna
import pytest

from tuner.definition import StudySpec
from tuner.report.figures import parameters
from tuner.report.figures.parameters import parameter_charts
from tuner.report.figures.style import Chart
from tuner.report.snapshot import snapshot
from tuner.search import trial_rows

from ..rows import ACCURACY
from ..studies import MIXED, add_trials, empty_study, figure_data, study_in


def charts_of(study: optuna.Study) -> dict[str, Chart]:
    return {chart.key: chart for chart in parameter_charts(study, ACCURACY)}


@pytest.mark.parametrize("state", ["no trials", "only failed", "only pruned", "only running"])
def test_charts_that_need_a_complete_trial_say_so(state: str, spec: StudySpec) -> None:
    charts = charts_of(study_in(state, spec))
    assert set(charts) == {"importances"}
    assert all("complete trial" in chart.sentence for chart in charts.values())


def test_one_complete_trial_has_no_importances(spec: StudySpec) -> None:
    charts = charts_of(study_in("only one complete", spec))
    assert charts["importances"].sentence == (
        "It needs two complete trials at least, and there is one."
    )


def test_one_varying_parameter(spec: StudySpec) -> None:
    study = empty_study()
    for base_lr in (0.1, 0.2, 0.4):
        study.enqueue_trial({"family": "constant", "base_lr": base_lr, "warmup_steps": 0})
    add_trials(study, spec, ["complete"] * 3)
    charts = charts_of(study)
    assert charts["importances"].sentence.startswith("These trials do not tell: of 8 resamples")


def test_importances_are_drawn_where_resamples_agree() -> None:
    study = empty_study()
    for number in range(40):
        trial = study.ask()
        x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
        study.tell(trial, 1 - (x - 0.5) ** 2 + (0.001 * y if number % 2 else 0))
    figure = charts_of(study)["importances"].figure
    assert figure is not None
    [bar] = figure_data(figure)
    assert bar["y"][-1] == "x"
    assert all(0 <= spread < 0.5 for spread in bar["error_x"]["array"])


def test_trials_with_the_same_value_have_no_importances() -> None:
    study = empty_study()
    for _ in range(5):
        trial = study.ask()
        trial.suggest_float("x", 0, 1)
        study.tell(trial, 0.1)
    assert charts_of(study)["importances"].sentence == (
        "All complete trials have the same test accuracy."
    )


def test_a_plot_that_fails_costs_its_own_place_alone(
    spec: StudySpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no variance")

    monkeypatch.setattr(parameters, "styled", broken)
    charts = charts_of(study_in("mixed", spec))
    assert charts["importances"].sentence == (
        "This chart could not be drawn (RuntimeError: no variance)."
    )


def test_a_trial_without_parameters_is_left_out_and_told(spec: StudySpec) -> None:
    study = empty_study()
    study.tell(study.ask(), 0.9)
    charts = charts_of(add_trials(study, spec, ["complete"] * 6))
    assert "over 6 complete trials" in charts["importances"].title
    assert "base_lr" in charts["importances"].figure.to_json()
    assert all(
        chart.note.endswith(" 1 complete trial without sampled parameters left out:"
                            " outside the search space.")
        for chart in charts.values()
    )  # fmt: skip


def test_a_value_outside_its_range_is_drawn_with_the_others(spec: StudySpec) -> None:
    study = empty_study()
    study.enqueue_trial({"family": "constant", "base_lr": 5.0, "warmup_steps": 0})
    with pytest.warns(UserWarning, match="Fixed parameter base_lr with value 5.0 is out of range"):
        add_trials(study, spec, ["complete"])
    add_trials(study, spec, ["complete"] * 5)
    frozen = snapshot(study)
    assert trial_rows(frozen) == trial_rows(study)
    charts = charts_of(frozen)
    assert "base_lr" in charts["importances"].figure.to_json()


def test_optuna_keeps_how_much_it_says(spec: StudySpec) -> None:
    before = optuna.logging.get_verbosity()
    charts_of(study_in("no trials", spec))
    assert optuna.logging.get_verbosity() == before


def test_nothing_of_a_trials_attributes_gets_into_the_figures(spec: StudySpec) -> None:
    charts = charts_of(study_in("mixed", spec)).values()
    drawn = [chart.figure.to_json() for chart in charts if chart.figure is not None]
    assert not any("script" in text or "train_loss" in text for text in drawn)


def test_a_snapshot_has_every_trial_and_does_not_follow_the_study(spec: StudySpec) -> None:
    study = study_in("mixed", spec)
    frozen = snapshot(study)
    assert trial_rows(frozen) == trial_rows(study)
    add_trials(study, spec, ["complete"])
    assert len(frozen.get_trials()) == len(MIXED)
