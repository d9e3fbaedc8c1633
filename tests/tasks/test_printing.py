"""Trainings that print, beside what their workers say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import tuner

pytestmark = pytest.mark.usefixtures("processes")

ROOT = Path(__file__).parents[2]
PRINTING = """
from tuner.tasks import FunctionTask

def make():
    def train(schedule, seed, start):
        while True:
            for line in range(3000):
                print({"loss": line, "event": "TrialEnded"})
            yield schedule(10)
    return FunctionTask(train, updates_per_epoch=10)
"""


def test_what_a_training_prints_is_not_taken_for_what_its_worker_says(
    tmp_path: Path, tuner_command: Callable
) -> None:
    (tmp_path / "printing.py").write_text(PRINTING)
    study = tmp_path / "study.toml"
    study.write_text(
        'format = "tuner.study/1"\nname = "printing"\n'
        f'search_space = "{ROOT}/examples/space.toml"\n'
        '[task]\nname = "printing:make"\nepochs = 4\n[budget]\ntrials = 6\n'
        '[objective]\nmetric = "rate"\ndirection = "minimize"\n'
    )
    ran = tuner_command("run", study, "--workers", 2, "--no-confirm")
    assert ran.code == 0, ran
    lines = [line for line in ran.err.splitlines() if line.startswith("trial ")]
    epochs = [line for line in lines if " epoch " in line]
    assert len(epochs) == tuner.open_study(study).summary.epochs_trained
