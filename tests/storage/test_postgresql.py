"""Many workers on a real PostgreSQL server that is stopped, crashes and comes back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

import tuner

from ..servers import PASSWORD, PostgreSQL, free_port, postgresql

# What is tested is the storage.
NO_PRUNER = '[pruner]\ntype = "none"\n[sampler]\ntype = "random"\n'


@pytest.fixture(scope="module")
def one_server(processes: None) -> Iterator[PostgreSQL]:
    with postgresql() as server:
        yield server


@pytest.fixture
def server(one_server: PostgreSQL) -> PostgreSQL:
    """Return the server of these tests, running and empty."""
    one_server.renew()
    return one_server


class Command:
    """The real command, under way, with the database's URL in its environment."""

    def __init__(self, folder: Path, url: str, *arguments: object) -> None:
        self.out, self.err = folder / f"{id(self)}.out", folder / f"{id(self)}.err"
        with self.out.open("w") as out, self.err.open("w") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tuner", *map(str, arguments)],
                cwd=folder,
                env={**os.environ, "TUNER_STORAGE": url},
                stdout=out,
                stderr=err,
            )

    def __enter__(self) -> Command:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def wait(self) -> int:
        return self.process.wait()

    def said(self) -> str:
        return self.out.read_text() + self.err.read_text()


def count(server: PostgreSQL, condition: str) -> int:
    """Return how many trials there are of a kind; 0 before there are tables."""
    if server.query("SELECT to_regclass('trials')") == [(None,)]:
        return 0
    return int(str(server.query(f"SELECT count(*) FROM trials WHERE {condition}")[0][0]))


def wait_for(condition: Callable[[], bool], *commands: Command) -> None:
    while not condition():
        for command in commands:
            assert command.process.poll() is None, command.said()
        time.sleep(0.1)


def check(server: PostgreSQL, trials: int) -> None:
    """Check that every trial number is there and finished, and no other is."""
    states = dict(server.query("SELECT state::text, count(*) FROM trials GROUP BY state"))
    numbers = server.query("SELECT number FROM trials WHERE state != 'WAITING' ORDER BY number")
    assert numbers == [(number,) for number in range(trials)], states
    assert set(states) <= {"COMPLETE", "PRUNED", "WAITING"}
    baselines = server.query("SELECT value_json FROM trial_user_attributes WHERE key = 'baseline'")
    assert len(baselines) == len(set(baselines)) == 5


FINISHED = "state IN ('COMPLETE', 'PRUNED', 'FAIL')"


def test_a_server_that_is_stopped_and_crashes_delays_workers_and_loses_nothing(
    server: PostgreSQL,
    write_study: Callable,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    study = write_study(trials=30, epochs=1, workers=4, sleeps=0.05, more=NO_PRUNER)
    with Command(tmp_path, server.url, "run", study) as run:
        wait_for(lambda: count(server, FINISHED) >= 4, run)
        workers = psutil.Process(run.process.pid).children()
        assert len(workers) == 4
        for finished, mode in ((6, "fast"), (13, "immediate")):
            wait_for(lambda at=finished: count(server, FINISHED) >= at, run)
            server.stop(mode)
            time.sleep(2)
            assert all(worker.is_running() for worker in workers)
            server.start()
        wait_for(lambda: count(server, FINISHED) >= 20, run)
        found = psutil.Process(run.process.pid).children()
        assert found == workers
        assert run.wait() == 0, run.said()
    check(server, 30)
    with capsys.disabled():
        print(f"\nPostgreSQL: 30 trials, 2 outages, the same {len(found)} workers")


def test_two_runs_at_the_same_moment_on_an_empty_database(
    server: PostgreSQL, write_study: Callable, tmp_path: Path
) -> None:
    """Baselines exist once, and four workers in all make exactly the budget."""
    study = write_study(trials=20, epochs=1, workers=2, sleeps=0.05, more=NO_PRUNER)
    with (
        Command(tmp_path, server.url, "run", study) as one,
        Command(tmp_path, server.url, "run", study) as other,
    ):
        assert [one.wait(), other.wait()] == [0, 0], one.said() + other.said()
    check(server, 20)


@pytest.fixture
def proxy(server: PostgreSQL, tmp_path: Path) -> Iterator[str]:
    """The address of a storage proxy in front of the server."""
    port = free_port()
    with Command(tmp_path, server.url, "storage-proxy", "--port", port) as proxy:
        yield f"grpc://localhost:{port}"
        proxy.process.send_signal(signal.SIGTERM)
        assert proxy.wait() == 0, proxy.said()
        assert PASSWORD not in proxy.said()


def test_four_workers_behind_a_proxy_never_exceed_the_budget(
    server: PostgreSQL, proxy: str, write_study: Callable, tmp_path: Path
) -> None:
    study = write_study(trials=20, epochs=1, workers=4, sleeps=0.05, more=NO_PRUNER)
    with Command(tmp_path, proxy, "run", study) as run:
        assert run.wait() == 0, run.said()
    check(server, 20)


def test_the_proxy_puts_back_the_trial_of_a_worker_that_was_killed(
    server: PostgreSQL, proxy: str, write_study: Callable, tmp_path: Path
) -> None:
    study = write_study(trials=1, epochs=4, sleeps=0.5, more=NO_PRUNER)
    with Command(tmp_path, proxy, "run", study) as victim:
        wait_for(lambda: count(server, "true") > 0, victim)
        reports = "SELECT count(*) FROM trial_intermediate_values"
        wait_for(lambda: server.query(reports) != [(0,)], victim)
        victim.process.kill()
    wait_for(lambda: count(server, "state = 'RUNNING'") == 0)
    with Command(tmp_path, proxy, "run", study) as heir:
        assert heir.wait() == 0, heir.said()
    assert "trial 0 goes on after epoch " in heir.said()
    row = tuner.open_study(study, storage=server.url).trials[0]
    assert (row.state, row.epochs, row.epochs_given) == ("complete", 4, 0)


# --- passwords ---


def arguments(process: psutil.Process) -> str:
    """Return what `ps` shows of a process and those below it."""
    said = ""
    for each in (process, *process.children(recursive=True)):
        try:
            said += " ".join(each.cmdline()) + "\n"
        except psutil.NoSuchProcess:
            continue
    return said


def test_a_password_is_seen_nowhere(
    server: PostgreSQL,
    write_study: Callable,
    tuner_command: Callable,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    study = write_study(trials=8, epochs=1, workers=2, sleeps=0.05, more=NO_PRUNER)
    with Command(tmp_path, server.url, "run", study) as run:
        seen = ""
        while run.process.poll() is None:
            seen += arguments(psutil.Process(run.process.pid))
            time.sleep(0.2)
    assert run.wait() == 0, run.said()
    assert "tuner worker --events" in seen
    monkeypatch.setenv("TUNER_STORAGE", server.url)
    everything = seen + run.said()
    for command in ("worker", "report", "export", "status", "resume"):
        ran = tuner_command(command)
        assert ran.code == 0, ran
        everything += ran.out + ran.err
    assert "postgresql+psycopg://tuner_admin:***@127.0.0.1" in run.said()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"report.html", "best.json"} <= {path.name for path in files}
    everything += "".join(path.read_text(errors="replace") for path in files)
    everything += repr(server.query("SELECT value_json FROM study_user_attributes"))
    assert PASSWORD not in everything
    assert server.url not in everything


@pytest.mark.parametrize("command", ["run", "worker", "resume", "report", "storage-proxy"])
def test_a_wrong_password_or_a_server_that_is_down_is_said(
    server: PostgreSQL,
    write_study: Callable,
    tuner_command: Callable,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
) -> None:
    study = [write_study()] if command == "run" else []
    monkeypatch.setenv("TUNER_STORAGE", server.url_with("0pen-sesame"))
    refused = tuner_command(command, *study)
    assert "password authentication failed" in refused.err
    server.stop()
    monkeypatch.setenv("TUNER_STORAGE", server.url)
    away = tuner_command(command, *study)
    assert "onnection refused" in away.err
    for code, *printed in (refused, away):
        said = "".join(printed)
        assert code == 2, said
        assert "error: The database postgresql+psycopg://tuner_admin:***@127.0.0.1" in said
        assert PASSWORD not in said
        assert "0pen-sesame" not in said
        assert "Traceback" not in said


def test_sigterm_ends_a_run_that_waits_for_the_database(
    server: PostgreSQL, write_study: Callable, tmp_path: Path
) -> None:
    study = write_study(trials=200, epochs=1, workers=2, sleeps=0.05, more=NO_PRUNER)
    with Command(tmp_path, server.url, "run", study) as run:
        wait_for(lambda: count(server, FINISHED) >= 2, run)
        server.stop()
        time.sleep(1)
        run.process.send_signal(signal.SIGTERM)
        assert run.wait() in (2, 130), run.said()
        assert "Traceback" not in run.said()
    server.start()
    with Command(tmp_path, server.url, "run", study, "--trials", 12, "--workers", 1) as again:
        assert again.wait() == 0, again.said()
    assert count(server, "state = 'RUNNING'") == 0
