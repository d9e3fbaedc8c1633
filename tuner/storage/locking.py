"""One process at a time, of all that use a database."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa
from optuna.storages import BaseStorage, RDBStorage

from tuner.storage import sqlite
from tuner.storage.optuna_internals import VERSION_INFO
from tuner.storage.waiting import in_one_go, wait_out

T = TypeVar("T")


def alone(storage: BaseStorage, call: Callable[[], T]) -> T:
    """Return what a call gives that no two processes make at a time.

    A server that is restarted takes the lock away, and another process may have it before this
    one knows. Then the call ends where it is, and is made again from its beginning under a new
    lock. So it must be one that can be interrupted anywhere and made again.

    The lock ends with the process. A storage proxy has nothing of the kind.

    Args:
        storage: The storage, whose calls do not wait meanwhile: this does.
        call: What uses it.
    """
    if not isinstance(storage, RDBStorage):
        return call()

    def once() -> T:
        with _locked(storage) as check, in_one_go(storage, check):
            return call()

    return wait_out(storage, once)


@contextlib.contextmanager
def _locked(storage: RDBStorage) -> Iterator[Callable[[], object]]:
    """Have a lock; give a function that raises an error of the database if it is lost."""
    if storage.engine.dialect.name == "sqlite":
        # SQLite has one lock, which the block needs itself.
        with sqlite.locked(Path(str(storage.engine.url.database)).parent):
            yield lambda: None
        return
    # Only Optuna's making of tables writes this row.
    row = sa.select(VERSION_INFO).with_for_update()
    with storage.engine.connect() as connection:
        connection.execute(row)
        yield lambda: connection.execute(sa.select(sa.literal(1)))
