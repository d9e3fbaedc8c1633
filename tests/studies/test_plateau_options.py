"""Trials that find their schedules, beside options of the task and under clocks of their own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tuner
from tuner import Choice, Float, Int
from tuner.errors import DefinitionError
from tuner.schedules import MultiFactor
from tuner.space import written
from tuner.studies import StudyResult

pytestmark = pytest.mark.usefixtures("seconds")

EPOCHS, UPDATES, BATCH = 8, 6, 64
SPACE = {
    "family": ["plateau", "cosine"],
    "base_lr": [0.5, 1.0],
    "warmup_steps": "1ep",
    "decay_factor": Float(0.1, 0.7),
    "patience": [0, 1],
    "task": {
        "weight_decay": Float(1e-3, 1.0, log=True),
        "batch_size": Choice([32, 64, 128]),
        "width": Int(1, 3),
    },
}
BASELINE = {
    "label": "on a plateau", "family": "plateau", "base_lr": 0.8, "decay_factor": 0.3,
    "patience": 0, "task": {"batch_size": 32},
}  # fmt: skip
TRAIN = """
import numpy as np

def train(trial):
    weight = trial.restore(weight=np.array(3.0))["weight"]
    for epoch in trial.epochs():
        noise = np.random.default_rng((trial.seed, epoch))
        losses = []
        for update in trial.updates_of(epoch):
            losses.append(float(weight**2))
            slope = weight * (1 + trial.params["weight_decay"]) + noise.normal()
            weight = weight - trial.schedule(update) * slope
        trial.save(weight=weight)
        trial.report(float(weight**2), train_loss=float(np.mean(losses)))
"""


@pytest.fixture
def tune(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., StudyResult]:
    (tmp_path / "own_plateau.py").write_text(TRAIN)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "own_plateau", raising=False)
    import own_plateau

    def call(space: dict[str, Any] = SPACE, **more: Any) -> StudyResult:
        usual = {
            "epochs": EPOCHS, "updates_per_epoch": UPDATES, "batch_size": BATCH,
            "metric": "loss", "space": {**written(space, "s"), "baseline": [BASELINE]},
            "trials": 10, "sampler": {"type": "random"}, "pruner": "none", "folder": tmp_path,
            "name": "s", "on_event": lambda _: None,
            "confirm": {"seeds": 2, "max_seeds": 2, "top": 2},
        }  # fmt: skip
        return tuner.tune(own_plateau.train, **{**usual, **more})

    return call


def assert_found_in_its_own_clock(row: Any, records: Any, found: Any) -> None:
    """A rule decides by the reports of the training, whose updates go with its batch size."""
    size = UPDATES * BATCH // row.options["batch_size"]
    assert row.updates_per_epoch == size
    assert (row.rule.horizon, row.rule.warmup_steps) == (EPOCHS * size, size)
    losses = [record.train_loss for record in records]
    assert found == row.rule.after(losses, updates_per_report=size)
    np.testing.assert_array_equal(
        [record.lr_end for record in records],
        [found(size * epoch) for epoch in range(1, EPOCHS + 1)],
    )


def rows_of(result: StudyResult) -> list[Any]:
    return [(r.state, r.value, r.params, dict(r.options), r.schedule, r.rule)
            for r in result.trials]  # fmt: skip


@pytest.mark.slow
def test_interrupted_or_not_it_finds_and_confirms_the_same(tune, tmp_path):
    whole = tune(folder=tmp_path / "whole")
    found = [row for row in whole.trials if row.rule]
    assert {row.batch_size for row in found} == {32, 64, 128}
    assert any(len(row.schedule.milestones) > 1 for row in found)
    assert found[0].baseline == "on a plateau"
    assert found[0].options["batch_size"] == 32
    for row in found:
        assert row.state == "complete", row.reason
        assert_found_in_its_own_clock(row, row.records, row.schedule)
    asked = 0

    def stop() -> bool:  # asked after every report
        nonlocal asked
        asked += 1
        return asked in (4, 21, 50)

    ends = []
    while len(ends) < 6 and ends[-1:] != ["done"]:
        result = tune(stop_requested=stop)
        ends.append(result.ended)
    assert rows_of(result) == rows_of(whole)
    # What was found is confirmed with the options that it was found with, and no rule.
    assert result.confirmed == whole.confirmed
    by_number = {row.number: row for row in result.trials}
    for each in result.confirmed.candidates:
        row = by_number[each.trial or 0]
        assert (each.schedule, each.options, each.rule) == (row.schedule, row.options, None)
        assert len(each.values) == 2
    path = result.export(tmp_path / "found.json", trial=0)
    file = tuner.read_schedule_file(path)
    assert type(file.schedule) is MultiFactor
    assert (file.updates_per_epoch, file.batch_size) == (2 * UPDATES, 32)
    assert file.provenance["found_by"] == repr(found[0].rule)
    assert file.provenance["options"] == found[0].options


@pytest.mark.slow
def test_compared_the_rule_decides_anew_with_its_options(tune, tmp_path):
    result = tune(trials=1, confirm=False)
    task = tuner.tasks.TrialTask(
        sys.modules["own_plateau"].train, updates_per_epoch=UPDATES, batch_size=BATCH
    )
    compared = tuner.compare_study(storage=result.storage, task=task, seeds=2).comparison
    [each] = compared.schedules
    assert len({repeat.schedule for repeat in each.repeats}) == 2
    for repeat in each.repeats:
        assert_found_in_its_own_clock(each, repeat.records, repeat.schedule)
    assert tuner.compare_study(storage=result.storage, task=task, seeds=2).comparison == compared


def test_a_momentum_that_would_mirror_it_is_refused(tune):
    with pytest.raises(DefinitionError) as error:
        tune({**SPACE, "momentum_low": 0.85, "momentum_high": 0.95})
    assert "family plateau: There must be no `momentum_low` for it" in str(error.value)
    with pytest.raises(DefinitionError) as error:
        tune({**SPACE, "momentum_low": Float(0.8, 0.9, when={"family": ["plateau"]})})
    assert "momentum_low" in str(error.value)
