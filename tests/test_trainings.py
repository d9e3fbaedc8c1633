"""Trainings of every kind, as they are and as they are tuned: ``examples/trainings``.

``benchmarks/trainings.py`` tunes each for real, kills it and goes on. Here is what has no test of
its own elsewhere: unchanged scripts of PyTorch and Keras are in ``adapters``, trainers in
``integrations``.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import nbformat
import optuna
import pytest

import tuner
from tuner.tasks import CommandTask, TrialTask

ROOT = Path(__file__).parent.parent
TRAININGS = ROOT / "examples" / "trainings"
SCHEDULE = tuner.Cosine(base_lr=0.02, final_lr=0.001, horizon=160, warmup_steps=10)


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what imports a training as its own folder sees it."""
    monkeypatch.syspath_prepend(TRAININGS)
    known = {*sys.modules}
    yield importlib.import_module
    for name in {*sys.modules} - known:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(TRAININGS)):
            del sys.modules[name]


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """Return a copy of the trainings."""
    return Path(shutil.copytree(TRAININGS, tmp_path / "trainings"))


def trained(task: CommandTask, folder: Path, schedule: tuner.Schedule, epochs: int) -> str:
    """Train with a command, and return what it printed."""
    reports = [*task.with_output(folder / "out.txt").train(schedule, seed=3, epochs=epochs)]
    assert len({report.record.value for report in reports}) == epochs
    return (folder / "out.txt").read_text()


def test_the_tables_say_what_was_measured_of_the_trainings_as_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    trainings = importlib.import_module("trainings")
    rows = json.loads(trainings.RESULTS.read_text(encoding="utf-8"))["trainings"]
    assert [*rows] == [*trainings.KINDS]
    evidence = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
    readme = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    for name, row in rows.items():
        kind = trainings.KINDS[name]
        assert row["lines_changed"] == trainings.changed_lines(kind), name
        assert f"| {' | '.join(trainings.cells(row))} |" in evidence, name
        assert row["differences"] == [], name
        assert re.search(rf"^\|.*\| {row['lines_changed']} \|.*{kind.tuned}", readme, re.M), name


@pytest.mark.usefixtures("processes")
def test_a_gpt_that_nobody_changed_has_the_schedules_rate_in_both_its_groups(
    copied: Path,
) -> None:
    """It accumulates, clips, sets its own rates, and reports once before its first update."""
    script, step = copied / "gpt.py", "    optimizer.step()\n"
    tells = "    print('rates', [group['lr'] for group in optimizer.param_groups])\n"
    text = script.read_text().replace("= 80, 20, 20", "= 12, 6, 1").replace(step, step + tells)
    script.write_text(text)
    task = CommandTask(
        command=[sys.executable, "gpt.py", "--seed", "{seed}"], updates_per_epoch=6,
        value=r"step [1-9]\d*: .*val loss ([0-9.]+)", folder=str(copied),
    )  # fmt: skip
    schedule = tuner.Cosine(base_lr=0.02, final_lr=0.001, horizon=12, warmup_steps=2)
    printed = trained(task, copied, schedule, 2)
    rates = [json.loads(found) for found in re.findall(r"^rates (.*)$", printed, re.M)]
    assert rates[:12] == [[schedule(update)] * 2 for update in range(1, 13)]


@pytest.mark.usefixtures("processes")
def test_another_language_has_the_rates_of_a_table(copied: Path) -> None:
    words = ["awk", "-v", "rates={rates}", "-v", "seed={seed}", "-f", "logistic_tuned.awk"]
    task = CommandTask(
        command=words, value="test loss ([0-9.]+)", updates_per_epoch=50, folder=str(copied)
    )
    printed = trained(task, copied, SCHEDULE.with_horizon(200), 4)
    rates = [float(rate) for rate in re.findall(r"^update \d+ lr (\S+)$", printed, re.M)]
    assert rates == [SCHEDULE.with_horizon(200)(update) for update in range(1, 201)]


@pytest.mark.usefixtures("training", "seconds")
def test_a_loop_with_optax_goes_on_where_it_was(beside: Any) -> None:
    task = TrialTask(beside("optax_loop_tuned").train, updates_per_epoch=40)
    whole = [*task.train(SCHEDULE, seed=3, epochs=2)]
    rest = [*task.train(SCHEDULE, seed=3, epochs=2, start=_after_one(task))]
    assert [epoch.record.value for epoch in rest] == [whole[1].record.value]
    other = next(iter(task.train(SCHEDULE, seed=4, epochs=2)))
    assert other.record.value != whole[0].record.value


def _after_one(task: TrialTask) -> Any:
    return next(iter(task.train(SCHEDULE, seed=3, epochs=2))).state()


@pytest.mark.usefixtures("training", "seconds")
def test_an_objective_of_optunas_trains_again_under_its_best_schedule(beside: Any) -> None:
    module = beside("optuna_objective_tuned")
    study = optuna.create_study(
        direction="maximize", sampler=tuner.optuna.ScreeningSampler(**module.SPACE)
    )
    study.optimize(module.objective, n_trials=1)
    assert tuner.optuna.best_schedule(study).horizon == module.EPOCHS * module.BATCHES
    assert module.objective(study.best_trial) == study.best_value


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize(
    ("words", "metric"),
    [
        (["lightning_fit_tuned.py:train"], "val_acc"),
        (["huggingface_tuned.py:train"], "accuracy"),
        (["--command", f"{sys.executable} keras_fit_tuned.py"], "val_accuracy"),
    ],
)
def test_a_trainer_is_tuned_by_its_callback(words: list[str], metric: str, copied: Path) -> None:
    line = [sys.executable, "-m", "tuner", "tune", *words, "--metric", metric, "--epochs", "4"]
    more = ["-u", "40", "--base-lr", "0.01", "--trials", "1", "--workers", "1", "--no-confirm"]
    done = subprocess.run(
        [*line, *more, "--name", "study"], cwd=copied, capture_output=True, text=True,
        env={**os.environ, "KERAS_BACKEND": "jax"}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = tuner.open_study(storage=f"sqlite:///{copied}/study/study.db").trials
    assert [(row.state, row.epochs) for row in rows] == [("complete", 4)]


@pytest.mark.usefixtures("processes")
def test_a_notebook_is_tuned_in_a_cell(copied: Path) -> None:
    notebook = nbformat.read(copied / "notebook_tuned.ipynb", as_version=4)
    last = notebook.cells[-1]
    small = last.source.replace("trials=8", "trials=2")
    last.source = re.sub("confirm=.*}", "confirm=False", small)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Jupyter about itself
        from nbclient import NotebookClient

        NotebookClient(
            notebook, kernel_name="python3", resources={"metadata": {"path": str(copied)}}
        ).execute(env={**os.environ})
    assert "study    study: done, 2/2 trials" in last.outputs[-1]["data"]["text/plain"]
