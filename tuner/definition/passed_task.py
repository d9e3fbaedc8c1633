"""Tasks that are passed from Python, which no database can hold and no other process has."""

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


def alone_if_passed(spec: StudySpec, workers: int | None, dask: str | None) -> StudySpec:
    """Return a definition, with one worker if its task was passed from Python.

    Args:
        spec: The study's definition.
        workers: How many the caller asks for, if it does.
        dask: The address of the cluster that it asks for, if it does.

    Raises:
        StudyError: If several are asked for.
    """
    if passed_task(spec) is None:
        return spec
    asked = workers or spec.study_data.get("workers", {}).get("count") or 1
    if asked > 1 or dask is not None:
        raise StudyError(
            "A task that is passed from Python must have one worker, in this process, but got"
            f" {'a cluster' if dask else f'{asked} workers'}. Name the function that makes it in"
            ' the study file instead: [task] name = "module:function".'
        )
    return spec._replace(workers=1)
