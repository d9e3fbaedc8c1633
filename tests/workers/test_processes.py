"""Workers that somebody else tells to stop, here and on a real Dask cluster."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import tuner
from tuner.errors import TrainingError
from tuner.search import EpochEnded, Event

from .test_dask import RunningCluster, running_cluster

ROOT = Path(__file__).parents[2]
TRIALS = 6
# Whoever trains says so, and the first two begin together.
TOGETHER = """
import os, time
from pathlib import Path
from tuner.tasks import FunctionTask

def make():
    def train(schedule, seed, start):
        (Path({folder!r}) / f"{{os.getpid()}}.trains").touch()
        while len([*Path({folder!r}).glob("*.trains")]) < 2:
            time.sleep(0.01)
        while True:
            time.sleep(0.02)
            yield schedule(10)
    return FunctionTask(train, updates_per_epoch=10)
"""
STOPPED_AT_ITS_START = """
import os, signal
from tuner.tasks import FunctionTask

def make():
    if "TUNER_STORAGE" in os.environ:
        os.kill(os.getpid(), signal.SIGTERM)
    return FunctionTask(lambda *_: None, updates_per_epoch=10)
"""

FAILING = """
import os
from pathlib import Path
from tuner.tasks import FunctionTask

def make():
    def train(schedule, seed, start):
        (Path({folder!r}) / f"{{os.getpid()}}.failed").touch()
        raise RuntimeError(os.environ.get("NUMEXPR_NUM_THREADS"))
        yield
    return FunctionTask(train, updates_per_epoch=10)
"""


@pytest.fixture(scope="module")
def cluster(processes: None) -> Iterator[RunningCluster]:
    with running_cluster() as running:
        yield running


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Return a function that writes a study of two workers, and the module of its task."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(module: str, content: str) -> Path:
        (tmp_path / f"{module}.py").write_text(content)
        study = tmp_path / "stopped.toml"
        study.write_text(
            'format = "tuner.study/1"\nname = "stopped"\n'
            f'search_space = "{ROOT}/search_spaces/chapter.toml"\n'
            f'[task]\nname = "{module}:make"\nepochs = 5\n[budget]\ntrials = {TRIALS}\n'
            '[workers]\ncount = 2\n[pruner]\ntype = "none"\n[confirm]\nenabled = false\n'
        )
        return study

    return write


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize("on_dask", [False, True])
def test_workers_that_were_stopped_from_outside_are_replaced(
    write: Callable[[str, str], Path],
    tmp_path: Path,
    on_dask: bool,
    request: pytest.FixtureRequest,
) -> None:
    study = write(f"together{on_dask}", TOGETHER.format(folder=str(tmp_path)))
    stopped: list[int] = []

    def stop_all(event: Event) -> None:
        if isinstance(event, EpochEnded) and not stopped:
            stopped.extend(int(path.stem) for path in tmp_path.glob("*.trains"))
            for process in stopped:
                os.kill(process, signal.SIGTERM)

    address = request.getfixturevalue("cluster").address if on_dask else None
    result = tuner.run_study(study, dask=address, on_event=stop_all)
    assert len(stopped) == 2
    assert (result.ended, result.summary.states) == ("done", {"complete": TRIALS})
    assert len([*tmp_path.glob("*.trains")]) > 2


@pytest.mark.usefixtures("processes")
def test_workers_that_are_always_stopped_at_their_start_end_the_run(
    write: Callable[[str, str], Path],
) -> None:
    study = write("at_its_start", STOPPED_AT_ITS_START)
    with pytest.raises(TrainingError, match=r"3 workers in a row died.* with exit code 130"):
        tuner.run_study(study)
    assert tuner.open_study(study).summary.finished == 0


@pytest.mark.usefixtures("processes")
def test_on_a_cluster_a_failed_trials_process_is_replaced_and_threads_are_the_clusters(
    write: Callable[[str, str], Path], tmp_path: Path, cluster: RunningCluster
) -> None:
    study = write("failing", FAILING.format(folder=str(tmp_path)))
    with pytest.raises(TrainingError) as caught:
        tuner.run_study(study, dask=cluster.address, workers=1)
    words = r"^a worker on \S+ gave up: 3 trials failed in a row, the last one: RuntimeError: None"
    assert re.search(words, str(caught.value))
    assert len([*tmp_path.glob("*.failed")]) == 3
