"""Trials whose loss is infinite or no number, written for programs: JSON has neither."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tuner
from tuner import Constant
from tuner.schedules import schedule_to_dict

from ..space.spaces import CONSTANT_RATES

STUDY = """
format = "tuner.study/1"
name = "infinite"
search_space = "space.toml"
[task]
name = "table"
path = "table.jsonl"
epochs = 3
[objective]
metric = "test_loss"
[budget]
trials = 2
[pruner]
type = "median"
n_startup_trials = 1
[workers]
count = 1
[confirm]
enabled = false
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Return a study that was run: a good baseline, and a trial pruned at an infinite loss."""
    columns = ["train_loss", "train_accuracy", "test_accuracy", "averaged_accuracy", "test_loss"]
    head = {
        "task": {"batch_size": 64}, "epochs": 3, "updates_per_epoch": 5, "columns": columns,
    }  # fmt: skip
    lines: list[dict[str, Any]] = [head]
    for number, (rate, train_loss, loss) in enumerate([(0.1, 0.5, 0.4), (10, math.nan, math.inf)]):
        lines.append({
            "schedule": number, "seed": 0, "collapse": "",
            "curve": schedule_to_dict(Constant(base_lr=rate, horizon=15)),
            "epochs": [[train_loss, 0.5, 0.5, 0.5, loss]] * 3,
        })  # fmt: skip
    (tmp_path / "table.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
    (tmp_path / "space.toml").write_text(
        CONSTANT_RATES.replace("1e-3", "0.1").replace("1.4", "1e12")  # almost all too high
        + '[[baseline]]\nlabel = "good"\nfamily = "constant"\nbase_lr = 0.1\n'
    )
    path = tmp_path / "study.toml"
    path.write_text(STUDY)
    row = tuner.run_study(path).trials[1]
    assert (row.state, row.value, row.epochs) == ("pruned", math.inf, 1)
    return path


def test_it_is_exported_without_a_value(study: Path, tmp_path: Path) -> None:
    result = tuner.open_study(study)
    origin = tuner.read_schedule_file(result.export(tmp_path / "one.json", trial=1)).provenance
    assert (origin["trial"], origin["objective"]["value"]) == (1, None)
    best = tuner.read_schedule_file(result.export(tmp_path / "best.json")).provenance
    assert best["objective"]["value"] == 0.4


def test_its_numbers_are_null_in_json(study: Path, tuner_command: Callable) -> None:
    def refuse(word: str) -> None:
        raise AssertionError(f"JSON has no {word}")

    ran = tuner_command("trials", study, "--format", "json")
    good, bad = json.loads(ran.out, parse_constant=refuse)
    assert (good["value"], good["records"][0]["train_loss"]) == (0.4, 0.5)
    assert (bad["value"], bad["records"][0]["train_loss"]) == (None, None)
    assert bad["records"][0]["test_accuracy"] == 0.5
