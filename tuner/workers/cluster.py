"""A study's workers on an existing dask.distributed cluster.

Each is one Dask task, which runs ``tuner worker`` as a process of its own beside the Dask worker:
signals, MXNet's threads and crashes stay there, and it ends by itself when the Dask worker dies.
Dask starts the task of a lost Dask worker again elsewhere; the trial is put back by the study's
own means. A variable on the scheduler says what the workers are to do and carries the heartbeat
of whoever started them, so that they end when that is gone.

The storage URL, which may hold a password, is inside the function that is sent: Dask shows and
logs keys, arguments and results, never that.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from tuner.definition import StudySpec
from tuner.errors import ClusterError
from tuner.search import Listener, StopReason
from tuner.storage import parse_url, sqlite_path
from tuner.workers.child import Audience
from tuner.workers.cluster_crew import CONNECT_SECONDS, Crew, first_line
from tuner.workers.cluster_task import FINISH, refusal_of_sqlite

_LOG = logging.getLogger("tuner")


@contextmanager
def connected(address: str, storage_url: str, workers: int | None = None) -> Iterator[Cluster]:
    """Connect to a cluster until the block ends.

    Args:
        address: Its scheduler's, such as ``tcp://host:8786``.
        storage_url: The study's database, which the cluster's workers must reach.
        workers: How many there are to be; without it, as many as there is room for.

    Raises:
        ClusterError: If it does not answer, or cannot reach the database, or Dask is missing.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise ClusterError(
            f"A Dask cluster needs distributed: {error}."
            " Type `pip install 'schedule-tuner[dask]'`."
        ) from error
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise ClusterError(
            f"A Dask scheduler must answer at {address!r}, but none did:"
            f" {first_line(error)}. Name the address that it printed at its start, as in"
            " --dask tcp://HOST:8786."
        ) from error
    try:
        cluster = Cluster(client, address, workers)
        cluster.check(storage_url)
        yield cluster
    finally:
        with suppress(TimeoutError):
            client.close(timeout=CONNECT_SECONDS)


class Cluster:
    """A connected Dask cluster.

    Args:
        client: Dask's client.
        address: The scheduler's address.
        workers: How many there are to be; None for as many as there is room for.
    """

    trains_here = False

    def __init__(self, client: Any, address: str, workers: int | None) -> None:
        self._client, self._address, self._asked = client, address, workers

    @property
    def count(self) -> int:
        """How many workers a study has."""
        return max(self._asked or self.room, 1)

    @property
    def room(self) -> int:
        """How many workers the cluster can run at once, as it is now."""
        return sum(self._client.nthreads().values())

    def check(self, storage_url: str) -> None:
        """Refuse an SQLite file, which is on one machine, if workers are on others.

        Raises:
            ClusterError: With the names of the other machines.
        """
        if sqlite_path(parse_url(storage_url)) is None:
            return
        names = self._client.run(socket.gethostname, on_error="return").values()
        others = {str(name) for name in names} - {socket.gethostname()}
        if others:
            raise ClusterError(refusal_of_sqlite(others, socket.gethostname()))

    def run(
        self,
        spec: StudySpec,
        workers: int,
        *,
        budget: int,
        listen: Listener,
        stop_reason: StopReason,
    ) -> str:
        """Run a study, already prepared, by workers on the cluster.

        Args:
            spec: The study's definition.
            workers: How many at once, as soon as the cluster has room for them.
            budget: Finished trials that the study may have.
            listen: Called with every event of every worker, in this thread.
            stop_reason: Asked all the time; a reason lets the workers finish their epochs and end.

        Returns:
            ``"done"``, or the reason of the stop.

        Raises:
            TrainingError: If a worker gave up, or workers die at their start.
            ClusterError: If the scheduler is gone, or Dask workers lack this package.
        """
        if self.room < workers:
            _LOG.warning(
                "the cluster has room for %d of %d workers; the others start when there is more",
                self.room, workers,
            )  # fmt: skip
        crew = Crew(self._client, self._address, spec, budget)
        audience = Audience(listen)
        reason = ""
        try:
            for _ in range(workers):
                crew.start()
            while crew.alive():
                for said in crew.said():
                    audience.tell(said)
                if not reason:
                    reason = stop_reason()
                    if reason:
                        crew.command(FINISH)
                crew.bury(replace=not reason)
            for said in crew.said(wait=False):
                audience.tell(said)
        finally:
            crew.end()
        return reason or "done"
