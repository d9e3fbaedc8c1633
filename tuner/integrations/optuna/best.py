"""What a study of plain Optuna found: its best schedule, and the file of it."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from pathlib import Path

from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from tuner.definition import finite, merit
from tuner.errors import StudyError
from tuner.schedules import Schedule, is_whole, save_schedule
from tuner.search import STATES, UPDATES_PER_EPOCH, has_schedule, schedule_in, versions


def best_schedule(study: Study) -> Schedule:
    """Return the schedule of a study's best complete trial that has one; of equals the first.

    Args:
        study: Optuna's study, whose objective asked :func:`tuner.suggest_schedule`, or one of
            ours.

    Raises:
        StudyError: If no complete trial has a schedule, or the study has several directions.
    """
    return _schedule_of(_best(study))


def export(
    study: Study,
    path: str | os.PathLike[str],
    *,
    trial: int | None = None,
    batch_size: int | None = None,
) -> Path:
    """Write the best schedule of a study, or a trial's, as a schedule file.

    Args:
        study: As for :func:`~tuner.integrations.optuna.best_schedule`.
        path: Where to.
        trial: The number of a trial; the best one if None.
        batch_size: Examples in an update, for the record.

    Returns:
        The path.

    Raises:
        StudyError: If there is no such trial, or none is complete.
        ScheduleFileError: If the file cannot be written.
    """
    chosen = _best(study) if trial is None else _trial(study, trial)
    schedule, size = _schedule_of(chosen), chosen.user_attrs.get(UPDATES_PER_EPOCH)
    save_schedule(
        schedule,
        path,
        updates_per_epoch=size if is_whole(size) and size >= 1 else None,
        batch_size=batch_size,
        provenance={
            "study": study.study_name,
            "trial": chosen.number,
            "params": chosen.params,
            "objective": {
                "directions": [each.name.lower() for each in study.directions],
                "values": [*map(finite, chosen.values or [])],
                "state": STATES[chosen.state],
                "n": 1,
            },
            "versions": versions(),
            "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        },
    )
    return Path(path)


def _best(study: Study) -> FrozenTrial:
    if len(study.directions) != 1:
        raise StudyError(
            f"Study {study.study_name!r} must have one direction, but has"
            f" {len(study.directions)}. Choose a trial of study.best_trials, and name it."
        )
    minimized = study.direction == StudyDirection.MINIMIZE
    complete = [
        trial
        for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        if has_schedule(trial.user_attrs)
    ]
    if not complete:
        raise StudyError(
            f"Study {study.study_name!r} must have a complete trial whose objective called"
            " tuner.suggest_schedule, but has none."
        )
    return max(complete, key=lambda trial: merit(trial.value or 0.0, minimized))


def _trial(study: Study, number: int) -> FrozenTrial:
    for trial in study.get_trials(deepcopy=False):
        if trial.number == number and has_schedule(trial.user_attrs):
            return trial
    raise StudyError(
        f"Trial {number} must exist and have a schedule, but does not in study"
        f" {study.study_name!r}."
    )


def _schedule_of(trial: FrozenTrial) -> Schedule:
    found = schedule_in(trial.user_attrs)
    assert found is not None, "it was chosen for having one"
    return found
