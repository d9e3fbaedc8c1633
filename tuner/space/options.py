"""The options of the task in a search space: ``[params.task.weight_decay]``, beside the schedule.

Here and in a database they are called ``task.weight_decay``, which no field of a schedule is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

from tuner.reading import Clock, Mistakes

OPTION = "task."
_TABLE = "task"


class OptionsOfTask(NamedTuple):
    """What a search space has to know of the task whose options it samples.

    ``own`` are the values that the task itself has, ``clock_of`` tells the clock of the task with
    others, for a batch size changes the updates of an epoch.
    """

    own: Mapping[str, Any]
    clock_of: Callable[[Mapping[str, Any]], Clock]

    @classmethod
    def none(cls, clock: Clock) -> OptionsOfTask:
        """Return what is known of a task without options."""
        return cls(MappingProxyType({}), partial(_same, clock))


def _same(clock: Clock, _: Mapping[str, Any]) -> Clock:
    return clock


def is_option(name: str) -> bool:
    """Tell whether a parameter is an option of the task, rather than of the schedule."""
    return name.startswith(OPTION)


def options_in(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options among the values of parameters, by the names that the task has for them.

    Example:
        >>> options_in({"base_lr": 0.1, "task.weight_decay": 0.02})
        {'weight_decay': 0.02}
    """
    return {name.removeprefix(OPTION): value for name, value in values.items() if is_option(name)}


def as_params(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options by the names that a search space and a database have for them.

    Example:
        >>> as_params({"weight_decay": 0.02})
        {'task.weight_decay': 0.02}
    """
    return {OPTION + name: value for name, value in options.items()}


def flat(table: Mapping[str, Any], place: str, mistakes: Mistakes) -> dict[str, Any]:
    """Return a table of parameters with the options of its table ``task`` in the place of that.

    Args:
        table: ``[params]``, ``[fixed]``, a condition or a baseline.
        place: Where it is.
        mistakes: Takes the note if ``task`` is no table.
    """
    found: dict[str, Any] = {}
    for name, value in table.items():
        if name == _TABLE:
            found |= as_params(mistakes.table(value, f"{place}.{_TABLE}"))
        else:
            found[name] = value
    return found


def nested(flattened: Mapping[str, Any]) -> dict[str, Any]:
    """Return values by parameter as a file has them: options in a table of their own.

    Example:
        >>> nested({"base_lr": 0.1, "task.width": 64})
        {'base_lr': 0.1, 'task': {'width': 64}}
    """
    rest = {name: value for name, value in flattened.items() if not is_option(name)}
    options = options_in(flattened)
    return {**rest, _TABLE: options} if options else rest


def in_order(entries: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return parameters in an order in which each comes after those that it goes with.

    A file has all options in one place, so that a condition may be on one that stands below. Among
    the fields of schedules the order stays as it is.

    Args:
        entries: Flat, as a file has them.

    Returns:
        Them, and the names of those that go with each other in a circle.
    """
    found: dict[str, Any] = {}
    rest = dict(entries)
    while rest:
        ready = next((name for name in rest if not _waits_for(name, rest)), None)
        if ready is None:
            return found | rest, [*rest]
        found[ready] = rest.pop(ready)
    return found, []


def _waits_for(name: str, rest: Mapping[str, Any]) -> bool:
    entry = rest[name]
    when = entry.get("when") if isinstance(entry, Mapping) else None
    parents = flat(when, "", Mistakes("")) if isinstance(when, Mapping) else {}
    return any(
        parent in rest and parent != name and (is_option(parent) or is_option(name))
        for parent in parents
    )
