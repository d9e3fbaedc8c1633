"""The learning rates of a trial: known from the start, or found while it trains."""

from __future__ import annotations

from collections.abc import Sequence

from optuna.trial import Trial

from tuner.definition import StudySpec
from tuner.errors import ScheduleError
from tuner.schedules import LiveSchedule, Plateau, Schedule, schedule_to_dict
from tuner.search.attributes import SCHEDULE, rule_in
from tuner.tasks import Checkpoint, CheckpointStore, EpochRecord, each_checkpoint_key


class Course:
    """What a trial trains under, and the names of its training states.

    A rule's decisions follow from the trial's records alone, so that a trial that was interrupted
    decides the same. What it has found is kept as the trial's schedule, after every report.

    Args:
        trial: The trial, whose attributes say whether it has a rule.
        schedule: Its schedule, as it is known.
        spec: The study's definition, with the seed that the trial trains from.
    """

    def __init__(self, trial: Trial, schedule: Schedule, spec: StudySpec) -> None:
        self._trial, self._spec, self._stored = trial, spec, schedule
        rule = rule_in(trial.user_attrs)
        self._live = None if rule is None else _live(rule, spec)
        self.schedule: Schedule = self._live or schedule
        identity = spec.task.training_identity()
        self._keys: list[str] = []
        self._next_keys = None if identity is None else each_checkpoint_key(
            identity, self.schedule,
            seed=spec.training.seed, updates_per_epoch=spec.task.updates_per_epoch,
        )  # fmt: skip

    def key(self, epoch: int) -> str | None:
        """Return the name of the training state after an epoch; None if there can be none."""
        if self._next_keys is None:
            return None
        while len(self._keys) < epoch:
            self._keys.append(next(self._next_keys))
        return self._keys[epoch - 1]

    def deepest(self, store: CheckpointStore, own: Sequence[EpochRecord]) -> Checkpoint | None:
        """Return the deepest training state that there is, and keep what is found until now.

        Args:
            store: Where it is looked for.
            own: The records that the trial has.

        Raises:
            ScheduleError: If a record lacks what the rule watches.
        """
        self.tell(own)
        records = [*own]
        while True:
            self._decide(records)
            found = self._deepest_known(store, len(records))
            if self._live is None or found is None or len(found.records) <= len(records):
                return found
            # The state of another trial, which began alike. What that saw decides what comes next.
            records += found.records[len(records) :]

    def tell(self, records: Sequence[EpochRecord]) -> None:
        """Decide on after a report, and keep what was found.

        Args:
            records: All records of the trial.

        Raises:
            ScheduleError: If one lacks what the rule watches.
        """
        if self._live is None:
            return
        self._decide(records)
        found = self._live.as_of(len(records) * self._spec.task.updates_per_epoch)
        if found != self._stored:
            self._trial.set_user_attr(SCHEDULE, schedule_to_dict(found))
            self._stored = found

    def _decide(self, records: Sequence[EpochRecord]) -> None:
        if self._live is not None:
            rule = self._live.rule
            self._live.tell([watched(record, rule, self._spec) for record in records])

    def _deepest_known(self, store: CheckpointStore, reports: int) -> Checkpoint | None:
        known = self._spec.epochs if self._live is None else min(reports + 1, self._spec.epochs)
        keys = [self.key(epoch) for epoch in range(1, known + 1)]
        return store.deepest([key for key in keys if key is not None])


def _live(rule: Plateau, spec: StudySpec) -> LiveSchedule:
    minimized = rule.on == "train_loss" or spec.objective.minimized
    size = spec.task.updates_per_epoch
    return LiveSchedule(rule, updates_per_report=size, mode="min" if minimized else "max")


def watched(record: EpochRecord, rule: Plateau, spec: StudySpec) -> float:
    """Return what a rule is to decide by of a record.

    Raises:
        ScheduleError: If the record has it not.
    """
    if rule.on == "metric":
        value, lacks = spec.objective.value(record), f"no {spec.objective.metric}"
    else:
        value, lacks = record.train_loss, "no train loss"
    if value is None:
        raise ScheduleError(
            f'family {rule.family!r} with on = "{rule.on}" must be told that after every report,'
            f" but the task gave {lacks}. Give it, trial.report(value, train_loss=...), or write"
            ' on = "metric" to watch what the study is judged by.'
        )
    return value
