"""After a training: did its schedule and its length fit together?"""

from __future__ import annotations

import warnings

from tuner.adapters import ScheduleWarning
from tuner.errors import ScheduleError
from tuner.linting.finding import Finding
from tuner.schedules import Schedule, is_whole

# A last batch that was dropped, an update more: no mistake.
_NEARLY = 0.01
_POINTS = 200  # at which a schedule is looked at


def check_training(schedule: Schedule, updates_done: int) -> list[Finding]:
    """Say whether a training of so many updates used its schedule as it is laid out.

    A training that ended early never had the low learning rates of the end; one that went on had
    the last one all along, the usual sign of a horizon in epochs. One part in a hundred more or
    less is no matter, and neither is a learning rate that would have stayed the same.

    Args:
        schedule: The schedule of the training.
        updates_done: The optimizer updates that it made.

    Returns:
        What is wrong, nothing if all is well. Each is a :class:`~tuner.linting.ScheduleWarning`
        as well.

    Raises:
        ScheduleError: If ``updates_done`` is no number of updates.

    Example:
        >>> import tuner
        >>> tuner.check_training(tuner.Cosine(base_lr=0.3, horizon=7050), 7050)
        []
    """
    if not is_whole(updates_done) or updates_done < 0:
        raise ScheduleError(
            f"`updates_done` must be an int of 0 or more, but got {updates_done!r}."
        )
    found = _findings(schedule, int(updates_done))
    for finding in found:
        warnings.warn(str(finding), ScheduleWarning, stacklevel=2)
    return found


def _findings(schedule: Schedule, done: int) -> list[Finding]:
    horizon, end = schedule.horizon, schedule(schedule.horizon)
    if done < horizon * (1 - _NEARLY) and changes(schedule, done, horizon):
        where = (
            f"inside its warmup of {schedule.warmup_steps}, at"
            if done < schedule.warmup_steps
            else "when it was at"
        )
        message = (
            f"the training ended after {done} of this {schedule.family}'s {horizon} updates,"
            f" {where} {schedule(done):.6g}; it would have ended at {end:.6g}. Lay it out for"
            f" this training: schedule.with_horizon({max(done, 1)})."
        )
        return [Finding("unfinished", message)]
    if done > horizon * (1 + _NEARLY) and changes(schedule, 1, horizon):
        message = (
            f"this {schedule.family} was over after {horizon} of {done} updates: the last"
            f" {done - horizon} of them had {end:.6g}. Lay it out for this training:"
            f" schedule.with_horizon({done}). A horizon counts updates, not epochs."
        )
        return [Finding("past-horizon", message)]
    return []


def changes(schedule: Schedule, begin: int, end: int) -> bool:
    """Tell whether the learning rate is not the same throughout."""
    rates = schedule([begin + (end - begin) * part / _POINTS for part in range(_POINTS + 1)])
    return bool(min(rates) < max(rates))
