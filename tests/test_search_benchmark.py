"""``benchmarks/search.py`` on a table small enough to know what it must find."""

from __future__ import annotations

import doctest
import importlib
import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from tuner.schedules import Constant, schedule_to_dict

from .space.spaces import CONSTANT_RATES

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
RATES = [10 ** (-3 + step / 6) for step in range(20)]
BEST = 12


def table(path: Path) -> Path:
    """Write a table in which a schedule is as good as it is near to the best one.

    Its accuracy is known from the first epoch on when averaged; raw, the best half looks worst.
    """
    head = {
        "task": {"batch_size": 64}, "epochs": 4, "updates_per_epoch": 5,
        "columns": ["train_loss", "train_accuracy", "test_accuracy", "averaged_accuracy"],
    }  # fmt: skip
    lines: list[dict[str, Any]] = [head]
    for number, rate in enumerate(RATES):
        final = 0.9 - abs(number - BEST) / 100
        hidden = 0.5 if abs(number - BEST) <= 5 else 0.0
        rows = [[1.0, 0.5, final - hidden * (epoch < 4), final] for epoch in (1, 2, 3, 4)]
        collapsed = number == len(RATES) - 1
        lines.append({
            "schedule": number, "seed": 0, "collapse": "diverged" if collapsed else "",
            "curve": schedule_to_dict(Constant(base_lr=rate, horizon=20)),
            "epochs": rows[:1] if collapsed else rows,
        })  # fmt: skip
    path.write_text("\n".join(map(json.dumps, lines)) + "\n")
    return path


@pytest.mark.usefixtures("processes")
def test_the_searches_of_a_small_table(tmp_path: Path) -> None:
    space = tmp_path / "rates.toml"
    space.write_text(CONSTANT_RATES)
    done = subprocess.run(
        [
            sys.executable, str(BENCHMARKS / "search.py"), "--table", table(tmp_path / "t.jsonl"),
            "--space", space, "--repetitions", "3", "--trials", "12", "--results", tmp_path / "r",
            "--pruner", "median", "n_startup_trials=2", "signal=raw",
        ],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "20 recorded schedules that the space rates can get (best 0.9000)" in done.stdout
    result = json.loads((tmp_path / "r" / "search.json").read_text())
    names = list(result["searches"])
    assert len(names) == 8
    assert names[:2] == ["ours", "ours: median n_startup_trials=2 signal=raw"]
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    assert [row.split(" | ")[0].removeprefix("| ") for row in rows[2:]] == names
    for name, search in result["searches"].items():
        # Three schedules from three seeds, four epochs each.
        for kind, confirm in (("repetitions", 0), ("confirmed", 3 * 3 * 4)):
            assert len(search[kind]) == 3
            for run in search[kind]:
                assert 48 <= run["epochs"] - confirm < 48 + 4
                known = [regret for regret in run["regret"] if regret is not None]
                assert known == sorted(known, reverse=True), name  # the table has no noise
                assert 0 <= run["good_pruned"] <= run["good"] <= run["trials"]
                assert run["good_missed"] <= run["good_schedules"] <= 2
        for plain, confirmed in zip(search["repetitions"], search["confirmed"], strict=True):
            assert confirmed["trials"] == plain["trials"]
    for run in result["searches"]["random, unpruned"]["repetitions"]:
        assert run["good_pruned"] == run["good_missed"] == 0
        # A collapsed training ends in its second epoch of four, all others are whole.
        collapsed = run["trials"] - (run["epochs"] - 2 * run["trials"]) / 2
        assert run["share"] == pytest.approx(1 - collapsed / 2 / run["trials"])
    plot = ET.parse(tmp_path / "r" / "search.svg").getroot()
    assert len(plot.findall("{*}polyline")) == 8


@pytest.mark.parametrize("name", ["search_regret", "search_replay"])
def test_the_examples_in_its_modules(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    found = doctest.testmod(importlib.import_module(name))
    assert found.failed == 0


def test_a_pruner_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    assert doctest.testmod(importlib.import_module("search")).attempted == 1
