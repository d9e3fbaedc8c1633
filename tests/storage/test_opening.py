"""The database: how it is opened, who may use it meanwhile, made whole or not at all."""

from __future__ import annotations

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
from tuner.storage import close, default_url, made_folder, make_database, open_storage

from .databases import refusal, tree, url_of


@pytest.fixture
def storage(path: Path) -> Iterator[RDBStorage]:
    storage = open_storage(url_of(path), create=True)
    yield storage
    close(storage)


def new_study(storage: RDBStorage, name: str = "s") -> optuna.Study:
    return optuna.create_study(study_name=name, storage=storage)


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


@pytest.mark.usefixtures("processes")
def test_many_workers_start_at_once(path: Path) -> None:
    """Without one of them dying of a table that exists already."""
    program = (
        "import sys; from tuner.storage.opening import open_storage;"
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
