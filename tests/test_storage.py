"""The database: how it is opened, who may use it meanwhile, what is refused and left alone."""

from __future__ import annotations

import gc
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest
import sqlalchemy as sa
from optuna.storages import RDBStorage

from tuner.errors import StorageError
from tuner.storage import close, made_folder, make_database, open_storage
from tuner.storage_errors import storage_errors
from tuner.storage_urls import default_url, hide_password, output_folder, resolve_url


def url_of(path: Path) -> str:
    return f"sqlite:///{path}"


def tree(folder: Path) -> dict[str, bytes | None]:
    """Return all that is below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def refusal(url: str, *, create: bool = True, write: bool = True) -> str:
    with pytest.raises(StorageError) as caught:
        open_storage(url, create=create, write=write)
    message = str(caught.value)
    del caught
    gc.collect()  # closes what the exception holds, as the end of a process does
    return message


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "study.db"


@pytest.fixture
def storage(path: Path) -> Iterator[RDBStorage]:
    storage = open_storage(url_of(path), create=True)
    yield storage
    close(storage)


def new_study(storage: RDBStorage, name: str = "s") -> optuna.Study:
    return optuna.create_study(study_name=name, storage=storage)


# --- URLs ---


@pytest.mark.parametrize(
    ("url", "folder", "resolved"),
    [
        ("sqlite:///a.db", "studies", "sqlite:///studies/a.db"),
        ("sqlite:///b/a.db", "/srv", "sqlite:////srv/b/a.db"),
        ("sqlite:////srv/a.db", "studies", "sqlite:////srv/a.db"),
        ("sqlite+pysqlite:///a.db", "x", "sqlite+pysqlite:///x/a.db"),
        ("sqlite:///a.db?timeout=9", "x", "sqlite:///x/a.db?timeout=9"),
        (
            "postgresql+psycopg://me:pw@host:5432/db",
            "x",
            "postgresql+psycopg://me:pw@host:5432/db",
        ),
        ("mysql+pymysql://me@host/db", "x", "mysql+pymysql://me@host/db"),
    ],
)
def test_relative_paths(url: str, folder: str, resolved: str) -> None:
    assert resolve_url(url, Path(folder)) == resolved


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("study.db", "must be a storage URL such as 'sqlite:///study.db', but got 'study.db'"),
        ("", "must be a storage URL such as 'sqlite:///path/to/study.db' or 'postgresql+psycopg:"),
        ("sqlite:/a.db", "must be a storage URL such as 'sqlite:///path/to/study.db'"),
        ("postgresql://host:port/db", "must be a storage URL"),
        ("redis://host", "must be of a known kind, such as 'sqlite:///path/to/study.db' or"),
        ("sqlite+nothing:///a.db", "must be of a known kind"),
        ("sqlite://", "must be a file, as in 'sqlite:///path/to/study.db', but got 'sqlite://'"),
        ("sqlite:///:memory:", "must be a file"),
        ("sqlite:///file:a.db?mode=ro&uri=true", "must be a file"),
    ],
)
def test_wrong_urls(url: str, words: str) -> None:
    with pytest.raises(ValueError, match="must be") as caught:
        resolve_url(url, Path("x"))
    assert words in str(caught.value)
    assert words in refusal(url)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql+psycopg://me:secret@host/db", "postgresql+psycopg://me:***@host/db"),
        ("postgresql://me:se/cr:et@x@host:5432/db", "postgresql://me:***@host:5432/db"),
        ("postgresql://me@host:5432/db", "postgresql://me@host:5432/db"),
        ("postgresql://host/db?password=secret&a=b", "postgresql://host/db?password=***&a=b"),
        ("postgresql//me:secret@host/db", "postgresql//me:***@host/db"),
        ("me:secret@host", "me:***@host"),
        ("sqlite:////srv/study.db", "sqlite:////srv/study.db"),
        ("sqlite:///study.db", "sqlite:///study.db"),
        ("", ""),
    ],
)
def test_passwords_are_hidden(url: str, shown: str) -> None:
    assert hide_password(url) == shown


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg2://me:secret@127.0.0.1:1/db",
        "postgresql+nothing://me:secret@127.0.0.1:1/db",
        "nothing://me:secret@127.0.0.1:1/db",
        "postgresql//me:secret@127.0.0.1:1/db",
        "postgresql://me:secret@host:port/db",
        "oracle+oracledb://me:secret@127.0.0.1:1/db",
    ],
)
def test_no_message_shows_a_password(url: str) -> None:
    assert "secret" not in refusal(url)
    with pytest.raises(StorageError) as caught, storage_errors(url):
        raise OSError(28, "No space left on device")
    assert "secret" not in str(caught.value)


def test_a_driver_that_is_not_installed() -> None:
    message = refusal("oracle+oracledb://me:secret@host/db")
    assert "oracle+oracledb://me:***@host/db needs a driver that is not installed" in message
    assert "pip install 'psycopg[binary]'" in message


def test_default_url_and_output_folder(tmp_path: Path) -> None:
    assert default_url(Path("studies"), "small") == "sqlite:///studies/small/study.db"
    assert output_folder("sqlite:////srv/a/study.db", "s") == Path("/srv/a")
    assert output_folder("postgresql://host/db", "s") == Path("s")
    odd = tmp_path / "a b #%20"
    assert output_folder(default_url(odd, "c"), "s") == odd / "c"


# --- as it is opened ---


def test_write_ahead_log_and_immediate_transactions(storage: RDBStorage, path: Path) -> None:
    with storage.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 1  # NORMAL
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 60_000
        # The transaction that began has the write lock, though nothing was written yet.
        other = sqlite3.connect(path, timeout=0, isolation_level=None)
        with pytest.raises(sqlite3.OperationalError, match="database is locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()


def test_a_reader_does_not_block_a_writer(storage: RDBStorage, path: Path) -> None:
    study = new_study(storage)
    reader = open_storage(url_of(path), write=False)
    with reader.engine.connect() as reading:
        count = sa.text("SELECT count(*) FROM trials")
        assert reading.execute(count).scalar() == 0
        study.add_trial(
            optuna.trial.create_trial(value=1.0)
        )  # while the reader's transaction is open
        assert reading.execute(count).scalar() == 0
    with reader.engine.connect() as reading:
        assert reading.execute(count).scalar() == 1
    close(reader)


def test_a_writer_does_not_block_a_reader(storage: RDBStorage, path: Path) -> None:
    new_study(storage)
    with storage.engine.begin():
        reader = open_storage(url_of(path), write=False)
        assert [study.study_name for study in reader.get_all_studies()] == ["s"]
        close(reader)


def test_every_waiting_trial_is_taken_once(storage: RDBStorage, path: Path) -> None:
    """Two workers that take trials at once never take the same one."""
    study = new_study(storage)
    for number in range(20):
        study.enqueue_trial({"x": number})
    taken: list[int] = []

    def take() -> None:
        mine = open_storage(url_of(path))
        for _ in range(10):
            waiting = optuna.load_study(study_name="s", storage=mine)
            taken.append(waiting._pop_waiting_trial_id())
        close(mine)

    threads = [threading.Thread(target=take) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(taken)) == 20


def test_nothing_stays_beside_the_database(path: Path) -> None:
    for _ in range(2):
        storage = open_storage(url_of(path), create=True)
        storage.get_all_studies()
        close(storage)
    assert list(path.parent.iterdir()) == [path]


def test_optunas_tables_are_the_ones_that_are_known(storage: RDBStorage) -> None:
    from tuner import storage as module

    assert set(sa.inspect(storage.engine).get_table_names()) == module._OPTUNA_TABLES


def test_odd_paths(tmp_path: Path) -> None:
    url = default_url(tmp_path / "a b #%20 é", "c")
    close(open_storage(url, create=True))
    assert (tmp_path / "a b #%20 é" / "c" / "study.db").is_file()
    close(open_storage(url))


# --- made whole or not at all ---


def test_what_it_is_filled_with_is_there_at_once(path: Path) -> None:
    seen: list[bool] = []

    def fill(storage: RDBStorage) -> None:
        new_study(storage)
        seen.append(path.exists())

    make_database(url_of(path), fill)
    assert seen == [False]
    assert list(path.parent.iterdir()) == [path]
    storage = open_storage(url_of(path))
    assert [study.study_name for study in storage.get_all_studies()] == ["s"]
    close(storage)


def test_an_existing_one_is_not_filled_again(storage: RDBStorage, path: Path) -> None:
    make_database(url_of(path), lambda _: pytest.fail("it is there already"))


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_nothing_is_left_of_one_that_fails(tmp_path: Path, error: BaseException) -> None:
    def fill(storage: RDBStorage) -> None:
        new_study(storage)
        raise error

    with pytest.raises((StorageError, KeyboardInterrupt)):
        make_database(url_of(tmp_path / "a" / "b" / "study.db"), fill)
    assert tree(tmp_path) == {}


def test_the_first_of_two_counts(path: Path) -> None:
    def fill(storage: RDBStorage) -> None:
        new_study(storage, "second")
        make_database(url_of(path), lambda first: new_study(first, "first"))

    make_database(url_of(path), fill)
    storage = open_storage(url_of(path))
    assert [study.study_name for study in storage.get_all_studies()] == ["first"]
    assert list(path.parent.glob("*.tmp*")) == []
    close(storage)


def test_many_workers_start_at_once(path: Path) -> None:
    """Without one of them dying of a table that exists already."""
    program = (
        "import sys; from tuner.storage import open_storage;"
        "open_storage(sys.argv[1], create=True).get_all_studies()"
    )
    command = [sys.executable, "-c", program, url_of(path)]
    started = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(4)]
    for process in started:
        _, err = process.communicate()
        assert process.returncode == 0, err.decode()
    assert list(path.parent.iterdir()) == [path]


def use(folder: Path) -> None:
    (folder / "somebody's").touch()
    folder.rmdir()


def test_a_folder_that_was_there_stays(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(KeyError), made_folder(tmp_path / "a" / "b" / "c"):
        raise KeyError
    assert tree(tmp_path) == {"a": None}
    with pytest.raises(OSError, match="not empty"), made_folder(tmp_path / "a" / "b" / "c"):
        use(tmp_path / "a" / "b")
    assert tree(tmp_path) == {"a": None, "a/b": None, "a/b/somebody's": b""}


# --- what is refused ---


def test_a_missing_database(path: Path) -> None:
    message = refusal(url_of(path), create=False)
    assert message == (
        f"The database {path} must exist, but does not. Check the path, or start a study with"
        " `tuner run STUDY.toml`."
    )
    assert list(path.parent.iterdir()) == []


def other_sqlite(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE customers (name)")
        connection.execute("INSERT INTO customers VALUES ('Ada')")
    connection.close()


def other_sqlite_that_logs_ahead(path: Path) -> None:
    other_sqlite(path)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    connection.close()


def other_sqlite_with_a_log(path: Path) -> None:
    """Leave a write-ahead log behind, as a program that crashed does."""
    crash(path, "c.execute('PRAGMA journal_mode = WAL')", "")


def other_sqlite_with_a_journal(path: Path) -> None:
    """Leave a transaction behind that must be taken back."""
    crash(path, "c.execute('PRAGMA cache_size = 2')", "c.execute('BEGIN')")


def crash(path: Path, before: str, begin: str) -> None:
    program = f"""
import os, sqlite3, sys
c = sqlite3.connect(sys.argv[1], isolation_level=None)
c.execute("PRAGMA synchronous = OFF")
{before}
c.execute("CREATE TABLE customers (name)")
{begin}
for _ in range(2000):
    c.execute("INSERT INTO customers VALUES (?)", ("x" * 100,))
os._exit(0)
"""
    subprocess.run([sys.executable, "-c", program, path], check=True)
    assert len(list(path.parent.iterdir())) > 1


def damaged_sqlite(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 40)


def cut_off_optuna(path: Path) -> None:
    close(open_storage(url_of(path), create=True))
    path.write_bytes(path.read_bytes()[:5000])


def optuna_of_the_future(path: Path) -> None:
    close(open_storage(url_of(path), create=True))
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'v99.0.0.a'")
    connection.close()


def text_file(path: Path) -> None:
    path.write_text("a text, and a longer one than the head of an SQLite file\n")


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (text_file, "must be an SQLite database, but is another kind of file"),
        (Path.mkdir, "must be an SQLite database, but is a folder or device"),
        (other_sqlite, "must be Optuna's or empty, but has other tables (customers)"),
        (other_sqlite_that_logs_ahead, "must be Optuna's or empty, but has other tables (cust"),
        (other_sqlite_with_a_log, "must be Optuna's or empty, but has other tables (customers)"),
        (other_sqlite_with_a_journal, "must be Optuna's or empty, but has other tables (cust"),
        (damaged_sqlite, "cannot be used: "),
        (cut_off_optuna, "cannot be used: database disk image is malformed"),
        (optuna_of_the_future, "cannot be used: "),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_is_not_a_database_of_optunas(
    tmp_path: Path, path: Path, make: object, words: str, create: bool
) -> None:
    make(path)
    # The shared memory of the log is not content: whoever reads it marks his place there.
    before = {name: what for name, what in tree(tmp_path).items() if not name.endswith("-shm")}
    for write in (True, False):
        message = refusal(url_of(path), create=create, write=write)
        assert words in message
        assert "\n" not in message
    after = {name: what for name, what in tree(tmp_path).items() if not name.endswith("-shm")}
    assert after == before


def test_what_nobody_can_read_or_make(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    below = refusal(url_of(tmp_path / "file" / "a" / "study.db"))
    assert "cannot be used: Not a directory: " in below
    assert f"{tmp_path}/file" in below
    beside = refusal(url_of(tmp_path / "file" / "study.db"))
    assert f"cannot be used: File exists: {tmp_path}/file. Mend that, or name another" in beside
    # Root neither.
    assert "cannot be used: Input/output error" in refusal("sqlite:////proc/self/mem")
    assert "cannot be used: " in refusal("sqlite:////proc/nothing/study.db")
    assert "is a folder or device" in refusal("sqlite:////dev/null")
    assert tree(tmp_path) == {"file": b""}


# --- what an interrupted first start left ---


def test_an_empty_file(path: Path) -> None:
    path.touch()
    assert "must have a study, but has none yet" in refusal(url_of(path), create=False)
    assert path.read_bytes() == b""
    close(open_storage(url_of(path), create=True))


@pytest.mark.parametrize("left", ["no version", "some tables", "no alembic"])
def test_a_half_made_database_continues(path: Path, left: str) -> None:
    close(open_storage(url_of(path), create=True))
    with sqlite3.connect(path) as connection:
        if left == "no version":
            connection.execute("DELETE FROM version_info")
        elif left == "some tables":
            for table in ("trial_heartbeats", "trial_values", "version_info", "alembic_version"):
                connection.execute(f"DROP TABLE {table}")
        else:
            connection.execute("DROP TABLE alembic_version")
    connection.close()
    storage = open_storage(url_of(path), create=True)
    study = new_study(storage)
    study.add_trial(optuna.trial.create_trial(value=1.0))
    assert len(study.trials) == 1
    close(storage)
