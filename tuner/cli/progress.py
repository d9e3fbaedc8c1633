"""What a run shows: redrawn lines for a person, one line an event otherwise."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.live import Live
from rich.text import Text

from tuner.cli.console import is_watched, talk
from tuner.search.events import (
    EpochEnded,
    Event,
    Listener,
    StudyEnded,
    StudyStarted,
    TrialEnded,
    TrialStarted,
)


@contextmanager
def progress(quiet: bool = False) -> Iterator[Listener]:
    """Give a listener that shows a run as it happens."""
    console = talk()
    if quiet:
        yield lambda _: None
    elif not is_watched():
        yield lambda event: console.print(str(event), markup=False)
    else:
        view = _LiveView()
        with Live(console=console, auto_refresh=False, transient=True) as live:

            def listen(event: Event) -> None:
                line = view.on(event)
                if line:
                    live.console.print(line)
                live.update(view.now(), refresh=True)

            yield listen


class _LiveView:
    """One line for each trial that ended, and one that is redrawn for the one that runs."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._finished_before = 0
        self._running: TrialStarted | None = None
        self._epochs: list[EpochEnded] = []
        self._study: StudyStarted | None = None
        self._last: TrialEnded | None = None

    def on(self, event: Event) -> Text | None:
        """Take an event in; return the line that stays for it, if any."""
        if isinstance(event, StudyStarted):
            self._study, self._finished_before = event, event.finished
            return Text(str(event), style="bold")
        if isinstance(event, TrialStarted):
            self._running, self._epochs = event, []
        elif isinstance(event, EpochEnded):
            self._epochs.append(event)
        elif isinstance(event, TrialEnded):
            self._last, line = event, self._trial_line(event)
            self._running = None
            return line
        elif isinstance(event, StudyEnded):
            self._study = None
            return Text(str(event), style="bold")
        return None

    def now(self) -> Text:
        """Return the line that is redrawn."""
        if self._running is None or self._study is None:
            return Text("")
        epochs = self._study.epochs
        done = len(self._epochs)
        bar = "█" * round(12 * done / epochs)
        parts = [f"{self._running.number:5d} running   {bar:░<12} {done}/{epochs}"]
        if self._epochs:
            parts.append(f"{self._epochs[-1].record.test_accuracy:.4f}")
        parts.append(self._running.schedule.family)
        if self._last is not None and self._last.best_value is not None:
            parts.append(f"best {self._last.best_value:.4f} (trial {self._last.best_number})")
        left = self._time_left()
        if left is not None:
            parts.append(f"about {_clock(left)} left")
        return Text("  ".join(parts), style="cyan", no_wrap=True, overflow="ellipsis")

    def _trial_line(self, event: TrialEnded) -> Text:
        value = f"{event.value:.4f}" if event.value is not None else "     -"
        schedule = self._running.schedule if self._running else None
        what = f"{schedule.family:<15} base LR {schedule.base_lr:<8.4g}" if schedule else ""
        note = (self._running.baseline if self._running else None) or event.reason
        style = {"complete": "green", "failed": "red"}.get(event.state, "dim")
        line = f"{event.number:5d} {event.state:<9} {value}  {what} {note}"
        return Text(line, style=style, no_wrap=True, overflow="ellipsis")

    def _time_left(self) -> float | None:
        """Extrapolate the mean time of this run's finished trials."""
        if self._last is None:
            return None
        here = self._last.finished - self._finished_before
        if here < 1:
            return None
        each = (time.monotonic() - self._started) / here
        return each * (self._last.budget - self._last.finished)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
