"""The page of a comparison in a real browser, and its figures, of trainings written by hand."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

import tuner
from tuner.repeats import Compared, Comparison, Repeat
from tuner.report.comparison_page import render_comparison
from tuner.report.figures.comparison import compared_curve, seeds_figure, training_figure
from tuner.report.figures.style import folded, row_height
from tuner.report.figures.together import Together, together_figure
from tuner.tasks import EpochRecord

from ..axe import violations
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


DEAD = Repeat(3, "collapsed", (), (), 0.1, "collapsed in epoch 1: dead")
BASELINES = SPEC.space.baselines
DRAWN = "return document.querySelectorAll('.js-plotly-plot .plot-container').length"
ENDS = (0.8, 0.9, 0.85, 0.7, 0.75, 0.88, 0.6, 0.5)
LIVING = [
    Compared(b.label, b.schedule, b.published, (repeat(1, end), repeat(2, end + 0.01)))
    for b, end in zip(BASELINES, ENDS, strict=False)
]
GONE = Compared("<b>dead</b> & gone", BASELINES[-1].schedule, "", (DEAD,))
COMPARISON = Comparison((*LIVING, GONE), missing=0)


@pytest.mark.usefixtures("processes")
def test_it_opens_in_a_browser_without_a_network(tmp_path: Path) -> None:
    path = tmp_path / "compare.html"
    path.write_text(render_comparison(COMPARISON, SPEC), encoding="utf-8")
    assert path.stat().st_size < 6e6
    with browser() as chromium:
        for width in (1280, 400):
            chromium.open(path, width=width)
            chromium.wait(lambda: chromium.run(DRAWN) == 3 + len(COMPARISON.schedules))
            assert chromium.run("return document.documentElement.scrollWidth") <= width
            assert chromium.messages() == []
            assert [url for url in chromium.requests() if not url.startswith(LOCAL)] == []
        assert violations(chromium) == []


def test_the_table_and_the_sentence() -> None:
    page = Page(render_comparison(COMPARISON, SPEC))
    assert page.unbalanced == []
    _head, *rows = page.tables["table-compared"]
    # The ends are 0.1 apart on both seeds, which two that are equal say nothing of.
    assert rows[0][:7] == [
        "constant 0.3", "2", "0.03333 ± 0", "0.802 ± 0.007", "0.798 ± 0.007", "-0.1000",
        "0.882 ± 0.013",
    ]  # fmt: skip
    assert rows[-1] == ["<b>dead</b> & gone", "1", "–", "–", "0.100", "–", "", "collapsed: seed 3"]
    assert page.texts["verdict"].startswith("Of 9 schedules, “square root, epochs” has the")
    nothing = Page(render_comparison(Comparison(COMPARISON.schedules[:0], 4), SPEC))
    assert nothing.texts["verdict"] == "No training is over yet."


def test_where_all_diverged_no_schedule_is_the_best() -> None:
    inf = LIVING[0]._replace(repeats=(DEAD._replace(value=math.inf),))
    page = Page(render_comparison(Comparison((inf, inf), 0, "test loss", True), SPEC))
    assert page.texts["verdict"] == "No schedule survived: even the lowest mean test loss is inf."
    assert page.of_class("best") == []
    assert "chart-seeds" not in [e.attributes.get("id") for e in page.elements]


OWN = Repeat(1, "complete", (EpochRecord(1, None, None, None, 0.1, 0.1, 1.0),), (7.0,), 7.0, "")


@pytest.mark.parametrize(
    ("training", "metric", "titles", "names"),
    [
        (
            repeat(1, 0.8), "test accuracy", ["train loss", "accuracy"],
            ["train loss", "train acc", "test acc"],
        ),
        (
            repeat(1, 0.8), "test perplexity", ["train loss", "test perplexity"],
            ["train loss", "test perplexity"],
        ),
        (OWN, "miles", ["miles"], ["miles"]),
        (DEAD, "miles", [], []),
    ],
)  # fmt: skip
def test_a_training_has_a_panel_for_what_it_measures_and_no_other(
    training: Repeat, metric: str, titles: list[str], names: list[str]
) -> None:
    figure = training_figure(LIVING[0]._replace(repeats=(training,)), CLOCK, metric)
    axes = [figure.layout[name] for name in sorted(figure.layout) if name.startswith("yaxis")]
    assert [axis.title.text for axis in axes] == ["LR", *titles]
    assert [t.name for t in figure.data if t.showlegend is not False] == names


LONG = "a label of about sixty letters, as one writes who is careful"


def test_a_row_is_as_high_as_its_folded_label() -> None:
    assert row_height(["short"], 30) == 30
    assert row_height(["short", LONG], 30) >= 17 * (folded(LONG).count("<br>") + 1) > 30
    long = Comparison((LIVING[0]._replace(label=LONG), *LIVING[1:3]), 0)
    page = Page(render_comparison(long, SPEC))
    [seeds] = [e for e in page.elements if e.attributes.get("id") == "chart-seeds"]
    assert seeds.attributes["style"] == f"height:{140 + 3 * row_height([LONG], 30)}px"
    assert len(page.of_class("folded")) == 4


def test_a_training_at_chance_leaves_the_others_room() -> None:
    fine = COMPARISON.schedules[0]
    seeds = [fine.repeats[0]._replace(seed=n, value=0.89 + n / 1000) for n in range(8)]
    dead = seeds[0]._replace(state="collapsed", value=0.1, reason="collapsed in epoch 1")
    hot = fine._replace(label="hot", repeats=(dead,))
    figure = seeds_figure(Comparison((fine._replace(repeats=tuple(seeds)), hot), 0))
    row = next(trace for trace in figure.data if trace.name == "hot")
    assert tuple(row.customdata[0]) == (0.1, 0)
    assert 0.8 < figure.layout.xaxis.range[0] < row.x[0] < 0.89
    means = figure.data[-1]
    assert (means.x[1], means.customdata[1], means.error_x.array[1]) == (row.x[0], 0.1, 0)
    assert means.error_x.array[0] > 0


def test_the_figures() -> None:
    every = [Together(c.label, compared_curve(c, CLOCK), c.curves) for c in COMPARISON.schedules]
    rates = together_figure(every, CLOCK, "test accuracy", minimized=False)
    fast = next(t for t in rates.data if t.name == "cosine, updates" and t.yaxis == "y")
    seeds, mean = (t for t in rates.data if t.name == "constant 0.3" and t.yaxis == "y2")
    assert len(seeds.x) == 2 * 31  # two trainings of 30 epochs, a gap behind each
    assert (mean.x[0], mean.y[0]) == (1, pytest.approx(0.8 + 0.005 - 0.2))
    assert {t.legendgroup for t in (seeds, mean)} == {"0"}
    assert [t.yaxis for t in rates.data if t.name == "&lt;b&gt;dead&lt;/b&gt; &amp; gone"] == ["y"]
    assert (fast.x[0], fast.y[0]) == (round(1 / 235, 5), pytest.approx(0.2982, abs=1e-3))
    assert (fast.x[-1], fast.y[-1]) == (30, 0.01)
    low, high = (10**end for end in rates.layout.yaxis.range)
    assert low < 0.0012  # where the square root in updates ends
    assert high > 0.5
    seeds = seeds_figure(COMPARISON)
    assert [t.name for t in seeds.data[:2]] == ["square root, epochs", "cosine, epochs"]
    assert [t.y[0] for t in seeds.data[:2]] == [0, 1]
    assert seeds.layout.yaxis.ticktext[:2] == ("square root,<br>epochs", "cosine, epochs")
    means = seeds.data[-1]
    assert means.x[0] == pytest.approx(COMPARISON.ranked[0].value.mean)
    assert means.error_x.array[0] == pytest.approx(0.01 / 2**0.5)
    training = training_figure(COMPARISON.schedules[0], CLOCK, "test accuracy")
    drawn = {trace.name: trace for trace in training.data if trace.showlegend is not False}
    assert list(drawn) == ["train loss", "train acc", "test acc"]
    assert drawn["test acc"].y[0] == pytest.approx(0.8 + 0.005 - 0.2)
    assert len(drawn["train loss"].x) == 30
