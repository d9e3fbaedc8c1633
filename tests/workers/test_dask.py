"""Workers on a real Dask cluster: killed, stopped, left alone, unable to start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

import tuner
from tuner.errors import ClusterError
from tuner.search import EpochEnded, Event
from tuner.workers import connected

from ..servers import postgresql
from ..space.spaces import CONSTANT_RATES

SCRIPT = Path(__file__).parent / "dask_cluster.py"


class RunningCluster(NamedTuple):
    address: str
    process: subprocess.Popen[str]

    def children(self) -> list[psutil.Process]:
        """Return the processes that train."""
        found = []
        for process in psutil.Process(self.process.pid).children(recursive=True):
            try:
                if "--events" in process.cmdline():
                    found.append(process)
            except psutil.NoSuchProcess:
                continue
        return found


@contextmanager
def running_cluster(*options: str, **environment: str) -> Iterator[RunningCluster]:
    with subprocess.Popen(
        [sys.executable, "-W", "error", *options, SCRIPT],
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield RunningCluster(process.stdout.readline().strip(), process)
        assert process.stdin is not None
        process.stdin.close()
    assert process.returncode == 0


@pytest.fixture(scope="module")
def cluster() -> Iterator[RunningCluster]:
    with running_cluster() as running:
        yield running


def environment_without(folder: Path, *missing: str) -> dict[str, str]:
    """Make an environment with everything but some packages; to be used with ``python -S``."""
    folder.mkdir()
    installed = [Path(sysconfig.get_path(kind)) for kind in ("purelib", "platlib")]
    for path in {entry for site in installed for entry in site.iterdir()}:
        name = path.name.removeprefix("__editable__").lstrip("_.")
        if not name.startswith((*missing, "tuner")):
            (folder / path.name).symlink_to(path)
    if "schedule_tuner" not in missing:
        (folder / "tuner").symlink_to(Path(tuner.__file__).parent)
    return {"PYTHONPATH": str(folder)}


def command(study: Path, address: str, *options: str) -> list[str]:
    return [sys.executable, *options, "-m", "tuner", "run", str(study), "--dask", address]


def test_a_study_on_postgresql_survives_the_death_of_a_dask_worker(
    cluster: RunningCluster,
    write_study: Callable,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)  # where the outputs go
    killed: list[psutil.Process] = []

    def kill_one(event: Event) -> None:
        if isinstance(event, EpochEnded) and not killed:
            killed.append(cluster.children()[0])
            killed[0].parent().kill()

    study = write_study(trials=8, workers=2, sleeps=0.2)
    with postgresql() as server:
        result = tuner.run_study(
            study, storage=server.url, dask=cluster.address, on_event=kill_one
        )
        assert_whole(result)
    assert killed
    assert not killed[0].is_running()


def assert_whole(result: tuner.StudyResult) -> None:
    assert result.ended == "done"
    assert result.summary.finished == 8
    assert set(result.summary.states) <= {"complete", "pruned"}
    assert [row.number for row in result.trials if row.state != "waiting"] == list(range(8))
    labels = [row.baseline for row in result.trials if row.baseline]
    assert len(labels) == len(set(labels)) == 5
    for row in result.trials:
        assert [record.epoch for record in row.records] == list(range(1, row.epochs + 1))


def test_a_stop_puts_everything_back(
    cluster: RunningCluster, write_study: Callable, tmp_path: Path
) -> None:
    space = tmp_path / "space.toml"
    # Rates under which nothing collapses: that would end a trial before the stop.
    space.write_text(CONSTANT_RATES.replace("high = 1.4", "high = 0.1"), encoding="utf-8")
    study = write_study(trials=8, epochs=60, workers=2, space=space, sleeps=0.1)
    with subprocess.Popen(
        command(study, cluster.address), stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        said = ""
        for line in process.stderr:
            said += line
            if " epoch 1/60" in line:
                process.send_signal(signal.SIGTERM)
    assert process.returncode == 130, said
    assert f"--dask {cluster.address}" in said
    assert set(tuner.open_study(study).summary.states) == {"waiting"}
    assert cluster.children() == []


def test_workers_end_when_their_supervisor_is_killed(
    cluster: RunningCluster, write_study: Callable
) -> None:
    study = write_study(trials=8, epochs=100, workers=2, sleeps=0.1)
    with subprocess.Popen(command(study, cluster.address), stderr=subprocess.PIPE) as process:
        while len(cluster.children()) < 2:
            assert process.poll() is None
            time.sleep(0.1)
        process.kill()
    while cluster.children():
        time.sleep(0.1)
    assert "running" not in tuner.open_study(study).summary.states


def test_a_wrong_address_is_bad_input(write_study: Callable, tuner_command: Callable) -> None:
    study = write_study()
    ran = tuner_command("run", study, "--dask", "tcp://127.0.0.1:1")
    assert ran.code == 2, ran
    assert "A Dask scheduler must answer at 'tcp://127.0.0.1:1', but none did" in ran.err
    assert not study.with_suffix("").exists()


def test_what_is_no_address_is_bad_input() -> None:
    refused = pytest.raises(ClusterError, match="must answer at 'nonsense://here', but none")
    with refused, connected("nonsense://here", "sqlite:///study.db"):
        pass


def test_a_missing_extra_is_a_message(write_study: Callable, tmp_path: Path) -> None:
    environment = {**os.environ, **environment_without(tmp_path / "site", "distributed")}
    done = subprocess.run(
        command(write_study(), "tcp://127.0.0.1:1", "-S"),
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "pip install 'schedule-tuner[dask]'" in " ".join(done.stderr.split())


def test_a_dask_worker_without_the_package_is_named(
    write_study: Callable, tmp_path: Path, tuner_command: Callable
) -> None:
    environment = environment_without(tmp_path / "site", "schedule_tuner")
    with running_cluster("-S", **environment) as bare:
        ran = tuner_command("run", write_study(), "--dask", bare.address)
    assert ran.code == 2, ran
    assert "Every Dask worker must have schedule-tuner" in ran.err
    assert f"{os.uname().nodename} has none in" in " ".join(ran.err.split())


def test_what_dask_shows_has_no_password() -> None:
    from tuner.workers.cluster_task import make_task

    task = make_task("0", {"url": "postgresql+psycopg://me:secret@host/name"})
    assert "secret" not in repr(task)
