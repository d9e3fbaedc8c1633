"""What a person is shown of a run, out of its events alone."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import NamedTuple

from rich.text import Text

from tuner.cli.board import Board, Row, seed_first, styled
from tuner.definition import CONFIRM
from tuner.reading import EPOCHS, options_told
from tuner.search import (
    EpochEnded,
    Event,
    LengthMeasured,
    Printed,
    RampTrained,
    RatesFound,
    StudyEnded,
    StudyStarted,
    Timed,
    TrialEnded,
    TrialStarted,
)
from tuner.tasks import Within

# Of the trials that are over and have no line that stays, so many are shown among those that run.
_LATEST = 3


class _Begun(NamedTuple):
    """A trial that runs, with the epochs that it got through."""

    start: TrialStarted
    at: float
    ended: tuple[EpochEnded, ...] = ()
    share: float = 0.0

    @property
    def timed(self) -> Timed:
        """What the time left is estimated by."""
        seconds = sum(each.record.seconds for each in self.ended)
        return Timed(len(self.ended), seconds, is_baseline=self.start.baseline is not None)

    @property
    def note(self) -> str:
        """Which schedule it has, of a repeat with which seed, and its options."""
        label = seed_first(self.start.baseline or "")
        options = options_told(self.start.options) if self.start.options else ""
        return "; ".join(filter(None, (label, options)))


class View:
    """What has happened so far in a run. Any thread may ask.

    Args:
        room: How many trials fill a screen. Of a study with more of them those alone have a line
            that stays that are better than all before, and the first that failed.
        now: A clock, in seconds.
    """

    def __init__(self, room: int = 40, now: Callable[[], float] = time.monotonic) -> None:
        self._room, self._now, self._lock = room, now, threading.RLock()
        self._started, self._workers = now(), 0
        self._running: dict[int, _Begun] = {}
        self._study: StudyStarted | None = None
        self._states: Counter[str] = Counter()
        self._saved, self._budget, self._is_under_way = 0, 0, False
        self._best: tuple[float | None, int | None] = None, None
        self._over: list[Timed] = []
        self._latest: deque[Row] = deque(maxlen=_LATEST)

    @property
    def is_under_way(self) -> bool:
        """Whether a study has begun and is not over."""
        return self._is_under_way

    @property
    def progress(self) -> float:
        """The share of its trials that a study is through, parts of those that run included."""
        with self._lock:
            epochs = max(self._study.epochs if self._study else 0, 1)
            running = sum(len(begun.ended) for begun in self._running.values()) / epochs
            return (len(self._over) + running) / max(self._budget, 1)

    def on(self, event: Event) -> Text | None:
        """Take an event in; return the line that stays for it, if any."""
        with self._lock:
            return self._on(event)

    def within(self, told: Within) -> None:
        """Take in how much of its epoch a trial is through."""
        with self._lock:
            if begun := self._running.get(told.number):
                self._running[told.number] = begun._replace(share=told.share)

    def _on(self, event: Event) -> Text | None:
        if isinstance(event, StudyStarted):
            return self._begun(event)
        if isinstance(event, TrialStarted):
            self._running[event.number] = _Begun(event, self._now())
            self._workers = max(self._workers, len(self._running))
        elif isinstance(event, EpochEnded):
            if begun := self._running.get(event.number):
                ended = (*begun.ended, event)
                self._running[event.number] = begun._replace(ended=ended, share=0.0)
        elif isinstance(event, TrialEnded):
            return self._ended(event)
        elif isinstance(event, StudyEnded):
            self._is_under_way = False
            self._running.clear()
            self._latest.clear()
            return Text(str(event._replace(best="")), style="bold")  # what is best has its own
        elif isinstance(event, (LengthMeasured, RampTrained, RatesFound, Printed)):
            return Text(str(event))
        return None

    def board(self) -> Board:
        """Return where the run stands."""
        with self._lock:
            return Board(
                rows=(*self._latest, *(self._row(n) for n in sorted(self._running))),
                states=self._states | Counter(running=len(self._running)),
                budget=self._budget,
                best_value=self._best[0],
                best_number=self._best[1],
                saved=self._saved,
                seconds_so_far=self._now() - self._started,
                seconds_left=self._seconds_left(),
                metric=self._metric,
                unit=self._study.unit if self._study else EPOCHS,
            )

    def _begun(self, event: StudyStarted) -> Text:
        if not event.name.endswith(CONFIRM):  # which ends the study before it
            self._started = self._now()
        self._study, self._budget, self._workers = event, event.budget, 0
        self._is_under_way = True
        self._states, self._saved = Counter(event.states), event.epochs_saved
        self._best = event.best_value, event.best_number
        before = event.ahead.trials if event.ahead else ()
        self._over = [trial for trial in before if trial.is_over]
        return Text(str(event), style="bold")

    def _row(self, number: int) -> Row:
        begun = self._running[number]
        start, ended = begun.start, begun.ended
        values = tuple(each.value for each in ended if each.value is not None)
        epochs = ended[-1].epochs if ended else self._study.epochs if self._study else 0
        given = start.given
        return Row(
            number, "running", given.family, given.base_lr, values, len(ended), epochs,
            begun.note, start.unit, share=begun.share,
        )  # fmt: skip

    def _ended(self, event: TrialEnded) -> Text | None:
        """Count a trial that ended, and return its line if that stays."""
        is_better = event.best_number == event.number and event.state == "complete"
        self._best, self._budget = (event.best_value, event.best_number), event.budget
        if event.number not in self._running:
            row = Row(event.number, event.state, "", None, (), 0, 0, event.reason)
        else:
            row, begun = self._row(event.number), self._running.pop(event.number)
            if event.state != "waiting":
                timed = begun.timed
                seconds = max(timed.seconds, self._now() - begun.at)
                self._over.append(timed._replace(seconds=seconds, is_over=True))
            was_pruned = event.state == "pruned"
            if was_pruned and self._study:
                self._saved += self._study.epochs - row.epoch
            reason = "" if was_pruned and row.epoch else event.reason  # whose columns say it
            note = "; ".join(filter(None, (row.note, reason)))
            row = row._replace(state=event.state, value=event.value, note=note, share=0.0)
        if event.state != "waiting":
            self._states[event.state] += 1
        is_first = event.state == "failed" and self._states["failed"] <= self._room
        if self._budget <= self._room or is_better or is_first:
            return styled(row, self._metric)
        self._latest.append(row)
        return None

    @property
    def _metric(self) -> str:
        return self._study.judged_by.rpartition(" ")[2] if self._study else ""

    def _seconds_left(self) -> float | None:
        if self._study is None or self._study.ahead is None:
            return None
        planned = self._study.ahead
        trials = (*self._over, *(begun.timed for begun in self._running.values()))
        # What is planned at the end of a round of a confirm is none of what may come.
        repeats = max(planned.repeats - (self._budget - planned.budget), 0)
        now = planned._replace(budget=self._budget, repeats=repeats, trials=trials)
        return now.seconds_left(max(self._workers, 1))
