"""What a run shows below a notebook's cell: few bytes, for the notebook's file keeps them."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any, Protocol

from rich.text import Text

from tuner.cli.board import drawn
from tuner.cli.console import visible
from tuner.cli.view import View
from tuner.search import Event, StudyEnded, StudyStarted
from tuner.tasks import Within

# Trials that have a line that stays, and those that run.
_ROOM, _RUNNING = 30, 8
# What all redraws of a study may send is spread over its trials; a short one need not wait.
_MOST_BYTES, _FREE_BYTES = 2_000_000, 200_000
_PAGE = "white-space: pre; overflow-x: auto; line-height: 1.3; font-family: monospace"
_STYLES = {
    "bold": "font-weight: bold", "green": "color: #2e7d32", "cyan": "color: #00838f",
    "red": "color: #c62828", "dim": "opacity: 0.7",
}  # fmt: skip


class Output(Protocol):
    """What IPython's ``display`` returns for something that is to be replaced."""

    def update(self, shown: Shown) -> object:
        """Show something in the place of what was there."""


def outputs() -> list[Output]:
    """Return two new outputs below the cell that runs."""
    from IPython import display

    return [display.display(Shown(()), display_id=True) for _ in range(2)]


class Notebook:
    """Lines that stay in one output, and below them in another those that are redrawn.

    Args:
        places: The two outputs.
    """

    def __init__(self, places: Sequence[Output]) -> None:
        self.sent = 0
        self._view = View(_ROOM)
        self._kept: list[Text] = []
        self._places = places

    def listen(self, event: Event) -> None:
        """Take an event in, and show what it changed."""
        line = self._view.on(event)
        if isinstance(event, StudyStarted):
            self.sent = 0
        if line:
            self._kept.append(line)
            if isinstance(event, StudyEnded) and event.best:
                self._kept.append(Text(f"best: {event.best}", style="bold"))
            self._update(0, self._kept)
        self._redraw(at_once=line is not None)

    def within(self, told: Within) -> None:
        """Show how much of its epoch a trial is through."""
        self._view.within(told)
        self._redraw()

    def _redraw(self, at_once: bool = False) -> None:
        if not self._view.is_under_way:
            self._update(1, ())
        elif at_once or self.sent <= _FREE_BYTES + _MOST_BYTES * self._view.progress:
            self._update(1, drawn(self._view.board(), _RUNNING).renderables)

    def _update(self, place: int, lines: Sequence[Any]) -> None:
        shown = Shown(lines)
        self.sent += shown.size
        self._places[place].update(shown)


class Shown:
    """Lines as a notebook shows them, of ``size`` bytes or so."""

    def __init__(self, lines: Sequence[Text]) -> None:
        lines = [Text(visible(line.plain), style=line.style) for line in lines]
        page = "\n".join(map(_as_html, lines))
        self._bundle = {
            "text/plain": "".join(f"{line.plain}\n" for line in lines),
            "text/html": f'<pre style="{_PAGE}"><code>{page}</code></pre>' if lines else "",
        }
        self.size = sum(map(len, self._bundle.values()))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return self._bundle


def _as_html(line: Text) -> str:
    style = _STYLES.get(str(line.style))
    text = html.escape(line.plain)
    return f'<span style="{style}">{text}</span>' if style else text
