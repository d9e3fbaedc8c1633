"""What several tests share: places for files, small real studies on real Fashion-MNIST."""

from __future__ import annotations

import functools
import gc
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import optuna
import pytest

import tuner
from tuner.cli.main import main
from tuner.studies import StudyResult

ROOT = Path(__file__).parent.parent
SLEEPING = """
import time
import numpy as np
from tuner.tasks import FunctionTask

def train(schedule, seed, start):
    epoch = start.epoch if start else 0
    weights = start.arrays["weights"] if start else np.random.default_rng(seed).normal(size=8)
    while True:
        time.sleep({seconds})
        noise = np.random.default_rng((seed, epoch)).normal(size=(16, 8))
        for update in range(16):
            weights = weights - schedule(16 * epoch + update + 1) * (weights + noise[update])
        epoch += 1
        yield 1 / (1 + np.square(weights).mean()), {{"weights": weights}}

def make():
    return FunctionTask(train, updates_per_epoch=16)
"""


@pytest.fixture(autouse=True)
def quiet_optuna() -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where a test's database may be."""
    return tmp_path / "study.db"


@pytest.fixture
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work where the study is, beside the chapter's search space."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "search_spaces" / "chapter.toml", "space.toml")


@pytest.fixture
def write_study(tmp_path: Path, write_study_in: Callable[..., Path]) -> Callable[..., Path]:
    """Return a function that writes a study of seconds: 2 epochs of 384 examples a trial."""
    return functools.partial(write_study_in, tmp_path)


@pytest.fixture(scope="session")
def write_study_in(training: None) -> Callable[..., Path]:
    """Return the same function for any folder, for studies that several tests share."""

    def write(
        folder: Path,
        name: str = "small",
        *,
        epochs: int = 2,
        trials: int = 8,
        workers: int = 1,
        task: str = "train_size = 384\ntest_size = 150\nbatch_size = 32",
        more: str = "",
        confirm: str = "enabled = false",
        space: str | Path = ROOT / "search_spaces" / "chapter.toml",
        sleeps: float | None = None,
    ) -> Path:
        path = folder / f"{name}.toml"
        training = f'name = "lenet_fashion_mnist"\n{task}'
        if sleeps is not None:
            # For what is not about LeNet: eight weights, so an epoch takes time and no work, and
            # nothing starts MXNet. Its states are kept and its values are its schedule's, too.
            (folder / "sleeping.py").write_text(SLEEPING.format(seconds=sleeps))
            training = 'name = "sleeping:make"'
        path.write_text(
            f'format = "tuner.study/1"\nname = "{name}"\n'
            f'search_space = "{space}"\n'
            f"[task]\n{training}\nepochs = {epochs}\n"
            f"[budget]\ntrials = {trials}\n[workers]\ncount = {workers}\n"
            f"[confirm]\n{confirm}\n{more}\n"
        )
        return path

    return write


class Ran(NamedTuple):
    """What a run of the command line ended with."""

    code: int
    out: str
    err: str

    def __repr__(self) -> str:
        return f"exit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


@pytest.fixture
def tuner_command(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Return a function that runs the command in this process."""

    def run(*arguments: object, cwd: Path = tmp_path) -> Ran:
        capfd.readouterr()
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(cwd)
            patch.setattr(sys, "argv", ["tuner", *map(str, arguments)])
            with pytest.raises(SystemExit) as ended:
                main()
        code = ended.value.code
        del ended
        gc.collect()  # closes what the exception holds, as the end of a process does
        return Ran(code if isinstance(code, int) else 0, *capfd.readouterr())

    return run


@pytest.fixture
def tuner_process(tmp_path: Path, processes: None) -> Callable[..., Ran]:
    """Return a function that runs the real command in a process of its own."""

    def run(*arguments: object, cwd: Path = tmp_path) -> Ran:
        command = [sys.executable, "-m", "tuner", *map(str, arguments)]
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def run_alone(tuner_process: Callable[..., Ran]) -> Callable[..., StudyResult]:
    """Return a function that runs a study file in a process of its own, and opens the study.

    For comparisons bit by bit: frameworks that other tests load into this process may change the
    last bits of MXNet's arithmetic.
    """

    def run(study: Path, *options: object) -> StudyResult:
        ran = tuner_process("run", study, *options)
        assert ran.code == 0, ran
        return tuner.open_study(study)

    return run


def without_times(csv: str) -> str:
    """Return a table of trials without its last column, the seconds."""
    return re.sub(r",[^,\n]*$", "", csv, flags=re.MULTILINE)
