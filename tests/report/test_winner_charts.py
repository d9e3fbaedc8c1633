"""What the report expects of changes to the winner, and where it stands among all schedules."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tuner.definition import StudySpec
from tuner.report import robustness
from tuner.report.figures.winner import changes_figure, map_figure, plane_figure
from tuner.report.frontier import frontier, sentence
from tuner.report.outlook import Outlook
from tuner.report.plane import plane
from tuner.schedules import Constant, Cosine
from tuner.search import TrialRow

from .rows import ACCURACY, CLOCK, LOSS, collapsed, record, row
from .studies import figure_data, make_spec


def error_at(base_lr: float) -> float:
    """A valley with its bottom at 0.2: twofold costs a factor of e**0.09 there."""
    return 0.1 * math.exp(math.log10(base_lr / 0.2) ** 2)


def cosine(base_lr: float, warmup: int = 4) -> Cosine:
    return Cosine(
        base_lr=base_lr, final_lr=base_lr / 100, horizon=CLOCK.horizon, warmup_steps=warmup
    )


@pytest.fixture
def spec(tmp_path: Path) -> StudySpec:
    return make_spec(tmp_path)


@pytest.fixture
def rows() -> list[TrialRow]:
    rates = [0.01 * 1.26**step for step in range(18)]  # up to 0.5
    trained = [row(n, 1 - error_at(lr), cosine(lr)) for n, lr in enumerate(rates)]
    return [*trained, *(collapsed(n, cosine(lr)) for n, lr in ((18, 0.8), (19, 0.9), (20, 0.95)))]


def test_the_model_knows_the_valley_of_its_trials(rows: list[TrialRow], spec: StudySpec) -> None:
    outlook = Outlook.of(rows, spec)
    assert outlook is not None
    known = cosine(0.2)
    same, half, twice, far = outlook.instead(
        known, 0.9, [known, cosine(0.1), cosine(0.4), cosine(1.0)]
    )
    assert same.value == same.worst == same.best == pytest.approx(0.9)
    for other, lr in ((half, 0.1), (twice, 0.4)):
        assert other.value == pytest.approx(1 - error_at(lr), abs=0.003)
        assert other.worst <= other.value <= other.best
    assert half.survives > 0.99
    assert far.survives < 0.2


def test_changes_to_the_winner_are_named_and_priced(rows: list[TrialRow], spec: StudySpec) -> None:
    winner = row(30, 0.9, cosine(0.45))
    found = robustness.robustness(winner, Outlook.of(rows, spec), spec)
    assert found is not None
    changes = {change.name: change for change in found.changes}
    assert [*changes] == [
        "base LR × ½", "base LR × 2", "no warmup", "warmup × ½", "warmup × 2", "final LR × ⅒",
        "final LR × 10",
    ]  # fmt: skip
    assert changes["warmup × 2"].schedule == cosine(0.45, warmup=8)
    assert changes["base LR × 2"].schedule == cosine(0.45).scaled(2)
    assert [name for name, change in changes.items() if change.collapses] == ["base LR × 2"]
    assert "twice the base LR: -0." in robustness.sentence(found, ACCURACY)
    middle = found.cells[8][8]
    assert middle is not None
    assert (found.rates[8], found.ends[8], middle.value) == (1, 1, pytest.approx(0.9))
    assert found.cells[-1][0] is None  # an end above its base LR
    survives, crosses = (t for t in figure_data(changes_figure(found, ACCURACY)))
    assert len(survives["x"]) == 6
    assert list(crosses["y"]) == [1]
    heat, *_ = figure_data(map_figure(found, ACCURACY))
    assert len(heat["z"]) == len(found.ends)


def test_nothing_is_expected_of_too_few_trials_or_an_unknown_metric(
    rows: list[TrialRow], spec: StudySpec
) -> None:
    assert Outlook.of(rows[:7], spec) is None
    odd = spec._replace(objective=spec.objective.model_copy(update={"metric": "prize"}))
    assert Outlook.of(rows, odd) is None
    assert "which prize has not" in robustness.missing(odd)


def test_the_frontier_says_how_early_what_the_default_reaches_is_reached(
    spec: StudySpec,
) -> None:
    def trained(number: int, values: list[float], averaged: list[float], **more: str) -> TrialRow:
        records = tuple(
            record(epoch, value, average)
            for epoch, (value, average) in enumerate(zip(values, averaged, strict=True), start=1)
        )
        return row(number, values[-1], **more)._replace(records=records)

    default = trained(0, [0.5, 0.6, 0.7, 0.8], [0.5, 0.6, 0.7, 0.8], baseline="today's")
    winner = trained(1, [0.4, 0.5, 0.8, 0.9], [0.5, 0.8, 0.7, 0.9])
    found = frontier([default, winner], 1, ACCURACY)
    assert found is not None
    assert [each.value for each in found.winner] == [0.5, 0.8, 0.8, 0.9]
    assert [each.value for each in found.best] == [0.5, 0.8, 0.8, 0.9]
    said = sentence(found, ACCURACY, spec.unit)
    assert said.startswith("What “today's” reaches in 4 epochs (0.8000), the winner reaches in 2")
    assert "(0.8000, by its averaged weights)" in said
    assert frontier([winner], 1, ACCURACY) is None
    # Of losses the small ones are good.
    worse = frontier([default, winner], 1, LOSS)
    assert worse is not None
    assert "no trial reaches in fewer" in sentence(worse, LOSS, spec.unit)


def test_every_schedule_has_its_place_by_sum_and_end(
    rows: list[TrialRow], spec: StudySpec
) -> None:
    wide = spec.space.clock  # the spec's own: 4 epochs of 10 updates
    constant = row(40, 0.7, Constant(base_lr=0.3, horizon=wide.horizon))
    found = plane([*rows, constant], spec, ACCURACY, Outlook.of(rows, spec))
    assert len(found.places) == len(rows) + 1
    place = found.places[-1]
    assert place.total == pytest.approx(0.3 * wide.horizon)
    assert place.end == pytest.approx(0.3)
    assert found.ground is not None
    assert len(found.ground.values) == len(found.ground.ends)
    figure = plane_figure(found, 40, ACCURACY, spec.unit)
    named = {trace["name"]: trace for trace in figure_data(figure) if trace.get("name")}
    assert {"cosine", "constant"} <= {
        t["name"] for t in figure_data(figure) if t.get("showlegend") is not False and "name" in t
    }
    assert {"cosine", "constant", "collapsed", "winner"} <= named.keys()
    assert list(named["winner"]["x"]) == [pytest.approx(12.0)]
    assert len(named["collapsed"]["x"]) == 3
