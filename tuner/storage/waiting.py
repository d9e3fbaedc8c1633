"""A storage that waits for a database that is away, instead of ending the study.

A PostgreSQL server that restarts, a network that drops, an SQLite file that another program holds
locked: Optuna passes each on as an error out of whatever it was doing, and its own loop dies of
it. Here every call is tried again until the database is back.
"""

from __future__ import annotations

import functools
import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import optuna
import sqlalchemy as sa
from optuna.storages import BaseStorage

from tuner.storage.errors import explain
from tuner.storage.optuna_internals import CALLED_BY_CACHE

S = TypeVar("S", bound=BaseStorage)
T = TypeVar("T")

_LOG = logging.getLogger("tuner")
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 5.0
_PATIENCE_SECONDS = 1800.0
# The same for whoever was asked to stop.
_HURRIED_SECONDS = 5.0
# PostgreSQL's "too many clients already", "remaining connection slots are reserved"; MySQL's
# "Too many connections".
_NO_ROOM = re.compile(r"too many (clients|connections)|connection slots", re.IGNORECASE)


def is_database_error(error: BaseException) -> bool:
    """Tell whether an error comes from the database or a storage proxy."""
    kinds = (optuna.exceptions.StorageInternalError, sa.exc.SQLAlchemyError)
    return isinstance(error, kinds) or callable(getattr(error, "code", None))


def is_passing(error: BaseException) -> bool:
    """Tell whether an error of a storage is likely to pass by itself."""
    cause: BaseException | None = error
    while isinstance(cause, optuna.exceptions.StorageInternalError):
        cause = cause.__cause__
    code = getattr(cause, "code", None)  # of an answer, or none, from a storage proxy
    if callable(code):
        return getattr(code(), "name", "") in ("UNAVAILABLE", "UNKNOWN", "CANCELLED")
    if isinstance(cause, sa.exc.PendingRollbackError):
        return True  # of a connection that broke within a transaction
    if not isinstance(cause, sa.exc.DBAPIError):
        return False
    if type(cause.orig).__module__.startswith("sqlite3"):
        return "locked" in str(cause.orig) or "busy" in str(cause.orig)
    kinds = (sa.exc.OperationalError, sa.exc.InterfaceError)
    return bool(cause.connection_invalidated) or isinstance(cause, kinds)


def patient(storage_class: type[S]) -> type[S]:
    """Return a class of storage whose calls are repeated while the database is away.

    Objects have attributes ``patience``, the seconds after which a call gives up; ``hurried``,
    asked whether it should do so soon; ``back_at``, the last time that the database came back; and
    ``checks``, which are made before every call and raise what no waiting mends.

    Args:
        storage_class: One of Optuna's storages.
    """
    names = [
        name for name in (*vars(BaseStorage), *CALLED_BY_CACHE) if _is_call(storage_class, name)
    ]
    members: dict[str, Any] = {name: _patiently(getattr(storage_class, name)) for name in names}
    members |= {
        "patience": _PATIENCE_SECONDS,
        "hurried": staticmethod(lambda: False),
        "back_at": 0.0,
        "checks": (),
    }
    return type(f"Patient{storage_class.__name__}", (storage_class,), members)


def hurry_if(storage: BaseStorage, stop_reason: Callable[[], object]) -> None:
    """Let the calls of a patient storage give up soon once there is a reason to stop."""
    vars(storage).update(hurried=stop_reason)


def give_up_waiting(storage: BaseStorage) -> None:
    """Let the calls of a patient storage fail at once from now on."""
    vars(storage).update(patience=0.0)


def back_at(storage: BaseStorage) -> float:
    """Return when this process last saw the database come back, by its monotonic clock."""
    return float(getattr(storage, "back_at", 0.0))


@contextmanager
def in_one_go(storage: BaseStorage, check: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Let no call of a patient storage wait in the block, nor be made unless a check passes.

    Args:
        storage: The storage.
        check: Made before every call, beside the storage's own.
    """
    known = vars(storage)
    before: dict[str, Any] = {
        name: known[name] for name in ("patience", "checks") if name in known
    }
    known.update(patience=0.0, checks=(*getattr(storage, "checks", ()), check))
    try:
        yield
    finally:
        for name in ("patience", "checks"):
            del known[name]
        known.update(before)


def wait_out(storage: Any, call: Callable[[], T]) -> T:
    """Return what a call gives, repeating it while the database of the storage is away.

    A call that failed may have had its effect: it must be one that can be made twice.
    """
    began, wait = time.monotonic(), _FIRST_WAIT
    while True:
        try:
            for check in getattr(storage, "checks", ()):
                check()
            result = call()
        except Exception as error:
            if not is_passing(error) or not _is_patient(storage, began):
                raise
            if wait == _FIRST_WAIT:
                _LOG.warning("%s; waiting for it", _why(error))
        else:
            if wait > _FIRST_WAIT:
                storage.back_at = time.monotonic()
            return result
        until = time.monotonic() + wait
        while time.monotonic() < until and _is_patient(storage, began):
            time.sleep(_FIRST_WAIT)
        wait = min(2 * wait, _LONGEST_WAIT)


def _why(error: Exception) -> str:
    said = explain(error)
    if _NO_ROOM.search(said):
        return (
            "the database server has no room for another connection (fewer workers need fewer, as"
            " do those behind a `tuner storage-proxy`; or raise its max_connections)"
        )
    return f"the database is away or locked ({said})"


def _is_patient(storage: Any, began: float) -> bool:
    patience: float = getattr(storage, "patience", _PATIENCE_SECONDS)
    if getattr(storage, "hurried", bool)():
        patience = min(patience, _HURRIED_SECONDS)
    return time.monotonic() - began < patience


def _is_call(storage_class: type[BaseStorage], name: str) -> bool:
    public = not name.startswith("_") or name in CALLED_BY_CACHE
    return public and callable(getattr(storage_class, name, None))


def _patiently(call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def repeated(self: Any, *args: Any, **options: Any) -> Any:
        return wait_out(self, lambda: call(self, *args, **options))

    return repeated
