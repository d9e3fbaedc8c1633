"""Who runs a trial, and whether that process is still there.

A killed worker leaves its trial running. Optuna can only fail such a trial and append a copy;
here it goes back into the queue as it is, under its own number, so that a resumed study has the
same trials as one that was never interrupted. A process on this machine is looked up directly;
one elsewhere is judged by its heartbeat, in Optuna's own table.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.storages import RDBStorage
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from tuner.storage import GRACE_SECONDS, HEARTBEAT_SECONDS

_OWNER = "tuner:owner"


@contextmanager
def owning(storage: RDBStorage, trial: Trial) -> Iterator[None]:
    """Mark a trial as this process's, and send its heartbeats until the block ends."""
    trial_id = trial._trial_id
    storage.record_heartbeat(trial_id)
    storage.set_trial_system_attr(trial_id, _OWNER, _this_process())
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(HEARTBEAT_SECONDS):
            # A database that is away for a moment must not end the heartbeats.
            with suppress(StorageInternalError):
                storage.record_heartbeat(trial_id)

    thread = threading.Thread(target=beat, name=f"heartbeat of trial {trial.number}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def put_back(storage: RDBStorage, trial_id: int) -> None:
    """Return a running trial to the queue, with its number, parameters and records."""
    with suppress(UpdateFinishedTrialError):
        storage.set_trial_state_values(trial_id, state=TrialState.WAITING)


def put_back_orphans(study: Study, storage: RDBStorage) -> list[int]:
    """Return the running trials of dead processes to the queue.

    Returns:
        The numbers of these trials.
    """
    running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
    if not running:
        return []
    stale = set(storage._get_stale_trial_ids(study._study_id))
    orphans = [trial for trial in running if _is_orphan(trial, stale)]
    for trial in orphans:
        put_back(storage, trial._trial_id)
    return [trial.number for trial in orphans]


def _is_orphan(trial: FrozenTrial, stale: set[int]) -> bool:
    owner = trial.system_attrs.get(_OWNER)
    here = _this_process()
    if owner is not None and owner["machine"] == here["machine"]:
        return not _is_alive(owner) or owner == here
    if trial._trial_id in stale:
        return True
    # Killed between Optuna's "ask" and the first sign of life.
    age = datetime.now() - (trial.datetime_start or datetime.now())
    return owner is None and age > timedelta(seconds=GRACE_SECONDS)


def _this_process() -> dict[str, Any]:
    return {
        "machine": _machine(),
        "pid": os.getpid(),
        "started": psutil.Process().create_time(),
    }


def _is_alive(owner: dict[str, Any]) -> bool:
    try:
        # A number is given to another process sooner or later; its start tells them apart.
        started: float = psutil.Process(owner["pid"]).create_time()
    except psutil.NoSuchProcess:
        return False
    return bool(abs(started - owner["started"]) < 1.0)


def _machine() -> str:
    """Name the space of process numbers: containers can share a host name."""
    space = ""
    with suppress(OSError):
        space = str(Path("/proc/self/ns/pid").readlink())
    return f"{socket.gethostname()} {space}".strip()
