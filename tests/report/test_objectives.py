"""Reports of studies that are judged by something else than an accuracy."""

from __future__ import annotations

import itertools
import json
import math
import re
from pathlib import Path

import pytest

from tuner import Constant, Cosine
from tuner.definition import Objective, StudySpec
from tuner.repeats import Candidate, Confirmation
from tuner.report import write_report
from tuner.report.answers import which_base_lr, which_power, which_warmup
from tuner.report.families import families
from tuner.report.figures.search import families_figure
from tuner.report.figures.style import window
from tuner.report.sentences import confirmed_verdict
from tuner.schedules import Poly

from .reading import Page
from .rows import CLOCK, LOSS, collapsed, row
from .studies import MIXED, figure_data, loss, make_spec, study_in

CONSTANT = Constant(base_lr=0.2, horizon=40)
COSINE = Cosine(base_lr=0.1, final_lr=0.001, horizon=40, warmup_steps=5)
COMPLETE = [number for number, state in enumerate(MIXED) if state == "complete"]


def judged_by(metric: str, folder: Path) -> StudySpec:
    if metric != "word_errors":
        return make_spec(folder, more=f'[objective]\nmetric = "{metric}"')
    return make_spec(folder)._replace(objective=Objective(metric=metric, direction="minimize"))


# What a complete trial is worth at the end, by metric; all are the smaller the better.
FINAL = {
    "test_loss": lambda number: loss(number, 4),
    "test_perplexity": lambda number: math.exp(loss(number, 4)),
    "word_errors": lambda number: 100 * loss(number, 4),
}


@pytest.mark.parametrize("metric", FINAL)
def test_the_smallest_value_wins_everywhere_and_no_accuracy_is_spoken_of(
    metric: str, tmp_path: Path
) -> None:
    spec = judged_by(metric, tmp_path)
    study = study_in("mixed", spec)
    path = write_report(study, spec, tmp_path / "report.html")
    page, words = Page(path.read_text(encoding="utf-8")), metric.replace("_", " ")
    values = {number: FINAL[metric](number) for number in COMPLETE}
    ranked = sorted(COMPLETE, key=values.__getitem__)
    assert (
        f"with a {words} of {values[ranked[0]]:.4g} in trial {ranked[0]} –"
        in (page.texts["verdict"])
    )
    leaders = page.records("table-leaders")
    assert [int(each["trial"]) for each in leaders] == ranked
    assert [each[words] for each in leaders] == [f"{values[number]:.4g}" for number in ranked]
    figures = json.loads(page.texts["figures"])["charts"]
    line = next(t for t in figures["progress"]["data"] if t["name"] == "best so far")
    assert line["y"] == pytest.approx([*itertools.accumulate(values.values(), min)])
    assert figures["progress"]["layout"]["yaxis"]["title"]["text"] == words
    for each in page.records("table-families"):
        numbers = [n for n in COMPLETE if study.trials[n].params["family"] == each["family"]]
        best = min((values[number] for number in numbers), default=None)
        assert each["best"] == ("–" if best is None else f"{best:.4g}")
    seen = re.sub(r"<(script|style|pre)\b.*?</\1>", "", path.read_text("utf-8"), flags=re.DOTALL)
    assert "accurac" not in seen.lower()
    assert "accurac" not in json.dumps(figures)


def test_the_curves_of_a_trial_are_of_what_judges(tmp_path: Path) -> None:
    spec = judged_by("test_loss", tmp_path)
    path = write_report(study_in("mixed", spec), spec, tmp_path / "report.html")
    page = Page(path.read_text(encoding="utf-8"))
    trace = json.loads(page.texts["traces"])["2"]
    losses = [loss(2, epoch) for epoch in range(1, 5)]
    # Rates, train loss, what judges, the same of the averaged weights.
    assert len(trace["y"]) == 4
    assert trace["y"][2] == pytest.approx(losses, abs=1e-4)
    assert trace["y"][3] == pytest.approx([value - 0.01 for value in losses], abs=1e-4)
    assert "averaging changes the loss by -0.01" in page.texts["answer-best"]
    best = json.loads(page.texts["figures"])["charts"]["best"]
    assert [t["name"] for t in best["data"]] == [
        "learning rate", "train loss", "test loss", "averaged weights",
    ]  # fmt: skip


def test_a_confirm_is_won_by_the_smallest_mean(tmp_path: Path) -> None:
    finalist = Candidate("trial 2", COSINE, 2, {1: 0.30, 2: 0.32}, minimized=True)
    baseline = Candidate("by hand", CONSTANT, None, {1: 0.40, 2: math.inf}, (2,), minimized=True)
    second = Candidate("other", CONSTANT, None, {1: 0.50, 2: 0.54}, minimized=True)
    confirmation = Confirmation((baseline, second, finalist), ())
    holdout = Objective(metric="test_loss", evaluate_on="holdout")
    assert confirmed_verdict(confirmation, holdout.for_test_set()).startswith(
        "The winner is trial 2, cosine with base LR 0.1: test loss 0.31 ± 0.01 (mean ±"
        " standard error over n = 2 fresh seeds), 0.21 below the best baseline, “other”,"
    )
    more = '[objective]\nmetric = "test_loss"\nevaluate_on = "holdout"'
    spec = make_spec(tmp_path, more=more)
    path = write_report(study_in("mixed", spec), spec, tmp_path / "report.html", confirmation)
    page = Page(path.read_text(encoding="utf-8"))
    assert [each["schedule"] for each in page.records("table-confirmed")] == [
        "trial 2 cosine", "other constant", "by hand constant",
    ]  # fmt: skip
    assert page.tables["table-confirmed"][0][1] == "mean test loss ± standard error"
    chart = json.loads(page.texts["figures"])["charts"]["confirmed"]
    assert chart["layout"]["xaxis"]["title"]["text"] == "test loss"
    low, high = chart["layout"]["xaxis"]["range"]
    assert all(low < x < high for trace in chart["data"] for x in trace["x"])


def test_the_exercises_ask_for_the_smallest_value() -> None:
    rows = [row(n, 0.5 - n / 100, COSINE, minimized=True) for n in range(3)]
    rows += [row(3, 0.40, CONSTANT, minimized=True), row(4, 0.45, CONSTANT, minimized=True)]
    rows += [row(5, 0.9, Poly(base_lr=0.3, final_lr=0.1, horizon=40, power=1.0), minimized=True)]
    rows += [row(6, 0.3, Poly(base_lr=0.3, final_lr=0.1, horizon=40, power=3.0), minimized=True)]
    assert which_base_lr(rows, LOSS).sentence.endswith(
        "The best 2 of 7 complete trials have base LRs from 0.2 to 0.3. The best fixed learning"
        " rate of 2 is 0.2, with 0.4 (trial 3), 0.1 above the best schedule."
    )
    assert "the best (0.3, trial 6) has the exponent 3." in which_power(rows, LOSS).sentence
    best = which_warmup(rows[:5], CLOCK, LOSS).sentence
    assert best.startswith("The best mean is that of no warmup: 0.425 ")


def test_poor_values_are_at_the_upper_end_of_an_axis() -> None:
    rows = [row(n, 0.40 + n / 100, COSINE, minimized=True) for n in range(5)]
    rows += [row(5, 9.0, COSINE, minimized=True), collapsed(6, COSINE)]
    [family] = families(rows, LOSS)
    assert family.best == 0.40
    assert [dot.accuracy for dot in family.of("collapsed")] == [math.inf]
    figure = families_figure([family], 0, LOSS)
    _, high = figure.layout.xaxis.range
    points = [t for t in figure_data(figure) if t["type"] == "scatter" and "customdata" in t]
    places = {label: x for t in points for label, x in zip(t["customdata"], t["x"], strict=True)}
    assert places["trial 0: 0.4"] == 0.40
    poor = places["trial 5: 9"]
    assert 0.44 < poor < high < 1
    assert places["trial 6: inf, collapsed after 0 epochs"] == poor


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("minimized", [False, True])
def test_a_window_suits_values_of_any_size(scale: float, minimized: bool) -> None:
    sign = -1 if minimized else 1
    values = [scale * (5 + sign * n) for n in (-900, 0, 1, 2, 3, 4)]
    found = window([*values, -sign * math.inf], minimized)
    low, high = found.range
    assert all(low < found.shown(value) < high for value in values)
    assert [found.shown(value) for value in values[1:]] == values[1:]
    assert high - low < 30 * scale
    same = window([scale] * 3, minimized)
    assert same.range[0] < scale < same.range[1] < 2 * scale
    nothing = window([math.inf, math.nan], minimized)
    assert nothing.range[0] < nothing.range[1]
