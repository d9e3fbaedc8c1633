"""Output that nobody reads any more, or that has no place."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tuner.schedules import Piecewise, save_schedule


@pytest.fixture(params=[3, 20_000], ids=["short", "longer than any buffer"])
def show(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return a command that writes a lot or a little."""
    knots = tuple((at, 0.5) for at in range(request.param))
    path = tmp_path / "best.json"
    save_schedule(Piecewise(base_lr=0.1, horizon=30_000, knots=knots), path)
    return f"{sys.executable} -m tuner show {path}"


def shell(command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)


def test_a_reader_who_has_had_enough_is_no_error(show: str) -> None:
    done = shell(f"{show} | head -c 1; echo; echo ${{PIPESTATUS[0]}}")
    assert done.stdout == "/\n0\n"
    assert done.stderr == ""


def test_a_reader_who_never_reads_is_no_error(show: str) -> None:
    done = shell(f"{show} | true; echo ${{PIPESTATUS[0]}}")
    assert done.stdout == "0\n"
    assert done.stderr == ""


def test_a_full_disk(show: str) -> None:
    done = shell(f"{show} > /dev/full; echo $?")
    assert done.stdout == "1\n"
    assert done.stderr == "error: [Errno 28] No space left on device\n"
