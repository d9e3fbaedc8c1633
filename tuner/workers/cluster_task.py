"""One worker of a study on a cluster: the function that Dask runs, and what it does there."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tuner.workers.processes import STORAGE_VARIABLE

INTERRUPTED, LOST = 130, -1
# What the variable on the scheduler says.
GO, FINISH, NOW = "go", "finish", "now"
# How often the supervisor shows that it is there, and how long a worker goes on without a sign.
BEAT_SECONDS = 2.0
_GRACE_SECONDS = 20.0
_LOOK_SECONDS = 0.2
_PATIENCE_SECONDS = 20.0


def make_task(version: str, order: dict[str, Any]) -> Callable[[], tuple[int, str, str, str]]:
    """Return the function that Dask runs.

    It is sent by value, so that it can say that this package is missing where it runs.
    """

    def work() -> tuple[int, str, str, str]:
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
            return 2, "", platform.node(), refusal
        from tuner.workers.cluster_task import work_here

        return work_here(**order)

    return work


def work_here(
    *, url: str, study: str, budget: int, run: str, index: int, folder: str, machine: str | None
) -> tuple[int, str, str, str]:
    """Be a worker of a study, inside a Dask task, until its budget is used.

    Args:
        url: The study's database.
        study: The study's name.
        budget: Finished trials that the study may have.
        run: Which run of the study this is for.
        index: Which worker this is.
        folder: The supervisor's working folder, used here too if it is here.
        machine: The only machine that has the database, or None.

    Returns:
        Exit code, last words, host name, and why nothing was started, if so.
    """
    from distributed import get_worker

    host = socket.gethostname()
    if machine is not None and machine != host:
        return 2, "", host, refusal_of_sqlite({host}, machine)
    orders = _Orders(run)
    word = orders.read()
    if word != GO:
        return LOST if orders.abandoned else INTERRUPTED, "it was stopped", host, ""
    dask_worker = get_worker()
    here = Path(folder)
    command = [sys.executable, "-m", "tuner", "worker", "--events"]
    child = subprocess.Popen(
        [*command, "--study", study, "--trials", str(budget)],
        env={**os.environ, STORAGE_VARIABLE: url},
        cwd=here if here.is_dir() and os.access(here, os.W_OK) else None,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    last_words: deque[str] = deque(maxlen=20)

    def hear() -> None:
        assert child.stdout is not None
        for line in child.stdout:
            message = {"run": run, "index": index, "line": line}
            dask_worker.log_event(topic(study), message)

    def overhear() -> None:
        assert child.stderr is not None
        last_words.extend(line.rstrip() for line in child.stderr)

    readers = [threading.Thread(target=read, daemon=True) for read in (hear, overhear)]
    for reader in readers:
        reader.start()
    try:
        _command(child, orders)
    finally:
        assert child.stdin is not None
        child.stdin.close()  # which ends it, whatever happened here
        for reader in readers:
            reader.join()
        with child:  # lets go of its pipes
            code = child.wait()
    if orders.abandoned and code == INTERRUPTED:
        code = LOST  # nobody asked for that
    return code, _message(last_words), host, ""


def _command(child: subprocess.Popen[str], orders: _Orders) -> None:
    """Hand on what the supervisor says until the child ends."""
    told = False
    deadline = None
    while child.poll() is None:
        word = orders.read()
        if word == NOW:
            now = time.monotonic()
            deadline = deadline or now + _PATIENCE_SECONDS
            if now < deadline:
                child.send_signal(signal.SIGTERM)  # the second one means now, others are ignored
            else:
                child.kill()
        elif word == FINISH and not told:
            child.send_signal(signal.SIGTERM)
            told = True
        with suppress(subprocess.TimeoutExpired):
            child.wait(timeout=_LOOK_SECONDS if word == NOW else 5 * _LOOK_SECONDS)


class _Orders:
    """What the supervisor says, as a task reads it."""

    def __init__(self, run: str) -> None:
        from distributed import Variable

        self._variable = Variable(variable_name(run))
        self._last: list[Any] | None = None
        self._since = time.monotonic()
        self.abandoned = False

    def read(self) -> str:
        """Return its word; to finish the epoch, if it has shown no life for too long."""
        value = None
        with suppress(Exception):  # a scheduler that is busy or away for a moment
            value = self._variable.get(timeout=BEAT_SECONDS)
        now = time.monotonic()
        if value is not None and value != self._last:
            self._last, self._since = value, now
        self.abandoned = self._last is None or now - self._since > _GRACE_SECONDS
        return FINISH if self._last is None or self.abandoned else str(self._last[0])


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


def _message(lines: deque[str]) -> str:
    """Return a worker's own error message, or its last line."""
    for number, line in enumerate(lines):
        if line.startswith("error: "):
            return "\n".join([*lines][number:]).removeprefix("error: ")
    return lines[-1] if lines else "it said nothing"
