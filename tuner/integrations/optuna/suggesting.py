"""A schedule that an Optuna trial suggests, and the baselines that it is compared with."""

from __future__ import annotations

import optuna
from optuna.study import Study
from optuna.trial import BaseTrial

from tuner.integrations.optuna.making import Space, clock_of, space_of
from tuner.schedules import Schedule, schedule_to_dict
from tuner.search import (
    SCHEDULE,
    UPDATES_PER_EPOCH,
    enqueue_missing,
    schedule_in,
    schedule_of_trial,
)


def suggest_schedule(
    trial: BaseTrial,
    space: Space,
    *,
    updates_per_epoch: int,
    epochs: int | None = None,
    horizon: int | None = None,
    base_lr: float | None = None,
) -> Schedule:
    """Return a schedule whose parameters an Optuna trial suggests.

    It is kept in the trial's user attributes, as studies here keep theirs, where
    :func:`~tuner.integrations.optuna.best_schedule`, the sampler and the pruner find it.

    Args:
        trial: Optuna's trial; also a fixed or a finished one.
        space: ``"default"``, ``"chapter"`` or ``"modern"``; what is sampled and fixed, by name: a
            ``tuner.Float``, a ``tuner.Int``, a list to choose from, or a value; or the
            path of a search-space file.
        updates_per_epoch: Optimizer updates in an epoch; or between two reports, if the training
            has no epochs.
        epochs: Epochs of a full training; or ``horizon``.
        horizon: Updates of a full training.
        base_lr: The learning rate of today: the space ``"default"`` follows from it.

    Raises:
        DefinitionError: With every mistake of the space.
        StudyError: If there is no such space, or the length of the training is not clear.
        ScheduleError: If the trial has parameters of another space.

    Example:
        >>> import optuna, tuner
        >>> trial = optuna.trial.FixedTrial({"base_lr": 0.1})
        >>> space = {"family": "cosine", "base_lr": tuner.Float(0.01, 1.0, log=True)}
        >>> tuner.suggest_schedule(trial, space, horizon=100, updates_per_epoch=10).base_lr
        0.1
    """
    clock = clock_of(updates_per_epoch, epochs, horizon)
    found = space_of(space, base_lr, clock)
    if isinstance(trial, optuna.trial.Trial):
        schedule = schedule_of_trial(trial, found)
    else:
        schedule = schedule_in(trial.user_attrs) or found.schedule(found.sample(trial))
        trial.set_user_attr(SCHEDULE, schedule_to_dict(schedule))
    trial.set_user_attr(UPDATES_PER_EPOCH, clock.updates_per_epoch)
    return schedule


def enqueue_baselines(
    study: Study,
    space: Space,
    *,
    updates_per_epoch: int,
    epochs: int | None = None,
    horizon: int | None = None,
    base_lr: float | None = None,
) -> None:
    """Let a study train the baselines of a space first, as studies here do; none of them twice.

    They are never pruned by our pruners. The arguments are those of
    :func:`tuner.suggest_schedule`.
    """
    clock = clock_of(updates_per_epoch, epochs, horizon)
    enqueue_missing(study, space_of(space, base_lr, clock))
