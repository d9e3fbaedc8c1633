"""Pictures of schedules: where the line is, in notebooks and files, without matplotlib too."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given

import tuner
from tuner.adapters.matplotlib import plot, save_png
from tuner.errors import TunerError
from tuner.schedules import Schedule, grid, svg
from tuner.schedules.picture import ticks

from .strategies import schedules

SVG = "{http://www.w3.org/2000/svg}"


def points(picture: str) -> list[tuple[float, float]]:
    line = ElementTree.fromstring(picture).find(f"{SVG}polyline")
    assert line is not None
    pairs = (pair.split(",") for pair in line.attrib["points"].split())
    return [(float(x), float(y)) for x, y in pairs]


def test_the_line_is_where_the_rates_are() -> None:
    schedule = tuner.Factor(base_lr=0.4, horizon=8, decay_factor=0.5, decay_interval=4)
    found = points(svg(schedule, width=178, height=156))
    # 100 pixels for 8 updates, 100 for learning rates up to 0.4.
    assert found == [
        (64 + 12.5 * update, 12 + (0 if update <= 4 else 50)) for update in range(1, 9)
    ]
    in_epochs = ElementTree.fromstring(svg(schedule, updates_per_epoch=4))
    texts = [each.text for each in in_epochs.iter(f"{SVG}text")]
    assert texts[-2:] == ["time (epochs trained)", "learning rate"]
    assert {"0", "0.5", "1", "1.5", "2", "0.1", "0.4"} <= set(texts)


@given(schedules())
def test_any_schedule_has_a_picture_within_its_frame(schedule: Schedule) -> None:
    found = points(svg(schedule, width=640, height=260))
    assert all(64 <= x <= 626 and 12 <= y <= 216 for x, y in found)
    assert found[-1][0] == 626


@given(schedules())
def test_the_ticks_are_few_and_reach_the_highest(schedule: Schedule) -> None:
    found = ticks(schedule.base_lr)
    if schedule.base_lr < 1e-300:
        assert found == [0, 1]
        return
    assert found[0] == 0
    assert found[-2] < schedule.base_lr * (1 + 1e-6)
    assert found[-1] >= schedule.base_lr * (1 - 1e-5)
    assert 3 <= len(found) <= 6


def test_the_grid_has_both_ends() -> None:
    assert grid(1, 100) == [1]
    assert grid(7050, 3) == [1, 3526, 7050] or grid(7050, 3) == [1, 3525, 7050]


def test_a_notebook_shows_repr_and_picture() -> None:
    schedule = tuner.WSD(base_lr=0.3, horizon=100, decay_steps=20, decay_shape="1-sqrt")
    page = ElementTree.fromstring(schedule._repr_html_().replace("<br>", "<br/>"))
    assert page.findtext("code") == repr(schedule)
    assert page.find(f"{SVG}svg") is not None


def test_matplotlib_draws_the_rates() -> None:
    schedule = tuner.Cosine(base_lr=0.3, horizon=470, warmup_steps=47)
    axes = schedule.plot(updates_per_epoch=235)
    [line] = axes.lines
    times, rates = line.get_data()
    assert [times[0], times[-1]] == [1 / 235, 2]
    assert list(rates) == schedule(range(1, 471))
    assert plot(tuner.Constant(base_lr=0.1, horizon=470), axes) is axes  # one over the other
    assert [each.get_label() for each in axes.lines] == ["cosine", "constant"]


def test_matplotlib_draws_every_quantity_below_the_others() -> None:
    lr = tuner.Linear(base_lr=0.4, horizon=100)
    both = tuner.Schedules(lr=lr, momentum=tuner.Inverse(of=lr, low=0.85, high=0.95))
    one, other = both.plot()
    assert [one.get_ylabel(), other.get_ylabel()] == ["learning rate", "momentum"]
    assert [list(axes.lines[0].get_ydata())[-1] for axes in (one, other)] == [0.0, 0.95]
    with pytest.raises(TunerError, match="2 axes, one for each of lr, momentum, but got 1"):
        plot(both, [one])


def test_show_writes_pictures(tmp_path: Path, tuner_command: Callable) -> None:
    file = tmp_path / "best.json"
    schedule = tuner.Cosine(base_lr=0.3, horizon=470)
    tuner.save_schedule(schedule, file, updates_per_epoch=235)
    ran = tuner_command("show", file, "--png", "a.png", "--svg", "a.svg")
    assert ran.code == 0, ran
    assert ran.out == "wrote a.svg\nwrote a.png\n"
    content = (tmp_path / "a.png").read_bytes()
    assert content.startswith(b"\x89PNG\r\n")
    width, height = struct.unpack(">II", content[16:24])
    assert (width, height) == (1200, 540)
    assert (tmp_path / "a.svg").read_text() == svg(schedule, updates_per_epoch=235)
    for option in ("--svg", "--png"):
        missing = tuner_command("show", file, option, "none/a")
        assert (missing.code, missing.out) == (2, "")
        assert missing.err == (
            "error: none/a cannot be written: No such file or directory. Name another file.\n"
        )


@pytest.mark.usefixtures("processes")
def test_without_matplotlib_it_says_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "best.json"
    tuner.save_schedule(tuner.Constant(base_lr=0.1, horizon=10), file)
    program = (
        "import sys; sys.modules['matplotlib'] = None;"
        f"sys.argv = ['tuner', 'show', {str(file)!r}, '--png', {str(tmp_path / 'a.png')!r}];"
        "from tuner.cli.main import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "matplotlib must be importable to hand it a schedule, but: " in done.stderr
    assert "Type `pip install 'schedule-tuner[plot]'`." in done.stderr
    assert not (tmp_path / "a.png").exists()


@pytest.mark.parametrize("updates_per_epoch", [None, 235])
def test_a_png_is_replaced_whole(tmp_path: Path, updates_per_epoch: int | None) -> None:
    path = tmp_path / "a.png"
    path.write_text("old")
    schedule = tuner.Linear(base_lr=0.3, horizon=10_000, final_lr=0.0)
    assert save_png(schedule, path, updates_per_epoch=updates_per_epoch) == path
    assert path.read_bytes().startswith(b"\x89PNG")
    assert [each.name for each in tmp_path.iterdir()] == ["a.png"]
