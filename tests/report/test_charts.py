from __future__ import annotations

import math
from pathlib import Path

import pytest

from tuner.definition import StudySpec
from tuner.report.charts import charts
from tuner.report.confirmed import Confirmed, Finalist
from tuner.report.data import report_data
from tuner.report.figures.style import Chart
from tuner.report.snapshot import snapshot
from tuner.search import trial_rows

from .studies import STATES, figure_data, make_spec, study_in

KEYS = {
    "best", "confirmed", "schedules", "learning", "progress", "families", "pruning", "base-lr",
    "power", "warmup", "importances", "timeline", "robustness", "map", "frontier",
    "plane", "slices",
}  # fmt: skip
NEED_COMPLETE = {
    "best", "progress", "families", "base-lr", "importances", "robustness", "map",
    "plane",
}  # fmt: skip


def charts_in(state: str, spec: StudySpec) -> dict[str, Chart]:
    study = snapshot(study_in(state, spec))
    rows = trial_rows(study)
    return charts(study, spec, rows, report_data(rows, spec.space.clock, spec.objective), None)


@pytest.mark.parametrize("state", STATES)
def test_every_chart_has_data_or_a_sentence(
    state: str, spec: StudySpec, capfd: pytest.CaptureFixture[str]
) -> None:
    found = charts_in(state, spec)
    assert set(found) == KEYS
    for key, chart in found.items():
        assert (chart.figure is None) == bool(chart.sentence), key
        assert "could not draw" not in chart.sentence, key
        if chart.figure is not None:
            assert any(len(trace.get("x", ())) for trace in figure_data(chart.figure)), key
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("state", ["no trials", "only failed", "only pruned", "only running"])
def test_charts_that_need_a_complete_trial_say_so(state: str, spec: StudySpec) -> None:
    found = charts_in(state, spec)
    assert all("complete trial" in found[key].sentence for key in NEED_COMPLETE)


def test_titles_are_sentences_of_their_own_and_axes_have_names(spec: StudySpec) -> None:
    found = charts_in("mixed", spec)
    assert len({chart.title for chart in found.values()}) == len(found)
    for key, chart in found.items():
        if chart.figure is None:
            continue
        layout = chart.figure.layout
        assert layout.title.text is None, key
        axes = [layout[name] for name in layout if name.startswith("xaxis")]
        assert any(axis.title.text for axis in axes), key


def test_a_study_without_a_pruner_misses_no_good_trial(tmp_path: Path) -> None:
    spec = make_spec(tmp_path, more='[pruner]\ntype = "none"')
    chart = charts_in("two complete", spec)["pruning"]
    assert (chart.answer, chart.sentence) == ("", "The study prunes no trial.")


def test_a_confirm_has_room_for_the_labels_of_its_rows(spec: StudySpec) -> None:
    study = study_in("no trials", spec)
    data = report_data([], spec.space.clock, spec.objective)
    heights = []
    for label in ("short", "a label of about sixty letters, as one writes who is careful"):
        found = (Finalist(label, "cosine", (0.8,), 0.8, None),) * 3
        confirmed = Confirmed("", (), found, False)
        heights.append(charts(study, spec, [], data, confirmed)["confirmed"].height)
    assert heights[0] == 110 + 3 * 52
    assert heights[1] >= 110 + 3 * 4 * 17


def test_a_confirm_that_nobody_survived_has_no_chart(spec: StudySpec) -> None:
    study = study_in("no trials", spec)
    data = report_data([], spec.space.clock, spec.objective)
    confirmed = Confirmed("", (), (Finalist("hot", "cosine", (math.inf,), math.inf, None),), False)
    chart = charts(study, spec, [], data, confirmed)["confirmed"]
    assert chart.sentence == "It needs a training that did not diverge, and there is none."


def test_a_rate_of_zero_is_said_to_be_left_out(spec: StudySpec) -> None:
    study = study_in("two complete", spec)
    rows = trial_rows(study)
    data = report_data(rows, spec.space.clock, spec.objective)
    assert data.best is not None
    zero = data.best.curve._replace(rates=(*data.best.curve.rates[:-1], None))
    data = data._replace(best=data.best._replace(curve=zero))
    found = charts(study, spec, rows, data, None)
    assert "learning rate of 0" in found["best"].note
