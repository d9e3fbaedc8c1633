"""What a run shows: redrawn lines for a person, one line an event otherwise."""

from __future__ import annotations

import io
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from tuner.cli.board import Board, Running, drawn
from tuner.cli.console import dated, is_notebook, is_watched, talk
from tuner.definition import digits
from tuner.reading import EPOCHS, options_told
from tuner.search import (
    EpochEnded,
    Event,
    LengthMeasured,
    Listener,
    Printed,
    RampTrained,
    RatesFound,
    StudyEnded,
    StudyStarted,
    TrialEnded,
    TrialStarted,
)

# Cut to the width, not folded.
_CUT: dict[str, Any] = {"soft_wrap": False, "no_wrap": True, "overflow": "ellipsis"}


@contextmanager
def live(quiet: bool = False, *, timestamps: bool = False) -> Iterator[Listener]:
    """Show a run as it happens: in a terminal, a notebook, or as plain lines.

    In a terminal and in a notebook there is a line for every trial that trains, which is redrawn,
    and one that stays for every trial that ended. Elsewhere, as in a pipe or CI, it is one line
    an event. All of it goes to stderr.

    Args:
        quiet: Whether to show nothing.
        timestamps: Whether to write a line for each event with its date and local time in front,
            also in a terminal.

    Yields:
        A listener, to be passed as ``on_event``.

    Example:
        >>> import tuner
        >>> with tuner.live() as listen:  # doctest: +SKIP
        ...     result = tuner.run_study("studies/quickstart.toml", on_event=listen)
    """
    console = talk()
    if quiet:
        yield lambda _: None
    elif timestamps:
        yield lambda event: _say(console, event, dated)
    elif is_notebook():
        yield _listener(*_notebook())
    elif not is_watched():
        yield lambda event: _say(console, event)
    else:
        with Live(console=console, auto_refresh=False, transient=True) as redrawn:
            yield _listener(
                lambda line: redrawn.console.print(line, **_CUT),
                lambda lines: redrawn.update(lines, refresh=True),
            )


def _say(console: Console, event: Event, written: Callable[[str], str] = str) -> None:
    if not (isinstance(event, EpochEnded) and event.is_known):
        console.print(written(str(event)))


def _listener(keep: Callable[[Text], object], redraw: Callable[[Group], object]) -> Listener:
    view = _LiveView()

    def listen(event: Event) -> None:
        line = view.on(event)
        if line:
            keep(line)
        redraw(drawn(view.board()) if view.is_running else Group())

    return listen


def _notebook() -> tuple[Callable[[Text], object], Callable[[Group], object]]:
    """Return how to keep a line and how to redraw the others below a notebook's cell."""
    from IPython import display

    kept: list[Text] = []
    # One output that is replaced: whatever comes below another stays there in a notebook.
    place: Any = display.display(_Shown(Group()), display_id=True)
    return kept.append, lambda lines: place.update(_Shown(Group(*kept, lines)))


class _Shown:
    """Lines as a notebook shows them."""

    def __init__(self, lines: Group) -> None:
        self._lines = lines

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        console = Console(file=io.StringIO(), record=True, width=100, force_jupyter=False)
        console.print(self._lines)
        plain = console.export_text(clear=False)
        style = "white-space: pre; overflow-x: auto; line-height: 1.3; font-family: monospace"
        page = console.export_html(
            inline_styles=True, code_format=f'<pre style="{style}"><code>{{code}}</code></pre>'
        )
        return {"text/plain": plain, "text/html": page}


class _LiveView:
    """What has happened so far in a run."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._running: dict[int, tuple[TrialStarted, list[EpochEnded]]] = {}
        self._study: StudyStarted | None = None
        self._states: Counter[str] = Counter()
        self._saved = 0
        self._last: TrialEnded | None = None

    @property
    def is_running(self) -> bool:
        """Whether a trial is being trained."""
        return bool(self._running)

    def on(self, event: Event) -> Text | None:
        """Take an event in; return the line that stays for it, if any."""
        if isinstance(event, StudyStarted):
            self._study = event
            self._started, self._last = time.monotonic(), None  # a confirm is a study of its own
            self._states, self._saved = Counter(event.states), event.epochs_saved
            return Text(str(event), style="bold")
        if isinstance(event, TrialStarted):
            self._running[event.number] = (event, [])
        elif isinstance(event, EpochEnded):
            if event.number in self._running:
                self._running[event.number][1].append(event)
        elif isinstance(event, TrialEnded):
            return self._ended(event)
        elif isinstance(event, StudyEnded):
            self._running.clear()
            return Text(str(event), style="bold")
        elif isinstance(event, (LengthMeasured, RampTrained, RatesFound, Printed)):
            return Text(str(event))
        return None

    @property
    def _metric(self) -> str:
        return self._study.judged_by.rpartition(" ")[2] if self._study else ""

    def board(self) -> Board:
        """Return where the run stands."""
        epochs = self._study.epochs if self._study else 0
        running = []
        for number, (start, ended) in sorted(self._running.items()):
            values = tuple(each.value for each in ended if each.value is not None)
            total = ended[-1].epochs if ended else epochs
            schedule, note = start.given, start.baseline or ""
            done = len(ended)
            rate, unit = schedule.base_lr, start.unit
            row = Running(number, schedule.family, rate, values, done, total, note, unit)
            running.append(row)
        return Board(
            running=tuple(running),
            states=self._states | Counter(running=len(running)),
            budget=self._last.budget if self._last else self._study.budget if self._study else 0,
            best_value=self._last.best_value if self._last else None,
            best_number=self._last.best_number if self._last else None,
            saved=self._saved,
            seconds_left=self._time_left(),
            metric=self._metric,
            unit=self._study.unit if self._study else EPOCHS,
        )

    def _ended(self, event: TrialEnded) -> Text:
        """Count a trial that ended, and return its line."""
        self._last = event
        start, epochs = self._running.pop(event.number, (None, []))
        if event.state != "waiting":
            self._states[event.state] += 1
        if self._study and event.state == "pruned":
            self._saved += self._study.epochs - len(epochs)
        value = f"{event.value:{digits(self._metric)}}" if event.value is not None else "-"
        what = ""
        if start is not None:
            what = f"{start.given.family:<14} base LR {start.schedule.base_lr:<8.4g}"
            what += f" {options_told(start.options)}" if start.options else ""
        note = "; ".join(filter(None, (start.baseline if start else None, event.reason)))
        style = {"complete": "green", "failed": "red"}.get(event.state, "dim")
        line = f"{event.number:5d}  {event.state:<9} {value:>6}  {what}  {note}"
        return Text(line, style=style, no_wrap=True, overflow="ellipsis")

    def _time_left(self) -> float | None:
        """Extrapolate the mean time of this run's finished trials."""
        before = self._study.finished if self._study else 0
        if self._last is None or self._last.finished <= before:
            return None
        each = (time.monotonic() - self._started) / (self._last.finished - before)
        return each * (self._last.budget - self._last.finished)
