"""The page of a comparison in a real browser, and its figures, of trainings written by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

import tuner
from tuner.comparison import Compared, Comparison, Repeat
from tuner.report.comparison_figures import schedules_figure, seeds_figure, training_figure
from tuner.report.comparison_page import render_comparison
from tuner.tasks.base import EpochRecord

from ..browser import browser
from .reading import Page

ROOT = Path(__file__).parents[2]
SPEC = tuner.check_study(ROOT / "studies" / "chapter.toml").spec
CLOCK = SPEC.space.clock


# The last is the page that a browser begins with.
LOCAL = ("file:", "data:", "blob:", "chrome:")


def repeat(seed: int, end: float) -> Repeat:
    records = tuple(
        EpochRecord(epoch, 1 / epoch, end - 0.1 / epoch, end - 0.2 / epoch, 0.3, 0.3, 1.0)
        for epoch in range(1, 31)
    )
    values = tuple(record.test_accuracy for record in records)
    return Repeat(seed, "complete", records, values, values[-1], "")


DEAD = Repeat(3, "complete", (), (), 0.1, "collapsed in epoch 1: dead")
BASELINES = SPEC.space.baselines
DRAWN = "return document.querySelectorAll('.js-plotly-plot .plot-container').length"
ENDS = (0.8, 0.9, 0.85, 0.7, 0.75, 0.88, 0.6, 0.5)
LIVING = [
    Compared(b.label, b.schedule, b.published, (repeat(1, end), repeat(2, end + 0.01)))
    for b, end in zip(BASELINES, ENDS, strict=False)
]
GONE = Compared("<b>dead</b> & gone", BASELINES[-1].schedule, "", (DEAD,))
COMPARISON = Comparison((*LIVING, GONE), missing=0)


def test_it_opens_in_a_browser_without_a_network(tmp_path: Path) -> None:
    path = tmp_path / "compare.html"
    path.write_text(render_comparison(COMPARISON, SPEC), encoding="utf-8")
    assert path.stat().st_size < 6e6
    with browser() as chromium:
        for width in (1280, 400):
            chromium.open(path, width=width)
            chromium.wait(lambda: chromium.run(DRAWN) == 2 + len(COMPARISON.schedules))
            assert chromium.run("return document.documentElement.scrollWidth") <= width
            assert chromium.messages() == []
            assert [url for url in chromium.requests() if not url.startswith(LOCAL)] == []


def test_the_table_and_the_sentence() -> None:
    page = Page(render_comparison(COMPARISON, SPEC))
    assert page.unbalanced == []
    _head, *rows = page.tables["table-compared"]
    assert rows[0][:6] == [
        "constant 0.3", "2", "0.03333 ± 0", "0.802 ± 0.007", "0.798 ± 0.007", "0.882 ± 0.013",
    ]  # fmt: skip
    assert rows[-1] == ["<b>dead</b> & gone", "1", "–", "–", "0.100", "", "collapsed: seed 3"]
    assert page.texts["verdict"].startswith("Of 9 schedules, “square root, epochs” has the")
    nothing = Page(render_comparison(Comparison(COMPARISON.schedules[:0], 4), SPEC))
    assert nothing.texts["verdict"] == "No training is over yet."


def test_a_training_at_chance_leaves_the_others_room() -> None:
    fine = COMPARISON.schedules[0]
    seeds = [fine.repeats[0]._replace(seed=n, value=0.89 + n / 1000) for n in range(8)]
    dead = seeds[0]._replace(value=0.1, reason="collapsed in epoch 1")
    hot = fine._replace(label="hot", repeats=(dead,))
    figure = seeds_figure(Comparison((fine._replace(repeats=tuple(seeds)), hot), 0))
    row = next(trace for trace in figure.data if trace.y[0] == "hot")
    assert tuple(row.customdata[0]) == (0.1, 0)
    assert 0.8 < figure.layout.xaxis.range[0] < row.x[0] < 0.89
    means = figure.data[-1]
    assert (means.x[1], means.customdata[1], means.error_x.array[1]) == (row.x[0], 0.1, 0)
    assert means.error_x.array[0] > 0


def test_the_figures() -> None:
    rates = schedules_figure(COMPARISON.schedules, CLOCK)
    by_name = {trace.name: trace for trace in rates.data}
    fast = by_name["cosine, updates"]
    assert (fast.x[0], fast.y[0]) == (round(1 / 235, 5), pytest.approx(0.2982, abs=1e-3))
    assert (fast.x[-1], fast.y[-1]) == (30, 0.01)
    low, high = (10**end for end in rates.layout.yaxis.range)
    assert low < 0.0012  # where the square root in updates ends
    assert high > 0.5
    seeds = seeds_figure(COMPARISON)
    assert [trace.y[0] for trace in seeds.data[:2]] == ["square root, epochs", "cosine, epochs"]
    means = seeds.data[-1]
    assert means.x[0] == pytest.approx(COMPARISON.ranked[0].value.mean)
    assert means.error_x.array[0] == pytest.approx(0.01 / 2**0.5)
    training = training_figure(COMPARISON.schedules[0], CLOCK, "test accuracy")
    drawn = {trace.name: trace for trace in training.data if trace.showlegend is not False}
    assert list(drawn) == ["train loss", "train acc", "test acc"]
    assert drawn["test acc"].y[0] == pytest.approx(0.8 + 0.005 - 0.2)
    assert len(drawn["train loss"].x) == 30
