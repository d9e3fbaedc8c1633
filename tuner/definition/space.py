"""The search space that a study names, read for the study's trainings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from tuner.definition.asked import NOTHING, Asked
from tuner.definition.checks import check_rules
from tuner.definition.sections import Training
from tuner.errors import DefinitionError, ScheduleError, TaskError
from tuner.reading import EPOCHS, Clock, Mistakes, Unit, options_told
from tuner.space import OptionsOfTask, SearchSpace, parse_space
from tuner.tasks import BATCH_SIZE, NamedTask, Task, own_options, sizes_with

# Two trainings that have nothing in common.
_CLOCKS = Clock(97, 9_700, batch_size=8), Clock(1_009, 1_009_000, batch_size=8)


def read_space(
    data: Mapping[str, Any] | str,
    where: str,
    training: Training | None,
    task: Task | None,
    mistakes: Mistakes,
    asked: Asked = NOTHING,
) -> SearchSpace | None:
    """Read a search space, laid out over a study's trainings.

    Args:
        data: Its content, or why it could not be read.
        where: What to call it in messages.
        training: How long the trainings are; None if that has mistakes.
        task: What is trained; None if that has mistakes.
        mistakes: Takes what is wrong.
        asked: What it has of the task's options.

    Raises:
        DefinitionError: If only the search space has mistakes, under its own name.
    """
    if isinstance(data, str):
        if data:
            mistakes.add("search_space", data)
        return None
    if training is None or task is None:
        found = _of_any_clock(data, where)
    else:
        try:
            space = _read(data, where, training, task, asked)
            check_rules(space, task, mistakes)
            return space
        except DefinitionError as error:
            if not mistakes.found:
                raise
            found = error.mistakes
    for place, text in found:
        mistakes.add(f"{where}: {place}", text)
    return None


def clock_of(training: Training, updates: int, batch_size: int) -> Clock:
    """Return the clock of a study's trainings, whose task has so many updates in an epoch."""
    unit = EPOCHS if training.unit == EPOCHS else Unit("update", updates)
    return Clock(updates, training.epochs * updates, unit, batch_size)


def _read(
    data: Mapping[str, Any], where: str, training: Training, task: Task, asked: Asked
) -> SearchSpace:
    """Read a search space with what its task's options have to do with it.

    Raises:
        DefinitionError: With every mistake.
    """
    clock = clock_of(training, task.updates_per_epoch, task.batch_size)
    if not (asked.sampled or asked.fixed):
        return parse_space(data, where, clock)
    found = Mistakes(where)
    for place, text in asked.wrong_for(task).items():
        found.add(place, text)
    clocks = partial(_clock_with, training, task)
    of_task = OptionsOfTask(own_options(task, asked.sampled), clocks) if not found.found else None
    try:
        space = parse_space(data, where, clock, of_task)
    except DefinitionError as error:
        found.found += [each for each in error.mistakes if each not in found.found]
        found.raise_if_any()
        raise
    found.raise_if_any()
    for place, text in _wrong_with_options(space, training, task, asked):
        found.add(place, text)
    found.raise_if_any()
    return space


def _clock_with(training: Training, task: Task, options: Mapping[str, Any]) -> Clock:
    return clock_of(training, *sizes_with(task, options))


def _wrong_with_options(
    space: SearchSpace, training: Training, task: Task, asked: Asked
) -> Iterator[tuple[str, str]]:
    """Yield what is wrong of the task, and of the space, for some values of the options.

    A function that makes a task is called for its batch sizes alone, for it may take long.
    """
    if isinstance(task, NamedTask) and task.whole is None:  # which was looked at before
        return
    told: set[str] = set()
    clocks: set[Clock] = set()
    names = [*space.options]
    if isinstance(task, NamedTask) and not task.is_passed:
        names = [name for name in names if name == BATCH_SIZE]
    for values in asked.ends({name: space.options[name] for name in names}):
        try:
            clocks.add(_clock_with(training, task, values))
        except TaskError as error:
            text = str(error)
            about = next((name for name in values if f"`{name}`" in text), None)
            place = f"params.task.{about}" if about else "params.task"
            if place not in told:
                told.add(place)
                yield place, f"must fit the task, but with {options_told(values)}: {text}"
    for clock in sorted(clocks - {space.clock}):
        try:
            space.on(clock)
        except ScheduleError as error:
            yield "params.task.batch_size", str(error)


def _of_any_clock(data: Mapping[str, Any], where: str) -> Sequence[tuple[str, str]]:
    """Return what is wrong with a search space whatever the training that it is for."""
    agreed: list[Sequence[tuple[str, str]]] = []
    for clock in _CLOCKS:
        try:
            parse_space(data, where, clock)
        except DefinitionError as error:
            agreed.append(error.mistakes)
        else:
            return ()
    return [mistake for mistake in agreed[0] if mistake in agreed[1]]
