from __future__ import annotations

import math

import pytest

from tuner.definition import Objective, StudySpec
from tuner.report.confirmed import Finalist
from tuner.report.data import report_data
from tuner.report.figures.series import measured
from tuner.report.figures.style import family_colour, family_symbol, log_axis, text, window
from tuner.report.figures.trainings import (
    TOP,
    Trained,
    best_figure,
    confirmed_figure,
    learning_figure,
    overlay_figure,
    training_figure,
)
from tuner.schedules import FAMILIES
from tuner.search import trial_rows
from tuner.tasks import EpochRecord

from ..rows import ACCURACY, LOSS, record
from ..studies import HOSTILE, add_trials, empty_study, figure_data, study_in


def test_the_winners_figure_has_rate_loss_and_accuracies_on_one_time_axis(
    spec: StudySpec,
) -> None:
    best = report_data(trial_rows(study_in("mixed", spec)), spec.space.clock, spec.objective).best
    assert best is not None
    averaged_values = (0.5, 0.6, 0.7, 0.8)
    records = tuple(
        record._replace(averaged_accuracy=value)
        for record, value in zip(best.records, averaged_values, strict=True)
    )
    best = best._replace(records=records)
    figure = best_figure(best, ACCURACY)
    rate, loss, train, test, averaged = figure_data(figure)
    assert tuple(rate["x"]) == best.curve.epochs
    assert tuple(rate["y"]) == best.curve.rates
    assert rate["line"]["color"] == family_colour(best.family)
    assert list(loss["y"]) == [record.train_loss for record in records]
    assert list(train["y"]) == [record.train_accuracy for record in records]
    assert list(test["y"]) == [record.test_accuracy for record in records]
    assert tuple(averaged["y"]) == averaged_values
    assert all(list(each["x"]) == [1, 2, 3, 4] for each in (loss, train, test, averaged))
    assert figure.layout.yaxis.type == "log"
    assert figure.layout.xaxis.matches == figure.layout.xaxis2.matches == "x3"
    assert "epochs" in figure.layout.xaxis3.title.text


def test_without_averaged_weights_there_is_no_line_for_them(spec: StudySpec) -> None:
    best = report_data(trial_rows(study_in("mixed", spec)), spec.space.clock, spec.objective).best
    assert best is not None
    assert [t["name"] for t in figure_data(best_figure(best, ACCURACY))][-1] == "test accuracy"


OWN = EpochRecord(1, None, None, None, 0.1, 0.1, 1.0, value=7.0)


@pytest.mark.parametrize(
    ("records", "objective", "titles"),
    [
        ((record(1, 0.8),), ACCURACY, ["learning rate", "train loss", "accuracy"]),
        ((record(1, 0.8),), LOSS, ["learning rate", "train loss", "test loss"]),
        ((OWN,), Objective(metric="miles", direction="maximize"), ["learning rate", "miles"]),
        ((), ACCURACY, ["learning rate"]),
    ],
)
def test_a_training_has_a_panel_for_what_it_measures_and_no_other(
    records: tuple[EpochRecord, ...], objective: Objective, titles: list[str]
) -> None:
    series = measured(records, objective)
    figure = training_figure(4, series, objective)
    layout = figure.layout
    axes = [layout[name] for name in sorted(layout) if name.startswith("yaxis")]
    assert [axis.title.text for axis in axes] == titles
    assert len(figure.data) == 1 + len(series)
    across = [layout[name].title.text for name in sorted(layout) if name.startswith("xaxis")]
    assert across == [None] * (len(titles) - 1) + ["time (epochs trained)"]


def test_the_overlay_draws_the_winner_last_and_the_pruned_as_one_faint_trace(
    spec: StudySpec,
) -> None:
    study = add_trials(empty_study(), spec, ["complete"] * 12 + ["pruned"] * 5)
    data = report_data(trial_rows(study), spec.space.clock, spec.objective)
    traces = figure_data(overlay_figure(data.lines, data.winner, ACCURACY))
    assert [t["name"] for t in traces[:2]] == ["pruned (5)", "other complete (5)"]
    assert traces[0]["opacity"] < traces[1]["opacity"] < 1
    assert len(traces) == 2 + TOP
    assert f"winner: 1. {data.best.family}, trial {study.best_trial.number}" in traces[-1]["name"]
    assert traces[-1]["line"]["color"] == family_colour(data.best.family)
    assert traces[-1]["line"]["width"] > max(t["line"]["width"] for t in traces[:-1])
    gaps = [x for x in traces[0]["x"] if x is None or (isinstance(x, float) and math.isnan(x))]
    assert len(gaps) == 5


def test_a_winner_of_a_later_rank_is_the_thick_one(spec: StudySpec) -> None:
    study = add_trials(empty_study(), spec, ["complete"] * 12)
    lines = report_data(trial_rows(study), spec.space.clock, spec.objective).lines
    last = max(lines, key=lambda line: line.rank or 0)
    traces = figure_data(overlay_figure(lines, last.number, ACCURACY))
    assert traces[-1]["name"].startswith(f"winner: 12. {last.family}, trial {last.number}")
    assert traces[0]["name"] == f"other complete ({12 - TOP - 1})"


def test_every_trained_trial_is_a_line_of_its_familys_colour() -> None:
    trials = [
        Trained("cosine", True, (0.5, 0.8)),
        Trained("poly", False, (0.4,)),
        Trained("cosine", False, (0.3,)),
        Trained("cosine", True, (0.6, 0.7)),
    ]
    traces = figure_data(learning_figure(trials, 2, ACCURACY))
    assert [(t["name"], t["showlegend"]) for t in traces] == [
        ("poly", True), ("cosine", False), ("cosine", True),
    ]  # fmt: skip
    assert list(traces[2]["y"]) == [0.5, 0.8, None, 0.6, 0.7, None]
    assert list(traces[2]["x"]) == [1, 2, None, 1, 2, None]
    assert {t["line"]["color"] for t in traces[1:]} == {family_colour("cosine")}


def test_a_confirm_has_a_point_for_each_training_and_a_mean_with_its_error() -> None:
    finalists = [
        Finalist("trial 2", "cosine", (0.88, 0.90), 0.89, 0.01),
        Finalist(HOSTILE, "constant", (0.87, 0.1), 0.485, 0.385),
    ]
    figure = confirmed_figure(finalists, ACCURACY)
    points, mean, others, poor = figure_data(figure)
    assert (list(points["x"]), list(points["y"])) == ([0.88, 0.90], [0, 0])
    assert (mean["x"][0], mean["error_x"]["array"][0]) == (0.89, 0.01)
    assert list(others["customdata"]) == [0.87, 0.1]
    low, _ = figure.layout.xaxis.range
    assert low < others["x"][1] <= 0.87  # chance is drawn at the edge
    assert list(poor["customdata"]) == [0.485]
    assert "<script>" not in "".join(figure.layout.yaxis.ticktext)


def test_labels_are_text_to_plotly() -> None:
    assert text(HOSTILE) == "&lt;script&gt;alert('reason')&lt;/script&gt;"


def test_every_family_has_a_colour_and_a_symbol_of_its_own() -> None:
    assert len({family_colour(family) for family in FAMILIES}) == len(FAMILIES)
    assert len({family_symbol(family) for family in FAMILIES}) == len(FAMILIES)


def test_an_axis_ends_with_the_smallest_number_of_all() -> None:
    assert min(log_axis([[1e-323, 5e-324]])["tickvals"]) == 5e-324


def test_the_axis_of_learning_rates_holds_the_high_first_points_of_steps() -> None:
    low, high = log_axis([[0.07, 0.07, 0.028, 0.028, 0.011, 0.011]])["range"]
    assert 10**low < 0.011
    assert 10**high > 0.07


def test_an_axis_of_learning_rates_has_round_ticks_in_its_range() -> None:
    axis = log_axis([[0.013, 0.02, 0.9]])
    low, high = axis["range"]
    assert axis["ticktext"] == ["0.02", "0.05", "0.1", "0.2", "0.5", "1"]
    assert low < math.log10(0.013) < math.log10(0.9) < high


@pytest.mark.parametrize("poor", [0, 1, 3])
def test_few_poor_accuracies_do_not_stretch_an_axis(poor: int) -> None:
    good = [0.88 + 0.002 * n for n in range(12)]
    seen = window([0.1] * poor + good, minimized=False)
    assert 0.82 < seen.range[0] < 0.88
    assert seen.range[1] > max(good)
    assert [seen.shown(value) for value in good] == good
