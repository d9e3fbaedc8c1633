"""Finalists that collapse from fresh seeds, in a recorded world whose best are of that kind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest

import tuner
from tuner import Constant
from tuner.schedules import schedule_to_dict

from ..space.spaces import CONSTANT_RATES

pytestmark = pytest.mark.usefixtures("seconds")

RATES = [10 ** (-2 + step / 8) for step in range(17)]  # 0.01 to 1
LAST_STEADY = 0.1  # higher ones are the better the higher they are, but from seed 0 alone
BASELINE = '[[baseline]]\nlabel = "low"\nfamily = "constant"\nbase_lr = 0.01\n'
STUDY = """
format = "tuner.study/1"
name = "hot"
search_space = "space.toml"
[task]
name = "table"
path = "table.jsonl"
epochs = 3
[budget]
trials = 20
[sampler]
type = "random"
[pruner]
type = "none"
[workers]
count = 1
[confirm]
top = 2
seeds = 2
max_seeds = 2
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Return a study over recorded trainings of three seeds."""
    lines: list[dict[str, Any]] = [
        {
            "task": {"batch_size": 64}, "epochs": 3, "updates_per_epoch": 5,
            "columns": ["train_loss", "train_accuracy", "test_accuracy", "averaged_accuracy"],
        }
    ]  # fmt: skip
    for number, rate in enumerate(RATES):
        for seed in (0, 1, 2):
            collapsed = seed > 0 and rate > LAST_STEADY
            final = 0.5 + number / 100 + seed / 1000
            rows = [[1.0, 0.5, final, final]] * (1 if collapsed else 3)
            lines.append({
                "schedule": number, "seed": seed, "collapse": "diverged" if collapsed else "",
                "curve": schedule_to_dict(Constant(base_lr=rate, horizon=15)), "epochs": rows,
            })  # fmt: skip
    (tmp_path / "table.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
    (tmp_path / "space.toml").write_text(
        CONSTANT_RATES.replace("low = 1e-3", "low = 1e-2") + BASELINE
    )
    (tmp_path / "study.toml").write_text(STUDY)
    return tmp_path / "study.toml"


def recorded_rate(schedule: tuner.Schedule) -> float:
    """Return the rate of the recorded training that a constant schedule gets."""
    return min(RATES, key=lambda rate: abs(rate / schedule.base_lr - schedule.base_lr / rate))


def test_the_next_best_takes_the_place_of_a_finalist_that_collapses(study: Path) -> None:
    result = tuner.run_study(study)
    assert result.confirmed is not None
    ranked = sorted(
        (row for row in result.trials if not row.baseline), key=lambda row: -(row.value or 0)
    )
    hot = [r.number for r in ranked if recorded_rate(r.schedule) > LAST_STEADY]
    steady = [r.number for r in ranked if recorded_rate(r.schedule) <= LAST_STEADY]
    assert len(hot) > 2  # of which two are the first finalists
    tried = {c.trial: c for c in result.confirmed.candidates if c.trial is not None}
    assert {*tried} == {*hot, *steady[:2]}
    assert all(tried[number].collapsed == (1, 2) for number in hot)
    assert result.best.number == steady[0]
    # Nothing is left to do, and a larger `top` adds to what is there.
    again = tuner.confirm_study(study)
    assert again.confirmed is not None
    assert again.confirmed.trained == result.confirmed.trained
    more = tuner.confirm_study(study, top=3)
    assert more.confirmed is not None
    assert {c.trial for c in more.confirmed.candidates} == {None, *hot, *steady[:3]}


def test_a_collapsed_seed_counts_as_the_chance_that_it_is(
    write_study: Callable, tmp_path: Path
) -> None:
    (tmp_path / "hot.toml").write_text(
        'format = "tuner.search_space/1"\nname = "hot"\n'
        '[params.family]\ntype = "categorical"\nchoices = ["constant"]\n'
        '[params.base_lr]\ntype = "float"\nlow = 0.1\nhigh = 1e12\nlog = true\n'
        '[[baseline]]\nlabel = "too hot"\nfamily = "constant"\nbase_lr = 1e12\n'
        '[[baseline]]\nlabel = "good"\nfamily = "constant"\nbase_lr = 0.2\n'
    )
    study = write_study(trials=2, space="hot.toml", confirm="seeds = 2\nmax_seeds = 2")
    found = tuner.run_study(study).confirmed
    assert found is not None
    rows = {row.candidate.label: row for row in found.rows}
    assert rows["good"].is_winner
    assert rows["too hot"].candidate.collapsed == (1, 2)
    for value in rows["too hot"].candidate.values.values():
        assert value == pytest.approx(0.1, abs=0.04)  # one answer to all of 500 examples
    trials = optuna.load_study(
        study_name="small.confirm", storage=tuner.open_study(study).storage
    ).trials
    reasons = [t.user_attrs["reason"] for t in trials if t.user_attrs["label"] == "too hot"]
    assert all("diverged in epoch 1" in reason for reason in reasons)
