"""The workers of one run on a cluster, as whoever started them sees them: Dask tasks."""

from __future__ import annotations

import importlib.metadata
import queue
import secrets
import socket
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from tuner.definition import StudySpec
from tuner.errors import ClusterError, TrainingError
from tuner.search import Said, from_json
from tuner.storage import parse_url, sqlite_path, sqlite_url
from tuner.workers.child import is_of_a_trial
from tuner.workers.cluster_task import (
    BEAT_SECONDS,
    GO,
    NOW,
    make_task,
    topic,
    variable_name,
)

CONNECT_SECONDS = 10.0
_LOOK_SECONDS = 0.2
_PATIENCE_SECONDS = 20.0
_MOST_STILLBIRTHS = 3


class Crew:
    """The Dask tasks of one run.

    Args:
        client: Dask's client.
        address: The scheduler's address.
        spec: The study's definition.
        budget: Finished trials that the study may have.
    """

    def __init__(self, client: Any, address: str, spec: StudySpec, budget: int) -> None:
        from distributed import Variable

        self._client, self._address = client, address
        path = sqlite_path(parse_url(spec.storage_url))
        self._name = spec.name
        self._run = secrets.token_hex(4)
        self._order: dict[str, Any] = {
            "url": sqlite_url(path.resolve()) if path else spec.storage_url,
            "study": spec.name,
            "budget": budget,
            "run": self._run,
            "folder": str(Path.cwd()),
            "argv": [*sys.argv],
            "machine": socket.gethostname() if path else None,
        }
        self._queue: queue.Queue[tuple[int, str]] = queue.Queue()
        self._tasks: dict[int, Any] = {}
        self._started = 0
        self._spoke: set[int] = set()
        self._stillbirths = 0
        self._word, self._beats = GO, 0
        self._variable = Variable(variable_name(self._run), client=client)
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._tell()
        self._heart = threading.Thread(target=self._beat, name="heart of the run", daemon=True)
        self._subscribe()
        self._heart.start()

    def start(self, failed: Sequence[int] = ()) -> None:
        """Start one more worker, maybe in the place of one that has failed."""
        index, self._started = self._started, self._started + 1
        task = make_task(
            importlib.metadata.version("schedule-tuner"),
            {**self._order, "index": index, "failed": [*failed]},
        )
        # The key is what Dask's pages and logs show.
        key = f"{self._name}-{index}-{self._run}"
        self._tasks[index] = self._client.submit(task, key=key, pure=False)

    def alive(self) -> bool:
        """Tell whether any worker is left."""
        return bool(self._tasks)

    def said(self, wait: bool = True) -> list[Said]:
        """Return what was said since the last time, waiting a moment for something."""
        lines: list[tuple[int, str]] = []
        with suppress(queue.Empty):
            if wait:
                lines.append(self._queue.get(timeout=_LOOK_SECONDS))
            while True:
                lines.append(self._queue.get_nowait())
        heard = [(index, said) for index, line in lines if (said := from_json(line)) is not None]
        self._spoke.update(index for index, said in heard if is_of_a_trial(said))
        return [said for _, said in heard]

    def command(self, word: str) -> None:
        """Tell every worker to finish its epoch, or to stop now."""
        self._word = word
        self._tell()

    def bury(self, *, replace: bool) -> None:
        """Let go of workers that ended; start another for each whose work goes on."""
        if self._client.status in ("closing", "closed"):
            raise ClusterError(
                f"The Dask scheduler at {self._address} is gone. What the database holds is"
                " safe; run the same command again, with the address of a new one, to continue."
            )
        if self._word != GO:
            self._cancel_unplaced()
        for index, future in [(i, f) for i, f in self._tasks.items() if f.status != "pending"]:
            report = self._report(future)
            if report is None:
                continue
            del self._tasks[index]
            if report.refusal:
                raise ClusterError(report.refusal)
            if report.how == "failed":
                raise TrainingError(f"a worker on {report.where} gave up: {report.words}")
            # Stopped, too, is no end while this run asked for none: the search goes on.
            if not replace or report.how == "done":
                continue
            self._stillbirths = 0 if index in self._spoke else self._stillbirths + 1
            if self._stillbirths >= _MOST_STILLBIRTHS:
                raise TrainingError(
                    f"{self._stillbirths} workers in a row died at their start, the last one on"
                    f" {report.where}: {report.words}"
                )
            self._subscribe()  # which does not outlive a lost connection
            self.start(report.failed)

    def end(self) -> None:
        """Stop whoever is left: at once, but so that trials go back into the queue."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        if self._tasks:
            self.command(NOW)
        while self._tasks and time.monotonic() < deadline and self._client.status == "running":
            self._cancel_unplaced()
            time.sleep(_LOOK_SECONDS)
            self._tasks = {i: f for i, f in self._tasks.items() if f.status == "pending"}
        self._ended.set()
        self._heart.join()
        if self._client.status == "running":
            with suppress(ValueError):
                self._client.unsubscribe_topic(topic(self._name))
            if not self._tasks:
                self._variable.delete()

    def _report(self, future: Any) -> _Report | None:
        """Return how a task ended; None if that cannot be known yet."""
        if future.status == "finished":
            try:
                return _Report(*future.result(timeout=CONNECT_SECONDS))
            except Exception:  # the Dask worker that held it is gone, and Dask repeats the task
                return None
        if future.status == "error":
            error = future.exception()
            return _Report("died", first_line(error), (), "the cluster", "")
        return _Report("died", "Dask has lost it", (), "the cluster", "")

    def _cancel_unplaced(self) -> None:
        """Take back the tasks that no Dask worker has."""
        with suppress(OSError):
            placed = {key for keys in self._client.processing().values() for key in keys}
            waiting = [f for f in self._tasks.values() if f.status == "pending"]
            unplaced = [future for future in waiting if future.key not in placed]
            if unplaced:
                self._client.cancel(unplaced)

    def _subscribe(self) -> None:
        self._client.subscribe_topic(topic(self._name), self._hear)

    def _hear(self, event: tuple[float, dict[str, Any]]) -> None:
        _, message = event
        if message["run"] == self._run:  # not another supervisor's of this study
            self._queue.put((message["index"], message["line"]))

    def _beat(self) -> None:
        while not self._ended.wait(BEAT_SECONDS):
            self._tell()

    def _tell(self) -> None:
        with self._lock, suppress(OSError):
            self._beats += 1
            self._variable.set([self._word, self._beats], timeout=CONNECT_SECONDS)


class _Report(NamedTuple):
    """How a worker ended; from there it comes as a plain tuple."""

    how: str
    words: str
    failed: Sequence[int]
    where: str
    refusal: str


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, or its kind if it has none."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
