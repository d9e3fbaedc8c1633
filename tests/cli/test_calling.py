"""``tuner.tune`` as a script calls it: it shows the run, and Ctrl-C ends it in order."""

from __future__ import annotations

import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import tuner
from tuner import Trial
from tuner.errors import DefinitionError


@pytest.fixture
def handlers() -> Iterator[list[Any]]:
    """Return the handlers of signals, and check that they are the same afterwards."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    yield before
    after = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    for number, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
        signal.signal(number, handler)
    assert after == before


def tuned(train: Callable[[Trial], None], folder: Path, **more: Any) -> tuner.StudyResult:
    usual = {
        "epochs": 3, "updates_per_epoch": 10, "metric": "val_loss", "base_lr": 0.01, "trials": 3,
        "confirm": False, "name": "called", "pruner": "none",
    }  # fmt: skip
    return tuner.tune(train, folder=folder, **{**usual, **more})


def train(trial: Trial, presses: int = 0) -> None:
    for epoch in trial.epochs():
        for _ in range(presses if epoch == 1 else 0):
            os.kill(os.getpid(), signal.SIGINT)
        trial.report(sum(map(trial.schedule, trial.updates_of(epoch))))


@pytest.mark.usefixtures("seconds")
def test_it_shows_the_run_unless_somebody_listens(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tuned(train, tmp_path)
    said = capsys.readouterr()
    assert "trial 2 complete" in said.err
    assert not said.out
    events: list[Any] = []
    tuned(train, tmp_path, name="heard", on_event=events.append)
    assert events
    assert not capsys.readouterr().err


@pytest.mark.usefixtures("seconds")
@pytest.mark.parametrize("presses", [1, 2])
def test_ctrl_c_keeps_what_was_reported_and_the_same_call_goes_on(
    presses: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], handlers: list[Any]
) -> None:
    with pytest.raises(KeyboardInterrupt, match="the same call goes on") as stopped:
        tuned(lambda trial: train(trial, presses), tmp_path)
    assert stopped.value.__cause__ is None
    assert stopped.value.__suppress_context__ or stopped.value.__context__ is None
    assert "once more to stop now" in capsys.readouterr().err
    result = tuned(train, tmp_path)
    assert (result.ended, len(result.trials)) == ("done", 3)


def test_whoever_asks_for_stops_gets_the_result(tmp_path: Path, handlers: list[Any]) -> None:
    assert tuned(train, tmp_path, stop_requested=lambda: True).ended == "interrupted"


def test_it_may_be_called_in_a_thread(tmp_path: Path) -> None:
    results: list[tuner.StudyResult] = []
    thread = threading.Thread(target=lambda: results.append(tuned(train, tmp_path)))
    thread.start()
    thread.join()
    assert [result.ended for result in results] == ["done"]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({"epoch": 3, "updates_per_epoch": 10, "metric": "loss"},
         "tuner.tune has 1 mistake\n  epoch  no argument of it; did you mean 'epochs'?"),
        ({"train": train, "trails": 5},
         "tuner.tune has 3 mistakes\n"
         "  train   must be given once, but is given by its place as well\n"
         "  trails  no argument of it; did you mean 'trials'?\n"
         "  metric  is required, but missing"),
        ({"epochs": 1.5, "updates_per_epoch": 10, "metric": "loss", "base_lr": 1},
         "tuner.tune has 1 mistake\n  epochs  must be a whole number of 1 or more, but got 1.5"),
    ],
)  # fmt: skip
def test_a_wrong_argument_is_told_in_words_and_without_this_package(
    names: dict[str, Any], said: str
) -> None:
    with pytest.raises(DefinitionError) as caught:
        tuner.tune(train, **names)
    assert str(caught.value) == said
    assert caught.value.__cause__ is None
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert {frame.name for frame in frames[1:]} <= {"checked", "tune"}
