"""Storage URL -> Optuna's storage, with the engine options that survive real use.

SQLite, the default: write-ahead logging, so that a reader or dashboard never blocks a study;
every transaction of a writer starts with ``BEGIN IMMEDIATE``, because Optuna's "take the next
waiting trial" is otherwise not atomic there (measured: 91 pops of 60 trials by 8 processes); a
busy timeout of a minute instead of 5 s; ``synchronous = NORMAL``, which in this mode can lose the
last commits at a power failure but never the database.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import optuna
import sqlalchemy as sa
from optuna.storages import RDBStorage
from sqlalchemy.engine import URL, make_url

from tuner.errors import StorageError

HEARTBEAT_SECONDS = 15
GRACE_SECONDS = 90
_BUSY_SECONDS = 60


def default_url(folder: Path, stem: str) -> str:
    """Return the URL of the SQLite file in the output folder of ``folder/stem.toml``."""
    return f"sqlite:///{folder / stem / 'study.db'}"


def resolve_url(url: str, folder: Path) -> str:
    """Return a storage URL with a relative SQLite path made relative to ``folder``.

    Raises:
        ValueError: If it is no URL; the message says what to write.

    Example:
        >>> resolve_url("sqlite:///a.db", Path("studies"))
        'sqlite:///studies/a.db'
    """
    parsed = _parse(url)
    path = parsed.database
    if parsed.get_backend_name() == "sqlite" and path and not Path(path).is_absolute():
        return f"{parsed.drivername}:///{folder / path}"
    return url


def output_folder(url: str, study_name: str) -> Path:
    """Return where a study's schedule and report go: beside its SQLite file, else ``NAME/``."""
    path = _sqlite_path(_parse(url))
    return path.parent if path else Path(study_name)


def hide_password(url: str) -> str:
    """Return the URL fit for messages, reports and files."""
    return _parse(url).render_as_string(hide_password=True)


def open_storage(url: str, *, create: bool = False, write: bool = True) -> RDBStorage:
    """Open a database as Optuna's storage.

    Args:
        url: An SQLAlchemy URL such as ``sqlite:///studies/quickstart/study.db``.
        create: Whether a database that does not exist yet is made.
        write: Whether trials will be written, not only read.

    Returns:
        The storage; its heartbeats are recorded by whoever runs a trial.

    Raises:
        StorageError: If the database is missing, unreadable, full, not Optuna's, or of another
            version of it.
    """
    try:
        parsed = _parse(url)
    except ValueError as error:
        raise StorageError(str(error)) from None
    shown = parsed.render_as_string(hide_password=True)
    path = _sqlite_path(parsed)
    try:
        if path is not None:
            _check_sqlite(path, create)
        _check_tables(parsed, path, create, shown)
        return _connect(url, path, write)
    except (sa.exc.SQLAlchemyError, optuna.exceptions.StorageInternalError, OSError) as error:
        raise StorageError(f"The database {shown} cannot be used: {explain(error)}") from error
    except ImportError as error:
        raise StorageError(
            f"The database {shown} needs a driver that is not installed: {error}."
            " For PostgreSQL type `pip install 'psycopg[binary]'`, for MySQL"
            " `pip install pymysql`."
        ) from error
    except RuntimeError as error:  # Optuna: the tables are of another version
        hint = str(error).replace("$STORAGE_URL", shown)
        raise StorageError(f"The database {shown} cannot be used: {hint}") from error


def explain(error: BaseException) -> str:
    """Return the cause of a database error in a line, without the statement.

    Optuna wraps every one in "typically … invalid data", which hides it.
    """
    while isinstance(error, optuna.exceptions.StorageInternalError) and error.__cause__:
        error = error.__cause__
    original = getattr(error, "orig", None) or error
    text = (getattr(original, "strerror", None) or str(original)).strip().splitlines()
    return text[0] if text else type(original).__name__


def _parse(url: str) -> URL:
    try:
        return make_url(url)
    except sa.exc.ArgumentError:
        hint = f"sqlite:///{url}" if "://" not in url else "sqlite:///path/to/study.db"
        raise ValueError(
            f"must be a storage URL such as '{hint}' or"
            f" 'postgresql+psycopg://user@host/name', but got {url!r}"
        ) from None


def _sqlite_path(url: URL) -> Path | None:
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return None
    return Path(str(url.database))


def _check_sqlite(path: Path, create: bool) -> None:
    if path.exists():
        with path.open("rb") as file:
            start = file.read(16)
        if start and start != b"SQLite format 3\0":
            raise StorageError(f"{path} must be an SQLite database, but is another kind of file.")
    elif create:
        path.parent.mkdir(parents=True, exist_ok=True)
    else:
        raise StorageError(
            f"The database {path} must exist, but does not. Check the path, or start a study with"
            " `tuner run STUDY.toml`."
        )


def _check_tables(url: URL, path: Path | None, create: bool, shown: str) -> None:
    """Refuse a database of something else before Optuna adds its tables to it."""
    if path is not None and not path.exists():
        return
    engine = sa.create_engine(url)
    try:
        tables = set(sa.inspect(engine).get_table_names())
    finally:
        engine.dispose()
    if {"studies", "trials", "version_info"} <= tables:
        return
    if tables and not tables <= set(_OPTUNA_TABLES):
        some = ", ".join(sorted(tables)[:3])
        raise StorageError(
            f"The database {shown} must be Optuna's or empty, but has other tables ({some})."
            " Give the study a database of its own."
        )
    if not create:
        raise StorageError(f"The database {shown} has no study yet.")


def _connect(url: str, path: Path | None, write: bool) -> RDBStorage:
    options: dict[str, Any] = {"pool_pre_ping": True}
    if path is not None:
        options = {"connect_args": {"timeout": _BUSY_SECONDS}}
    with warnings.catch_warnings():
        # Heartbeats are marked experimental; what is used of them is their table.
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        storage = RDBStorage(
            url,
            engine_kwargs=options,
            heartbeat_interval=HEARTBEAT_SECONDS,
            grace_period=GRACE_SECONDS,
        )
    if path is not None:
        # After the tables exist: making them opens a connection within a connection, which
        # immediate transactions would lock out.
        _tune_sqlite(storage.engine, write)
    return storage


def _tune_sqlite(engine: sa.Engine, write: bool) -> None:
    @sa.event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # leaves BEGIN to the listener below
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}")
        if write:
            connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")

    @sa.event.listens_for(engine, "begin")
    def _on_begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    engine.dispose()


# What a database may hold that an interrupted first start left half made.
_OPTUNA_TABLES = (
    "alembic_version", "studies", "study_directions", "study_system_attributes",
    "study_user_attributes", "trial_heartbeats", "trial_intermediate_values", "trial_params",
    "trial_system_attributes", "trial_user_attributes", "trial_values", "trials", "version_info",
)  # fmt: skip
