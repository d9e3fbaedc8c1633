from __future__ import annotations

from typing import Any

import pytest

from tuner.report.answers import which_base_lr, which_warmup
from tuner.report.families import ended_by_pruning, families
from tuner.report.figures.search import (
    answer_figure,
    best_so_far_figure,
    families_figure,
    pruning_figure,
    timeline_figure,
)
from tuner.report.figures.style import COLLAPSED, family_colour, family_symbol
from tuner.report.progress import Bar, Step
from tuner.schedules import Constant, Cosine

from ..rows import ACCURACY, CLOCK, EPOCHS, collapsed, row, untrained
from ..studies import figure_data

CONSTANT = Constant(base_lr=0.3, horizon=40)
COSINE = Cosine(base_lr=0.1, final_lr=0.001, horizon=40, warmup_steps=5)
ROWS = [
    row(0, 0.80, CONSTANT),
    row(1, 0.86, COSINE),
    row(2, 0.85, COSINE),
    row(3, 0.84, COSINE),
    row(4, 0.50, COSINE, state="pruned"),
    row(5, 0.51, CONSTANT, state="pruned", epochs=2),
    collapsed(6, CONSTANT),
]


def named(figure: Any, name: str) -> dict[str, Any]:
    [trace] = [trace for trace in figure_data(figure) if trace.get("name") == name]
    return trace


def test_the_best_so_far_is_a_staircase_with_a_point_for_each_complete_trial() -> None:
    steps = [
        Step(2, "cosine", 4, 0.8, 0.8),
        Step(0, "constant", 9, 0.7, 0.8),
        Step(1, "cosine", 12, 0.9, 0.9),
    ]
    figure = best_so_far_figure(steps, 1, ACCURACY)
    line, points, ring = (named(figure, name) for name in ("best so far", "cosine", "winner"))
    assert (list(line["x"]), list(line["y"])) == ([4, 9, 12], [0.8, 0.8, 0.9])
    assert line["line"]["shape"] == "hv"
    assert (list(points["x"]), list(points["y"])) == ([4, 12], [0.8, 0.9])
    assert (list(ring["x"]), list(ring["y"])) == ([12], [0.9])
    assert "epochs" in figure.layout.xaxis.title.text


def test_every_trial_of_every_family_is_a_point() -> None:
    figure = families_figure(families(ROWS, ACCURACY), 1, ACCURACY)
    points = [t for t in figure_data(figure) if t["type"] == "scatter" and "customdata" in t]
    labels = [label for trace in points for label in trace["customdata"]]
    assert sorted(labels) == [
        "trial 0: 0.8000", "trial 1: 0.8600", "trial 2: 0.8500", "trial 3: 0.8400",
        "trial 4: 0.5000, pruned after 1 epochs", "trial 5: 0.5100, pruned after 2 epochs",
        "trial 6: 0.0000, collapsed after 0 epochs",
    ]  # fmt: skip
    places = {
        label: (x, y)
        for trace in points
        for label, x, y in zip(trace["customdata"], trace["x"], trace["y"], strict=True)
    }
    low, high = figure.layout.xaxis.range
    assert all(low < x < high for x, _ in places.values())
    assert places["trial 1: 0.8600"][0] == 0.86
    assert round(places["trial 0: 0.8000"][1]) == 0  # constant
    assert round(places["trial 1: 0.8600"][1]) == 1  # cosine
    assert list(figure.layout.yaxis.ticktext) == ["constant<br>n = 3", "cosine<br>n = 4"]
    [box] = [trace for trace in figure_data(figure) if trace["type"] == "box"]
    assert sorted(box["x"]) == [0.84, 0.85, 0.86]
    crosses = [t for t in points if t["marker"]["symbol"] == "x"]
    assert {t["marker"]["color"] for t in crosses} == {COLLAPSED}


def test_pruned_trials_are_stacked_by_family_over_the_epochs() -> None:
    figure = pruning_figure(ended_by_pruning(ROWS), EPOCHS)
    constant, cosine = figure_data(figure)
    assert (constant["name"], list(constant["x"]), list(constant["y"])) == ("constant", [2], [1])
    assert (cosine["name"], list(cosine["x"]), list(cosine["y"])) == ("cosine", [1], [1])
    assert figure.layout.barmode == "stack"
    low, high = figure.layout.xaxis.range
    assert low < 1 < EPOCHS < high
    before = pruning_figure(ended_by_pruning([*ROWS, untrained(7)]), EPOCHS)
    assert before.layout.xaxis.range == (-0.6, high)


def test_an_answer_is_drawn_on_the_axis_of_its_question() -> None:
    axis = {"title": {"text": "base LR"}, "type": "log"}
    figure = answer_figure(which_base_lr(ROWS, ACCURACY), 1, ACCURACY, axis)
    cosine, crosses = named(figure, "cosine"), named(figure, "collapsed")
    assert (list(cosine["x"]), list(cosine["y"])) == ([0.1] * 3, [0.86, 0.85, 0.84])
    assert cosine["marker"]["color"] == family_colour("cosine")
    assert cosine["marker"]["symbol"] == family_symbol("cosine")
    assert list(crosses["x"]) == [0.3]
    assert figure.layout.xaxis.type == "log"
    warmup = which_warmup(ROWS, CLOCK, ACCURACY)
    linear = answer_figure(warmup, 1, ACCURACY, {"title": {"text": "w"}})
    assert linear.layout.xaxis.type is None
    assert sorted({x for t in figure_data(linear) for x in t["x"]}) == [0, 0.5]
    assert linear.layout.xaxis.range[0] < 0 < 0.5 < linear.layout.xaxis.range[1]
    means = [t for t in figure_data(linear) if t.get("legendgroup") == "means"]
    assert [(list(t["x"]), t["y"][0]) for t in means] == [
        ([0, 0], 0.8), ([0.5, 0.5], pytest.approx(0.85)),
    ]  # fmt: skip
    assert [t["showlegend"] for t in means] == [True, False]


@pytest.mark.parametrize(
    ("seconds", "unit", "length"),
    [(90, "seconds", 90), (600, "minutes", 10), (4 * 3600, "hours", 4), (4 * 86400, "days", 4)],
)
def test_the_timeline_has_a_unit_that_suits_its_length(
    seconds: float, unit: str, length: float
) -> None:
    bars = [
        Bar(0, "cosine", "complete", "worker 1 (a, process 1)", 0.0, seconds),
        Bar(1, "cosine", "collapsed", "worker 2 (a, process 2)", seconds / 2, seconds / 2),
    ]
    figure = timeline_figure(bars)
    [trace] = figure_data(figure)
    assert list(trace["x"]) == [length, length / 2]
    assert list(trace["base"]) == [0, length / 2]
    assert list(trace["y"]) == ["worker 1", "worker 2"]
    assert trace["customdata"][1] == "trial 1, collapsed, worker 2 (a, process 2)"
    assert f"({unit})" in figure.layout.xaxis.title.text
