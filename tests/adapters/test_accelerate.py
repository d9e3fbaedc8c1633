"""PyTorch's adapter with Accelerate on several processes, which steps it for each."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tuner.schedules import Cosine

pytestmark = pytest.mark.usefixtures("processes")

PROGRAM = Path(__file__).with_name("accelerated.py")
SCHEDULE = Cosine(base_lr=0.1, horizon=8, warmup_steps=2, final_lr=0.01)


def trained(folder: Path, processes: int, updates: int) -> tuple[list[float], str]:
    """Return the learning rates of a training by so many processes, and what was said."""
    launcher = [] if processes == 1 else ["-m", "torch.distributed.run", "--standalone"]
    launcher += [] if processes == 1 else [f"--nproc_per_node={processes}"]
    done = subprocess.run(
        [sys.executable, *launcher, PROGRAM, folder, str(updates)],
        env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rates, said = done.stdout.strip().splitlines()[-2:]
    return ast.literal_eval(rates), said


def test_update_1_is_update_1_whatever_the_number_of_processes(tmp_path: Path) -> None:
    """By two processes, and then from their state by one; prepared, it is refused to the two."""
    rates, said = trained(tmp_path / "state", 2, updates=4)
    assert rates == SCHEDULE([1, 2, 3, 4])
    assert said.startswith("at 4: the schedule must be stepped once for each update, but")
    assert "each of its 2 processes. Leave the scheduler out of accelerator.prepare()" in said
    assert trained(tmp_path / "state", 1, updates=4) == (SCHEDULE([5, 6, 7, 8]), "at 9")
