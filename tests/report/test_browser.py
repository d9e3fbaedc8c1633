"""Reports of real studies in a real browser."""

from __future__ import annotations

import csv
import itertools
import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import tuner
from tuner.search import TrialRow, ranking
from tuner.studies import StudyResult

from ..axe import violations
from ..browser import Browser, browser
from .page_scripts import COVERED, PLACES, UNDRAWN

ROOT = Path(__file__).parents[2]
WIDTHS = (1280, 400)

TABLE = f"""
format = "tuner.study/1"
name = "table"
search_space = "{ROOT}/search_spaces/modern.toml"
[task]
name = "table"
path = "{ROOT}/benchmarks/curves/lenet_10_epochs.jsonl"
epochs = 10
[budget]
trials = 40
[sampler]
type = "random"
[pruner]
type = "forecast"
control_share = 0.2
[confirm]
enabled = false
[workers]
count = 1
"""
SMALL = f"""
format = "tuner.study/1"
name = "small"
search_space = "{ROOT}/search_spaces/chapter.toml"
[task]
name = "lenet_fashion_mnist"
epochs = 2
train_size = 320
test_size = 200
batch_size = 64
[budget]
trials = 7
[confirm]
top = 1
seeds = 2
max_seeds = 2
[workers]
count = 1
"""


class Reported(NamedTuple):
    study: StudyResult
    page: Path


@pytest.fixture(scope="module")
def chromium(processes: None) -> Iterator[Browser]:
    with browser() as found:
        yield found


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Reported]:
    """The reports of a study of many recorded trainings, and of a small real one, confirmed."""
    folder = tmp_path_factory.mktemp("studies")
    found = {}
    for name, definition in (("table", TABLE), ("small", SMALL)):
        path = folder / f"{name}.toml"
        path.write_text(definition)
        study = tuner.run_study(path, storage=f"sqlite:///{folder}/{name}.db")
        found[name] = Reported(study, study.report(folder / f"{name}.html"))
    return found


def opened(browser: Browser, page: Path, width: int = 1280, dark: bool = False) -> Browser:
    """Open a report and wait until every chart is drawn."""
    browser.open(page, width=width, dark=dark)
    browser.wait(lambda: browser.run(UNDRAWN) == [])
    return browser


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["table", "small"])
def test_a_report_opens_whole_and_asks_nothing_of_a_network(
    chromium: Browser, reports: dict[str, Reported], name: str, width: int
) -> None:
    page = opened(chromium, reports[name].page, width)
    assert [url for url in page.requests() if not url.startswith(("data:", "blob:"))] == [
        reports[name].page.as_uri()
    ]
    assert page.messages() == []
    assert page.run("return document.documentElement.scrollWidth") <= width
    places = page.run(PLACES)
    assert len(places) >= 12
    for key, place in places.items():
        assert bool(place["sentence"]) != bool(place["values"] and place["seen"]), (key, place)
    said = {key for key, place in places.items() if place["sentence"]}
    # Nothing is pruned in a study so small, nor is there more than one exponent, nor is it enough
    # to expect anything.
    assert (
        said
        <= {
            "table": {"confirmed", "importances"},
            "small": {"pruning", "power", "robustness", "map", "importances"},
        }[name]
    )
    assert page.run(COVERED) == []
    if (name, width) == ("small", 1280):  # nobody has to scroll for the verdict
        assert page.run(
            "return arguments[0].scrollWidth <= arguments[0].clientWidth",
            page.driver.find_element(By.CSS_SELECTOR, ".table:has(#table-confirmed)"),
        )


def shown_curves(browser: Browser) -> list[list[list[float]]]:
    script = """return Array.from(document.querySelectorAll(".curves")).map((plot) =>
      plot.data.map((trace) => trace.y))"""
    curves: list[list[list[float]]] = browser.run(script)
    return curves


def of_training(row: TrialRow) -> list[list[float]]:
    columns = [
        [record.train_loss for record in row.records],
        [record.train_accuracy for record in row.records],
        [record.test_accuracy for record in row.records],
        [record.averaged_accuracy or math.nan for record in row.records],
    ]
    return [pytest.approx(column, abs=1e-4) for column in columns]


def test_a_click_on_a_trial_shows_its_curves_and_another_hides_them(
    chromium: Browser, reports: dict[str, Reported]
) -> None:
    study, path = reports["table"]
    width = 400
    page = opened(chromium, path, width)
    pruned = next(row for row in study.trials if row.state == "pruned" and row.records)
    for row in (ranking(study.trials)[0], pruned):
        cells = page.driver.find_elements(By.CSS_SELECTOR, "#table-trials tbody tr")
        cell = cells[row.number].find_elements(By.TAG_NAME, "td")[1]
        page.run("arguments[0].scrollIntoView({block: 'center'})", cell)
        cell.click()
        page.wait(lambda: shown_curves(page))
        [[rates, *metrics]] = shown_curves(page)
        assert metrics == of_training(row)
        assert row.schedule is not None
        assert rates[-1] == pytest.approx(row.schedule(row.schedule.horizon), rel=0.01)
        box = page.run("return document.querySelector('.curves').getBoundingClientRect().toJSON()")
        assert 0 <= box["left"] < box["right"] <= width
        cell.click()
        page.wait(lambda: not shown_curves(page))
    assert page.run("return document.documentElement.scrollWidth") <= width
    assert page.messages() == []


def test_the_keyboard_reaches_a_trials_curves(
    chromium: Browser, reports: dict[str, Reported]
) -> None:
    study, path = reports["table"]
    page = opened(chromium, path)
    family = page.driver.find_element(By.CSS_SELECTOR, "#filters [name=family]")
    page.run("arguments[0].focus()", family)
    columns = len(page.driver.find_elements(By.CSS_SELECTOR, "#table-trials thead button"))
    for _ in range(columns + 2):  # the table's own box, the columns, the first trial
        page.driver.switch_to.active_element.send_keys(Keys.TAB)
    focused = page.driver.switch_to.active_element
    assert focused.get_attribute("aria-label") == "trial 0, curves"
    assert focused.get_attribute("aria-expanded") == "false"
    focused.send_keys(Keys.ENTER)
    page.wait(lambda: shown_curves(page))
    assert focused.get_attribute("aria-expanded") == "true"
    [[_, *metrics]] = shown_curves(page)
    assert metrics == of_training(study.trials[0])
    focused.send_keys(Keys.ENTER)
    page.wait(lambda: not shown_curves(page))


def column(browser: Browser, name: str) -> list[str]:
    script = """
      const heads = Array.from(document.querySelectorAll("#table-trials thead th"));
      const column = heads.findIndex((head) => head.textContent.trim() === arguments[0]);
      return Array.from(document.querySelectorAll("#table-trials tbody tr"))
        .filter((row) => !row.hidden).map((row) => row.cells[column].textContent.trim())"""
    cells: list[str] = browser.run(script, name)
    return cells


def sort(browser: Browser, name: str) -> str:
    button = browser.driver.find_element(
        By.XPATH, f"//table[@id='table-trials']//th/button[text()='{name}']"
    )
    browser.run("arguments[0].scrollIntoView({block: 'center'})", button)
    button.click()
    order: str = browser.run("return arguments[0].parentNode.getAttribute('aria-sort')", button)
    return order


def test_columns_sort_in_both_orders(chromium: Browser, reports: dict[str, Reported]) -> None:
    page = opened(chromium, reports["table"].page)
    for order, sign in (("descending", -1), ("ascending", 1)):
        assert sort(page, "test accuracy") == order
        numbers = [float(cell) for cell in column(page, "test accuracy") if cell != "–"]
        assert 15 <= len(numbers) <= 40
        assert numbers == sorted(numbers, key=lambda number: sign * number)
        assert "–" not in column(page, "test accuracy")[: len(numbers)]
    for order in ("ascending", "descending"):
        assert sort(page, "family") == order
        families = column(page, "family")
        assert families == sorted(families, reverse=order == "descending")
    assert sort(page, "trial") == "ascending"
    assert column(page, "trial") == [str(number) for number in range(40)]


def test_trials_are_filtered_by_words_state_and_family(
    chromium: Browser, reports: dict[str, Reported]
) -> None:
    study, path = reports["table"]
    page = opened(chromium, path)
    pruned = [row for row in study.trials if row.state == "pruned"]
    assert 0 < len(pruned) < 40
    form = page.driver.find_element(By.ID, "filters")
    form.find_element(By.NAME, "state").send_keys("pruned")
    assert column(page, "trial") == [str(row.number) for row in pruned]
    assert page.driver.find_element(By.ID, "shown").text == f"{len(pruned)} of 40 trials"
    family = pruned[0].family
    form.find_element(By.NAME, "words").send_keys(f"{family} after")
    both = [row for row in pruned if family in row.family and "after" in row.reason]
    assert column(page, "trial") == [str(row.number) for row in both]
    form.find_element(By.NAME, "words").clear()
    form.find_element(By.NAME, "words").send_keys("no such trial")
    assert column(page, "trial") == []


def test_schedule_trials_and_curves_can_be_taken_out_of_the_page(
    chromium: Browser, reports: dict[str, Reported], tmp_path: Path
) -> None:
    study, path = reports["table"]
    page = opened(chromium, path)
    where = {"behavior": "allow", "downloadPath": str(tmp_path)}
    page.driver.execute_cdp_cmd("Browser.setDownloadBehavior", where)
    files = [tmp_path / name for name in ("best.json", "trials.csv", "curves.csv")]
    for button in page.driver.find_elements(By.CSS_SELECTOR, "[data-download]"):
        button.click()
    page.wait(lambda: all(file.exists() for file in files))
    assert tuner.load_schedule(files[0]) == study.best_schedule
    trials, curves = (
        [*csv.DictReader(file.read_text(encoding="utf-8").splitlines())] for file in files[1:]
    )
    assert [int(row["trial"]) for row in trials] == [row.number for row in study.trials]
    assert trials[study.best.number]["test accuracy"] == f"{study.best.value:.4f}"
    of_best = [row for row in curves if int(row["trial"]) == study.best.number]
    assert [float(row["test accuracy"]) for row in of_best] == pytest.approx(
        [record.test_accuracy for record in study.best.records], abs=1e-4
    )
    assert len(curves) == sum(len(row.records) for row in study.trials)
    copies = page.driver.find_elements(By.CSS_SELECTOR, "pre.code + .copy")
    assert len(copies) == len(page.driver.find_elements(By.CSS_SELECTOR, "pre.code")) > 4
    copies[1].click()
    page.wait(lambda: copies[1].text == "Copied")
    assert page.messages() == []


def test_two_parameters_and_linear_axes_are_a_choice(
    chromium: Browser, reports: dict[str, Reported]
) -> None:
    study, path = reports["table"]
    page = opened(chromium, path)
    page.wait(lambda: page.run("return document.querySelector('#pair-plot .plot-container')"))
    chosen = """const form = document.getElementById("pair");
      form.across.value = "base_lr"; form.up.value = "power";
      form.dispatchEvent(new Event("change"));
      const axes = document.getElementById("pair-plot").layout;
      return [axes.xaxis.title.text, axes.yaxis.title.text,
              parseInt(document.getElementById("pair-told").value)]"""
    whole = [r for r in study.trials if r.state == "complete" or r.is_collapsed]
    both = sum({"base_lr", "power"} <= r.params.keys() for r in whole)
    assert page.run(chosen) == ["base_lr", "power", both]
    # Two that no trial has together are no pair.
    offered = """return [...form.elements.up.options].map((option) => option.value)"""
    names = page.run(offered.replace("form", 'document.getElementById("pair")'))
    assert "base_lr" not in names
    having = [{*r.params} for r in whole]
    assert all(sum({"base_lr", name} <= each for each in having) > 1 for name in names)
    kinds = """document.querySelector("[data-linear=base-lr]").click();
      return document.getElementById("chart-base-lr").layout.xaxis.type"""
    assert [page.run(kinds), page.run(kinds)] == ["linear", "log"]
    one = """const form = document.getElementById("parallel");
      form.family.value = arguments[0];
      form.family.dispatchEvent(new Event("change", { bubbles: true }));
      const plot = document.getElementById("parallel-plot");
      const lines = plot.data.filter((each) => each.mode === "lines");
      const ends = lines.flatMap((each) => each.y).filter((y) => y === null);
      return [plot.layout.xaxis.ticktext, ends.length];"""
    complete = [row for row in study.trials if row.state == "complete"]
    axes, lines = page.run(one, "")
    assert axes[:2] == ["test accuracy", "family"]
    assert lines == len(complete)
    of_poly = [row for row in complete if row.family == "poly"]
    axes, lines = page.run(one, "poly")
    assert lines == len(of_poly)
    assert "power" in axes
    assert "family" not in axes
    assert page.messages() == []


def lightness(browser: Browser, script: str) -> float:
    """Return the mean of a computed colour's red, green and blue."""
    colour: str = browser.run(f"return {script}")
    values = [float(value) for value in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    return sum(values) / 3


@pytest.mark.parametrize("dark", [False, True])
def test_text_stands_out_in_light_and_in_dark(
    chromium: Browser, reports: dict[str, Reported], dark: bool
) -> None:
    page = opened(chromium, reports["table"].page, dark=dark)
    ground = lightness(page, "getComputedStyle(document.body).backgroundColor")
    assert (ground < 64) == dark
    for place in (".xtick text", ".legendtext", "#verdict", "figcaption", "td", "h2"):
        style = f"getComputedStyle(document.querySelector('{place}'))"
        kind = "fill" if "text" in place else "color"
        assert abs(lightness(page, f"{style}.{kind}") - ground) > 100, place


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_no_violation(
    chromium: Browser, reports: dict[str, Reported], dark: bool
) -> None:
    page = opened(chromium, reports["table"].page, dark=dark)
    page.driver.find_element(By.CSS_SELECTOR, "#table-trials td button").click()
    page.wait(lambda: shown_curves(page))
    assert violations(page) == []


def test_a_family_has_one_colour_everywhere(
    chromium: Browser, reports: dict[str, Reported]
) -> None:
    page = opened(chromium, reports["table"].page)
    script = """
      const colours = {};
      // In a plane the colour is the result.
      const plots = document.querySelectorAll(".js-plotly-plot:not(#chart-plane)");
      plots.forEach((plot) => plot.data.forEach((trace) => {
        const colour = trace.marker?.color || trace.line?.color;
        if (arguments[0].includes(trace.name)) (colours[trace.name] ||= []).push(colour);
      }));
      return colours"""
    families = sorted({row.family for row in reports["table"].study.trials})
    colours = page.run(script, families)
    assert len(colours) >= 5
    for family, found in colours.items():
        lines_and_points = [colour for colour in found if isinstance(colour, str)]
        assert len(lines_and_points) >= 4, family
        assert len(set(lines_and_points)) == 1, family
    firsts = [found[0] for found in colours.values()]
    assert all(a != b for a, b in itertools.combinations(firsts, 2))


def test_collapsed_trainings_are_counted_apart_from_pruned_ones(
    chromium: Browser, reports: dict[str, Reported]
) -> None:
    study, path = reports["table"]
    pruned, collapsed = (
        sum(row.state == state for row in study.trials) for state in ("pruned", "collapsed")
    )
    assert pruned
    assert collapsed
    page = opened(chromium, path)
    script = """return Array.from(document.querySelectorAll("#table-families tbody tr"))
      .map((row) => [3, 4].map((column) => parseInt(row.cells[column].textContent)))"""
    counts = page.run(script)
    assert [sum(column) for column in zip(*counts, strict=True)] == [pruned, collapsed]
