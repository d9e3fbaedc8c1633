"""One process at a time, on a PostgreSQL server that is away, restarted, or has no room."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import psycopg
import pytest
from optuna.storages import BaseStorage
from optuna.study import StudyDirection

from tuner.storage import alone, close, open_storage

from ..servers import PostgreSQL, postgresql

pytestmark = pytest.mark.usefixtures("processes")


@pytest.fixture
def server() -> Iterator[PostgreSQL]:
    with postgresql() as server:
        yield server


@pytest.fixture
def storage(server: PostgreSQL) -> Iterator[BaseStorage]:
    storage = open_storage(server.url, create=True)
    yield storage
    close(storage)


def names(storage: BaseStorage) -> list[str]:
    return [study.study_name for study in storage.get_all_studies()]


def test_a_lock_that_a_restart_takes_away_is_had_again_before_anything_is_written(
    server: PostgreSQL, storage: BaseStorage
) -> None:
    """As somebody else may have had it meanwhile, all is done again from its beginning."""
    seen: list[list[str]] = []

    def call() -> str:
        seen.append(names(storage))
        if len(seen) == 1:
            server.stop("immediate")
            server.start()
            other = open_storage(server.url)
            alone(other, lambda: other.create_new_study([StudyDirection.MAXIMIZE], "other"))
            close(other)
        storage.create_new_study([StudyDirection.MAXIMIZE], f"ours after {len(seen)}")
        return "done"

    assert alone(storage, call) == "done"
    assert seen == [[], ["other"]]
    assert names(storage) == ["other", "ours after 2"]


def test_a_server_that_is_away_is_waited_for(
    server: PostgreSQL, storage: BaseStorage, caplog: pytest.LogCaptureFixture
) -> None:
    server.stop()
    starting = threading.Timer(1.0, server.start)
    starting.start()
    assert alone(storage, lambda: names(storage)) == []
    starting.join()
    assert any("the database is away" in each for each in caplog.messages)


def test_a_call_is_made_by_one_at_a_time_and_waits_again_afterwards(
    server: PostgreSQL, storage: BaseStorage
) -> None:
    other = open_storage(server.url)
    order: list[str] = []
    inside, tried = threading.Event(), threading.Event()

    def first() -> None:
        inside.set()
        tried.wait()
        order.append("first")

    thread = threading.Thread(target=alone, args=(storage, first))
    thread.start()
    inside.wait()
    second = threading.Thread(target=alone, args=(other, lambda: order.append("second")))
    second.start()
    while not server.query("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"):
        pass
    tried.set()
    thread.join()
    second.join()
    close(other)
    assert order == ["first", "second"]
    server.stop()
    starting = threading.Timer(0.5, server.start)
    starting.start()
    assert names(storage) == []  # patient, as before
    starting.join()


def test_a_server_without_room_is_waited_for_and_nothing_is_held_meanwhile(
    server: PostgreSQL, caplog: pytest.LogCaptureFixture
) -> None:
    """Opening takes two connections at once: held by each of many, they are never free."""
    close(open_storage(server.url, create=True))
    with (server.folder / "data" / "postgresql.conf").open("a") as file:
        file.write("max_connections = 2\nsuperuser_reserved_connections = 0\n")
    server.stop()
    server.start()
    opened: list[BaseStorage] = []
    said = threading.Event()

    class Hear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "has no room for another connection" in record.getMessage():
                said.set()

    handler = Hear()
    logging.getLogger("tuner").addHandler(handler)
    address = server.url.replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as held:
        opening = threading.Thread(target=lambda: opened.append(open_storage(server.url)))
        opening.start()
        assert said.wait(30)
        others = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
        while held.execute(others).fetchall() != [(1,)]:
            pass
    opening.join()
    logging.getLogger("tuner").removeHandler(handler)
    assert names(opened[0]) == []
    close(opened[0])
