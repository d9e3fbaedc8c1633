"""One trial: ask the space for a schedule, train, report every epoch, prune, keep the records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import optuna
from optuna.trial import Trial, TrialState

from tuner.errors import TunerError
from tuner.schedules import Schedule, schedule_from_dict, schedule_to_dict
from tuner.search.events import EpochEnded, Listener, TrialStarted
from tuner.spec import StudySpec
from tuner.tasks.base import EpochRecord, TrainingCollapsed

# The user attributes of a trial, all plain JSON.
SCHEDULE = "schedule"  # {"family": ..., "params": {...}}
RECORDS = "records"  # one EpochRecord per epoch, as a table
REASON = "reason"  # why it was pruned or failed
BASELINE = "baseline"  # its label, if it is one


class Outcome(NamedTuple):
    """How a trial ended: an Optuna state and, if it completed, its value."""

    state: TrialState
    value: float | None
    reason: str


class Stopped(Exception):
    """The trial was asked to stop after an epoch, and is to be continued another time."""


def run_trial(
    trial: Trial, spec: StudySpec, listen: Listener, stop_requested: Callable[[], bool]
) -> Outcome:
    """Train one trial to its end.

    Args:
        trial: As asked from the study; parameters and reports that it has already are kept.
        spec: The study's definition.
        listen: Called with every event.
        stop_requested: Asked after every epoch.

    Returns:
        How it ended. Errors of the training make a failed trial, with the reason.

    Raises:
        Stopped: If it was asked to stop before the last epoch.
    """
    try:
        schedule = _schedule(trial, spec)
        again = bool(trial.user_attrs.get(RECORDS))
        listen(TrialStarted(trial.number, schedule, trial.user_attrs.get(BASELINE), again))
        return _train(trial, schedule, spec, listen, stop_requested)
    except TrainingCollapsed as collapse:
        return Outcome(TrialState.PRUNED, None, collapse.reason)
    except (Stopped, optuna.exceptions.OptunaError):
        raise
    except TunerError as error:
        return Outcome(TrialState.FAIL, None, str(error))
    except Exception as error:
        # MXNet's messages carry the C++ stack; what happened is in the last line.
        message = (str(error).strip().splitlines() or [""])[-1]
        return Outcome(TrialState.FAIL, None, f"{type(error).__name__}: {message}")


def _schedule(trial: Trial, spec: StudySpec) -> Schedule:
    """Return the trial's schedule: a baseline's own, else what its parameters stand for."""
    values = spec.space.sample(trial)
    stored = trial.user_attrs.get(SCHEDULE)
    if stored is not None:
        return schedule_from_dict(stored)
    schedule = spec.space.schedule(values)
    trial.set_user_attr(SCHEDULE, schedule_to_dict(schedule))
    return schedule


def _train(
    trial: Trial,
    schedule: Schedule,
    spec: StudySpec,
    listen: Listener,
    stop_requested: Callable[[], bool],
) -> Outcome:
    prunable = BASELINE not in trial.user_attrs
    reported = set(trial.storage.get_trial(trial._trial_id).intermediate_values)
    records: list[EpochRecord] = []
    for record in spec.task.train(schedule, seed=spec.training.seed, epochs=spec.epochs):
        records.append(record)
        trial.set_user_attr(RECORDS, [r._asdict() for r in records])
        if record.epoch not in reported:
            trial.report(record.test_accuracy, step=record.epoch)
        listen(EpochEnded(trial.number, spec.epochs, record))
        if record.epoch == spec.epochs:
            break
        # Asked for baselines too: halving remembers who passed which rung.
        if trial.should_prune() and prunable:
            reason = f"pruned after epoch {record.epoch} of {spec.epochs}"
            return Outcome(TrialState.PRUNED, None, reason)
        if stop_requested():
            raise Stopped
    return Outcome(TrialState.COMPLETE, records[-1].test_accuracy, "")


def records_of(attributes: dict[str, Any]) -> list[EpochRecord]:
    """Return the epoch records in a trial's user attributes."""
    return [EpochRecord(**record) for record in attributes.get(RECORDS, [])]
