"""Processes killed at random moments: the study ends as one that was left alone."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

import tuner
from tuner.search import TrialRow

MOMENTS = 4  # benchmarks/kills.py has hundreds


def comparable(rows: list[TrialRow]) -> list[TrialRow]:
    """Return the trials without what may differ: the seconds, and who trained which epoch.

    Neither tell the frameworks that other tests have imported into this process.
    """
    return [
        row._replace(
            records=tuple(r._replace(seconds=0.0) for r in row.records),
            epochs_given=0, versions={},
        )
        for row in rows
    ]  # fmt: skip


def start(
    study: Path, *options: str, env: dict[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start the real command in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "tuner", "run", str(study), *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env=env,
    )


def test_one_worker_killed_at_random_moments_changes_not_a_bit(
    write_study: Callable,
    record_property: Callable,
    capsys: pytest.CaptureFixture[str],
) -> None:
    study = write_study(trials=10, epochs=4, sleeps=0.1)
    whole = tuner.run_study(study)
    expected = comparable(whole.trials)
    shutil.rmtree(whole.folder)
    chance = random.Random(7)
    moments = 0
    while moments < MOMENTS:
        with start(study) as process:
            try:
                process.wait(timeout=chance.uniform(0.5, 4.0))
            except subprocess.TimeoutExpired:
                process.kill()
                moments += 1
            else:  # it was faster than its killer: once more from the beginning
                shutil.rmtree(whole.folder)
    result = tuner.run_study(study)
    found = comparable(result.trials)
    differences = sum(a != b for a, b in zip(found, expected, strict=True))
    record_property("moments", moments)
    record_property("differences", differences)
    with capsys.disabled():
        print(f"\nSIGKILL at {moments} random moments, one worker: {differences} differences")
    assert found == expected
    assert result.best_schedule == whole.best_schedule


def test_workers_and_supervisor_killed_at_random_moments_lose_nothing(
    write_study: Callable, capsys: pytest.CaptureFixture[str]
) -> None:
    study = write_study(trials=12, epochs=4, workers=3, sleeps=0.2)
    chance = random.Random(11)
    moments = {"worker": 0, "supervisor": 0}
    while sum(moments.values()) < MOMENTS:
        with start(study) as process:
            while process.poll() is None and sum(moments.values()) < MOMENTS:
                time.sleep(chance.uniform(0.5, 2.5))
                victim = chance.choice(["worker", "worker", "supervisor"])
                if victim == "supervisor":
                    process.kill()
                    moments["supervisor"] += 1
                    break
                workers: list[psutil.Process] = []
                while process.poll() is None and not workers:
                    time.sleep(0.1)
                    workers = psutil.Process(process.pid).children()
                try:
                    chance.choice(workers).kill()
                except (psutil.NoSuchProcess, IndexError):
                    continue
                moments["worker"] += 1
            process.kill()
        if process.returncode == 0:
            break
    result = tuner.run_study(study)
    with capsys.disabled():
        print(f"\nSIGKILL of {moments}: {result.summary.states}")
    assert result.summary.finished == 12
    assert set(result.summary.states) <= {"complete", "pruned"}
    assert [row.number for row in result.trials] == list(range(12))
    labels = [row.baseline for row in result.trials if row.baseline]
    assert len(labels) == len(set(labels)) == 5
    for row in result.trials:
        assert [record.epoch for record in row.records] == list(range(1, row.epochs + 1))


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("the run ended before it could be interrupted")


def wait_for_epochs(process: subprocess.Popen[bytes], trials: int) -> None:
    """Return as soon as so many trials run with an epoch behind them."""
    running = set()
    assert process.stderr is not None
    for line in process.stderr:
        if event := re.match(rb"trial (\d+) (epoch|complete|pruned)", line):
            (running.add if event[2] == b"epoch" else running.discard)(event[1])
        if len(running) == trials:
            return
    raise AssertionError("the run ended before it could be interrupted")


def interrupt(study: Path, how: str, workers: int) -> None:
    """Start a run, signal it in the middle, and look how it ended."""
    with start(study, "--trials", "7") as process:
        wait_for_epochs(process, workers)
        if how == "SIGINT, workers killed":
            children = psutil.Process(process.pid).children()
            for child in children:
                child.suspend()
            os.kill(process.pid, signal.SIGINT)
            for child in children:
                child.kill()
        else:
            number = signal.Signals[how.split()[0]]
            os.kill(process.pid, number)
            if how.endswith("twice"):
                time.sleep(0.05)
                os.kill(process.pid, number)
        _, talk = process.communicate()
    assert process.returncode == 130
    assert how.endswith("twice") or f"tuner run {study} --trials 7" in talk.decode()
    summary = tuner.open_study(study).summary
    assert not {"running", "interrupted"} & summary.states.keys(), how
    assert summary.finished < 8


def test_signals_end_with_130_and_no_running_trial(write_study: Callable) -> None:
    study = write_study(trials=8, epochs=4, sleeps=0.1, more='[pruner]\ntype = "none"\n')
    whole = tuner.run_study(study)
    expected = comparable(whole.trials)
    shutil.rmtree(whole.folder)
    for how in ("SIGINT", "SIGTERM", "SIGINT twice"):
        interrupt(study, how, workers=1)
    assert comparable(tuner.run_study(study).trials) == expected


@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM twice", "SIGINT, workers killed"])
def test_signals_end_with_several_workers_too(write_study: Callable, how: str) -> None:
    # Long enough that a run is still in its middle when it is seen to be.
    none = '[pruner]\ntype = "none"\n'
    study = write_study(trials=8, epochs=4, workers=2, sleeps=0.3, more=none)
    interrupt(study, how, workers=2)
    # Several finish in an order of their own, and one can end what they began.
    assert tuner.run_study(study, workers=1).summary.finished == 8


@pytest.mark.parametrize("workers", [1, 2])
def test_a_stop_while_a_trial_is_asked_for_leaves_none_running(
    write_study: Callable, tmp_path: Path, workers: int
) -> None:
    # Between Optuna's answer and the first heartbeat a trial is nobody's.
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(
        "import os, time\n"
        "from pathlib import Path\n"
        "from optuna.study import Study\n"
        "from tuner.search import ownership\n"
        "ownership.UNBORN_SECONDS = 3.0\n"
        "original = Study.ask\n"
        "def ask(*asked):\n"
        # All ask at once: one that comes later first waits for the trial that is nobody's.
        f"    here = Path({str(tmp_path / 'site')!r})\n"
        "    (here / f'{os.getpid()}.asks').touch()\n"
        f"    while len([*here.glob('*.asks')]) < {workers}:\n"
        "        time.sleep(0.01)\n"
        "    trial = original(*asked)\n"
        "    time.sleep(60)\n"
        "    return trial\n"
        "Study.ask = ask\n"
    )
    study = write_study(trials=6, workers=workers, sleeps=0.05)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    with start(study, env=environment) as process:

        def asked() -> bool:
            with suppress(tuner.TunerError):
                storage = f"sqlite:///{study.with_suffix('') / 'study.db'}"
                states = [row.state for row in tuner.open_study(storage=storage).trials]
                return states.count("running") == workers
            return False

        wait_until(asked, process)
        for _ in range(2):
            os.kill(process.pid, signal.SIGTERM)
            time.sleep(0.05)
        process.communicate()
    assert process.returncode == 130
    assert not {"running", "interrupted"} & tuner.open_study(study).summary.states.keys()


def test_killed_between_the_question_and_the_first_beat_changes_not_a_bit(
    write_study: Callable, tmp_path: Path
) -> None:
    # The trial comes before any new one, though it is not known for a while that it is nobody's.
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(
        "import os, signal\n"
        "from pathlib import Path\n"
        "from optuna.study import Study\n"
        "from tuner.search import ownership\n"
        "ownership.UNBORN_SECONDS = 3.0\n"
        "original = Study.ask\n"
        "def ask(*asked):\n"
        "    trial = original(*asked)\n"
        f"    killed = Path({str(tmp_path / 'killed')!r})\n"
        "    if trial.number == 6 and not killed.exists():\n"
        "        killed.touch()\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return trial\n"
        "Study.ask = ask\n"
    )
    study = write_study(trials=9, sleeps=0.0)
    whole = tuner.run_study(study)
    expected = comparable(whole.trials)
    shutil.rmtree(whole.folder)
    with start(study, env={**os.environ, "PYTHONPATH": str(tmp_path / "site")}) as process:
        process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert comparable(tuner.run_study(study).trials) == expected


def test_several_workers_never_exceed_the_budget(write_study: Callable) -> None:
    study = write_study(trials=20, epochs=1, workers=4, sleeps=0.05)
    result = tuner.run_study(study)
    assert result.summary.finished == 20
    assert {row.number for row in result.trials if row.state != "waiting"} == set(range(20))
    assert not any(row.records for row in result.trials[20:])


def test_a_trial_that_kills_its_workers_is_given_up_and_the_rest_goes_on(
    write_study: Callable, tmp_path: Path
) -> None:
    # The workers' Python is told to die in the task's second trial, as a bad GPU kernel would.
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(
        "import sys, os\n"
        "if 'worker' in sys.argv or 'worker' in getattr(sys, 'orig_argv', []):\n"
        "    from tuner.search import trial\n"
        "    original = trial._train\n"
        "    def train(asked, *more):\n"
        "        if asked.number == 1:\n"
        "            os.kill(os.getpid(), 9)\n"
        "        return original(asked, *more)\n"
        "    trial._train = train\n"
    )
    study = write_study(trials=6, workers=2, sleeps=0.05)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    command = [sys.executable, "-m", "tuner", "run", str(study)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = tuner.open_study(study).trials
    assert rows[1].state == "failed"
    assert rows[1].reason == "given up: 5 processes died on it without finishing an epoch"
    assert [row.state in ("complete", "pruned") for row in rows] == [
        number != 1 for number in range(6)
    ]
