"""The schedule of a trial: the one that it was enqueued with, or what its parameters stand for."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from typing import Any

from optuna.trial import Trial

from tuner.errors import ScheduleError
from tuner.schedules import Schedule, rule_to_dict, schedule_to_dict
from tuner.search.attributes import RULE, SCHEDULE, schedule_in
from tuner.space import SearchSpace
from tuner.storage import enqueued_params, trial_id

_MUST = "The trial's parameters must be of the search space"


def schedule_of_trial(trial: Trial, space: SearchSpace) -> Schedule:
    """Return a trial's schedule, and keep it among the trial's attributes.

    Of one that finds its schedule while it trains it is what is known so far, and the rule is kept
    as well.

    Args:
        trial: As asked from the study. One that has a schedule from the start, as a baseline has,
            gets the parameters that it was enqueued with: a baseline outside the space gets none.
        space: What others are sampled from.

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
    schedule, rule = space.schedule(values), space.rule(values)
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
