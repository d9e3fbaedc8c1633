"""A study's database is plain Optuna: its own command line and dashboard open it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import optuna_dashboard
import pytest

import tuner


@pytest.fixture
def study(write_study: Callable) -> tuner.StudyResult:
    return tuner.run_study(write_study(trials=3))


def test_optunas_command_line_lists_the_trials(study: tuner.StudyResult) -> None:
    optuna_command = Path(sysconfig.get_path("scripts")) / "optuna"
    done = subprocess.run(
        [sys.executable, optuna_command, "trials", "--storage", study.storage,
         "--study-name", study.name, "--format", "json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    rows = json.loads(done.stdout)
    values = [row["value"] for row in rows if row["state"] == "COMPLETE"]
    assert values == [row.value for row in study.trials if row.state == "complete"]


def test_optuna_dashboard_opens_the_study(study: tuner.StudyResult) -> None:
    app = optuna_dashboard.wsgi(study.storage)
    answer: dict[str, str] = {}
    environment = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/api/studies",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
    }
    body = b"".join(app(environment, lambda status, _headers, *_: answer.update(status=status)))
    assert answer["status"].startswith("200")
    assert study.name in body.decode()
