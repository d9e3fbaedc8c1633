"""Where the workers of a run are: processes of this machine, or on a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tuner.definition import StudySpec, Workers, passed_task, refuse_passed
from tuner.workers.cluster import Cluster, connected
from tuner.workers.machine import Machine
from tuner.workers.passing import written


@contextmanager
def workplace(
    spec: StudySpec, workers: int | None, dask: str | None
) -> Iterator[Machine | Cluster]:
    """Make ready where the workers of a study are to be, until the block ends.

    A task that is passed from Python has one worker, this process, unless more are asked for or
    ``[workers]`` says something.

    Args:
        spec: The study's definition.
        workers: How many the caller asks for, if it does.
        dask: The address of the cluster that it asks for, if it does.

    Raises:
        StudyError: If the task, passed from Python, cannot go there; or there are no such GPUs.
        ClusterError: As :func:`~tuner.workers.cluster.connected`.
    """
    if dask is not None:
        refuse_passed(spec)
        with connected(dask, spec.storage_url, workers or spec.workers.count) as cluster:
            yield cluster
        return
    passed = passed_task(spec)
    if passed is not None and spec.workers == Workers():
        workers = workers or 1
    machine = Machine(spec.workers, workers)
    task = None if passed is None or machine.trains_here else passed.whole
    with written(task) as variables:
        yield machine.with_variables(variables)
