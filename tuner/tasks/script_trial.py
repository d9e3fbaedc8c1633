"""``tuner.trial()``: the trial that a script is, in a study; outside of one, a fixed schedule."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tuner.errors import StudyError
from tuner.schedules import Schedule, is_whole, load_schedule, read_schedule_file
from tuner.tasks.asking import Asking
from tuner.tasks.randomness import seed_generators
from tuner.tasks.script_files import (
    END,
    FOLDER,
    GO_ON,
    IN_CHARGE,
    KEEP,
    SCHEDULE,
    TRIAL,
    ScriptFiles,
)
from tuner.tasks.trial import Report, Trial

_lock = threading.Lock()
# Under `tuner apply`, by its files.
_applied: dict[str, Trial] = {}


def trial(
    *,
    schedule: Schedule | str | os.PathLike[str] | None = None,
    epochs: int | None = None,
    updates_per_epoch: int | None = None,
    seed: int = 0,
    params: Mapping[str, Any] = MappingProxyType({}),
    folder: str | os.PathLike[str] = ".",
) -> Trial:
    """Return the trial that this script trains, in every process of it the same one.

    A study that runs the script decides everything, and the arguments have no effect. Without a
    study they are the training: its reports are accepted, and never end it; nothing is kept. Under
    `tuner apply` the first call makes the trial, which every later one without a schedule returns.

    Args:
        schedule: A schedule, or a schedule file, for a training without a study.
        epochs: Epochs of that training; by default as many as the schedule has.
        updates_per_epoch: Optimizer updates in one of its epochs; by default what the file says.
        seed: Its seed.
        params: Its options, over those that the schedule of a file was tuned with.
        folder: Where it writes, its ``trial.folder``.

    Raises:
        StudyError: If there is neither a study nor a schedule, or the updates of an epoch are not
            known.
        ScheduleFileError: If the file cannot be read.

    Example:
        >>> import tuner
        >>> schedule = tuner.Cosine(base_lr=0.1, horizon=20)
        >>> trial = tuner.trial(schedule=schedule, updates_per_epoch=10)
        >>> for epoch in trial.epochs():
        ...     rates = [trial.schedule(update) for update in trial.updates_of(epoch)]
        ...     print(epoch, trial.report(sum(rates)))
        0 True
        1 True
    """
    if SCHEDULE in os.environ:
        os.environ[IN_CHARGE] = "script"
    place = os.environ.get(TRIAL)
    if place and Path(place, "trial.json").exists():
        with _lock:
            return _of_study(place)
    applied = os.environ.get(SCHEDULE) if schedule is None else None

    def make() -> Trial:
        given = applied if schedule is None else schedule
        found, size, count = _lengths(given, updates_per_epoch, epochs)
        seed_generators(seed)
        metric, own = _tuned_by(given)
        return Trial(
            found, seed, epochs=count, updates_per_epoch=size, params={**own, **params},
            folder=Path(folder), metric=metric, tell=lambda _: True,
        )  # fmt: skip

    if applied is None:
        return make()
    with _lock:
        if applied not in _applied:
            if place:  # `tuner apply`, which is told that its schedule is asked for
                ScriptFiles(Path(place)).tell(trial=True)
            _applied[applied] = make()
        return _applied[applied]


@functools.cache
def _of_study(place: str) -> Trial:
    files = ScriptFiles(Path(place))
    told, start = files.trial(), files.state()
    size, epochs, done = told["updates_per_epoch"], told["epochs"], told["done"]
    schedule = load_schedule(files.schedule)
    asking = Asking(schedule, updates_per_epoch=size, epochs=epochs, done=done)
    is_first = os.environ.get("RANK", "0") == "0"
    if is_first:
        files.tell(trial=True)

    def tell(report: Report) -> bool:
        if is_first:
            wrong, is_much = asking.end_epoch()
            verdict = [wrong, is_much, asking.is_silent, asking.ignored]
            files.tell(value=report.value, measured=dict(report.measured), asked=verdict)
        while True:
            answer = files.next_answer()
            if answer == KEEP and is_first:
                state = found.state()
                if state is not None:
                    files.put_state(state)
                files.tell(kept=state is not None)
            elif answer in (GO_ON, END):
                return answer == GO_ON

    seed_generators(told["seed"])
    found = Trial(
        asking.schedule, told["seed"], epochs=epochs, updates_per_epoch=size, start=start,
        params=told["params"], metric=told["metric"], folder=Path(os.environ[FOLDER]), tell=tell,
    )  # fmt: skip
    return found


def _tuned_by(given: Schedule | str | os.PathLike[str] | None) -> tuple[str, dict[str, Any]]:
    """Return what a schedule file was tuned by, for the callbacks of trainers, and its options."""
    if given is None or isinstance(given, Schedule):
        return "", {}
    file = read_schedule_file(given)
    objective = file.provenance.get("objective")
    metric = str(objective.get("metric", "")) if isinstance(objective, Mapping) else ""
    return metric, file.params


def _lengths(
    given: Schedule | str | os.PathLike[str] | None, size: int | None, epochs: int | None
) -> tuple[Schedule, int, int]:
    """Return a schedule, the updates in an epoch, and how many epochs there are."""
    if given is None:
        raise StudyError(
            "tuner.trial() must be called in a script that a study runs, `tuner tune --command"
            " ...`, or get a schedule: tuner.trial(schedule='best.json', updates_per_epoch=...)."
        )
    for key, value in (("epochs", epochs), ("updates_per_epoch", size)):
        if value is not None and not (is_whole(value) and value >= 1):
            raise StudyError(f"`{key}` must be a whole number of 1 or more, but got {value!r}.")
    if isinstance(given, Schedule):
        schedule = given
        if size and epochs:
            schedule = schedule.for_training(updates_per_epoch=size, epochs=epochs)
    else:
        schedule = load_schedule(given, updates_per_epoch=size, epochs=epochs)
        size = size or read_schedule_file(given).updates_per_epoch
    if size is None:
        raise StudyError(
            "`updates_per_epoch` must be given, for the schedule does not say how many updates its"
            " epochs have."
        )
    return schedule, size, epochs or -(-schedule.horizon // size)
