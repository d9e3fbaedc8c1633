"""Worker processes on this machine: started, watched, replaced when they die, stopped.

Each is the command ``tuner worker`` in a process of its own, as somebody would start it by hand on
another machine. It ends by itself when its stdin does, so that no worker outlives whoever started
it.
"""

from __future__ import annotations

import queue
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from tuner.definition import StudySpec
from tuner.errors import TrainingError
from tuner.search import Listener, Said, StopReason
from tuner.workers.child import Audience, Child
from tuner.workers.command import failed_option, worker_command

# Workers that die in a row before they report anything.
_MOST_STILLBIRTHS = 3
_LOOK_SECONDS = 0.2
# Of what workers say, before somebody looks again whether one has ended.
_MOST_AT_ONCE = 1000
_PATIENCE_SECONDS = 20.0


def run_workers(
    spec: StudySpec,
    environments: Sequence[Mapping[str, str]],
    *,
    budget: int,
    listen: Listener,
    stop_reason: StopReason,
) -> str:
    """Run a study, already prepared, in several processes.

    A worker that dies, or that is told to stop by somebody else, is replaced, and its trial is
    continued by whoever is free first. So is one whose trial has failed: what the training left in
    its process, on a GPU too, must not meet the next one. Whoever comes next has its GPU.

    Args:
        spec: The study's definition.
        environments: For each process, what it has in its environment beside what this one has.
        budget: Finished trials that the study may have.
        listen: Called with every event of every worker, in this thread.
        stop_reason: Asked all the time; a reason lets the workers finish their epochs and end.

    Returns:
        ``"done"``, or the reason of the stop.

    Raises:
        TrainingError: If a worker gave up, or workers die at their start.
    """
    crew = _Crew(spec, budget)
    audience = Audience(listen)
    reason = ""
    try:
        for environment in environments:
            crew.start(environment)
        while crew.alive():
            for said in crew.said():
                audience.tell(said)
            if not reason:
                reason = stop_reason()
                if reason:
                    crew.signal()
            crew.bury(replace=not reason)
        for said in crew.rest():
            audience.tell(said)
    finally:
        crew.end()
    return reason or "done"


class _Crew:
    """The worker processes of one run."""

    def __init__(self, spec: StudySpec, budget: int) -> None:
        self._spec, self._budget = spec, budget
        self._queue: queue.Queue[Said] = queue.Queue()
        self._children: list[Child] = []
        self._stillbirths = 0

    def start(self, environment: Mapping[str, str], failed: Sequence[int] = ()) -> None:
        """Start one more worker, maybe in the place of one that has failed."""
        command = worker_command(
            "--events", "--study", self._spec.name, "--trials", str(self._budget),
            *failed_option(failed),
        )  # fmt: skip
        child = Child(
            command, self._spec.storage_url, self._queue.put,
            environment=environment, failed=failed,
        )  # fmt: skip
        self._children.append(child)

    def alive(self) -> bool:
        """Tell whether any worker is left."""
        return bool(self._children)

    def said(self, wait: bool = True) -> list[Said]:
        """Return what was said since the last time, waiting a moment for something."""
        said: list[Said] = []
        with suppress(queue.Empty):
            if wait:
                said.append(self._queue.get(timeout=_LOOK_SECONDS))
            while len(said) < _MOST_AT_ONCE:
                said.append(self._queue.get_nowait())
        return said

    def rest(self) -> Iterator[Said]:
        """Yield what was said at last."""
        while said := self.said(wait=False):
            yield from said

    def signal(self, number: int = signal.SIGTERM) -> None:
        """Ask every worker to stop."""
        for child in self._children:
            child.process.send_signal(number)

    def bury(self, *, replace: bool) -> None:
        """Let go of workers that ended; start another for each whose work goes on."""
        for child in [c for c in self._children if c.is_over()]:
            self._children.remove(child)
            end = child.close()
            if end.how == "failed":
                raise TrainingError(f"a worker gave up: {end.words}")
            # Stopped, too, is no end while this run asked for none: the search goes on.
            if not replace or end.how == "done":
                continue
            self._stillbirths = 0 if child.spoke else self._stillbirths + 1
            if self._stillbirths >= _MOST_STILLBIRTHS:
                raise TrainingError(
                    f"{self._stillbirths} workers in a row died at their start, the last one"
                    f" {end.words}"
                )
            self.start(child.environment, end.failed)

    def end(self) -> None:
        """Stop whoever is left: at once, but so that trials go back into the queue."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while self._children and time.monotonic() < deadline:
            self.signal()  # the second one means now, further ones are ignored
            time.sleep(_LOOK_SECONDS)
            for child in [c for c in self._children if c.is_over()]:
                self._children.remove(child)
                child.close()
        for child in self._children:
            child.process.kill()
            child.close()
