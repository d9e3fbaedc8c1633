"""A storage proxy: one process holds the database, many workers talk to it through gRPC."""

from __future__ import annotations

import importlib
import socket
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import optuna
from optuna.storages import RDBStorage, get_storage
from optuna.trial import TrialState

from tuner.errors import StorageError
from tuner.search import Watch, put_back_orphans
from tuner.storage import (
    close,
    hurry_if,
    open_storage,
    port_error,
    proxy_server,
    storage_errors,
    study_id,
)

_LOOK_SECONDS = 1.0
# Each worker keeps a call or two under way.
_THREADS = 32
# To the database, between their calls.
_CONNECTIONS = 5


def serve(
    storage: str,
    *,
    host: str,
    port: int,
    on_start: Callable[[str], object],
    stop_requested: Callable[[], bool],
) -> None:
    """Serve a database to workers until a stop is requested.

    The trials of workers that died are put back into the queue here, where the database is.

    Args:
        storage: The URL of the database.
        host: The address to listen on.
        port: Its port.
        on_start: Called with the workers' URL of it once it listens.
        stop_requested: Asked every second.

    Raises:
        StorageError: If the database cannot be opened or the port is taken.
    """
    try:
        importlib.import_module("grpc")  # Optuna imports it late, with a long error
    except ImportError as error:
        raise StorageError(
            f"A storage proxy needs grpc: {error}. Type `pip install 'schedule-tuner[grpc]'`."
        ) from error
    _require_free(host, port)
    database = open_storage(storage, create=True, connections=_CONNECTIONS)
    if not isinstance(database, RDBStorage):
        raise StorageError(
            "A storage proxy must have a database behind it, but got another proxy."
        )
    hurry_if(database, stop_requested)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        try:
            server = proxy_server(get_storage(database), host, port, ThreadPoolExecutor(_THREADS))
        except RuntimeError as error:
            raise port_error(host, port, error) from error
    server.start()
    watches: dict[str, Watch] = {}
    try:
        on_start(f"grpc://{host}:{port}")
        with storage_errors(storage):
            while not stop_requested():
                time.sleep(_LOOK_SECONDS)
                _put_back_orphans(database, watches)
    finally:
        server.stop(grace=_LOOK_SECONDS).wait()
        close(database)


def _require_free(host: str, port: int) -> None:
    """Raise if somebody listens: gRPC itself would share the port with another proxy."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host.strip("[]"), port), family=family).close()
    except OSError as error:
        raise port_error(host, port, error.strerror) from error


def _put_back_orphans(database: RDBStorage, watches: dict[str, Watch]) -> None:
    for found in database.get_all_studies():
        running = database.get_all_trials(study_id(found), False, (TrialState.RUNNING,))
        if running:
            study = optuna.load_study(study_name=found.study_name, storage=database)
            watch = watches.setdefault(str(found.study_name), Watch())
            put_back_orphans(study, database, watch)
