"""A storage that waits for a database that is away, instead of ending the study.

A PostgreSQL server that restarts, a network that drops, an SQLite file that another program holds
locked: Optuna passes each on as an error out of whatever it was doing, and its own loop dies of
it. Here every call is tried again until the database is back.
"""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

import optuna
import sqlalchemy as sa
from optuna.storages import BaseStorage

S = TypeVar("S", bound=BaseStorage)

_LOG = logging.getLogger("tuner")
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 5.0
# What Optuna's cache calls beside the public methods of a storage.
_PRIVATE = ("_create_new_trial", "_set_trial_param", "_get_trials", "_get_best_trial_id")


def is_passing(error: BaseException) -> bool:
    """Tell whether an error of a storage is likely to pass by itself."""
    cause: BaseException | None = error
    while isinstance(cause, optuna.exceptions.StorageInternalError):
        cause = cause.__cause__
    code = getattr(cause, "code", None)  # of an answer, or none, from a storage proxy
    if callable(code):
        return getattr(code(), "name", "") in ("UNAVAILABLE", "UNKNOWN", "DEADLINE_EXCEEDED")
    if not isinstance(cause, sa.exc.DBAPIError):
        return False
    if type(cause.orig).__module__.startswith("sqlite3"):
        return "locked" in str(cause.orig) or "busy" in str(cause.orig)
    kinds = (sa.exc.OperationalError, sa.exc.InterfaceError)
    return bool(cause.connection_invalidated) or isinstance(cause, kinds)


def patient(storage_class: type[S]) -> type[S]:
    """Return a class of storage whose calls are repeated while the database is away.

    Objects have an attribute ``patience``: the seconds after which a call gives up.

    Args:
        storage_class: One of Optuna's storages.
    """
    names = [name for name in (*vars(BaseStorage), *_PRIVATE) if _is_call(storage_class, name)]
    calls: dict[str, Any] = {name: _patiently(getattr(storage_class, name)) for name in names}
    return type(
        f"Patient{storage_class.__name__}", (storage_class,), {**calls, "patience": 1800.0}
    )


def give_up_waiting(storage: BaseStorage) -> None:
    """Let the calls of a patient storage fail at once from now on."""
    if hasattr(storage, "patience"):
        storage.patience = 0.0


def _is_call(storage_class: type[BaseStorage], name: str) -> bool:
    public = not name.startswith("_") or name in _PRIVATE
    return public and callable(getattr(storage_class, name, None))


def _patiently(call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def repeated(self: Any, *args: Any, **options: Any) -> Any:
        started, wait = time.monotonic(), _FIRST_WAIT
        while True:
            try:
                return call(self, *args, **options)
            except Exception as error:
                if not is_passing(error) or time.monotonic() - started >= self.patience:
                    raise
                if wait == _FIRST_WAIT:
                    _LOG.warning("the database is away or locked; waiting for it")
            time.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT)

    return repeated
