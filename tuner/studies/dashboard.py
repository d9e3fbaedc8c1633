"""optuna-dashboard on a study: a picture of each trial's schedule, the verdict, words for data.

The pictures are artifacts of the trials, as Optuna calls files beside a database. They follow from
the schedules, so they are drawn when somebody looks, and the rest is worded then as well: nothing
is stored for it anywhere.
"""

from __future__ import annotations

import io
import json
import math
import threading
import time
from collections.abc import Callable, Mapping
from socketserver import ThreadingMixIn
from typing import Any, BinaryIO
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from optuna.artifacts.exceptions import ArtifactNotFound
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial

from tuner.errors import StorageError
from tuner.schedules import schedule_from_dict, svg
from tuner.search import SCHEDULE, UPDATES_PER_EPOCH
from tuner.storage import (
    artifact_key,
    metric_and_note,
    open_storage,
    port_error,
    storage_errors,
    study_id,
    study_told_otherwise,
    told_otherwise,
    trial_id,
)
from tuner.studies.readable import study_attributes, trial_attributes, verdict
from tuner.studies.result import StudyResult

_LOOK_SECONDS = 0.5
# How old the note may be that says where the study stands.
_NOTE_SECONDS = 5.0


def serve_dashboard(
    found: StudyResult,
    *,
    host: str,
    port: int,
    on_start: Callable[[str], object],
    stop_requested: Callable[[], bool],
) -> None:
    """Serve optuna-dashboard on a study's database until a stop is requested.

    Args:
        found: The study.
        host: The address to listen on.
        port: Its port; 0 for one that is free.
        on_start: Called with the address of the study's page once it can be opened.
        stop_requested: Asked all the time.

    Raises:
        StorageError: If the port is taken, or optuna-dashboard is missing.
    """
    app = dashboard_app(found)
    try:
        server = make_server(host, port, app, server_class=_Server, handler_class=_Handler)
    except OSError as error:
        raise port_error(host, port, error.strerror) from error
    thread = threading.Thread(target=server.serve_forever, name="dashboard")
    thread.start()
    try:
        number = study_id(found.study)
        on_start(f"http://{host}:{server.server_port}/dashboard/studies/{number}")
        while not stop_requested():
            thread.join(_LOOK_SECONDS)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def dashboard_app(found: StudyResult) -> Any:
    """Return optuna-dashboard on a study's database as a WSGI application.

    Raises:
        StorageError: If optuna-dashboard is not installed.
    """
    try:
        from optuna_dashboard import wsgi
    except ImportError as error:
        raise StorageError(
            f"The dashboard needs optuna-dashboard: {error}."
            " Type `pip install 'schedule-tuner[dashboard]'`."
        ) from error
    storage = open_storage(found.storage)
    per_epoch = found.spec.task.updates_per_epoch
    with storage_errors(found.storage):
        pictures = Pictures(storage.get_trial, per_epoch)
        return wsgi(_illustrated(storage, found), artifact_store=pictures)


class Pictures:
    """An artifact store that draws; see ``optuna.artifacts``.

    Args:
        trial_of: Returns the trial that has a schedule, as its database has it.
        updates_per_epoch: Updates in an epoch of the study.
    """

    def __init__(self, trial_of: Callable[[int], FrozenTrial], updates_per_epoch: int) -> None:
        self._trial_of, self._updates_per_epoch = trial_of, updates_per_epoch

    def open_reader(self, artifact_id: str) -> BinaryIO:
        """Return the picture of a trial's schedule."""
        try:
            attributes = self._trial_of(int(artifact_id, 16)).user_attrs
            schedule = schedule_from_dict(attributes[SCHEDULE])
        except (KeyError, ValueError) as error:
            raise ArtifactNotFound(artifact_id) from error
        per_epoch = attributes.get(UPDATES_PER_EPOCH, self._updates_per_epoch)
        return io.BytesIO(svg(schedule, updates_per_epoch=per_epoch).encode())

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        """Refuse: there is no place for other files."""
        raise ArtifactNotFound("the dashboard of a study shows pictures, but keeps no files")

    def remove(self, artifact_id: str) -> None:
        """Refuse: the picture follows from the schedule."""
        raise ArtifactNotFound(artifact_id)


def _illustrated(storage: BaseStorage, found: StudyResult) -> BaseStorage:
    """Let a storage say of trials and studies what a person can read, and that they have more."""
    all_trials, one_trial = storage.get_all_trials, storage.get_trial
    attributes_of, all_studies = storage.get_trial_system_attrs, storage.get_all_studies
    attributes_of_study = storage.get_study_system_attrs
    noted = _Noted(found)

    def get_all_trials(*args: Any, **options: Any) -> list[FrozenTrial]:
        return [_told(trial) for trial in all_trials(*args, **options)]

    def get_trial(trial_id: int) -> FrozenTrial:
        return _told(one_trial(trial_id))

    def get_trial_system_attrs(trial_id: int) -> dict[str, Any]:
        return attributes_of(trial_id) | _picture(one_trial(trial_id))

    def get_all_studies() -> list[Any]:
        return [
            study_told_otherwise(study, study_attributes, noted.attributes)
            for study in all_studies()
        ]

    def get_study_system_attrs(study_id: int) -> dict[str, Any]:
        return noted.attributes(study_id, attributes_of_study(study_id))

    for call in (
        get_all_trials, get_trial, get_trial_system_attrs, get_all_studies, get_study_system_attrs,
    ):  # fmt: skip
        setattr(storage, call.__name__, call)
    return storage


class _Noted:
    """The system attributes of a study with its metric's name, and a note of where it stands."""

    def __init__(self, found: StudyResult) -> None:
        self._found, self._number = found, study_id(found.study)
        self._lock = threading.Lock()
        self._note, self._since = "", -math.inf

    def attributes(self, number: int, own: Mapping[str, Any]) -> dict[str, Any]:
        """Return those of the study that a storage has under a number."""
        if number != self._number:
            return dict(own)
        return metric_and_note(self._found.spec.objective.judged_by, self._now(), own)

    def _now(self) -> str:
        with self._lock:  # which every page asks for again and again
            if time.monotonic() - self._since > _NOTE_SECONDS:
                self._note, self._since = verdict(self._found), time.monotonic()
            return self._note


def _told(trial: FrozenTrial) -> FrozenTrial:
    return told_otherwise(trial, trial_attributes(trial.user_attrs), _picture(trial))


def _picture(trial: FrozenTrial) -> dict[str, str]:
    """Return the system attribute that describes the picture, if the trial has a schedule."""
    if SCHEDULE not in trial.user_attrs:
        return {}
    number = f"{trial_id(trial):08x}"
    meta = {"artifact_id": number, "filename": "schedule.svg", "mimetype": "image/svg+xml"}
    return {artifact_key(number): json.dumps({**meta, "encoding": None})}


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Handler(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing of every request."""
