"""What a run shows: redrawn lines for a person, one line an event otherwise."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Group
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
                    live.console.print(line, soft_wrap=False)  # cut to the width, not folded
                live.update(view.now(), refresh=True)

            yield listen


class _Running:
    """A trial that runs: how it began, and its epochs so far."""

    def __init__(self, start: TrialStarted) -> None:
        self.start = start
        self.epochs: list[EpochEnded] = []


class _LiveView:
    """A line for each trial that ended, and lines that are redrawn for those that run."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._finished_before = 0
        self._running: dict[int, _Running] = {}
        self._study: StudyStarted | None = None
        self._last: TrialEnded | None = None

    def on(self, event: Event) -> Text | None:
        """Take an event in; return the line that stays for it, if any."""
        if isinstance(event, StudyStarted):
            self._study, self._finished_before = event, event.finished
            self._started, self._last = time.monotonic(), None  # a confirm is a study of its own
            return Text(str(event), style="bold")
        if isinstance(event, TrialStarted):
            self._running[event.number] = _Running(event)
        elif isinstance(event, EpochEnded):
            if event.number in self._running:
                self._running[event.number].epochs.append(event)
        elif isinstance(event, TrialEnded):
            self._last = event
            return self._trial_line(event, self._running.pop(event.number, None))
        elif isinstance(event, StudyEnded):
            self._running.clear()
            return Text(str(event), style="bold")
        return None

    def now(self) -> Group:
        """Return the lines that are redrawn."""
        lines = [self._running_line(number) for number in sorted(self._running)]
        if self._running and self._last is not None:
            done = f"{self._last.finished}/{self._last.budget} trials"
            if self._last.best_value is not None:
                done += f", best {self._last.best_value:.4f} (trial {self._last.best_number})"
            left = self._time_left()
            done += f", about {_clock(left)} left" if left is not None else ""
            lines.append(Text(f"      {done}", style="bold"))
        return Group(*lines)

    def _running_line(self, number: int) -> Text:
        running = self._running[number]
        done = len(running.epochs)
        total = running.epochs[-1].epochs if running.epochs else 0
        bar = "█" * round(12 * done / total) if total else ""
        now = running.epochs[-1].value if done else None
        value = "     -" if now is None else f"{now:.4f}"
        schedule = running.start.schedule
        what = f"{schedule.family:<15} base LR {schedule.base_lr:<8.4g}"
        line = f"{number:5d} running   {value}  {what} {bar:░<12} {done}/{total or '?'}"
        return Text(line, style="cyan", no_wrap=True, overflow="ellipsis")

    def _trial_line(self, event: TrialEnded, ran: _Running | None) -> Text:
        value = f"{event.value:.4f}" if event.value is not None else "     -"
        schedule = ran.start.schedule if ran else None
        what = f"{schedule.family:<15} base LR {schedule.base_lr:<8.4g}" if schedule else ""
        note = (ran.start.baseline if ran else None) or event.reason
        style = {"complete": "green", "failed": "red"}.get(event.state, "dim")
        line = f"{event.number:5d} {event.state:<9} {value}  {what} {note}"
        return Text(line, style=style, no_wrap=True, overflow="ellipsis")

    def _time_left(self) -> float | None:
        """Extrapolate the mean time of this run's finished trials."""
        if self._last is None or self._last.finished <= self._finished_before:
            return None
        here = self._last.finished - self._finished_before
        each = (time.monotonic() - self._started) / here
        return each * (self._last.budget - self._last.finished)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
