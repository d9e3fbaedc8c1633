"""When a database fails: its connections closed, and the cause in words."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

import optuna
import sqlalchemy as sa
from optuna.storages import BaseStorage, RDBStorage

from tuner.errors import StorageError
from tuner.storage.sqlite import StillThere
from tuner.storage.urls import hide_password


@contextlib.contextmanager
def storage_errors(url: str, storage: BaseStorage | None = None) -> Iterator[None]:
    """Turn what a database raises in the block into a StorageError with the cause.

    Args:
        url: The database's URL.
        storage: Closed if the block fails, so that nothing stays beside the database.

    Raises:
        StorageError: What to do about it, without the database's password.
    """
    shown = hide_password(url)
    cannot = f"The database {shown} cannot be used"
    try:
        try:
            yield
        except BaseException:
            if storage is not None:
                close(storage)
            raise
    except (
        sa.exc.SQLAlchemyError,
        sqlite3.Error,
        optuna.exceptions.StorageInternalError,
        OSError,
    ) as error:
        raise StorageError(
            f"{cannot}: {explain(error)}. Mend that, or name another one with --storage URL."
        ) from error
    except ImportError as error:
        raise StorageError(
            f"The database {shown} needs a driver that is not installed: {error}."
            " For PostgreSQL type `pip install 'psycopg[binary]'` and write"
            " postgresql+psycopg://..., for MySQL `pip install pymysql` and mysql+pymysql://..."
        ) from error
    except ValueError as error:
        raise StorageError(f"{cannot}: {error}.") from error
    except RuntimeError as error:  # Optuna: the tables are of another version
        raise StorageError(f"{cannot}: {str(error).replace('$STORAGE_URL', shown)}") from error


def port_error(host: str, port: int, why: object) -> StorageError:
    """Return the error that says why an address cannot be listened on.

    Example:
        >>> print(port_error("localhost", 13000, "already in use"))
        localhost:13000 must be free to listen on, but: already in use. Name another --port.
    """
    return StorageError(
        f"{host}:{port} must be free to listen on, but: {why}. Name another --port."
    )


def explain(error: BaseException) -> str:
    """Return the cause of a database error in a line, without the statement.

    Optuna wraps every one in "typically … invalid data", which hides it.
    """
    while isinstance(error, optuna.exceptions.StorageInternalError) and error.__cause__:
        error = error.__cause__
    original = getattr(error, "orig", None) or error
    if isinstance(original, OSError) and original.strerror:
        return (
            f"{original.strerror}: {original.filename}" if original.filename else original.strerror
        )
    text = str(original).strip().splitlines()
    return text[0] if text else type(original).__name__


def close(storage: BaseStorage) -> None:
    """Close the connections of a storage; it opens new ones when it is used again."""
    storage.remove_session()
    if isinstance(storage, RDBStorage):
        storage.engine.dispose()
    for check in _checks(storage):
        check.rest()


def watch_file(storage: BaseStorage) -> None:
    """Let the calls of a storage fail at once when its SQLite file is removed or replaced.

    As they do from its opening until it is closed.

    Raises:
        StorageError: If the file is gone already.
    """
    for check in _checks(storage):
        check.begin()


def _checks(storage: BaseStorage) -> list[StillThere]:
    return [check for check in getattr(storage, "checks", ()) if isinstance(check, StillThere)]
