"""The user attributes of trials: their names, and what they say if they are this package's.

Any program may write into a database of Optuna's. What is of another type there is none of ours,
and is read as if it were not there.
"""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from tuner.errors import ScheduleError
from tuner.schedules import Plateau, Schedule, is_whole, rule_from_dict, schedule_from_dict
from tuner.tasks import EpochRecord

# What is trained, whatever its seed: a schedule or a rule, and the task's options as text.
Key: TypeAlias = tuple[Schedule | Plateau, str]

# All plain JSON.
SCHEDULE = "schedule"  # {"family": ..., "params": {...}}
RULE = "rule"  # what finds it while the trial trains, in the same form; the schedule is as known
RECORDS = "records"  # one EpochRecord per epoch, as a table
EPOCHS_TRAINED = "epochs_trained"  # how many of them it trained itself, interrupted or not
EPOCHS_GIVEN = "epochs_given"  # how many it took over from other trials
REASON = "reason"  # why it was pruned or failed
BASELINE = "baseline"  # its label, if it is one
CONTROL = "control"  # true for one of the share that is never pruned
VERSIONS = "versions"  # of the software that trained it, or that continued it last
SPARED = "spared"  # the epoch after which a trial that is never pruned would have been
OPTIONS = "task_options"  # of the task, where the space samples any: {"weight_decay": 0.02}
BATCH_SIZE = "batch_size"  # of the task with them; and its updates of an epoch, as below
# Of a trial of plain Optuna's, whose study has no definition:
UPDATES_PER_EPOCH = "updates_per_epoch"  # of the training that its schedule is laid out for
# Of repeats:
SEED = "seed"  # what it is trained from, instead of the study's training seed
LABEL = "label"  # whose schedule it has: "trial 7", or a baseline's label


def text(attributes: Mapping[str, Any], name: str) -> str:
    """Return a text among a trial's attributes, an empty one if there is none.

    Example:
        >>> text({REASON: "collapsed"}, REASON), text({REASON: [1]}, REASON)
        ('collapsed', '')
    """
    found = attributes.get(name)
    return found if isinstance(found, str) else ""


def whole(attributes: Mapping[str, Any], name: str) -> int:
    """Return a whole number of 0 or more among a trial's attributes, 0 if there is none."""
    found = attributes.get(name)
    return found if is_whole(found) and found >= 0 else 0


def records_of(attributes: Mapping[str, Any]) -> list[EpochRecord]:
    """Return the epoch records among a trial's attributes; none if they are no list of such."""
    found = attributes.get(RECORDS)
    if not isinstance(found, list):
        return []
    try:
        return [EpochRecord(**record) for record in found]
    except TypeError:
        return []


def repeat_label(attributes: Mapping[str, Any]) -> str:
    """Return what a repeated training is called: whose schedule it has, and its seed.

    Example:
        >>> repeat_label({LABEL: "trial 7", SEED: 3}), repeat_label({})
        ('trial 7, seed 3', '')
    """
    seed = attributes.get(SEED)
    return "" if seed is None else f"{text(attributes, LABEL)}, seed {seed}"


def has_schedule(attributes: Mapping[str, Any]) -> bool:
    """Tell whether a trial has a schedule that is known here, as it has once it began."""
    return schedule_to_compare(attributes) is not None


def schedule_to_compare(attributes: Mapping[str, Any]) -> Schedule | None:
    """Return the schedule among a trial's attributes, the same object for equal ones.

    A search asks for those of all its trials at every question. Not to be trained with: what a
    training asks of a schedule is noticed.

    Returns:
        The schedule; None if there is none that is known here.
    """
    found = attributes.get(SCHEDULE)
    if not isinstance(found, Mapping):
        return None
    with contextlib.suppress(ScheduleError, TypeError):  # what is no JSON is no schedule
        return _read(json.dumps(found))
    return None


@functools.lru_cache(maxsize=4096)
def _read(schedule: str) -> Schedule:
    return schedule_from_dict(json.loads(schedule))


def options_of(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of the task among a trial's attributes; none if the task has its own."""
    found = attributes.get(OPTIONS)
    return dict(found) if isinstance(found, Mapping) else {}


def key_of(given: Schedule | Plateau, options: Mapping[str, Any]) -> Key:
    """Return what two trainings have in common that differ by their seed alone.

    Args:
        given: The schedule of both, or the rule by which each finds its own.
        options: Those of the task.

    Example:
        >>> from tuner import Constant
        >>> key_of(Constant(base_lr=0.1, horizon=9), {"width": 8})[1]
        '{"width": 8}'
    """
    return given, json.dumps(dict(options), sort_keys=True)


def family_in(attributes: Mapping[str, Any]) -> str:
    """Return the family that a trial is of, an empty text if it has no schedule."""
    found = attributes.get(RULE, attributes.get(SCHEDULE))
    if not isinstance(found, Mapping):
        return ""
    lr = found.get("lr")  # of several quantities
    return text(lr if isinstance(lr, Mapping) else found, "family")


def schedule_in(attributes: Mapping[str, Any]) -> Schedule | None:
    """Return the schedule among a trial's attributes.

    Raises:
        ScheduleError: If it is of a family that is not known here, or none.
    """
    found = attributes.get(SCHEDULE)
    return schedule_from_dict(found) if isinstance(found, Mapping) else None


def rule_in(attributes: Mapping[str, Any]) -> Plateau | None:
    """Return the rule by which a trial finds its schedule; None if it has that from the start.

    Raises:
        ScheduleError: If it is of a family that is not known here, or none.
    """
    found = attributes.get(RULE)
    return rule_from_dict(found) if isinstance(found, Mapping) else None
