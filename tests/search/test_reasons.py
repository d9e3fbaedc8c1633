"""Why a trial failed, in the words of its training, and what is no failure but the user's wish."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import signal
import subprocess
import sys
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
import torch

import tuner
from tuner.errors import TaskError, TrainingError, said
from tuner.tasks import FunctionTask

STACK = "Traceback (most recent call last):\n"
MXNET = f'{STACK}  File "../src/x.h", line 9\nMXNetError: Check failed'
LOADER = (
    f"Caught KeyError in DataLoader worker process 0.\nOriginal {STACK}"
    '  File "loop.py", line 9, in run\n    data = load()\n           ^^^^^^\nKeyError: 3\n'
)


@pytest.fixture
def study(write_study: Callable) -> Path:
    """A study of one trial, judged by a number, whose task is passed."""
    more = '[objective]\nmetric = "m"\ndirection = "minimize"\n[pruner]\ntype = "none"'
    path: Path = write_study(trials=1, more=more)
    text = path.read_text()
    start, end = text.index('name = "lenet'), text.index("[budget]")
    path.write_text(text[:start] + "epochs = 2\n" + text[end:])
    return path


def first_trial(study: Path) -> tuple[str, str]:
    """Its state, and why."""
    row = tuner.open_study(storage=f"sqlite:///{study.with_suffix('')}/study.db").trials[0]
    return row.state, row.reason


def failing(error: BaseException) -> FunctionTask:
    """A task that raises an error after its first epoch."""

    def train(*_: Any) -> Iterator[float]:
        yield 1.0
        raise error

    return FunctionTask(train, updates_per_epoch=10)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (SystemExit(3), "SystemExit: 3"),
        (SystemExit("no data"), "SystemExit: no data"),
        (SystemExit(), "SystemExit: no message"),
        # Nobody pressed Ctrl-C: it would be begun again for ever.
        (KeyboardInterrupt(), "KeyboardInterrupt: no message"),
        (asyncio.CancelledError(), "CancelledError: no message"),
        (GeneratorExit("gone"), "GeneratorExit: gone"),
        (ValueError("boom at epoch 2\nsecond line"), "ValueError: boom at epoch 2; second line"),
    ],
)
def test_what_ends_a_training_fails_its_trial(
    study: Path, error: BaseException, reason: str
) -> None:
    with pytest.raises(TrainingError, match=rf"{reason} \({Path(__file__).name}, line \d+\)"):
        tuner.run_study(study, task=failing(error))
    assert first_trial(study) == ("waiting", "")


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("[enforce fail at alloc.cpp:75] DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("MPS backend out of memory (MPS allocated: 1.00 GB)"),
        jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: while trying to allocate 8 bytes."),
        RuntimeError(
            "MXNetError: Check failed: e == cudaSuccess: cudaMalloc failed: out of memory"
        ),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        TaskError("The command ended with exit code 1. Its last line was: MemoryError"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_too_little_memory_has_a_name(study: Path, error: Exception) -> None:
    with pytest.raises(
        TrainingError, match=f"the last one: out of memory: {type(error).__name__}"
    ):
        tuner.run_study(study, task=failing(error))


def test_too_little_memory_behind_another_error_has_a_name_too(study: Path) -> None:
    def train(*_: Any) -> Iterator[float]:
        try:
            raise MemoryError
        except MemoryError as error:
            raise ValueError("the trainer failed") from error
        yield 1.0

    with pytest.raises(TrainingError, match="out of memory: ValueError: the trainer failed"):
        tuner.run_study(study, task=FunctionTask(train, updates_per_epoch=10))


@pytest.mark.parametrize("error", [ValueError("out of memory slots"), OSError(2, "No such file")])
def test_other_failures_have_not_that_name(study: Path, error: Exception) -> None:
    with pytest.raises(TrainingError, match=f"the last one: {type(error).__name__}"):
        tuner.run_study(study, task=failing(error))


def test_what_a_failed_training_held_is_gone_when_the_next_begins(study: Path) -> None:
    class Net:
        def __init__(self) -> None:
            self.itself = self  # so that only a collection finds it

    nets: list[weakref.ref[Net]] = []

    def train(*_: Any) -> Iterator[float]:
        net = Net()
        left = [each for each in nets if each() is not None]
        nets.append(weakref.ref(net))
        if len(nets) == 1:
            raise MemoryError
        yield from [float(len(left))] * 2

    study.write_text(study.read_text().replace("trials = 1", "trials = 2"))
    gc.disable()
    try:
        result = tuner.run_study(study, task=FunctionTask(train, updates_per_epoch=10))
    finally:
        gc.enable()
    first, second = result.trials[:2]
    assert (first.state, second.state, second.value) == ("failed", "complete", 0.0)


def test_ctrl_c_stays_what_it_is_though_the_training_makes_an_exit_of_it(study: Path) -> None:
    def train(*_: Any) -> Iterator[float]:
        yield 1.0
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:  # as Lightning does
            sys.exit(1)

    with pytest.raises(KeyboardInterrupt):
        tuner.run_study(study, task=FunctionTask(train, updates_per_epoch=10))
    assert first_trial(study) == ("waiting", "")


def test_ctrl_c_in_a_training_that_handles_it_itself_is_ctrl_c(study: Path) -> None:
    def train(*_: Any) -> Iterator[float]:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        yield 1.0
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        with pytest.raises(KeyboardInterrupt):
            tuner.run_study(study, task=FunctionTask(train, updates_per_epoch=10))
    finally:
        signal.signal(signal.SIGINT, before)
    assert first_trial(study) == ("waiting", "")


def test_signals_do_afterwards_what_they_did_before(study: Path) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    training = FunctionTask(lambda *_: iter([0.5, 0.6]), updates_per_epoch=10)
    tuner.run_study(study, task=training)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


@pytest.mark.usefixtures("processes")
def test_a_training_whose_output_nobody_reads_any_more_has_not_failed(
    study: Path, tmp_path: Path
) -> None:
    """As in ``tuner run study.toml | head``, or when the run that started a worker is killed."""
    (tmp_path / "printing.py").write_text(
        "import os\n"
        "from tuner.tasks import FunctionTask\n"
        "def make():\n"
        "    def train(*_):\n"
        "        while True:\n"
        "            os.write(2, b'x')\n"
        "            yield 1.0\n"
        "    return FunctionTask(train, updates_per_epoch=10)\n"
    )
    study.write_text(study.read_text().replace("[task]", '[task]\nname = "printing:make"'))
    reader, writer = os.pipe()
    os.close(reader)
    code = f"import tuner; tuner.run_study({str(study)!r})"
    subprocess.run([sys.executable, "-c", code], stderr=writer, check=False)
    os.close(writer)
    assert first_trial(study) == ("waiting", "")


def test_a_state_that_cannot_be_kept_fails_its_trial(study: Path) -> None:
    def train(*_: Any) -> Iterator[Any]:
        yield 0.5, {"w": torch.ones(2, requires_grad=True)}

    with pytest.raises(TrainingError, match=r"TaskError: .*train must .* 'w' .* Give arrays"):
        tuner.run_study(study, task=FunctionTask(train, updates_per_epoch=10))


def test_a_task_that_cannot_give_its_state_fails_its_trial(study: Path) -> None:
    class Lost(FunctionTask):
        def train(self, *args: Any, **options: Any) -> Iterator[Any]:
            for epoch in super().train(*args, **options):
                yield epoch._replace(state=lambda: 1 / 0)

    task = Lost(lambda *_: iter([(0.5, {"w": np.ones(2)})] * 2), updates_per_epoch=10)
    task.training_identity = lambda: {"task": "lost"}
    with pytest.raises(TrainingError, match="ZeroDivisionError: division by zero"):
        tuner.run_study(study, task=task)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (MXNET, "MXNetError: Check failed"),
        (f"Error in operator dense0: {MXNET}", "MXNetError: Check failed"),
        (LOADER, "Caught KeyError in DataLoader worker process 0.; KeyError: 3"),
        ("Error(s) in loading:\n\n\tMissing key(s)", "Error(s) in loading:; Missing key(s)"),
        (" \n", "no message"),
        ("x" * 501, "x" * 499 + "…"),
        ("x" * 500, "x" * 500),
    ],
)
def test_a_message_of_several_lines_is_said_in_one(message: str, words: str) -> None:
    assert said(ValueError(message)) == f"ValueError: {words}"
