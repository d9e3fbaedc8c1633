"""Who runs a trial, and whether that process is still there.

A killed worker leaves its trial running. Optuna can only fail such a trial and append a copy;
here it goes back into the queue as it is, under its own number, so that a resumed study has the
same trials as one that was never interrupted. A process on this machine is looked up directly.
One elsewhere is judged by a counter in the trial that it raises every few seconds: if that stands
still for long enough by the watcher's own clock, the process is gone. No two clocks are compared.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from typing import Any, NamedTuple

import psutil
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import BaseStorage
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from tuner.errors import StorageError
from tuner.search.processes import start_of, this_machine
from tuner.storage import (
    back_at,
    is_database_error,
    set_system_attribute,
    system_attribute,
    trial_id,
)

HEARTBEAT_SECONDS = 5.0
GRACE_SECONDS = 60.0
# A trial that a process asked for has its first beat at once, unless the process was killed there
# or the answer to its question was lost with the connection.
UNBORN_SECONDS = 15.0
# A trial on which so many processes died without finishing another epoch is given up.
MOST_DEATHS = 5

# Seconds within which two starts of one number are one.
_SAME_START = 1.0

# System attributes of a trial, plain JSON.
OWNER = "tuner:owner"
DEATHS = "tuner:deaths"


class Owner(NamedTuple):
    """A process: its machine, number and start, and the beats of its heart so far."""

    machine: str
    pid: int
    started: float
    beat: int = 0

    def is_same_process(self, other: Owner) -> bool:
        """Tell whether two sightings are of one process."""
        return self[:2] == other[:2] and abs(self.started - other.started) < _SAME_START

    def is_alive(self) -> bool:
        """Tell whether the process, of this machine, is there."""
        try:
            process = psutil.Process(self.pid)
            # A number is given to another process sooner or later; its start tells them apart.
            started = start_of(process)
            if process.status() == psutil.STATUS_ZOMBIE:  # over, though nobody asked how it ended
                return False
        except psutil.NoSuchProcess:
            return False
        return abs(started - self.started) < _SAME_START


def this_process() -> Owner:
    """Return the process that asks."""
    return Owner(this_machine(), os.getpid(), start_of(psutil.Process()))


def owner_of(trial: FrozenTrial) -> Owner | None:
    """Return the process that a trial says it belongs to."""
    stored: dict[str, Any] | None = system_attribute(trial, OWNER)
    return Owner(**stored) if stored else None


def is_gone(trial: FrozenTrial) -> bool:
    """Tell whether a trial is running, but its process, one of this machine, is not."""
    owner = owner_of(trial) if trial.state == TrialState.RUNNING else None
    return owner is not None and owner.machine == this_machine() and not owner.is_alive()


class Heart:
    """Makes a trial this process's own and shows that it is alive, until the block ends.

    Args:
        storage: The study's storage.
        trial: The trial, just asked for.
    """

    def __init__(self, storage: BaseStorage, trial: Trial) -> None:
        self._storage = storage
        self._number = trial_id(trial)
        self._ended = threading.Event()
        name = f"heart of trial {trial.number}"
        self._thread = threading.Thread(target=self._beat, name=name, daemon=True)

    def __enter__(self) -> Heart:
        self._write(this_process())
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def owns(self) -> bool:
        """Tell whether the trial is still this process's.

        It is not if this process stood still for so long, as on a laptop that slept, that another
        one took it for dead and continued the trial.
        """
        trial = self._storage.get_trial(self._number)
        owner = owner_of(trial)
        mine = owner is not None and owner.is_same_process(this_process())
        return mine and trial.state == TrialState.RUNNING

    def _beat(self) -> None:
        me = this_process()
        while not self._ended.wait(HEARTBEAT_SECONDS):
            try:
                if self.owns():
                    me = me._replace(beat=me.beat + 1)
                    self._write(me)
            except (StorageError, KeyError):
                return  # the database or the study is gone, as the training will see at once
            except Exception as error:
                # A database that is away must not stop the heart.
                if not is_database_error(error):
                    raise

    def _write(self, owner: Owner) -> None:
        with suppress(UpdateFinishedTrialError):
            set_system_attribute(self._storage, self._number, OWNER, owner._asdict())


class Watch:
    """Finds the running trials that nobody runs; remembers which heart it saw beat when.

    Args:
        supervised: Whether the process that started this one replaces its workers.
    """

    def __init__(self, *, supervised: bool = False) -> None:
        watcher = psutil.Process()
        parent = watcher.parent() if supervised else None
        self._since = start_of(parent or watcher)
        self._seen: dict[int, tuple[Owner | None, float]] = {}

    def orphans(self, study: Study, storage: BaseStorage) -> list[FrozenTrial]:
        """Return the trials of processes that are gone."""
        running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        return [trial for trial in running if self._is_orphan(trial, back_at(storage))]

    def may_have_killed(self, orphan: FrozenTrial) -> bool:
        """Tell whether a trial may be what its process died of.

        Not if the process belonged to an earlier run on this machine: that was killed as a whole,
        which must not change how the study ends.
        """
        owner = owner_of(orphan)
        if owner is None:
            return False
        return owner.machine != this_machine() or owner.started > self._since

    def _is_orphan(self, trial: FrozenTrial, back: float) -> bool:
        owner = owner_of(trial)
        if owner is not None and owner.machine == this_machine():
            return is_gone(trial)
        # Elsewhere, or killed between Optuna's "ask" and the first beat. While the database is
        # away no heart can beat.
        now = time.monotonic()
        before, since = self._seen.get(trial.number, (owner, now))
        since = since if before == owner else now
        self._seen[trial.number] = (owner, since)
        return now - max(since, back) > (GRACE_SECONDS if owner else UNBORN_SECONDS)


def deaths_of(trial: FrozenTrial) -> int:
    """Return how many processes died on a trial without finishing another epoch of it."""
    count, _ = system_attribute(trial, DEATHS) or (0, 0)
    return int(count)
