"""Training states of several processes: killed as they write, or sharing a store."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tuner.tasks import CheckpointStore

from .training_states import checkpoint, files, same

pytestmark = pytest.mark.usefixtures("processes")

WRITER = """
import sys
from training_states import CheckpointStore, checkpoint
store = CheckpointStore(sys.argv[1])
large = checkpoint(3, size=2_000_000)
print("ready", flush=True)
while True:
    store.save("large", large)
"""


def start(program: str, *args: object) -> subprocess.Popen[str]:
    """Start a real process that can use what is beside this file."""
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, args)],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_a_writer_killed_at_any_moment_leaves_a_whole_state(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path)
    expected = checkpoint(3, size=2_000_000)
    store.save("large", expected)
    for _ in range(3):
        with start(WRITER, tmp_path) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(np.random.default_rng(int(time.time_ns())).uniform(0, 0.1))
            process.send_signal(signal.SIGKILL)
        assert same(store.deepest(["large"]), expected)


SHARER = """
import random, sys
from training_states import CheckpointStore, checkpoint, same
folder, limit, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
random.seed(seed)
store = CheckpointStore(folder, limit_bytes=limit)
found = 0
for _ in range(400):
    number = random.randrange(20)
    if random.random() < 0.5:
        store.save(f"state{number}", checkpoint(1, fill=number))
    else:
        got = store.deepest([f"state{number}"])
        assert got is None or same(got, checkpoint(1, fill=number)), number
        found += got is not None
print(found)
"""


def test_four_processes_share_a_store(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path)
    store.save("state0", checkpoint(1))
    limit = 8 * (tmp_path / "state0.state").stat().st_size
    processes = [start(SHARER, tmp_path, limit, seed) for seed in range(4)]
    for process in processes:
        out, _ = process.communicate()
        assert process.returncode == 0, out
        assert int(out) > 20  # one number: nothing was logged
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= limit
    assert all(name.endswith(".state") for name in files(store))
