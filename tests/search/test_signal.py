"""What trials are judged by before their end, and those that are never pruned."""

from __future__ import annotations

from collections.abc import Callable

import optuna
import pytest

import tuner
from tuner.search import FalsePrunes, TrialRow, false_prunes

# Batches of 8, so that an average over a tenth of the updates is not the last weights.
TASK = "train_size = 1600\ntest_size = 500\nbatch_size = 8"


@pytest.mark.parametrize("signal", ["averaged", "raw"])
def test_trials_are_judged_by_the_signal_and_valued_by_their_last_accuracy(
    write_study: Callable, signal: str
) -> None:
    more = f'[pruner]\ntype = "none"\nsignal = "{signal}"'
    result = tuner.run_study(write_study(trials=2, task=TASK, more=more))
    study = optuna.load_study(study_name="small", storage=result.storage)
    for row, trial in zip(result.trials, study.get_trials(), strict=False):
        if row.state == "complete":
            name = "averaged_accuracy" if signal == "averaged" else "test_accuracy"
            judged = {record.epoch: getattr(record, name) for record in row.records}
            assert trial.intermediate_values == judged
            assert row.value == row.records[-1].test_accuracy
            # Of 500 images both may get the same number right; the loss tells them apart.
            assert row.records[-1].test_loss != row.records[-1].averaged_loss


def test_control_trials_are_drawn_by_number_and_train_to_the_end(write_study: Callable) -> None:
    more = '[pruner]\ntype = "successive_halving"\ncontrol_share = 0.5\nreduction_factor = 4'
    study = write_study(trials=20, epochs=2, more=more, sleeps=0.0)
    rows = tuner.run_study(study).trials
    sampled = [row for row in rows if row.baseline is None]
    controls = [row for row in sampled if row.is_control]
    assert 4 <= len(controls) <= 11  # of 15
    assert all(row.state == "complete" or "one answer" in row.reason for row in controls)
    assert any(row.spared for row in controls)
    assert all(row.spared is None for row in rows if row.state == "pruned")
    assert any(row.state == "pruned" and not row.is_control for row in sampled)


def row(number: int, value: float, *, state: str = "complete", **more: object) -> TrialRow:
    schedule = tuner.Constant(base_lr=0.1, horizon=10)
    return TrialRow(number, state, value, None, {}, schedule, (), "", **more)


def test_false_prunes_by_hand() -> None:
    rows = [
        row(0, 0.90, is_control=True, spared=2),  # in the best tenth, which is 2 of 20: missed
        row(1, 0.89, is_control=True),  # in the best tenth, let pass
        row(2, 0.80, is_control=True, spared=1),
        row(3, 0.70),
        *(row(number, 0.95, state="pruned") for number in range(4, 20)),
    ]
    assert false_prunes(rows) == FalsePrunes(controls=3, would_be_pruned=2, best=2, missed=1)
    assert false_prunes([]) == FalsePrunes(0, 0, 0, 0)


def test_a_signal_or_share_that_cannot_be_is_refused(write_study: Callable) -> None:
    more = '[pruner]\ntype = "median"\nsignal = "smooth"\ncontrol_share = 1.5'
    with pytest.raises(tuner.TunerError) as caught:
        tuner.check_study(write_study(more=more))
    assert "pruner.signal" in str(caught.value)
    assert "pruner.control_share" in str(caught.value)
