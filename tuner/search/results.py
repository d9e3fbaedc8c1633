"""Read-only rows out of a study: what status, tables, exports and reports are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from tuner.definition import countable, merit
from tuner.reading import Clock, Unit
from tuner.schedules import Plateau, Schedule, drops_in_words, is_whole
from tuner.search.attributes import (
    BASELINE,
    BATCH_SIZE,
    CONTROL,
    EPOCHS_GIVEN,
    REASON,
    SPARED,
    UPDATES_PER_EPOCH,
    VERSIONS,
    Key,
    key_of,
    options_of,
    records_of,
    rule_in,
    schedule_in,
    text,
    whole,
)
from tuner.search.ownership import is_gone
from tuner.storage import is_enqueued
from tuner.tasks import EpochRecord

# How the reason begins of a trial that the pruner ended; other pruned trials collapsed.
PRUNED_AFTER = "pruned after"

STATES = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "running",
    TrialState.WAITING: "waiting",
}


class TrialRow(NamedTuple):
    """One trial. ``value`` of a pruned trial is what it was last judged by, not a final accuracy.

    ``epochs_given`` of its epochs were trained by other trials, whose schedules begin alike.
    ``is_control`` trials are never pruned; ``spared`` is the epoch after which such a trial, or a
    baseline, would have been. ``minimized`` says that small values are the good ones.
    ``versions`` are of the software that trained it. A trial whose process was one of this machine
    and is gone is not ``"running"`` but ``"interrupted"``. ``options`` are those of the task, if
    the study samples any; ``updates_per_epoch`` and ``batch_size`` are then those of the task with
    them, and None elsewhere. ``rule`` is what found its schedule while it trained, of one that had
    it not from the start.
    """

    number: int
    state: str
    value: float | None
    baseline: str | None
    params: dict[str, Any]
    schedule: Schedule | None
    records: tuple[EpochRecord, ...]
    reason: str
    epochs_given: int = 0
    is_control: bool = False
    spared: int | None = None
    minimized: bool = False
    versions: Mapping[str, str] = MappingProxyType({})
    options: Mapping[str, Any] = MappingProxyType({})
    updates_per_epoch: int | None = None
    batch_size: int | None = None
    rule: Plateau | None = None

    @property
    def family(self) -> str:
        """The family that it is of, or ``""`` before it has a schedule."""
        if self.rule:
            return self.rule.family
        return self.schedule.family if self.schedule else str(self.params.get("family", ""))

    def updates_per_unit(self, clock: Clock) -> float:
        """Return its updates in one of a clock's unit, which another batch size changes."""
        return (self.updates_per_epoch or clock.updates_per_epoch) / clock.unit.size

    def is_of(self, key: Key) -> bool:
        """Tell whether it has the schedule and the options of a candidate."""
        return self.schedule is not None and key_of(self.schedule, self.options) == key

    @property
    def is_finished(self) -> bool:
        """Whether it is over, one way or another."""
        return self.state in ("complete", "pruned", "failed")

    @property
    def is_collapsed(self) -> bool:
        """Whether its training became hopeless, rather than that the pruner ended it."""
        return self.state == "pruned" and bool(self.reason and PRUNED_AFTER not in self.reason)

    @property
    def epochs(self) -> int:
        """Epochs that it got through."""
        return len(self.records)

    @property
    def epochs_trained(self) -> int:
        """Epochs that it trained itself."""
        return self.epochs - self.epochs_given

    @property
    def title(self) -> str:
        """What it is called, a baseline by its label too."""
        return f"trial {self.number}" + (f" [{self.baseline}]" if self.baseline else "")

    @property
    def note(self) -> str:
        """Which baseline it is, what drops it found, and why it ended early."""
        drops = drops_in_words(self.schedule) if self.rule else ""
        return "; ".join(filter(None, (self.baseline, drops, self.reason)))

    @property
    def schedule_text(self) -> str:
        """The schedule, and the rule that found it."""
        return f"{self.schedule!r}" + (f", found by {self.rule!r}" if self.rule else "")

    @property
    def seconds(self) -> float:
        """Time that its epochs took to train, whoever did."""
        return sum(record.seconds for record in self.records)


def pruned_after(epoch: int, epochs: int, unit: Unit) -> str:
    """Return the reason of a trial that the pruner ended."""
    return f"{PRUNED_AFTER} {unit.word} {unit.count(epoch)} of {unit.count(epochs)}"


def begun_trials(study: Study) -> list[FrozenTrial]:
    """Return the trials of a study in the order of their numbers, without surplus at the end.

    What a worker asked for when another one had just taken the last trial, and gave back, is a
    number without parameters that may never get any.
    """
    trials = study.get_trials(deepcopy=False)
    while trials and _is_unbegun(trials[-1]):
        trials = trials[:-1]
    return trials


def trial_rows(study: Study) -> list[TrialRow]:
    """Return the trials of a study that were enqueued or have begun, as :func:`begun_trials`."""
    minimized = study.direction == StudyDirection.MINIMIZE
    return [_row(trial, minimized) for trial in begun_trials(study)]


def ranking(rows: Sequence[TrialRow]) -> list[TrialRow]:
    """Return the complete trials, the best first; of equals the earlier one.

    A pruned trial never ranks: its value belongs to another epoch. Nor does one that plain Optuna
    added: it has no schedule.
    """
    complete = [
        row
        for row in rows
        if row.state == "complete" and row.value is not None and row.schedule is not None
    ]
    return sorted(complete, key=lambda row: (-merit(row.value or 0.0, row.minimized), row.number))


def _is_unbegun(trial: FrozenTrial) -> bool:
    return trial.state == TrialState.WAITING and not (trial.params or is_enqueued(trial))


def _row(trial: FrozenTrial, minimized: bool) -> TrialRow:
    attributes = trial.user_attrs
    records = tuple(records_of(attributes))
    spared, versions = attributes.get(SPARED), attributes.get(VERSIONS)
    return TrialRow(
        number=trial.number,
        state="interrupted" if is_gone(trial) else STATES[trial.state],
        value=countable(trial.value) if trial.state.is_finished() else None,
        baseline=text(attributes, BASELINE) or None,
        params=dict(trial.params),
        schedule=schedule_in(attributes),
        records=records,
        reason=text(attributes, REASON),
        # Counted before the record is there, which a running trial may show.
        epochs_given=min(whole(attributes, EPOCHS_GIVEN), len(records)),
        is_control=attributes.get(CONTROL) is True,
        spared=spared if is_whole(spared) else None,
        minimized=minimized,
        versions=versions if isinstance(versions, Mapping) else {},
        options=options_of(attributes),
        updates_per_epoch=whole(attributes, UPDATES_PER_EPOCH) or None,
        batch_size=whole(attributes, BATCH_SIZE) or None,
        rule=rule_in(attributes),
    )
