"""The arguments of a study that has no file, read so that all mistakes are told at once."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tuner.definition import NOTHING, Found, StudySpec, make_spec, space_given
from tuner.errors import DefinitionError, ScheduleError, StudyError, TaskError
from tuner.reading import EPOCHS, Clock, Mistakes, Unit
from tuner.schedules import Constant, Schedule, is_whole
from tuner.space import baseline_of
from tuner.tasks import BATCH_SIZE, Task, TrialTask, note_no_data

# What stands for a training whose length is wrong, so that the rest can be read.
_ANY = Clock(1_000, 100_000)
# By its place in a study file, the argument that says the same.
_ARGUMENTS = {
    "search_space": "space",
    "task.epochs": "epochs",
    "task.updates": "updates",
    "task.report_every": "report_every",
    "task.seed": "seed",
    "objective.metric": "metric",
    "objective.direction": "direction",
    "budget.trials": "trials",
    "budget.timeout": "timeout",
    "sampler.seed": "seed",
    "sampler.type": "sampler",
    "pruner.type": "pruner",
    "confirm.enabled": "confirm",
    "storage.url": "storage",
    "storage.states": "states",
}


def read_lengths(given: Mapping[str, Any], own: Any, mistakes: Mistakes) -> Clock:
    """Return how many updates a training has, and how many of them lie between two reports.

    Args:
        given: ``epochs``, ``updates_per_epoch``, ``updates``, ``report_every``, or None.
        own: The updates of an epoch that the task itself says, if it does.
        mistakes: Takes what is wrong.
    """
    found = {key: value for key, value in given.items() if value is not None}
    if own is not None and "updates" not in found:
        found.setdefault("updates_per_epoch", own)
    wrong = [key for key, value in found.items() if not (is_whole(value) and value >= 1)]
    for key in wrong:
        mistakes.add(key, f"must be a whole number of 1 or more, but got {found[key]!r}")
    if wrong:
        return _ANY
    if found.keys() == {"epochs", "updates_per_epoch"}:
        epochs, size = int(found["epochs"]), int(found["updates_per_epoch"])
        return Clock(size, epochs * size)
    got = ", ".join(f"{key}={value!r}" for key, value in found.items()) or "none of them"
    if found.keys() != {"updates", "report_every"}:
        text = "must be given with `updates_per_epoch`, or `updates` with `report_every` instead"
        mistakes.add("epochs", f"{text}, but got {got}")
        return _ANY
    if found["updates"] % found["report_every"]:
        text = "must be a multiple of `report_every`, so that the last report is of the whole"
        mistakes.add("updates", f"{text} training, but got {got}")
        return _ANY
    every = int(found["report_every"])
    return Clock(every, int(found["updates"]), Unit("update", every))


def length_of(clock: Clock) -> dict[str, int]:
    """Return what ``[task]`` of a study file says of the length of a training."""
    if clock.unit == EPOCHS:
        return {"epochs": clock.horizon // clock.updates_per_epoch}
    return {"updates": clock.horizon, "report_every": clock.updates_per_epoch}


def read_training(
    train: Any, clock: Clock, batch_size: Any, params: Any, metric: Any, mistakes: Mistakes
) -> Task | None:
    """Return the task that trains: a function of a trial, or a task already.

    Args:
        train: The function, or the task.
        clock: How long a training is, and how often the function reports.
        batch_size: Examples in an update of the function.
        params: Options of the function.
        metric: What the study is judged by.
        mistakes: Takes what is wrong.
    """
    before, is_task = len(mistakes.found), hasattr(train, "train")
    if isinstance(train, type) or not (callable(train) or is_task):
        mistakes.add("train", f"must be a function of a trial, or a task, but got {train!r}")
    if isinstance(params, Mapping):
        note_no_data(params, "params", mistakes)
    else:
        mistakes.add("params", f"must be options by their names, but got {params!r}")
    if len(mistakes.found) > before:
        return None
    if is_task:
        if params:
            mistakes.add("params", "must be left out for a task, which has its own options")
        if batch_size != 1:
            mistakes.add("batch_size", "must be left out for a task, which has its own")
        task: Task = train
        return task
    try:
        size = {clock.unit.key: clock.updates_per_epoch}
        return TrialTask(train, **size, batch_size=batch_size, params=params, metric=str(metric))
    except TaskError as error:
        mistakes.add("train", str(error))
        return None


def read_space_argument(
    space: Any,
    base_lr: Any,
    baselines: Any,
    clock: Clock,
    mistakes: Mistakes,
    *,
    anew: bool = False,
) -> dict[str, Any] | str:
    """Return the content of the search-space file that the arguments stand for, or what is wrong.

    Args:
        space: A name, what is sampled by name, or a file's path or content.
        base_lr: The learning rate of today.
        baselines: Schedules by their labels, or pairs of one and options of the task.
        clock: How long they must be.
        mistakes: Takes what is wrong with baselines and rate.
        anew: Whether baselines of another length are laid out anew.
    """
    entries: list[dict[str, Any]] = []
    labels: dict[tuple[Schedule, str], str] = {}
    if not isinstance(baselines, Mapping):
        mistakes.add("baselines", f"must be schedules by their labels, but got {baselines!r}")
        baselines = {}
    for label, given in baselines.items():
        schedule, options = given if isinstance(given, tuple) and len(given) == 2 else (given, {})
        try:
            entry = _baseline(label, schedule, options, clock, anew=anew)
        except ScheduleError as error:
            mistakes.add(f"baselines.{label}", str(error))
            continue
        key = schedule, repr({**options})
        if key in labels:
            text = f"must differ from {labels[key]!r}, but is the same: {given!r}"
            mistakes.add(f"baselines.{label}", text)
        else:
            labels[key] = label
            entries.append(entry)
    if not isinstance(space, (str, os.PathLike, Mapping)):
        return f"must be a name, a file, or what is sampled by name, but got {space!r}"
    if isinstance(space, Mapping) and base_lr is not None:
        text = "must be left out beside a space of your own, which has it, but got"
        mistakes.add("base_lr", f"{text} {base_lr!r}")
        base_lr = None
    try:
        found = space_given(space, base_lr, horizon=clock.horizon).data
    except DefinitionError as error:
        return f"{error.where}: {error.mistakes[0][1]}"
    except StudyError as error:
        return str(error)
    own = found.get("baseline", [])
    if space == "default" and base_lr is not None:
        # The learning rate of today, unless it has a label of the caller's.
        today = Constant(base_lr=float(base_lr), horizon=clock.horizon)
        own = [] if any(schedule == today for schedule, _ in labels) else own
    return {**found, "baseline": [*own, *entries]}


def _baseline(
    label: str, schedule: Any, options: Any, clock: Clock, *, anew: bool
) -> dict[str, Any]:
    """Return the entry of a search-space file for a schedule, and the options that it goes with.

    Raises:
        ScheduleError: If it is none, or laid out for another training.
    """
    if not isinstance(schedule, Schedule) or not isinstance(options, Mapping):
        got = schedule if isinstance(options, Mapping) else options
        raise ScheduleError(
            f"must be a schedule, or a schedule and options by their names, but got {got!r}"
        )
    if anew and clock is not _ANY and BATCH_SIZE not in options:
        schedule = schedule.with_horizon(clock.horizon)
    own = clock
    if BATCH_SIZE in options:  # whose updates the space knows, and holds against these
        size, rest = divmod(schedule.horizon, clock.horizon // clock.updates_per_epoch)
        own = clock if rest else Clock(size, schedule.horizon)
    if schedule.horizon != own.horizon and clock is not _ANY:
        raise ScheduleError(
            f"must be laid out over the {own.horizon} updates of a training, but has"
            f" {schedule.horizon}; take its with_horizon({own.horizon})"
        )
    entry = baseline_of(label, schedule, own)
    return {**entry, "task": dict(options)} if options else entry


def with_options(space: dict[str, Any] | str, options: Mapping[str, Any]) -> dict[str, Any] | str:
    """Return the content of a search space that samples options of the task as well.

    Args:
        space: The content, or what is wrong with it.
        options: As its table ``[params.task]`` has them.
    """
    if isinstance(space, str) or not options or not isinstance(space.get("params"), Mapping):
        return space
    own = space["params"].get("task", {})
    return {**space, "params": {**space["params"], "task": {**own, **options}}}


def table(given: Any, **more: Any) -> Any:
    """Return the table of a study file for what is its ``type`` alone, or the table."""
    if isinstance(given, str):
        return {**more, "type": given}
    return {**more, **given} if isinstance(given, Mapping) else given


def spec_of(
    data: Mapping[str, Any],
    space: Mapping[str, Any] | str,
    task: Task | None,
    folder: Any,
    mistakes: Mistakes,
    *,
    is_named: bool = False,
    found: Found = NOTHING,
) -> StudySpec:
    """Return the definition of a study.

    Args:
        data: The study file that the arguments stand for.
        space: Its search-space file, or what is wrong with it.
        task: What is trained; None if that has mistakes, or is named.
        folder: Where the study's own folder is.
        mistakes: What was wrong so far.
        is_named: Whether the study file names what is trained.
        found: What stands for that which is to be measured.

    Raises:
        DefinitionError: With every mistake, by argument.
    """
    if not isinstance(folder, (str, os.PathLike)):
        mistakes.add("folder", f"must be a path, but got {folder!r}")
        folder = "."
    stand_in = TrialTask(lambda trial: None, updates_per_epoch=_ANY.updates_per_epoch)
    spec = None
    try:
        spec = make_spec(
            data, space, where=mistakes.where, space_where="space",
            folder=Path(folder).expanduser(), stem=str(data["name"]),
            task=None if is_named else task or stand_in, found=found,
        )  # fmt: skip
    except DefinitionError as error:
        for place, text in error.mistakes:
            place = f"space: {place}" if error.where == "space" else place
            mistakes.add(_argument(place, space), text)
    except StudyError as error:  # it is no task
        mistakes.add("train", str(error))
    mistakes.raise_if_any()
    assert spec is not None, "what could not be read was a mistake"
    return spec


def refuse_no_functions(mistakes: Mistakes, **functions: Callable[..., object]) -> None:
    """Note which arguments are no functions."""
    for name, function in functions.items():
        if not callable(function):
            mistakes.add(name, f"must be a function, but got {function!r}")


def _argument(place: str, space: Mapping[str, Any] | str) -> str:
    """Return the argument that says what is at a place of a study or search-space file."""
    place = place.replace("space: params.task.", "params.")
    for table_of_space in ("params", "fixed"):
        place = place.replace(f"space: {table_of_space}.", "space.")
    baseline = re.match(r"space: baseline\[(\d+)\](\.file)?", place)
    if baseline and isinstance(space, Mapping):
        entry = space["baseline"][int(baseline[1])]
        if isinstance(entry, Mapping) and "label" in entry:
            place = f"baselines.{entry['label']}{place[baseline.end() :]}"
    return _ARGUMENTS.get(place, place)
