"""One trial: ask the space for a schedule, train, report every epoch, prune, keep the records."""

from __future__ import annotations

import importlib.metadata
import logging
import math
import platform
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from typing import NamedTuple

import numpy as np
import optuna
from optuna.trial import Trial, TrialState

from tuner.definition import StudySpec
from tuner.errors import ScheduleError, TaskError
from tuner.schedules import Schedule
from tuner.search.attributes import (
    BASELINE,
    CONTROL,
    EPOCHS_GIVEN,
    EPOCHS_TRAINED,
    REASON,
    RECORDS,
    SEED,
    SPARED,
    VERSIONS,
    options_of,
    records_of,
    repeat_label,
    rule_in,
    text,
    whole,
)
from tuner.search.course import Course
from tuner.search.events import EpochEnded, Listener, TrialStarted
from tuner.search.failures import keep_traceback, reason_of
from tuner.search.first_answer import first_answer
from tuner.search.interrupts import Interrupts
from tuner.search.results import pruned_after
from tuner.search.sampled import begin_trial
from tuner.storage import trial_id
from tuner.tasks import (
    Checkpoint,
    CheckpointStore,
    EpochRecord,
    State,
    Task,
    TrainingCollapsed,
    end_training,
    training,
    with_output,
)

# Where the output of trials that are commands is kept, in the study's output folder.
_OUTPUT = "output"

_log = logging.getLogger("tuner")


class Outcome(NamedTuple):
    """How a trial ended: an Optuna state and, if it completed, its value."""

    state: TrialState
    value: float | None
    reason: str


class _Failed(Exception):
    """The training raised an error, other than the study's storage or listener."""


class Stopped(Exception):
    """The trial was asked to stop after an epoch, and is to be continued another time."""


def run_trial(
    trial: Trial,
    spec: StudySpec,
    store: CheckpointStore,
    listen: Listener,
    stop_requested: Callable[[], bool],
) -> Outcome:
    """Train one trial to its end.

    Args:
        trial: As asked from the study; parameters and reports that it has already are kept.
        spec: The study's definition.
        store: Where training states are found and kept.
        listen: Called with every event.
        stop_requested: Asked after every epoch.

    Returns:
        How it ended. Errors of the training make a failed trial, with the reason; so does one
        that ends the process, as ``sys.exit`` does.

    Raises:
        Stopped: If it was asked to stop before the last epoch.
    """
    seed = trial.user_attrs.get(SEED)
    label = text(trial.user_attrs, BASELINE) or None
    if seed is not None:
        spec = spec._replace(training=spec.training.model_copy(update={"seed": seed}))
        label = repeat_label(trial.user_attrs)
    try:
        if trial.user_attrs.get(REASON):  # of an attempt that was killed before it had ended
            trial.set_user_attr(REASON, "")
        schedule, spec = begin_trial(trial, spec)
        output = spec.folder / _OUTPUT / f"{spec.name}-{trial.number}.txt"
        spec = spec._replace(task=with_output(spec.task, output))
        options, rule = options_of(trial.user_attrs), rule_in(trial.user_attrs)
        own, course = records_of(trial.user_attrs), Course(trial, schedule, spec)
        found = course.deepest(store, own)
        done = min(len(own), len(found.records)) if found else 0  # without a state it starts anew
        listen(TrialStarted(trial.number, schedule, label, done, spec.unit, options, rule))
        with Interrupts().noticed() as interrupts, training(trial.number):
            return _train(trial, course, found, spec, store, listen, stop_requested, interrupts)
    except TrainingCollapsed as collapse:
        if seed is not None:  # a seed that collapses counts against its schedule
            value = spec.objective.collapsed_value(collapse)
            return Outcome(TrialState.COMPLETE, value, spec.unit.reworded(collapse.reason))
        return Outcome(TrialState.PRUNED, None, spec.unit.reworded(collapse.reason))
    except (_Failed, ScheduleError, TaskError) as failure:
        keep_traceback(failure, spec.folder, spec.name, trial.number)
        return Outcome(TrialState.FAIL, None, str(failure))


def _train(
    trial: Trial,
    course: Course,
    found: Checkpoint | None,
    spec: StudySpec,
    store: CheckpointStore,
    listen: Listener,
    stop_requested: Callable[[], bool],
    interrupts: Interrupts,
) -> Outcome:
    control = BASELINE not in trial.user_attrs and is_control(spec, trial.number)
    if control:
        trial.set_user_attr(CONTROL, True)
    prunable = BASELINE not in trial.user_attrs and not control
    # What it has from before an interruption. All epochs before the last one that it reported
    # have been judged.
    own = records_of(trial.user_attrs)
    reported = max(trial.storage.get_trial(trial_id(trial)).intermediate_values, default=0)
    given = min(whole(trial.user_attrs, EPOCHS_GIVEN), len(own))
    # Asked for baselines too: halving remembers who passed which rung.
    if not own and trial.should_prune():
        if prunable:
            return Outcome(TrialState.PRUNED, None, pruned_after(0, spec.epochs, spec.unit))
        trial.set_user_attr(SPARED, 0)
    trial.set_user_attr(VERSIONS, trained_with := versions(spec.task))
    records: list[EpochRecord] = []
    with closing(_epochs(course.schedule, spec, found, interrupts)) as training:
        for record, state in training:
            epoch = record.epoch
            if epoch <= len(own):
                records.append(own[epoch - 1])
            else:
                records.append(record)
                given += state is None
                # In this order, and before the state is saved, an epoch counts once and as what
                # it is wherever the process is killed.
                trial.set_user_attr(EPOCHS_GIVEN, given)
                trial.set_user_attr(RECORDS, [r._asdict() for r in records])
                trial.set_user_attr(EPOCHS_TRAINED, len(records) - given)
                course.tell(records)
                if epoch == len(own) + 1 and (now := versions(spec.task)) != trained_with:
                    trial.set_user_attr(VERSIONS, now)  # with what the training has imported
            key = course.key(epoch) if state is not None else None
            if state is not None and key is not None:
                with _failing(interrupts):
                    kept = state()
                if kept is not None:
                    store.save(key, Checkpoint(tuple(records), kept))
            judged_by, value = spec.objective.judged_by, _value(records[-1], spec)
            # Before it is reported: other trials are compared with what is.
            if math.isnan(value) or (epoch == spec.epochs and math.isinf(value)):
                raise _diverged(records[-1], f"the {judged_by} is {value}")
            if epoch > reported:
                trial.report(signal(records[-1], spec), step=epoch)
            known = (judged_by, value, state is None and epoch <= len(own))
            listen(EpochEnded(trial.number, spec.epochs, records[-1], *known, spec.unit))
            if epoch == spec.epochs:
                break
            prune = epoch >= reported and trial.should_prune()
            if epoch == reported:  # maybe it was asked before the interruption
                prune = first_answer(trial)
            if prune and prunable:
                reason = pruned_after(epoch, spec.epochs, spec.unit)
                return Outcome(TrialState.PRUNED, None, reason)
            if prune and SPARED not in trial.user_attrs:
                trial.set_user_attr(SPARED, epoch)
            if stop_requested():
                raise Stopped
    return Outcome(TrialState.COMPLETE, _value(records[-1], spec), "")


def signal(record: EpochRecord, spec: StudySpec) -> float:
    """Return what a trial is judged by after an epoch that is not its last."""
    averaged = spec.objective.averaged_value(record)
    if spec.pruner.signal == "raw" or averaged is None or math.isnan(averaged):
        return _value(record, spec)
    return averaged


def _diverged(record: EpochRecord, reason: str) -> TrainingCollapsed:
    accuracy = record.test_accuracy or 0.0
    loss = math.inf if record.test_loss is None else record.test_loss
    return TrainingCollapsed(
        record.epoch, f"diverged in epoch {record.epoch}: {reason}", accuracy, loss
    )


def _value(record: EpochRecord, spec: StudySpec) -> float:
    value = spec.objective.value(record)
    if value is None:
        raise _Failed(spec.objective.unmeasured(record))
    return value


def is_control(spec: StudySpec, number: int) -> bool:
    """Tell whether a trial belongs to the share that is never pruned, drawn by its number."""
    drawn = np.random.default_rng((spec.sampler.seed, number, zlib.crc32(b"control"))).random()
    return bool(drawn < spec.pruner.control_share)


def versions(task: Task | None = None) -> dict[str, str]:
    """Return the versions of the software that searches, and that trains a task."""
    return {
        "tuner": importlib.metadata.version("schedule-tuner"),
        "optuna": optuna.__version__,
        "python": platform.python_version(),
        **(task.versions() if task else {}),
    }


def _epochs(
    schedule: Schedule, spec: StudySpec, found: Checkpoint | None, interrupts: Interrupts
) -> Generator[tuple[EpochRecord, Callable[[], State | None] | None], None, None]:
    """Yield the epochs that were found, without a state, then those that are left to train."""
    for record in found.records if found else ():
        yield record, None
    start = found.state if found else None
    if start is not None and start.epoch >= spec.epochs:
        return
    with _failing(interrupts):
        training = iter(
            spec.task.train(schedule, seed=spec.training.seed, epochs=spec.epochs, start=start)
        )
    try:
        while True:
            # Not around the yield: what ends whoever asked is no error of the training.
            with _failing(interrupts):
                epoch = next(training, None)
            if epoch is None:
                return
            yield epoch
    finally:
        try:
            with _failing(interrupts):  # it may have something to put in order
                end_training(training)
        except _Failed as failure:  # how the trial ends is decided
            _log.warning("A training that was over raised an error: %s", failure)


@contextmanager
def _failing(interrupts: Interrupts) -> Iterator[None]:
    """Make a failed trial of what a training raises, whatever it is.

    Put back into the queue, a training that calls `sys.exit`, or that gives up as asyncio does,
    would do so for ever.
    """
    try:
        yield
    except TrainingCollapsed:
        raise
    except BaseException as error:
        outside = interrupts.behind(error)
        if outside is not None:
            raise outside from error
        raise _Failed(reason_of(error)) from error
