"""A disk that is full in the middle of a study: it stops with a message and loses nothing."""

from __future__ import annotations

import contextlib
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable

import pytest

import tuner


# The disk is full for one process, in the middle of its run; only Linux can do that to a process.
@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="macOS has no prlimit")
def test_a_disk_that_fills_up_stops_the_study_which_then_continues(write_study: Callable) -> None:
    study = write_study(trials=8)
    whole = tuner.run_study(study)
    expected = [(row.params, row.state, row.value) for row in whole.trials]
    shutil.rmtree(whole.folder)
    database = whole.folder / "study.db"
    command = [sys.executable, "-m", "tuner", "run", str(study)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            if line.startswith("trial 5 starts"):
                # From now on no file of this process can grow beyond a size it has already.
                size = database.stat().st_size
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, size))
                break
        talk = process.stderr.read()
    assert process.returncode == 2
    [message] = [line for line in talk.splitlines() if line.startswith("error: ")]
    assert message.startswith(f"error: The database sqlite:///{database} failed: ")
    assert message.endswith("run the same command again to continue.")
    assert "Traceback" not in talk
    with contextlib.closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    resumed = tuner.run_study(study)
    assert [(row.params, row.state, row.value) for row in resumed.trials] == expected
