"""A disk that is full in the middle of a study: it stops with a message and loses nothing."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import tuner


def test_a_disk_that_fills_up_stops_the_study_which_then_continues(
    write_study: Callable, tmp_path: Path
) -> None:
    study = write_study(trials=8)
    whole = tuner.run_study(study)
    expected = [(row.params, row.state, row.value) for row in whole.trials]
    shutil.rmtree(whole.folder)
    database = whole.folder / "study.db"
    # From its sixth trial on, no file of the process can grow beyond a size that one has already.
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(
        "import os, resource\n"
        "from optuna.study import Study\n"
        "original = Study.ask\n"
        "def ask(*asked):\n"
        "    trial = original(*asked)\n"
        "    if trial.number == 5:\n"
        f"        size = os.path.getsize({str(database)!r})\n"
        "        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))\n"
        "    return trial\n"
        "Study.ask = ask\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    command = [sys.executable, "-m", "tuner", "run", str(study)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    talk = done.stderr
    assert done.returncode == 2, talk
    [message] = [line for line in talk.splitlines() if line.startswith("error: ")]
    assert message.startswith(f"error: The database sqlite:///{database} failed: ")
    assert message.endswith("run the same command again to continue.")
    assert "Traceback" not in talk
    with contextlib.closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    resumed = tuner.run_study(study)
    assert [(row.params, row.state, row.value) for row in resumed.trials] == expected
