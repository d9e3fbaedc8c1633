"""After a training: did its schedule and its length fit together?"""

from __future__ import annotations

import warnings

from tuner.checks.finding import Finding
from tuner.errors import ScheduleError, ScheduleWarning
from tuner.schedules import Schedule

# A last batch that was dropped, an update more: no mistake.
_NEARLY = 0.01


def check_training(schedule: Schedule, updates_done: int) -> list[Finding]:
    """Say whether a training of so many updates used its schedule as it is laid out.

    A training that ended early never had the low learning rates of the end; one that went on had
    the last one all along, the usual sign of a horizon in epochs. One part in a hundred more or
    less is no matter, and neither is a learning rate that would have stayed the same.

    Args:
        schedule: The schedule of the training.
        updates_done: The optimizer updates that it made.

    Returns:
        What is wrong, nothing if all is well. Each is a :class:`ScheduleWarning` as well.

    Raises:
        ScheduleError: If ``updates_done`` is no number of updates.

    Example:
        >>> import warnings, tuner
        >>> tuner.check_training(tuner.Cosine(base_lr=0.3, horizon=7050), 7050)
        []
        >>> with warnings.catch_warnings(action="ignore"):  # doctest: +SKIP
        ...     print(tuner.check_training(tuner.Cosine(base_lr=0.3, horizon=20), 7050)[0])
        past-horizon: this cosine was over after 20 of 7050 updates: the last 7030 of them had ...
    """
    if isinstance(updates_done, bool) or not isinstance(updates_done, int) or updates_done < 0:
        raise ScheduleError(
            f"`updates_done` must be an int of 0 or more, but got {updates_done!r}."
        )
    found = _findings(schedule, updates_done)
    for finding in found:
        warnings.warn(str(finding), ScheduleWarning, stacklevel=2)
    return found


def _findings(schedule: Schedule, done: int) -> list[Finding]:
    horizon, end = schedule.horizon, schedule(schedule.horizon)
    if done < horizon * (1 - _NEARLY):
        rest = schedule([done + (horizon - done) * part / 100 for part in range(101)])
        if min(rest) == max(rest):
            return []
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
    if done > horizon * (1 + _NEARLY) and min(schedule([1, horizon // 2 + 1, horizon])) < max(
        schedule([1, horizon // 2 + 1, horizon])
    ):
        message = (
            f"this {schedule.family} was over after {horizon} of {done} updates: the last"
            f" {done - horizon} of them had {end:.6g}. Lay it out for this training:"
            f" schedule.with_horizon({done}). A horizon counts updates, not epochs."
        )
        return [Finding("past-horizon", message)]
    return []
