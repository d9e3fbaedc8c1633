"""Optuna's lines about studies: none of those that the library makes, all of the caller's."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest

import tuner
from tuner.report.snapshot import quiet
from tuner.search import quiet_optuna

from ..tasks.summed import SUMMED

ROOT = Path(__file__).parents[2]
STUDY = f"""
format = "tuner.study/1"
name = "passed"
search_space = "{ROOT / "examples" / "space.toml"}"
task = {{ epochs = 2 }}
objective = {{ metric = "distance", direction = "minimize" }}
budget = {{ trials = 2 }}
confirm = {{ enabled = false }}
"""


@pytest.fixture
def said() -> Iterator[list[str]]:
    """Return what Optuna says from now on, as much as it does where nobody asked it not to."""
    lines: list[str] = []

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    handler = Listening()
    logger = logging.getLogger("optuna")
    logger.addHandler(handler)
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.INFO)
    yield lines
    optuna.logging.set_verbosity(before)
    logger.removeHandler(handler)


@pytest.mark.usefixtures("seconds")
def test_what_the_library_makes_is_not_talked_about(said: list[str], tmp_path: Path) -> None:
    study = tmp_path / "study.toml"
    study.write_text(STUDY)
    result = tuner.run_study(study, task=SUMMED, trials=1)
    tuner.run_study(study, task=SUMMED)
    tuner.resume_study(result.storage, task=SUMMED)
    tuner.confirm_study(study, task=SUMMED, top=1, seeds=2, max_seeds=2)
    tuner.compare_study(study, task=SUMMED, seeds=2)
    tuner.open_study(study)
    with tuner.live(quiet=True) as listen:
        tuner.run_study(study, task=SUMMED, on_event=listen)
    assert said == []
    assert optuna.logging.get_verbosity() == optuna.logging.INFO
    assert not any(handler.filters for handler in logging.getLogger("optuna").handlers)


def test_warnings_and_other_threads_are_heard(said: list[str]) -> None:
    with quiet_optuna():
        optuna.create_study(study_name="mine")
        logging.getLogger("optuna.study").warning("a warning")
        other = threading.Thread(target=optuna.create_study, kwargs={"study_name": "theirs"})
        other.start()
        other.join()
    optuna.create_study(study_name="later")
    assert [line.rpartition(" ")[2] for line in said] == ["warning", "theirs", "later"]


def test_while_a_report_is_drawn_other_threads_are_heard(said: list[str]) -> None:
    with quiet():
        logging.getLogger("optuna.study").warning("a warning")
        other = threading.Thread(target=optuna.create_study, kwargs={"study_name": "theirs"})
        other.start()
        other.join()
    assert [line.rpartition(" ")[2] for line in said] == ["theirs"]
