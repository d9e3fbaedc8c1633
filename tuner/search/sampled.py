"""The schedule of a trial: the one that it was enqueued with, or what its parameters stand for."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from optuna.trial import Trial

from tuner.definition import StudySpec
from tuner.errors import ScheduleError
from tuner.reading import Clock
from tuner.schedules import Plateau, Schedule, rule_to_dict, schedule_to_dict
from tuner.search.attributes import (
    BATCH_SIZE,
    OPTIONS,
    RULE,
    SCHEDULE,
    UPDATES_PER_EPOCH,
    options_of,
    schedule_in,
)
from tuner.space import SearchSpace, options_in
from tuner.storage import enqueued_params, trial_id

_MUST = "The trial's parameters must be of the search space"


def begin_trial(trial: Trial, spec: StudySpec) -> tuple[Schedule, StudySpec]:
    """Return a trial's schedule, and the definition with the options that its task has.

    Both are kept among the trial's attributes.

    Raises:
        ScheduleError: As :func:`schedule_of_trial`.
        TaskError: If the task cannot be made with the options.
    """
    found = spec

    def clock_with(options: Mapping[str, Any]) -> Clock:
        nonlocal found
        found = spec.with_options(options)
        clock = found.clock_with({})
        for name, value in attributes_of(options, clock).items():
            trial.set_user_attr(name, value)
        return clock

    schedule = schedule_of_trial(trial, spec.space, clock_with)
    return schedule, spec.with_options(options_of(trial.user_attrs)) if found is spec else found


def attributes_of(
    options: Mapping[str, Any], clock: Clock, rule: Plateau | None = None
) -> dict[str, Any]:
    """Return the user attributes of a trial beside its schedule.

    Args:
        options: Those of its task, if any are sampled.
        clock: That of the task with them.
        rule: What finds its schedule while it trains, if anything does.
    """
    sizes = {UPDATES_PER_EPOCH: clock.updates_per_epoch, BATCH_SIZE: clock.batch_size}
    found = {OPTIONS: dict(options), **sizes} if options else {}
    return {**found, RULE: rule_to_dict(rule)} if rule else found


def schedule_of_trial(
    trial: Trial,
    space: SearchSpace,
    clock_with: Callable[[Mapping[str, Any]], Clock] | None = None,
) -> Schedule:
    """Return a trial's schedule, and keep it among the trial's attributes.

    Of one that finds its schedule while it trains it is what is known so far, and the rule is kept
    as well.

    Args:
        trial: As asked from the study. One that has a schedule from the start, as a baseline has,
            gets the parameters that it was enqueued with: a baseline outside the space gets none.
        space: What others are sampled from.
        clock_with: Tells the clock of the task with the options that were sampled.

    Raises:
        ScheduleError: If parameters that were enqueued by hand are none of the space, or stand for
            no schedule.
    """
    stored = schedule_in(trial.user_attrs)
    enqueued = enqueued_params(trial.storage.get_trial(trial_id(trial)))
    if stored is not None and not enqueued:
        return stored
    _refuse_infinite(enqueued)
    try:
        with warnings.catch_warnings():
            # A number outside its range is trained: whoever enqueued it wants to know.
            warnings.filterwarnings("ignore", message="Fixed parameter")
            values = space.sample(trial)
    except ValueError as error:
        raise ScheduleError(f"{_MUST}: {error}") from error
    if stored is not None:
        return stored
    options = options_in(values)
    clock = clock_with(options) if clock_with and options else None
    schedule, rule = space.schedule(values, clock), space.rule(values, clock)
    if rule is not None:  # first, for the schedule alone would be another trial
        trial.set_user_attr(RULE, rule_to_dict(rule))
    trial.set_user_attr(SCHEDULE, schedule_to_dict(schedule))
    return schedule


def _refuse_infinite(enqueued: Mapping[str, Any]) -> None:
    """Refuse what Optuna would store and could never read again."""
    for name, value in enqueued.items():
        try:
            is_infinite = math.isinf(float(value))
        except OverflowError:
            is_infinite = True
        except (TypeError, ValueError):  # a choice, or what Optuna refuses itself
            continue
        if is_infinite:
            raise ScheduleError(f"{_MUST}: {name} must be a finite number, but got {value!r}")
