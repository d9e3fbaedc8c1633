"""An SQLite file: looked into without a trace, made whole or not at all, tuned for many users."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tuner.errors import StorageError

BUSY_SECONDS = 60


def tables_of(path: Path) -> set[str]:
    """Return the names of an SQLite file's tables, and change nothing, not even its log."""
    if not path.is_file():
        raise StorageError(f"{path} must be an SQLite database, but is a folder or device.")
    if path.with_name(f"{path.name}-wal").exists():
        # Somebody uses it, perhaps this process. Opening and closing the file here would drop
        # this process's locks on it, as POSIX has it; SQLite itself knows how not to.
        return _names_in(path, "mode=ro")
    with path.open("rb") as file:
        head = file.read(20)
    if head and not head.startswith(b"SQLite format 3\0"):
        raise StorageError(
            f"{path} must be an SQLite database, but is another kind of file. Name another one"
            " with --storage URL."
        )
    if head[18:19] == b"\2":  # it logs ahead, and a reader
        return _names_in(path, "immutable=1")  # would leave an empty log behind
    try:
        return _names_in(path, "mode=ro")
    except sqlite3.OperationalError:
        # A transaction that was cut off is taken back by the first who may write.
        if not path.with_name(f"{path.name}-journal").exists():
            raise
        return _names_in(path, "immutable=1")


def has_studies(path: Path) -> bool:
    """Tell whether a file is an SQLite database with Optuna's tables."""
    try:
        return "studies" in tables_of(path)
    except (StorageError, sqlite3.Error):
        return False


def is_closed_off(path: Path) -> bool:
    """Tell whether a file's folder may not be written, and nobody writes the file meanwhile.

    Even a reader has SQLite put shared memory beside a file that logs ahead. Where it may not, as
    in a folder of another user's or one that is mounted read-only, the file can still be read with
    :func:`connect_alone`: without a log it is whole.
    """
    logs = path.with_name(f"{path.name}-wal").exists()
    return not (logs or os.access(path.parent, os.W_OK))


def connect_alone(path: Path) -> sqlite3.Connection:
    """Connect to a file that nobody writes, to read it: nothing is put beside it."""
    return _connect(path, "immutable=1")


def tune(engine: sa.Engine, write: bool) -> None:
    """Set what every new connection of an engine does.

    Args:
        engine: Of an SQLite file whose tables exist.
        write: Whether trials will be written, not only read.
    """

    @sa.event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # leaves BEGIN to the listener below
        connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
        if write:
            connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")

    @sa.event.listens_for(engine, "begin")
    def _on_begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    engine.dispose()


class StillThere:
    """A check that a file is the one that it was, and is there under its name.

    SQLite writes a file that was removed as before, and nobody ever sees it again.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._here = path.absolute()  # wherever a training may go meanwhile
        found = self._here.stat()
        self._known: tuple[int, int] | None = (found.st_dev, found.st_ino)

    def rest(self) -> None:
        """Check no more: nobody has the file open, who looks at it takes what is there."""
        self._known = None

    def begin(self) -> None:
        """Check from now on, that it is the file that it is now.

        Raises:
            StorageError: If there is none.
        """
        self._known = (0, 0)  # no file's
        with contextlib.suppress(FileNotFoundError):
            found = self._here.stat()
            self._known = (found.st_dev, found.st_ino)
        self()

    def __call__(self) -> None:
        """Check.

        Raises:
            StorageError: If the file was removed or another one is in its place.
        """
        if self._known is None:
            return
        try:
            found = self._here.stat()
        except OSError:
            what = "is gone: it was moved or removed"
        else:
            if (found.st_dev, found.st_ino) == self._known:
                return
            what = "is another file than before: it was replaced"
        raise StorageError(
            f"The database {self._path} {what} while the study used it. Put it back and run the"
            " same command again, or start the study anew."
        )


def put_in_place(temporary: Path, path: Path) -> None:
    """Give a finished file its name, unless another process was first."""
    try:
        # Unlike a renaming it fails if another worker was first, whose database then counts.
        os.link(temporary, path)
    except FileExistsError:
        return
    except OSError:  # a file system without links
        temporary.rename(path)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a lock on a folder, where the system and the file system have such."""
    descriptor = -1
    try:
        with contextlib.suppress(ImportError, OSError):
            import fcntl

            descriptor = os.open(folder, os.O_RDONLY)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _names_in(path: Path, mode: str) -> set[str]:
    connection = _connect(path, mode)
    try:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {name for (name,) in rows if not name.startswith("sqlite_")}
    finally:
        connection.close()


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    address = f"{path.resolve().as_uri()}?{mode}"
    # SQLAlchemy hands connections from one thread to another, one at a time.
    return sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, check_same_thread=False)
