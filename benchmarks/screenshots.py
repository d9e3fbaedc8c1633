"""The pictures of README and docs, docs/images/*.png.

    python -m benchmarks.screenshots               # all of them
    python -m benchmarks.screenshots report-top    # one

They show the study of studies/quickstart.toml, which is run first if it is not there yet. A
picture is a function; its name with dashes is that of the file. The browser is that of the tests.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import tuner
from benchmarks.screenshots_live import dashboard, terminal
from tests.browser import Browser, browser

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
STUDY = ROOT / "studies" / "quickstart.toml"


def report_top(path: Path) -> None:
    """The verdict, and the winner's schedule and training."""
    with browser() as found:
        height = _top(_report(found, width=1000), "title-robustness") - 20
        found.picture(path, width=1000, height=height)


def report_map(path: Path) -> None:
    """What a change to the winner would cost."""
    with browser() as found:
        page = _report(found, width=1000)
        top, bottom = _top(page, "title-robustness") - 20, _bottom(page, "title-map")
        found.picture(path, width=1000, top=top, height=bottom - top)


def report_search(path: Path) -> None:
    """The best so far, and the families side by side."""
    with browser() as found:
        page = _report(found, width=1000)
        top, bottom = _top(page, "search") - 20, _bottom(page, "title-families")
        found.picture(path, width=1000, top=top, height=bottom - top)


def _report(found: Browser, width: int) -> Browser:
    """Open the report of the study and wait for its charts."""
    study = tuner.run_study(STUDY)  # at once if it is over
    with tempfile.TemporaryDirectory() as folder:
        found.open(study.report(Path(folder) / "report.html"), width=width)
        found.wait(
            lambda: found.run(
                "return document.querySelectorAll('.js-plotly-plot .plot-container').length"
                " === document.querySelectorAll('.plot').length"
            )
        )
    return found


def _top(page: Browser, name: str) -> int:
    script = "return document.getElementById(arguments[0]).getBoundingClientRect().top + scrollY"
    return round(page.run(script, name))


def _bottom(page: Browser, name: str) -> int:
    """Return where the section or figure ends that an element is the title of."""
    script = """return document.getElementById(arguments[0]).closest("section, figure")
      .getBoundingClientRect().bottom + scrollY"""
    return round(page.run(script, name))


PICTURES: tuple[Callable[[Path], None], ...] = (
    report_top, report_map, report_search, terminal, dashboard,
)  # fmt: skip


def main() -> None:
    """Write the pictures that were asked for."""
    by_name = {picture.__name__.replace("_", "-"): picture for picture in PICTURES}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", choices=[*by_name, []], default=[])
    names = parser.parse_args().names or list(by_name)
    IMAGES.mkdir(parents=True, exist_ok=True)
    for name in names:
        path = IMAGES / f"{name}.png"
        by_name[name](path)
        print(f"{path.relative_to(ROOT)}  {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
