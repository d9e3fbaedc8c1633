"""The pictures of a terminal and of the dashboard, for benchmarks/screenshots.py."""

from __future__ import annotations

import html
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyte

import tuner
from tests.browser import browser
from tests.terminal import COLUMNS, in_terminal
from tuner.search import ranking

ROOT = Path(__file__).parent.parent
STUDY = ROOT / "studies" / "quickstart.toml"

_LINES = 24
_STYLE = """margin: 0; padding: 16px; width: max-content; background: #1c1f26; color: #d5d8de;
 font: 14px/1.35 'DejaVu Sans Mono', monospace"""
_COLOURS = {"green": "#7bc47f", "cyan": "#6fc3d6", "red": "#e06c75", "default": "#d5d8de"}


def terminal(path: Path) -> None:
    """The quickstart study while it runs, from its beginning."""
    with tempfile.TemporaryDirectory() as folder:
        shown = in_terminal(
            "run", STUDY, "--storage", f"sqlite:///{folder}/study.db", "--workers", 2,
            "--timeout", "4m", "--no-confirm", cwd=Path(folder), lines=_LINES,
        )  # fmt: skip
    screen, best, found = pyte.Screen(COLUMNS, _LINES), -1, ""
    stream = pyte.Stream(screen)
    for piece in shown.pieces:
        stream.feed(piece)
        lines = "\n".join(screen.display)
        # The last moment at which two trials are in the middle of their epochs.
        running = re.findall(r"^ +\d+ [▁-█ ]{8} .* [1-3](?:\.\d)?/4 0\.", lines, re.MULTILINE)
        ended = len(re.findall(r"^ +\d+ (?:complete|pruned)", lines, re.MULTILINE))
        if len(running) == 2 and "saved by pruning" in lines and ended > best:
            best, found = ended, _as_html(screen)
    assert found, "the study ended before two trials ran at once and one was pruned"
    page = Path(tempfile.mkdtemp()) / "terminal.html"
    page.write_text(f'<meta charset="utf-8"><pre id="t" style="{_STYLE}">{found}</pre>')
    with browser() as chromium:
        chromium.open(page, width=1000)
        box = chromium.run(
            "const b = document.getElementById('t').getBoundingClientRect();"
            "return [b.right + b.left, b.bottom + b.top]"
        )
        chromium.picture(path, width=round(box[0]), height=round(box[1]))


def dashboard(path: Path) -> None:
    """The best cosine of the quickstart study in optuna-dashboard."""
    trials = tuner.run_study(STUDY).trials  # at once if it is over
    best = next(row.number for row in ranking(trials) if row.family == "cosine")
    with _served() as address, browser() as chromium:
        chromium.open(f"{address}/trials?numbers={best}", width=1280, height=1080)
        image = "const i = document.querySelector('img[src*=artifacts]'); "
        chromium.wait(lambda: chromium.run(f"{image}return i && i.complete && i.naturalWidth"))
        chromium.wait(lambda: "Trial 0" in chromium.run("return document.body.innerText"))
        chromium.picture(path, width=1280, height=1080)


@contextmanager
def _served() -> Iterator[str]:
    command = [sys.executable, "-m", "tuner", "dashboard", str(STUDY), "--port", "0"]
    with subprocess.Popen(
        [*command, "--no-browser"], stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        try:
            yield process.stderr.readline().partition(";")[0]
        finally:
            process.terminate()


def _as_html(screen: pyte.Screen) -> str:
    """Return what a terminal shows, with its colours."""
    rows = []
    for number in range(screen.lines):
        row = ""
        for column in range(screen.columns):
            letter = screen.buffer[number][column]
            style = f"color:{_COLOURS.get(letter.fg, _COLOURS['default'])}"
            style += ";font-weight:bold" if letter.bold else ""
            row += f'<span style="{style}">{html.escape(letter.data)}</span>'
        rows.append(row)
    return "\n".join(rows[: _last(screen) + 1])


def _last(screen: pyte.Screen) -> int:
    return max(number for number, line in enumerate(screen.display) if line.strip())
