"""Makes databases, schedule files and training states as a released version leaves them.

    python make.py FOLDER    with that version's code; FOLDER has what was written by hand

By hand are the study files, their search space, the tasks of one's own, and ``curves.jsonl``, a
part of the recording in ``benchmarks/curves``. Each study is stopped in the middle of a trial.
What the same code comes to when it goes on from there, with one worker, is in ``expected``.

0.1.0 was made with commit 377d584, Python 3.11.7, NumPy 1.26.4, Optuna 5.0.0, MXNet 1.9.1 and
PyTorch 2.13.0 on Linux. A database holds the name of the machine and the whole path of a table or
module, which is why it was a machine named "released" and a folder in ``/srv``::

    unshare --mount --uts sh -c 'hostname released && mount -t tmpfs none /srv && \\
        cp -r 0.1.0 /srv/released && python make.py /srv/released && \\
        cp -r /srv/released/. 0.1.0'
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import tuner
from tuner.tasks import Task

# Each study is stopped in this trial, after this epoch.
STOPS = {
    "lenet": (3, 1),
    "table": (7, 3),
    "tpe": (8, 4),
    "halving": (8, 2),
    "median": (6, 1),
    "passed": (10, 3),
    "torch": (3, 2),
}
# A confirm and a comparison are begun, and each is stopped after so many trainings.
REPEATS = {"lenet": (99, 1), "table": (3, 99)}


class Stop:
    """Asks for a stop after an epoch of a trial, or after so many trials."""

    def __init__(self, number: int = -1, epoch: int = -1, ends: int = -1) -> None:
        self._at, self._ends, self._now = (number, epoch), ends, False

    def listen(self, event: Any) -> None:
        if type(event).__name__ == "EpochEnded":
            self._now |= (event.number, event.record.epoch) == self._at
        elif type(event).__name__ == "TrialEnded":
            self._ends -= 1
            self._now |= self._ends == 0

    def options(self) -> dict[str, Any]:
        return {"on_event": self.listen, "stop_requested": lambda: self._now}


def task_of(name: str) -> Task | None:
    """Return the task that is passed from Python, to the study that has such a one."""
    if name != "passed":
        return None
    sys.path.insert(0, "")
    from own_tasks import make_valley

    found: Task = make_valley(0.5)
    return found


def begin(name: str) -> tuner.StudyResult:
    """Run a study until it is stopped, and keep the last one of its training states."""
    file, task = f"{name}.toml", task_of(name)
    before = {*Path().glob("*/checkpoints/*.state")}
    result = tuner.run_study(file, task=task, workers=1, **Stop(*STOPS[name]).options())
    row = result.trials[STOPS[name][0]]
    assert (row.state, row.epochs) == ("waiting", STOPS[name][1]), f"{name}: choose another stop"
    states = {*Path().glob("*/checkpoints/*.state")} - before
    last = max(states, key=lambda path: path.stat().st_mtime_ns, default=None)
    for state in states:
        if state != last or name == "lenet":  # which is large
            state.unlink()
    if name in REPEATS:
        confirmed, compared = REPEATS[name]
        tuner.confirm_study(file, workers=1, **Stop(ends=confirmed).options())
        tuner.compare_study(file, seeds=2, workers=1, **Stop(ends=compared).options())
        for state in Path(name).glob("checkpoints/*.state"):
            state.unlink()
    return tuner.open_study(file)


def exported(result: tuner.StudyResult, path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    result.export(path)


def told(command: str, name: str) -> Any:
    """Return what a command tells of a study as JSON."""
    line = [sys.executable, "-m", "tuner", command, f"{name}.toml", "--format", "json"]
    found = json.loads(subprocess.run(line, capture_output=True, check=True).stdout)
    for each in found if isinstance(found, list) else [found]:
        each.pop("storage", None)
    return found


def main(folder: Path) -> None:
    from snapshot import snapshot  # beside this script

    os.chdir(folder)
    expected: dict[str, dict[str, Any]] = {}
    for name in STOPS:
        result = begin(name)
        exported(result, Path("exported", f"{name}.json"))
        expected[name] = {
            "stored": snapshot(result),
            "status": told("status", name),
            "best": told("best", name),
        }
    for database in Path().glob("*/study.db"):
        with closing(sqlite3.connect(database)) as connection:
            (busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            assert not busy, f"{database} must be whole without its log"
    for page in [*Path().glob("**/*.html"), *Path().glob("*/**/best.json")]:
        page.unlink()
    whole = Path("..", "whole")
    shutil.copytree(".", whole, ignore=shutil.ignore_patterns("*-wal", "*-shm"))
    for name in STOPS:
        url = tuner.open_study(f"{name}.toml").storage
        result = tuner.resume_study(url, study=name, task=task_of(name), workers=1)
        assert result.ended == "done"
        expected[name]["resumed"] = snapshot(result)
        if result.confirmed:
            exported(result, whole / "exported" / f"{name}.confirmed.json")
    for made in Path().iterdir():
        shutil.rmtree(made) if made.is_dir() else made.unlink()
    shutil.copytree(whole, ".", dirs_exist_ok=True)
    Path("expected").mkdir()
    for name, content in expected.items():
        text = json.dumps(content, sort_keys=True)
        Path("expected", f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
