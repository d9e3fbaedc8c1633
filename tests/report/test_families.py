from __future__ import annotations

import pytest

from tuner.report.families import Ended, ended_by_pruning, families
from tuner.schedules import Constant, Poly

from .rows import ACCURACY, collapsed, row, untrained

CONSTANT = Constant(base_lr=0.3, horizon=40)
POLY = Poly(base_lr=0.3, final_lr=0.01, horizon=40, power=2.0)
ROWS = [
    row(0, 0.80, POLY),
    row(1, 0.86, POLY),
    row(2, 0.82, POLY),
    row(3, 0.50, POLY, state="pruned", epochs=2),
    collapsed(4, POLY),
    row(5, 0.7, CONSTANT),
    row(6, 0.4, CONSTANT, state="pruned"),
    row(7, 0.4, CONSTANT, state="pruned"),
    row(8, None, CONSTANT, state="failed", epochs=0),
    row(9, None, CONSTANT, state="running"),
]


def test_a_family_has_every_trial_that_ended_and_the_spread_of_the_complete_ones() -> None:
    constant, poly = families(ROWS, ACCURACY)
    assert (constant.name, poly.name) == ("constant", "poly")
    assert [dot.number for dot in poly.dots] == [0, 1, 2, 3, 4]
    assert [len(poly.of(kind)) for kind in ("complete", "pruned", "collapsed")] == [3, 1, 1]
    assert (poly.best, poly.median) == (0.86, 0.82)
    assert poly.spread is not None
    assert poly.spread.sd is not None
    # Mean (0.80 + 0.86 + 0.82) / 3; squares of the deviations: 7.111e-4 + 1.1111e-3 + 4.4e-5.
    assert poly.spread.mean == pytest.approx(0.826667, abs=1e-6)
    assert poly.spread.sd == pytest.approx(0.030551, abs=1e-6)
    assert poly.collapse_rate == 0.2
    assert [dot.number for dot in constant.dots] == [5, 6, 7]
    assert constant.collapse_rate == 0


def test_a_pruned_trial_has_its_last_accuracy_and_a_complete_one_its_final() -> None:
    dots = {dot.number: dot for family in families(ROWS, ACCURACY) for dot in family.dots}
    assert (dots[3].kind, dots[3].accuracy, dots[3].epochs) == ("pruned", 0.50, 2)
    assert (dots[1].kind, dots[1].accuracy, dots[1].epochs) == ("complete", 0.86, 4)
    assert (dots[4].kind, dots[4].epochs) == ("collapsed", 0)


def test_pruning_is_counted_by_family_and_epoch_without_the_collapsed() -> None:
    assert ended_by_pruning(ROWS) == (Ended("constant", 1, 2), Ended("poly", 2, 1))
    assert ended_by_pruning(ROWS[:3]) == ()


def test_a_trial_pruned_before_its_first_epoch_is_counted_but_is_no_training() -> None:
    rows = [collapsed(0, POLY), *(untrained(n, POLY) for n in (1, 2)), untrained(3, CONSTANT)]
    constant, poly = families(rows, ACCURACY)
    assert (poly.trials, poly.pruned, poly.untrained, poly.collapse_rate) == (3, 2, 2, 1.0)
    assert [dot.number for dot in poly.dots] == [0]
    assert (constant.trials, constant.dots, constant.collapse_rate) == (1, (), None)
    assert ended_by_pruning(rows) == (Ended("constant", 0, 1), Ended("poly", 0, 2))


def test_no_trial_is_no_family() -> None:
    assert families([], ACCURACY) == ()
