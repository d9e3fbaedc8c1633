"""The pruners of a study's file, run on made-up curves through Optuna."""

from __future__ import annotations

import optuna
import pytest

from tuner.search.pruners import Halving, Hyperband, Median, NoPruner, SuccessiveHalving

from ..searches import search
from .curves import BAD, GOOD, epochs_trained


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


def test_rungs_keep_the_best_share_of_those_that_got_there() -> None:
    curves = [
        GOOD,
        [0.7, *GOOD[1:]],  # second of 2: the best ceil(0.5 * 2) = 1 goes on
        [0.9, 0.84, *GOOD[2:]],  # first of 3; second of 2 after 3 epochs, as 0.88 is no worse
        [0.85, 0.85, 0.87, *GOOD[3:]],  # second of 4; third of 3 after 3 epochs
        [0.85, 0.85, 0.89, *GOOD[3:]],  # third of 5 by a tie: 2 are better, ceil(2.5) = 3 go on
    ]
    rungs = Halving(type="halving", rungs=["1ep", "0.3dur"], keep=[0.5, 0.3])
    assert rungs.by_epoch(9) == {1: 0.5, 3: 0.3}
    assert epochs_trained(rungs, curves) == [9, 1, 9, 3, 9]


@pytest.mark.parametrize(
    ("rungs", "epochs", "expected"),
    [
        (["0.1dur", "0.3dur"], 4, {1: 0.5, 2: 0.3}),
        (["0.1dur", "0.3dur"], 30, {3: 0.5, 9: 0.3}),
        (["0.1dur", "0.3dur"], 3, {1: 0.3}),  # both rungs after the first epoch
        (["1.5ep", "4ep"], 4, {2: 0.5}),
        (["1ep", "2ep"], 1, {}),
    ],
)
def test_rungs_are_whole_epochs_before_the_last(
    rungs: list[str], epochs: int, expected: dict[int, float]
) -> None:
    assert Halving(type="halving", rungs=rungs, keep=[0.5, 0.3]).by_epoch(epochs) == expected


def test_a_trial_that_is_asked_again_gets_the_same_answer() -> None:
    study = optuna.create_study(
        direction="maximize", pruner=Halving(type="halving", keep=[0.5, 0.3]).make(search(10, 10))
    )
    for value in (0.5, 0.4, 0.6):
        trial = study.ask()
        trial.report(value, step=1)
        assert [trial.should_prune() for _ in range(3)] == [value == 0.4] * 3
