"""The options of a task that a study samples beside the schedule: weight decay, batch size, …

A task that has any returns itself with other values by ``with_options(values)``. It may say which
names are none of its options by ``wrong_options(names)``, what values it has itself by
``own_options(names)``, and of which it must be given one by ``without_values(names)``. Tasks need
none of the four.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, runtime_checkable

from tuner.errors import TaskError
from tuner.tasks.base import Task

BATCH_SIZE = "batch_size"
FUNCTION = (
    "name a function in [task] that makes it of its options, 'module:function', or let"
    " tuner.tune train a function of a trial"
)


@runtime_checkable
class _HasOptions(Protocol):
    def with_options(self, values: Mapping[str, Any]) -> Task:
        """Return the same task with other values."""


def with_options(task: Task, values: Mapping[str, Any]) -> Task:
    """Return a task with other values of its options; the same one if there are none.

    A batch size changes the updates of an epoch: lay schedules out anew.

    Args:
        task: The task.
        values: By the names that it has for them.

    Raises:
        TaskError: If it has no such option, or it cannot be made with such a value.
    """
    if not values:
        return task
    wrong = wrong_options(task, values)
    if wrong:
        raise TaskError("; ".join(f"`{name}` {text}" for name, text in wrong.items()) + ".")
    assert isinstance(task, _HasOptions), "what has none was refused"
    return task.with_options(values)


def wrong_options(task: Task, names: Iterable[str]) -> dict[str, str]:
    """Return by name why options are none of a task."""
    if isinstance(task, _HasOptions):
        find = getattr(task, "wrong_options", None)
        return dict(find(names)) if find else {}
    kind = type(task).__name__
    text = f"must be an option of the task, but a {kind} has none; {FUNCTION}"
    return dict.fromkeys(names, text)


def own_options(task: Task, names: Iterable[str]) -> dict[str, Any]:
    """Return the values that a task itself has of options, as far as it can tell."""
    find = getattr(task, "own_options", None)
    return dict(find(names)) if find else {}


def without_values(task: Task, names: Iterable[str]) -> list[str]:
    """Return the options that a task must be given a value of, for it has none itself."""
    find = getattr(task, "without_values", None)
    return list(find(names)) if find else []


def sizes_with(task: Task, values: Mapping[str, Any]) -> tuple[int, int]:
    """Return updates of an epoch and batch size of a task with other options.

    Raises:
        TaskError: If it cannot be made with them.
    """
    if values and hasattr(task, "sizes_with"):
        updates, batch_size = task.sizes_with(values)
        return updates, batch_size
    other = with_options(task, values)
    return other.updates_per_epoch, other.batch_size


def updates_with(updates: int, batch_size: int, other: Any) -> int:
    """Return as many updates of another batch size as have the examples of some updates.

    The last batch may be smaller.

    Args:
        updates: How many updates.
        batch_size: Examples in each of them; 1 if nobody has said.
        other: Examples in each of the others.

    Raises:
        TaskError: If it is no batch size, larger than all examples, or nobody has said how many
            there are.

    Example:
        >>> updates_with(235, 256, 128)
        470
    """
    if isinstance(other, bool) or not isinstance(other, int) or other < 1:
        raise TaskError(f"`batch_size` must be a whole number of 1 or more, but got {other!r}.")
    if batch_size == 1:
        raise TaskError(
            "`batch_size` must be given where it is sampled, as that of the updates in an epoch:"
            " the examples of a training follow from it, and are the same in each trial."
        )
    if other > updates * batch_size:
        raise TaskError(
            f"`batch_size` must be <= {updates * batch_size}, the examples of {updates} updates,"
            f" but got {other}."
        )
    return math.ceil(updates * batch_size / other)
