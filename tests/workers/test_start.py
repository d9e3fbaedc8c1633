"""How worker processes are started, and what they say: told apart from what a training does."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import tuner
from tuner.errors import TrainingError
from tuner.search import Printed
from tuner.workers.child import Audience, Child, End
from tuner.workers.command import worker_command

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.usefixtures("processes")
TASK = """
import argparse, os, sys
from tuner.tasks import FunctionTask
arguments = argparse.ArgumentParser()
arguments.add_argument("--rate", type=float, default=0.5)
rate = arguments.parse_known_args()[0].rate

def make():
    def train(schedule, seed, start):
        while True:
            {in_an_epoch}
            schedule(1); yield rate
    return FunctionTask(train, updates_per_epoch=10)
"""
GIGABYTE_LESS = "os.write(1, b'x' * 2**22); os.write(2, b'\\xff\\xfe\\n' * 2**20)"
LEFT = "import subprocess; subprocess.Popen(['sleep', '60'])"


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Return a function that writes a study of two workers, and the module of its task."""
    monkeypatch.chdir(tmp_path)

    def write(in_an_epoch: str = "pass", module: str = "own", trials: int = 5) -> Path:
        Path(f"{module}.py").write_text(TASK.format(in_an_epoch=in_an_epoch))
        study = Path("s.toml")
        study.write_text(
            'format = "tuner.study/1"\nname = "s"\n'
            f'search_space = "{ROOT}/search_spaces/chapter.toml"\n'
            f'[task]\nname = "{module}:make"\nepochs = 2\n[budget]\ntrials = {trials}\n'
            '[workers]\ncount = 2\n[pruner]\ntype = "none"\n[confirm]\nenabled = false\n'
        )
        return study

    return write


def test_a_file_of_the_packages_name_in_the_current_folder_is_no_worker(
    write: Callable[..., Path],
) -> None:
    Path("tuner.py").write_text("")
    result = tuner.run_study(write(module="beside"))
    assert result.summary.states == {"complete": 5}


def test_a_module_of_the_packages_name_is_refused(write: Callable[..., Path]) -> None:
    with pytest.raises(tuner.TunerError, match=r"'tuner' must not be this package's own name"):
        tuner.run_study(write(module="tuner"))
    assert sys.modules["tuner"] is tuner


def test_a_module_reads_the_same_command_line_in_a_worker_as_here(
    write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["my_search.py", "--rate", "0.25"])
    result = tuner.run_study(write(module="with_argv"))
    assert {row.value for row in result.trials} == {0.25}


def test_a_training_that_ends_its_process_is_not_done_whatever_the_exit_code(
    write: Callable[..., Path],
) -> None:
    study = write("os._exit(0)", "ending", trials=1)
    with pytest.raises(TrainingError, match=r"All 1 trials failed.* given up: 5 processes died"):
        tuner.run_study(study)
    # As the message says, in the queue, and as if nobody had died of it.
    trial = tuner.open_study(study).study.trials[0]
    assert (trial.state.name, trial.user_attrs.get("reason")) == ("WAITING", None)
    Path("ending.py").write_text(TASK.format(in_an_epoch="pass"))
    assert tuner.run_study(study).summary.states == {"complete": 1}


def test_what_a_training_writes_stops_nobody(write: Callable[..., Path]) -> None:
    """Gigabytes, without an end of line, and bytes that are no text."""
    result = tuner.run_study(write(GIGABYTE_LESS, "writing"))
    assert result.summary.states == {"complete": 5}


def test_what_a_training_prints_is_an_event(write: Callable[..., Path]) -> None:
    seen: list[str] = []
    study = write("print('Grüße'); print(1, 2, flush=True)", "printing")
    tuner.run_study(study, on_event=lambda e: isinstance(e, Printed) and seen.append(e.text))
    assert seen.count("Grüße") == seen.count("1 2") == 10


def test_a_process_that_a_training_leaves_running_does_not_hold_the_run(
    write: Callable[..., Path],
) -> None:
    """It ends while that one still runs."""
    study = write(LEFT, "leaving", trials=1)
    assert tuner.run_study(study).summary.states == {"complete": 1}
    import psutil

    left = [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", "60"]]
    assert left
    for process in left:
        process.kill()


# --- one worker alone, played by a few lines ---


def ended(code: str) -> tuple[End, list[object]]:
    """Return how a process that runs some code has ended, and what it said."""
    said: list[object] = []
    child = Child([sys.executable, "-c", code], "sqlite:///none.db", said.append)
    child.process.wait()
    return child.close(), said


def test_the_last_word_says_how_a_worker_ended() -> None:
    done = json.dumps({"event": "WorkerEnded", "how": "done", "words": ""})
    assert ended(f"print('{done}'); raise SystemExit(3)")[0].how == "done"
    failed = json.dumps({"event": "WorkerEnded", "how": "failed", "words": "The disk is full."})
    assert ended(f"print('{failed}')")[0] == End("failed", "The disk is full.")
    assert ended("pass")[0] == End("died", "with exit code 0: it said nothing")
    assert ended("raise SystemExit('no data')")[0] == End("died", "with exit code 1: no data")
    assert ended("import os; os._exit(130)")[0].how == "stopped"


def test_what_is_no_event_is_passed_over() -> None:
    printed = json.dumps({"event": "Printed", "text": "a"})
    assert ended(f"print('[' * 10**5); print('{{}}'); print('{printed}')")[1] == [Printed("a")]


def test_a_worker_that_a_thread_holds_after_its_last_word_is_ended(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("tuner.workers.child.LEAVING_SECONDS", 0.0)
    done = json.dumps({"event": "WorkerEnded", "how": "done", "words": ""})
    code = (
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(600,)).start()\n"
        f"print('{done}', flush=True)"
    )
    child = Child([sys.executable, "-c", code], "sqlite:///none.db", print)
    while not child.is_over():
        time.sleep(0.05)
    assert child.close().how == "done"
    assert "a training left a thread or process running" in caplog.text


def test_a_warning_of_several_workers_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    from tuner.search import Warned

    audience = Audience(print)
    for _ in range(8):
        audience.tell(Warned("the database is away"))
    assert caplog.messages == ["the database is away"]


def test_a_worker_finds_modules_where_this_process_does(tmp_path: Path) -> None:
    command = worker_command("--study", "s", folders=[str(tmp_path)])
    assert repr([*sys.path, str(tmp_path)]) in command[2]
    assert "tuner worker --study s" in " ".join(command)
