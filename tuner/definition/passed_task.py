"""Tasks that are passed from Python, which no database can hold."""

from __future__ import annotations

from tuner.definition.spec import StudySpec
from tuner.definition.task import refuse_no_task
from tuner.errors import StudyError
from tuner.tasks import NamedTask, Task


def with_task(spec: StudySpec, task: Task | None) -> StudySpec:
    """Return a stored definition with the task that is passed from Python again, if one is.

    Raises:
        StudyError: If it names its task itself, or what is passed is no task.
        TaskError: If it is another task than before.
    """
    if task is None:
        return spec
    refuse_no_task(task)
    named = passed_task(spec)
    if named is None:
        raise StudyError(
            f"`task` must be left out for study {spec.name!r}, which names its own:"
            f" {spec.training.name!r}."
        )
    return spec._replace(task=named.with_task(task))


def passed_task(spec: StudySpec) -> NamedTask | None:
    """Return the task of a definition, if it was passed from Python; at least its facts."""
    task = spec.task
    return task if isinstance(task, NamedTask) and task.is_passed else None


def refuse_passed(spec: StudySpec) -> None:
    """Make sure that the machines of a cluster can make the task of a definition.

    Raises:
        StudyError: If it was passed from Python: no other machine has it.
    """
    if passed_task(spec) is not None:
        raise StudyError(
            "A task that is passed from Python must be trained on this machine, but got a cluster."
            " Name the function that makes it in the study file instead: [task] name ="
            ' "module:function".'
        )
