"""Storage URL -> Optuna's storage, with the engine options that survive real use.

SQLite, the default: write-ahead logging, so that a reader or dashboard never blocks a study;
every transaction of a writer starts with ``BEGIN IMMEDIATE``, because Optuna's "take the next
waiting trial" is otherwise not atomic there (measured: 91 pops of 60 trials by 8 processes); a
busy timeout of a minute instead of 5 s; ``synchronous = NORMAL``, which in this mode can lose the
last commits at a power failure but never the database.

A server: connections are tested before they are used, so that a restart in between costs nothing;
more are opened at need, because each thread of a storage proxy uses one; PostgreSQL's are given up
when nothing comes back for half a minute, as from a machine that is gone.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import re
import secrets
import sqlite3
import time
import warnings
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import optuna
import sqlalchemy as sa
from optuna.storages import BaseStorage, RDBStorage
from sqlalchemy.engine import URL

from tuner.errors import StorageError
from tuner.schedules import remove_abandoned
from tuner.storage import sqlite
from tuner.storage.errors import close, storage_errors
from tuner.storage.optuna_internals import OPTUNA_TABLES
from tuner.storage.urls import PROXY, parse_url, sqlite_path, sqlite_url
from tuner.storage.waiting import patient, wait_out

__all__ = [
    "close",
    "made_folder",
    "make_database",
    "open_storage",
]

_START_ATTEMPTS = 8
_PROXY_SECONDS = 20
_ON_ITS_WAY = re.compile(
    "starting up|shutting down|recovery|too many|connection slots", re.IGNORECASE
)


def make_database(url: str, fill: Callable[[RDBStorage], object]) -> None:
    """Make an SQLite file whole or not at all, whatever happens on the way.

    Nothing is done if the file is there already, or if the database is a server's.

    Args:
        url: Its URL.
        fill: Called with the storage while nobody else can see it.

    Raises:
        StorageError: If it cannot be made; no file or folder is left behind.
    """
    path = sqlite_path(parse_url(url))
    if path is None or path.exists():
        return
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    remove_abandoned(path.parent, f".{path.name}.")
    with storage_errors(url), made_folder(path.parent):
        try:
            # Logged ahead from the end on, so that all is in the one file then.
            storage = _connect(sqlite_url(temporary), temporary)
            try:
                fill(storage)
            finally:
                close(storage)
            with contextlib.closing(sqlite3.connect(temporary)) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
            sqlite.put_in_place(temporary, path)
        finally:
            for ending in ("", "-journal", "-wal", "-shm"):
                temporary.with_name(temporary.name + ending).unlink(missing_ok=True)


def open_storage(
    url: str,
    *,
    create: bool = False,
    write: bool = True,
    connections: int = 1,
    stop_requested: Callable[[], object] = bool,
    was_there: bool = False,
) -> BaseStorage:
    """Open a database as Optuna's storage.

    Args:
        url: An SQLAlchemy URL such as ``sqlite:///studies/quickstart/study.db``.
        create: Whether a database that does not exist yet is made.
        write: Whether trials will be written, not only read.
        connections: How many to a server stay open while nobody needs them.
        stop_requested: Asked while it waits for a server that answered and went away.
        was_there: Whether it is known that there is one, so that it is waited for from the start.

    Returns:
        The storage. Its calls wait for a database that goes away for a while.

    Raises:
        StorageError: If the database is missing, unreadable, full, not Optuna's, or of another
            version of it.
    """
    with storage_errors(url):
        parsed = parse_url(url)
        if parsed.drivername == PROXY:
            return _open_proxy(parsed)
        path = sqlite_path(parsed)
        if path is not None and not path.exists():
            if not create:
                raise StorageError(
                    f"The database {path} must exist, but does not. Check the path, or start a"
                    " study with `tuner run STUDY.toml`."
                )
            make_database(url, lambda _: None)

        waiting = SimpleNamespace(hurried=stop_requested)
        _meet(waiting, lambda: _refuse_foreign(parsed, path, create), was_there)
        if path is not None and write and not os.access(path.parent, os.W_OK):
            raise StorageError(
                f"The folder {path.parent} must be writable, because SQLite keeps its log"
                f" beside {path.name}, but is not. Copy the study into a folder of yours."
            )
        if path is not None and not was_there:
            waiting.patience = 0.0
        storage = wait_out(waiting, lambda: _connect(url, path, write, connections))
        if path is not None:
            # After the tables exist: making them opens a connection within a connection, which
            # immediate transactions would lock out.
            sqlite.tune(storage.engine, write)
            check = sqlite.StillThere(path)
            vars(storage).update(checks=(check,))
            if not write:
                check.rest()
        return storage


@contextlib.contextmanager
def made_folder(folder: Path) -> Iterator[None]:
    """Make a folder and those above it; if the block fails, remove what was made.

    Raises:
        OSError: If it cannot be made.
    """
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for each in missing:
            with contextlib.suppress(OSError):  # somebody else's files are in it
                each.rmdir()
        raise


def _meet(waiting: SimpleNamespace, call: Callable[[], object], was_there: bool) -> None:
    """Call a server for the first time: one that does not answer may be none at all."""
    try:
        call()
    except sa.exc.DBAPIError as error:
        # Lost within a call, or by its own words on its way.
        answered = error.connection_invalidated or _ON_ITS_WAY.search(str(error.orig))
        if not (was_there or answered):
            raise
        wait_out(waiting, call)


def _refuse_foreign(url: URL, path: Path | None, create: bool) -> None:
    """Refuse a database of something else before Optuna adds its tables to it."""
    shown = url.render_as_string(hide_password=True)
    tables = _server_tables(url) if path is None else sqlite.tables_of(path)
    if {"studies", "trials", "version_info"} <= tables:
        return
    if not tables <= OPTUNA_TABLES:
        some = ", ".join(sorted(tables - OPTUNA_TABLES)[:3])
        raise StorageError(
            f"The database {shown} must be Optuna's or empty, but has other tables ({some})."
            " Give the study a database of its own."
        )
    if not create:
        raise StorageError(
            f"The database {shown} must have a study, but has none yet. Start one with"
            " `tuner run STUDY.toml`."
        )


def _server_tables(url: URL) -> set[str]:
    engine = sa.create_engine(url, connect_args=_connect_args(url))
    try:
        return set(sa.inspect(engine).get_table_names())
    finally:
        engine.dispose()


def _connect(url: str, path: Path | None, write: bool = True, connections: int = 1) -> RDBStorage:
    options: dict[str, Any] = {"connect_args": _connect_args(parse_url(url))}
    if path is None:
        options |= {"pool_pre_ping": True, "max_overflow": -1, "pool_size": connections}
    elif not write and sqlite.is_closed_off(path):
        options = {"creator": functools.partial(sqlite.connect_alone, path)}
    if path is not None:
        # Wherever a training may go meanwhile.
        url = sqlite_url(path.absolute())
    for attempt in range(1, _START_ATTEMPTS + 1):
        try:
            return _made(url, dict(options))
        except (sa.exc.IntegrityError, sa.exc.OperationalError, sa.exc.ProgrammingError) as error:
            # Processes that make the tables at the same time trip over each other.
            if attempt == _START_ATTEMPTS or not re.search("exist|unique", str(error), re.I):
                raise
            time.sleep(0.1 * attempt)
    raise AssertionError("the last attempt returns or raises")


def _made(url: str, options: dict[str, Any]) -> RDBStorage:
    """Return a storage that leaves no connection open, made or not."""
    kind = patient(RDBStorage)
    storage = kind.__new__(kind)
    try:
        # What `kind(...)` does, but with the storage in hand when it fails half made.
        kind.__init__(storage, url, engine_kwargs=options)
    except BaseException:
        # It asks for a second connection while it has one. Where there is no room for that, the
        # first must not stay: processes that start together would wait for each other for ever.
        if hasattr(storage, "scoped_session"):
            close(storage)
        raise
    weakref.finalize(storage, storage.engine.dispose)
    return storage


def _connect_args(url: URL) -> dict[str, Any]:
    if url.get_backend_name() == "sqlite":
        return {"timeout": sqlite.BUSY_SECONDS}
    if url.get_driver_name().startswith("psycopg"):  # the options of libpq
        return {"connect_timeout": 10} | {
            "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 4,
            "tcp_user_timeout": 30_000,
        }  # fmt: skip
    return {}


def _open_proxy(url: URL) -> BaseStorage:
    """Open a database behind ``tuner storage-proxy``, at ``grpc://host:port``."""
    try:
        importlib.import_module("grpc")  # Optuna imports it late, with a long error
        from optuna.storages import GrpcStorageProxy
    except ImportError as error:
        raise StorageError(
            f"A storage proxy needs grpc: {error}. Type `pip install 'schedule-tuner[grpc]'`."
        ) from error
    if not url.host or not url.port:
        raise StorageError(f"`{PROXY}://HOST:PORT` must name both, but got {str(url)!r}.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        proxy = patient(GrpcStorageProxy)(host=url.host, port=url.port)
    try:
        proxy.wait_server_ready(timeout=_PROXY_SECONDS)
    except ConnectionError as error:
        raise StorageError(
            f"A storage proxy must answer at {url.host}:{url.port}, but none did in"
            f" {_PROXY_SECONDS} s. Start one with `tuner storage-proxy --storage URL`."
        ) from error
    return proxy
