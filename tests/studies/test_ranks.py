"""A study that several ranks of a training would run is refused: each trains another trial."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import tuner
from tuner.errors import StudyError
from tuner.studies import run_worker

CALLS = {
    "run": lambda: tuner.run_study("study.toml"),
    "resume": lambda: tuner.resume_study("sqlite:///study.db"),
    "worker": lambda: run_worker("sqlite:///study.db"),
    "confirm": lambda: tuner.confirm_study("study.toml"),
    "compare": lambda: tuner.compare_study("study.toml"),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_rank_of_several_is_refused(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(StudyError, match="but this one is rank 1 of 2"):
        CALLS[call]()


@pytest.mark.parametrize("size", ["1", "", "several"])
def test_a_rank_alone_is_none(size: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", size)
    with pytest.raises(tuner.TunerError, match="missing"):
        tuner.run_study("missing.toml")


@pytest.mark.usefixtures("processes")
def test_torchrun_ends_with_the_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node=2"]
    command += ["--master_addr=127.0.0.1", "--master_port=0", "-m", "tuner", "run", "study.toml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "A study must be run by one process" in done.stderr
    assert list(tmp_path.iterdir()) == []
