"""A task that was passed from Python, on its way to the worker processes of this machine.

It travels in a file that this user alone can read, for as long as the workers run. Nothing is ever
unpickled but the file that the process that started the worker names in its environment: no
database and no study's folder has any.
"""

from __future__ import annotations

import os
import pickle
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cloudpickle

from tuner.errors import StudyError, TaskError, said
from tuner.tasks import Task

# The file, in a worker's environment.
_VARIABLE = "TUNER_TASK"
_WHAT_TO_DO = (
    "Open files, connections and locks and make what is on a GPU inside the function, or train"
    " with one worker."
)


@contextmanager
def written(task: Task | None) -> Iterator[dict[str, str]]:
    """Keep a task where worker processes find it, until the block ends.

    Args:
        task: The task; None for none.

    Yields:
        What the workers have in their environment.

    Raises:
        StudyError: If it cannot be pickled.
    """
    if task is None:
        yield {}
        return
    try:
        content = cloudpickle.dumps(task)
    except Exception as error:  # whatever its parts say
        raise StudyError(
            "A task that is passed from Python to several workers must be able to be pickled, but:"
            f" {said(error)}. {_WHAT_TO_DO}"
        ) from error
    with tempfile.TemporaryDirectory(prefix="tuner-") as folder:  # which others may not enter
        path = Path(folder) / "task.pickle"
        path.touch(mode=0o600)
        path.write_bytes(content)
        yield {_VARIABLE: str(path)}


def task_from_above() -> Task | None:
    """Return the task that the process that started this one passes on, if it passes one.

    Raises:
        TaskError: If it cannot be made here.
    """
    path = os.environ.pop(_VARIABLE, None)  # it is not for what the training starts
    if path is None:
        return None
    try:
        task: Task = pickle.loads(Path(path).read_bytes())
    except Exception as error:  # whatever its parts say
        raise TaskError(
            "A task that is passed from Python to several workers must be made again in each, but:"
            f" {said(error)}. Its modules must be found where Python looks. {_WHAT_TO_DO}"
        ) from error
    return task
