"""Wrong studies: ``tuner check`` refuses them, and so does the JSON Schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tuner.tasks import TASKS

from .schema_files import SPACE, STUDY, changed, missing, mistakes, refused_by_tuner


def test_the_right_ones_are_right(tmp_path: Path) -> None:
    assert not refused_by_tuner(tmp_path, STUDY, SPACE)
    assert mistakes("study", STUDY) == mistakes("search_space", SPACE) == []


@pytest.mark.parametrize(
    ("place", "value"),
    [
        # unknown keys
        ("notess", "x"),
        ("task.epoch", 3),
        ("task.batchsize", 64),
        ("budget.trial", 3),
        ("objective.metrics", "test_loss"),
        ("sampler", {"type": "screening", "group": True}),
        ("pruner", {"type": "none", "rungs": ["1ep"]}),
        ("confirm.seedss", 3),
        ("storage.path", "x.db"),
        ("workers.number", 2),
        # missing ones
        *missing("format", "name", "search_space"),
        *missing("task", "task.epochs", "budget", "budget.trials"),
        ("sampler", {"seed": 1}),
        ("pruner", {}),
        ("task", {"name": "table", "epochs": 2}),
        # wrong types
        ("name", 3),
        ("notes", ["x"]),
        ("task", "lenet_fashion_mnist"),
        ("task.epochs", "4"),
        ("task.epochs", 0),
        ("task.epochs", 2.5),
        ("task.seed", -1),
        ("task.batch_size", "64"),
        ("task.train_size", 70_000),
        ("task.optimizer_params", {"momentum": "0.9"}),
        ("budget.trials", True),
        ("confirm.enabled", "yes"),
        ("workers.count", 0),
        ("workers.devices", "gpu"),
        ("workers.devices", []),
        ("workers.devices", [-1]),
        ("workers.devices", [1, 1]),
        ("workers.per_device", 0),
        ("workers.gpus_per_trial", 1.5),
        ("sampler", "tpe"),
        ("pruner", {"type": "forecast", "keep": 0.4}),
        ("pruner", {"type": "forecast", "control_share": 1.5}),
        # wrong words
        ("format", "tuner.study/2"),
        ("name", "a b"),
        ("search_space", ""),
        ("task.name", "lenet"),
        ("task.optimizer", "sgdd"),
        ("task.device", "tpu"),
        ("objective.evaluate_on", "train"),
        ("objective.direction", "up"),
        ("sampler", {"type": "grid"}),
        ("sampler", {"type": "optuna"}),
        ("sampler", {"type": "optuna", "name": "GridSampler"}),
        ("sampler", {"type": "optuna", "name": "TPESampler", "options": 3}),
        ("sampler", {"type": "optuna", "name": "TPESampler", "group": True}),
        ("pruner", {"type": "optuna", "name": "Median"}),
        ("pruner", {"type": "forecast", "signal": "mean"}),
        # durations and times
        ("budget.timeout", 30),
        ("budget.timeout", "30"),
        ("pruner", {"type": "forecast", "rungs": ["2"]}),
        ("pruner", {"type": "forecast", "rungs": [2]}),
        ("pruner", {"type": "halving", "rungs": ["500ex"], "keep": [0.4]}),
        ("pruner", {"type": "successive_halving", "min_resource": "1"}),
        ("pruner", {"type": "median", "warmup": "0.1dur"}),
    ],
    ids=str,
)
def test_wrong_studies(place: str, value: Any, tmp_path: Path) -> None:
    wrong = changed(STUDY, place, value)
    assert refused_by_tuner(tmp_path, wrong, SPACE)
    assert mistakes("study", wrong)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("budget", {"trials": 1, "timeout": "1.5h"}),
        ("objective", {"metric": "test_loss", "evaluate_on": "holdout", "holdout_size": 100}),
        ("objective.direction", "maximize"),
        ("confirm", {"enabled": False, "top": 1, "seeds": 2, "max_seeds": 2, "seed": 9}),
        ("storage.url", "sqlite:///x.db"),
        ("workers.count", 2),
        ("sampler", {"type": "tpe", "seed": 1, "n_startup_trials": 0, "group": True}),
        ("pruner", {"type": "hyperband", "min_resource": "1ep", "reduction_factor": 2}),
        ("sampler", {"type": "optuna", "name": "TPESampler", "options": {"group": True}}),
        ("pruner", {"type": "optuna", "name": "NopPruner", "control_share": 0.5}),
    ],
    ids=str,
)
def test_right_studies(place: str, value: Any, tmp_path: Path) -> None:
    right = changed(STUDY, place, value)
    assert not refused_by_tuner(tmp_path, right, SPACE)
    assert mistakes("study", right) == []


# --- tasks ---


def test_tasks_of_ones_own_have_keys_of_their_own() -> None:
    own = {"name": "tasks:make_task", "epochs": 2, "width": 64, "layers": [1, 2]}
    assert mistakes("study", {**STUDY, "task": own}) == []
    assert mistakes("study", {**STUDY, "task": {**own, "epochs": "2"}})


@pytest.mark.parametrize("name", TASKS)
def test_built_in_tasks_have_none(name: str) -> None:
    needed = {"table": {"path": "x.jsonl"}, "command": {"command": "python train.py"}}
    task = {"name": name, "epochs": 2, **needed.get(name, {})}
    assert mistakes("study", {**STUDY, "task": task}) == []
    assert mistakes("study", {**STUDY, "task": {**task, "width": 64}})


def test_a_task_that_is_passed_has_no_name() -> None:
    assert mistakes("study", {**STUDY, "task": {"epochs": 2, "seed": 1}}) == []
    assert mistakes("study", {**STUDY, "task": {"epochs": 2, "width": 64}})
