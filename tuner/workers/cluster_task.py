"""One worker of a study on a cluster: the function that Dask runs, and what it does there."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tuner.search import Said, to_json
from tuner.tasks import Within
from tuner.workers.child import Child
from tuner.workers.command import failed_option, worker_command

# What the variable on the scheduler says.
GO, FINISH, NOW = "go", "finish", "now"
# How often the supervisor shows that it is there, and how long a worker goes on without a sign.
BEAT_SECONDS = 2.0
_GRACE_SECONDS = 20.0
_LOOK_SECONDS = 0.2
_PATIENCE_SECONDS = 20.0


def make_task(
    version: str, order: dict[str, Any]
) -> Callable[[], tuple[str, str, Sequence[int], str, str]]:
    """Return the function that Dask runs.

    It is sent by value, so that it can say that this package is missing where it runs.
    """

    def work() -> tuple[str, str, Sequence[int], str, str]:
        import importlib.metadata
        import platform
        import sys

        try:
            found = importlib.metadata.version("schedule-tuner")
        except importlib.metadata.PackageNotFoundError:
            found = "none"
        if found != version:
            refusal = (
                f"Every Dask worker must have schedule-tuner {version} installed, but the one on"
                f" {platform.node()} has {found} in {sys.prefix}. Install it there."
            )
            return "failed", "", (), platform.node(), refusal
        from tuner.workers.cluster_task import work_here

        return work_here(**order)

    return work


def work_here(
    *,
    url: str,
    study: str,
    budget: int,
    run: str,
    index: int,
    folder: str,
    argv: list[str],
    machine: str | None,
    failed: list[int],
) -> tuple[str, str, Sequence[int], str, str]:
    """Be a worker of a study, inside a Dask task, until its budget is used.

    Args:
        url: The study's database.
        study: The study's name.
        budget: Finished trials that the study may have.
        run: Which run of the study this is for.
        index: Which worker this is.
        folder: The supervisor's working folder, used here too if it is here.
        argv: What modules of the study see as ``sys.argv``.
        machine: The only machine that has the database, or None.
        failed: The trials that the worker before it has failed in, one after the other.

    Returns:
        How it ended and why, as an :class:`~tuner.workers.child.End`, host name, and why nothing
        was started, if so.
    """
    from distributed import get_worker

    host = socket.gethostname()
    if machine is not None and machine != host:
        return "failed", "", (), host, refusal_of_sqlite({host}, machine)
    orders = _Orders(run)
    word = orders.read()
    if word != GO:
        return "stopped", "it was stopped", (), host, ""
    dask_worker = get_worker()
    here = Path(folder)

    def hear(said: Said) -> None:
        if isinstance(said, Within):  # which is not worth a message to the scheduler
            return
        message = {"run": run, "index": index, "line": to_json(said)}
        with suppress(Exception):  # a scheduler that is gone must not stop the reading
            dask_worker.log_event(topic(study), message)

    command = worker_command(
        "--events", "--study", study, "--trials", str(budget), *failed_option(failed),
        argv=argv, folders=[folder],
    )  # fmt: skip
    usable = here.is_dir() and os.access(here, os.W_OK)
    child = Child(command, url, hear, here if usable else None, failed=failed)
    try:
        _command(child, orders)
    finally:
        assert child.process.stdin is not None
        with suppress(OSError):
            child.process.stdin.close()  # which ends it, whatever happened here
        end = child.close()
    return *end, host, ""


def _command(child: Child, orders: _Orders) -> None:
    """Hand on what the supervisor says until the child ends."""
    told = False
    deadline = None
    while not child.is_over():
        word = orders.read()
        if word == NOW:
            now = time.monotonic()
            deadline = deadline or now + _PATIENCE_SECONDS
            if now < deadline:
                # The second one means now, others are ignored.
                child.process.send_signal(signal.SIGTERM)
            else:
                child.process.kill()
        elif word == FINISH and not told:
            child.process.send_signal(signal.SIGTERM)
            told = True
        with suppress(subprocess.TimeoutExpired):
            child.process.wait(timeout=_LOOK_SECONDS if word == NOW else 5 * _LOOK_SECONDS)


class _Orders:
    """What the supervisor says, as a task reads it."""

    def __init__(self, run: str) -> None:
        from distributed import Variable

        self._variable = Variable(variable_name(run))
        self._last: list[Any] | None = None
        self._since = time.monotonic()

    def read(self) -> str:
        """Return its word; to finish the epoch, if it has shown no life for too long."""
        value = None
        with suppress(Exception):  # a scheduler that is busy or away for a moment
            value = self._variable.get(timeout=BEAT_SECONDS)
        now = time.monotonic()
        if value is not None and value != self._last:
            self._last, self._since = value, now
        abandoned = self._last is None or now - self._since > _GRACE_SECONDS
        return FINISH if self._last is None or abandoned else str(self._last[0])


def variable_name(run: str) -> str:
    """Name the variable that says what the workers of a run are to do."""
    return f"tuner-{run}"


def topic(study: str) -> str:
    """Name what the events of a study are sent under."""
    return f"tuner-{study}"


def refusal_of_sqlite(machines: Iterable[str], home: str) -> str:
    """Say why an SQLite file on the machine ``home`` cannot be used from others."""
    return (
        "A cluster's workers must reach the database, but an SQLite file is of use on its own"
        f" machine alone, {home}, and there are Dask workers on"
        f" {', '.join(sorted(machines))}. Name a PostgreSQL database, or a `tuner storage-proxy`"
        " (grpc://HOST:PORT), with --storage URL."
    )
