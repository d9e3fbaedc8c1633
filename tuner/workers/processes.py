"""Worker processes on this machine: started, watched, replaced when they die, stopped.

Each is the command ``tuner worker`` in a process of its own, as somebody would start it by hand on
another machine. It writes its events to stdout, a line each, and ends by itself when its stdin
does, so that no worker outlives whoever started it.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from contextlib import suppress

from tuner.definition import StudySpec
from tuner.errors import TrainingError
from tuner.search import Event, Listener, StopReason, from_json

# The URL goes to workers through the environment: arguments are for everybody to see.
STORAGE_VARIABLE = "TUNER_STORAGE"
# Workers that die in a row before they report anything.
_MOST_STILLBIRTHS = 3
_LOOK_SECONDS = 0.2
_PATIENCE_SECONDS = 20.0


def run_workers(
    spec: StudySpec, workers: int, *, budget: int, listen: Listener, stop_reason: StopReason
) -> str:
    """Run a study, already prepared, in several processes.

    A worker that dies, or that is told to stop by somebody else, is replaced; its trial is
    continued by whoever is free first.

    Args:
        spec: The study's definition.
        workers: How many processes.
        budget: Finished trials that the study may have.
        listen: Called with every event of every worker, in this thread.
        stop_reason: Asked all the time; a reason lets the workers finish their epochs and end.

    Returns:
        ``"done"``, or the reason of the stop.

    Raises:
        TrainingError: If a worker gave up, or workers die at their start.
    """
    crew = _Crew(spec, budget)
    reason = ""
    try:
        for _ in range(workers):
            crew.start()
        while crew.alive():
            for event in crew.events():
                listen(event)
            if not reason:
                reason = stop_reason()
                if reason:
                    crew.signal()
            crew.bury(replace=not reason)
        for event in crew.events(wait=False):
            listen(event)
    finally:
        crew.end()
    return reason or "done"


class _Process:
    """One worker process, and the threads that read what it says."""

    def __init__(self, spec: StudySpec, budget: int, events: queue.Queue[Event]) -> None:
        self.spoke = False
        self.last_words: deque[str] = deque(maxlen=20)
        self._events = events
        command = [sys.executable, "-m", "tuner", "worker", "--events"]
        # A session of its own: Ctrl-C in the terminal is for the one that started it to handle.
        self.process = subprocess.Popen(
            [*command, "--study", spec.name, "--trials", str(budget)],
            env={**os.environ, STORAGE_VARIABLE: spec.storage_url},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._readers = [
            threading.Thread(target=read, daemon=True) for read in (self._hear, self._overhear)
        ]
        for reader in self._readers:
            reader.start()

    def close(self) -> None:
        """Read what is left and let go of the pipes."""
        for reader in self._readers:
            reader.join()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            with suppress(BrokenPipeError):
                if pipe is not None:
                    pipe.close()

    def _hear(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            event = from_json(line)
            if event is not None:
                self.spoke = True
                self._events.put(event)

    def _overhear(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.last_words.append(line.rstrip())


class _Crew:
    """The worker processes of one run."""

    def __init__(self, spec: StudySpec, budget: int) -> None:
        self._spec, self._budget = spec, budget
        self._queue: queue.Queue[Event] = queue.Queue()
        self._processes: list[_Process] = []
        self._stillbirths = 0

    def start(self) -> None:
        """Start one more worker."""
        self._processes.append(_Process(self._spec, self._budget, self._queue))

    def alive(self) -> bool:
        """Tell whether any worker is left."""
        return bool(self._processes)

    def events(self, wait: bool = True) -> list[Event]:
        """Return what was said since the last time, waiting a moment for something."""
        said: list[Event] = []
        with suppress(queue.Empty):
            if wait:
                said.append(self._queue.get(timeout=_LOOK_SECONDS))
            while True:
                said.append(self._queue.get_nowait())
        return said

    def signal(self, number: int = signal.SIGTERM) -> None:
        """Ask every worker to stop."""
        for worker in self._processes:
            worker.process.send_signal(number)

    def bury(self, *, replace: bool) -> None:
        """Let go of workers that ended; start another for each that died or was stopped."""
        for worker in [w for w in self._processes if w.process.poll() is not None]:
            self._processes.remove(worker)
            worker.close()
            code = worker.process.returncode
            if code in (1, 2):
                raise TrainingError(f"a worker gave up: {_message(worker.last_words)}")
            # Interrupted, too, is no end while this run asked for none: the search goes on.
            if not replace or code == 0:
                continue
            self._stillbirths = 0 if worker.spoke else self._stillbirths + 1
            if self._stillbirths >= _MOST_STILLBIRTHS:
                raise TrainingError(
                    f"{self._stillbirths} workers in a row died at their start, the last one with"
                    f" exit code {code}: {_message(worker.last_words)}"
                )
            self.start()

    def end(self) -> None:
        """Stop whoever is left: at once, but so that trials go back into the queue."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while self._processes and time.monotonic() < deadline:
            self.signal()  # the second one means now, further ones are ignored
            time.sleep(_LOOK_SECONDS)
            for worker in [w for w in self._processes if w.process.poll() is not None]:
                self._processes.remove(worker)
                worker.close()
        for worker in self._processes:
            worker.process.kill()
            worker.process.wait()
            worker.close()


def _message(lines: deque[str]) -> str:
    """Return a worker's own error message, or its last line."""
    for number, line in enumerate(lines):
        if line.startswith("error: "):
            return "\n".join([*lines][number:]).removeprefix("error: ")
    return lines[-1] if lines else "it said nothing"
