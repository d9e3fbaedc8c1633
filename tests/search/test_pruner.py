"""The pruners of a study's file, run on made-up curves through Optuna."""

from __future__ import annotations

import optuna
import pytest

from tuner.search.pruner import make_pruner
from tuner.spec import Hyperband, Median, NoPruner, SuccessiveHalving

GOOD = [0.80, 0.85, 0.88, 0.89, 0.90, 0.90, 0.91, 0.91, 0.92]
BAD = [0.10, 0.11, 0.12, 0.13, 0.14, 0.15, 0.16, 0.17, 0.18]


def epochs_trained(pruner: object, curves: list[list[float]]) -> list[int]:
    """Return after how many epochs each trial was pruned, or ended."""
    study = optuna.create_study(
        study_name="curves",  # from which hyperband draws its brackets
        direction="maximize",
        pruner=make_pruner(pruner, len(GOOD)),
    )
    trained = []
    for curve in curves:
        trial = study.ask()
        for epoch, value in enumerate(curve, start=1):
            trial.report(value, step=epoch)
            if epoch < len(curve) and trial.should_prune():
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                break
        else:
            study.tell(trial, curve[-1])
        trained.append(epoch)
    return trained


def test_halving_judges_after_the_first_third_and_ninth_part() -> None:
    curves = [GOOD, GOOD[:2] + BAD[2:], BAD]
    trained = epochs_trained(SuccessiveHalving(min_resource="1ep", reduction_factor=3), curves)
    assert trained == [9, 3, 1]  # as good, worse from epoch 3 on, worse from epoch 1 on


def test_halving_begins_at_its_least_resource() -> None:
    trained = epochs_trained(SuccessiveHalving(min_resource="2ep"), [GOOD, BAD])
    assert trained == [9, 2]


@pytest.mark.parametrize(("warmup", "ends"), [("0ep", 1), ("1ep", 2), ("4ep", 5)])
def test_median_spares_the_epochs_of_its_warmup(warmup: str, ends: int) -> None:
    trained = epochs_trained(
        Median(type="median", n_startup_trials=3, warmup=warmup), [GOOD] * 3 + [BAD]
    )
    assert trained == [9, 9, 9, ends]


def test_hyperband_prunes_some_and_none_prunes_nobody() -> None:
    curves = [GOOD, *([value - number / 1000 for value in BAD] for number in range(20))]
    assert epochs_trained(NoPruner(type="none"), curves) == [9] * 21
    assert min(epochs_trained(Hyperband(type="hyperband"), curves)) < 9
