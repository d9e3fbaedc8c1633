"""What happens during a study, as plain data; ``str(event)`` is one line for a log."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tuner.definition import digits
from tuner.errors import TunerError
from tuner.reading import EPOCHS, Unit, options_told
from tuner.schedules import (
    Plateau,
    Schedule,
    rule_from_dict,
    rule_to_dict,
    schedule_from_dict,
    schedule_to_dict,
)
from tuner.search.results import SKIPPED
from tuner.search.time_left import Ahead
from tuner.tasks import EpochRecord, Within


class LengthMeasured(NamedTuple):
    """The length of a training that was given as a ``time``, in so many updates, was measured."""

    name: str
    time: str
    updates: int
    seconds_per_update: float
    updates_measured: int
    machine: str

    def __str__(self) -> str:
        return (
            f"study {self.name}: {self.time} are {self.updates} updates, at"
            f" {self.seconds_per_update:.3g} s an update, measured over {self.updates_measured} on"
            f" {self.machine}"
        )


class RampTrained(NamedTuple):
    """A training of a ramp is over, which the ``seed`` began and whose last rate was ``lr``.

    ``reason`` says why it collapsed, if it did.
    """

    name: str
    seed: int
    lr: float
    reason: str = ""

    def __str__(self) -> str:
        how = f", where it collapsed: {self.reason}" if self.reason else ""
        return f"study {self.name}: seed {self.seed} trained up to {self.lr:.2g}{how}"


class RatesFound(NamedTuple):
    """The bounds of ``base_lr`` that were of type ``"range"`` were found by a ramp."""

    name: str
    low: float
    high: float
    collapses: bool
    measured: str
    reports: int
    seeds: int
    machine: str

    def __str__(self) -> str:
        end = "" if self.collapses else ", the end of a ramp that never collapsed"
        return (
            f"study {self.name}: base_lr is searched from {self.low:g} to {self.high:g}{end};"
            f" found by the {self.measured} of {self.seeds} seeds on {self.machine}"
        )


class StudyStarted(NamedTuple):
    """A study begins or goes on, with so many finished trials in each state.

    ``interrupted`` trials have begun and wait. ``best_value`` is the best so far, and ``ahead``
    what there is to be done.
    """

    name: str
    storage: str
    finished: int
    budget: int
    epochs: int
    states: Mapping[str, int] = {}
    epochs_saved: int = 0
    judged_by: str = "test accuracy"
    interrupted: int = 0
    unit: Unit = EPOCHS
    best_value: float | None = None
    best_number: int | None = None
    ahead: Ahead | None = None

    def __str__(self) -> str:
        state = "new"
        if self.finished or self.interrupted:
            state = f"continuing after {self.finished} trials"
        if self.interrupted:
            state += f" and {self.interrupted} interrupted"
        if self.best_value is not None:
            best = f"{self.best_value:{digits(self.judged_by)}}"
            state += f", best {best} (trial {self.best_number})"
        return (
            f"study {self.name}: {state}, budget {self.budget} trials of"
            f" {self.unit.told(self.epochs)}, {self.storage}"
        )


class TrialStarted(NamedTuple):
    """A trial begins, or goes on with ``done`` epochs from before it was interrupted.

    ``options`` are those of its task, where the study samples any. ``rule`` is what finds its
    schedule, of one that has it not from the start.
    """

    number: int
    schedule: Schedule
    baseline: str | None
    done: int
    unit: Unit = EPOCHS
    options: Mapping[str, Any] = {}
    rule: Plateau | None = None

    @property
    def given(self) -> Schedule | Plateau:
        """The schedule that it trains under, or the rule that finds one."""
        return self.rule or self.schedule

    def __str__(self) -> str:
        what = f" [{self.baseline}]" if self.baseline else ""
        done = self.unit.count(self.done)
        begins = f"goes on after {self.unit.word} {done}" if done else "starts"
        options = f" with {options_told(self.options)}" if self.options else ""
        return f"trial {self.number} {begins}: {self.given!r}{options}{what}"


class EpochEnded(NamedTuple):
    """An epoch of a trial is done; ``value`` is what it is worth, in what ``judged_by`` names.

    ``is_known`` are those from before an interruption, which a trial that goes on tells once more.
    """

    number: int
    epochs: int
    record: EpochRecord
    judged_by: str = "test accuracy"
    value: float | None = None
    is_known: bool = False
    unit: Unit = EPOCHS

    def __str__(self) -> str:
        r = self.record
        value = f" {self.value:{digits(self.judged_by)}}" if self.value is not None else ""
        loss = ""
        if r.train_loss is not None:
            loss = f", train loss {r.train_loss:{digits('loss')}}"
        return (
            f"trial {self.number} {self.unit.word} {self.unit.count(r.epoch)}/"
            f"{self.unit.count(self.epochs)}: {self.judged_by}{value}{loss},"
            f" LR {r.lr_end:.4g}, {r.seconds:.1f} s"
        )


class TrialEnded(NamedTuple):
    """A trial is complete, pruned, collapsed or failed, or was put back (waiting)."""

    number: int
    state: str
    value: float | None
    reason: str
    best_value: float | None
    best_number: int | None
    finished: int
    budget: int
    judged_by: str = "test accuracy"

    def __str__(self) -> str:
        form = digits(self.judged_by)
        value = f" {self.value:{form}}" if self.value is not None else ""
        how = f"{self.state}{value}" + (f" ({self.reason})" if self.reason else "")
        how = SKIPPED if self.reason == SKIPPED else how
        done = f"{self.finished}/{self.budget}"
        if self.best_value is not None:
            done += f", best {self.best_value:{form}} (trial {self.best_number})"
        return f"trial {self.number} {how}; {done}"


class StudyEnded(NamedTuple):
    """This run of a study is over: ``reason`` is done, timeout or interrupted.

    ``best`` says which trial or schedule is the best one.
    """

    name: str
    reason: str
    finished: int
    budget: int
    seconds: float
    best: str = ""

    def __str__(self) -> str:
        best = f"; best: {self.best}" if self.best else ""
        return (
            f"study {self.name}: {self.reason}, {self.finished}/{self.budget} trials,"
            f" {self.seconds:.0f} s in this run{best}"
        )


class Printed(NamedTuple):
    """A line that a training printed in a worker process."""

    text: str

    def __str__(self) -> str:
        return self.text


class Warned(NamedTuple):
    """What a worker process has to say to whoever started it, such as that it waits."""

    text: str


class WorkerEnded(NamedTuple):
    """The last word of a worker process: ``how`` is done, spent, stopped or failed.

    Spent is a worker that ends because a trial has failed. ``words`` say why it ended otherwise.
    Whoever ends without it has died, whatever its exit code.
    """

    how: str
    words: str = ""


Event = (
    LengthMeasured | RampTrained | RatesFound | StudyStarted | TrialStarted | EpochEnded
    | TrialEnded | StudyEnded | Printed
)  # fmt: skip
Listener = Callable[[Event], object]
# By a worker process; a run hands on the events alone.
Said = Event | Warned | Within | WorkerEnded

_KINDS = (
    LengthMeasured, RampTrained, RatesFound, StudyStarted, TrialStarted, EpochEnded, TrialEnded,
    StudyEnded, Printed, Warned, Within, WorkerEnded,
)  # fmt: skip
_EVENTS: dict[str, Any] = {kind.__name__: kind for kind in _KINDS}


def to_json(event: Said) -> str:
    """Return an event as one line, for another process.

    Example:
        >>> to_json(StudyEnded("small", "done", 4, 4, 1.5))
        '{"event": "StudyEnded", "name": "small", "reason": "done", "finished": 4, "budget": 4, \
"seconds": 1.5, "best": ""}'
    """
    fields = event._asdict()
    if isinstance(event, TrialStarted):
        fields["schedule"] = schedule_to_dict(event.schedule)
        fields["rule"] = event.rule and rule_to_dict(event.rule)
    if isinstance(event, EpochEnded):
        fields["record"] = event.record._asdict()
    return json.dumps({"event": type(event).__name__, **fields})


def from_json(line: str) -> Said | None:
    """Return the event that :func:`to_json` made the line of; None of any other line.

    Such as one that was cut off when its process was killed.

    Example:
        >>> from_json('{"event": "StudyEnded", "name": "sma') is None
        True
    """
    try:
        fields: dict[str, Any] = json.loads(line)
        kind = _EVENTS[fields.pop("event")]
        if kind is TrialStarted:
            fields["schedule"] = schedule_from_dict(fields["schedule"])
            rule = fields.get("rule")
            fields["rule"] = rule and rule_from_dict(rule)
        if kind is EpochEnded:
            fields["record"] = EpochRecord(**fields["record"])
        if fields.get("ahead"):
            fields["ahead"] = Ahead.of(fields["ahead"])
        if "unit" in fields:
            fields["unit"] = Unit(*fields["unit"])
        event: Said = kind(**fields)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, TunerError):
        return None
    return event
