"""optuna-dashboard on a real study: a picture of every trial's schedule, nothing stored for it."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import optuna
import pytest

import tuner

TASK = "train_size = 320\ntest_size = 250\nbatch_size = 16"


def test_the_command_serves_the_study_with_pictures(write_study: Callable, tmp_path: Path) -> None:
    study = write_study(trials=2, epochs=1, task=TASK)
    result = tuner.run_study(study)
    before = attributes(result)
    command = [sys.executable, "-m", "tuner", "dashboard", str(study), "--port", "0",
               "--no-browser"]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            first = process.stderr.readline()
            found = re.fullmatch(
                r"(http://localhost:\d+)(/dashboard/studies/1); Ctrl-C.*\n", first
            )
            assert found, first
            address = found[1]
            assert b"Optuna Dashboard" in get(address + found[2])[1]
            shown = json.loads(get(f"{address}/api/studies/1?after=0")[1])
            assert shown["objective_names"] == ["test accuracy"]
            assert f"trial {result.best.number} [chapter: " in shown["note"]["body"]
            trials = shown["trials"]
            said = [*shown["user_attrs"], *(a for trial in trials for a in trial["user_attrs"])]
            assert not [each for each in said if each["value"].startswith(("{", "["))]
            schedules = {a["value"] for a in said if a["key"] == "schedule"}
            assert schedules == {repr(row.schedule) for row in result.trials}
            for row, trial in zip(result.trials, trials, strict=True):
                [artifact] = trial["artifacts"]
                assert artifact["filename"] == "schedule.svg"
                where = f"{address}/artifacts/1/{trial['trial_id']}/{artifact['artifact_id']}"
                kind, picture = get(where)
                assert kind == "image/svg+xml"
                title = ElementTree.fromstring(picture).find("{http://www.w3.org/2000/svg}title")
                assert title is not None
                assert title.text is not None
                assert title.text.startswith(f"Learning rate of {row.family} over ")
            with pytest.raises(urllib.error.HTTPError, match="404"):
                get(f"{address}/artifacts/1/1/deadbeef")
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=20) == 0
        finally:
            process.kill()
    assert attributes(result) == before


def test_what_hinders_it(write_study: Callable, tuner_command: Callable, tmp_path: Path) -> None:
    study = write_study(trials=1, epochs=1, task=TASK)
    tuner.run_study(study)
    with socket.socket() as taken:
        taken.bind(("localhost", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = tuner_command("dashboard", study, "--port", port, "--no-browser")
    assert ran.code == 2
    assert f"error: localhost:{port} must be free to listen on, but: " in ran.err
    program = (
        "import sys; sys.modules['optuna_dashboard'] = None;"
        f"sys.argv = ['tuner', 'dashboard', {str(study)!r}];"
        "from tuner.cli.main import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "Type `pip install 'schedule-tuner[dashboard]'`." in done.stderr


def get(address: str) -> tuple[str, bytes]:
    with urllib.request.urlopen(address) as answer:
        return answer.headers["Content-Type"], answer.read()


def attributes(result: tuner.StudyResult) -> list[object]:
    study = optuna.load_study(study_name=result.name, storage=result.storage)
    own = study._storage.get_study_system_attrs(study._study_id)
    return [own, *((t.system_attrs, t.user_attrs) for t in study.trials)]
