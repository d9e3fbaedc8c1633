"""Many workers on an SQLite file that other programs read all the time, and lock for a while."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable

import psutil

import tuner

NO_PRUNER = '[pruner]\ntype = "none"\n[sampler]\ntype = "random"\n'
READER = """
import sqlite3, sys, time
while True:
    time.sleep(0.01)
    connection = sqlite3.connect(sys.argv[1], timeout=60)
    for table in ("trials", "trial_params", "trial_user_attributes"):
        connection.execute(f"SELECT * FROM {table}").fetchall()
    connection.close()
"""
LOCKER = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
time.sleep(10)
connection.execute("ROLLBACK")
"""


def test_a_reader_and_a_lock_of_ten_seconds_lose_nothing(write_study: Callable) -> None:
    study = write_study(trials=40, epochs=1, workers=4, sleeps=0.05, more=NO_PRUNER)
    database = study.with_suffix("") / "study.db"
    finished = threading.Semaphore(0)
    workers: list[psutil.Process] = []

    def disturb() -> None:
        for _ in range(10):
            finished.acquire()
        workers.extend(p for p in psutil.Process().children() if "worker" in p.cmdline())
        with subprocess.Popen([sys.executable, "-c", READER, database]) as reader:
            locked = subprocess.run([sys.executable, "-c", LOCKER, database], check=False)
            codes.append(locked.returncode)
            for _ in range(15):
                finished.acquire()
            reader.kill()
        codes.append(len([p for p in workers if p.is_running()]))

    codes: list[int] = []
    disturber = threading.Thread(target=disturb)
    disturber.start()

    def listen(event: object) -> None:
        if type(event).__name__ == "TrialEnded":
            finished.release()

    result = tuner.run_study(study, on_event=listen)
    disturber.join()
    assert codes == [0, 4]
    rows = [row for row in result.trials if row.state != "waiting"]
    assert [row.number for row in rows] == list(range(40))
    assert {row.state for row in rows} <= {"complete", "pruned"}
    assert len({row.baseline for row in rows if row.baseline}) == 5
    with contextlib.closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
