"""What a comparison says of its trainings, on rows that were computed by hand."""

from __future__ import annotations

import pytest

from tuner import Constant
from tuner.repeats import Compared, Comparison, Repeat
from tuner.report import compared_lines, comparison_sentence
from tuner.report.comparison import curves
from tuner.report.sentences import mean_sd
from tuner.tasks import EpochRecord


def record(epoch: int, loss: float, train: float, test: float) -> EpochRecord:
    return EpochRecord(epoch, loss, train, test, 0.3, 0.3, 1.0)


ORDINARY = (
    Repeat(
        1, "complete", (record(1, 0.9, 0.5, 0.6), record(2, 0.4, 0.8, 0.70)), (0.6, 0.7), 0.70, ""
    ),
    Repeat(
        2, "complete", (record(1, 0.7, 0.7, 0.8), record(2, 0.2, 0.9, 0.90)), (0.8, 0.9), 0.90, ""
    ),
)
DEAD = Repeat(
    3, "collapsed", (record(1, 2.3, 0.1, 0.1),), (0.1,), 0.10, "collapsed in epoch 2: dead"
)
FAILED = Repeat(4, "failed", (), (), None, "OSError: no memory")
RUNNING = Repeat(5, "running", (record(1, 0.1, 0.9, 0.9),), (0.9,), None, "")


def compared(*repeats: Repeat, label: str = "a") -> Compared:
    return Compared(label, Constant(base_lr=0.3, horizon=10), "0.8 ± 0.1", repeats)


def test_the_last_epochs_make_the_row() -> None:
    found = compared(*ORDINARY)
    assert found.train_loss == pytest.approx((2, 0.3, 0.02**0.5, 0.1))
    assert found.train_accuracy == pytest.approx((2, 0.85, 0.005**0.5, 0.05))
    assert found.value == pytest.approx((2, 0.8, 0.02**0.5, 0.1))
    assert found.note == ""


def test_collapsed_trainings_count_and_are_named_others_do_not() -> None:
    found = compared(*ORDINARY, DEAD, FAILED, RUNNING)
    assert found.value is not None
    # (0.7 + 0.9 + 0.1) / 3, deviations 2/15, 1/3 and -7/15: variance 0.3466667 / 2.
    assert found.value.n == 3
    assert found.value.mean == pytest.approx(1.7 / 3)
    assert found.value.sd == pytest.approx(0.4163332)
    assert found.train_loss == compared(*ORDINARY).train_loss  # a collapse has none
    assert (found.collapsed, found.failed) == ((3,), (4,))
    assert found.note == "collapsed: seed 3; failed: seed 4"
    assert compared(DEAD, DEAD._replace(seed=9)).note == "collapsed: seeds 3, 9"


def test_lines_and_sentence() -> None:
    best, other = compared(*ORDINARY, label="good"), compared(DEAD, label="dead")
    comparison = Comparison((other, compared(label="later"), best), missing=2)
    assert [line.label for line in compared_lines(comparison)] == ["dead", "later", "good"]
    assert compared_lines(comparison)[2][1:] == (
        2, "0.3 ± 0.1414", "0.850 ± 0.071", "0.800 ± 0.141", "0.8 ± 0.1", "", "–",
    )  # fmt: skip
    assert compared_lines(comparison)[1][1:5] == (0, "–", "–", "–")
    assert [each.label for each in comparison.ranked] == ["good", "dead"]
    assert comparison_sentence(comparison) == (
        "Of 3 schedules, “good” has the highest mean test accuracy: 0.800 ± 0.141, n = 2."
        " Unfinished: 3 of 5 trainings are over."
    )
    assert comparison_sentence(Comparison((), 0)) == "No training is over yet."
    odd = compared(ORDINARY[0]._replace(value=0.1), ORDINARY[1], label="odd")
    # Behind by 0.6 and by 0: mean 0.3, se 0.3, t(1) = 12.706.
    assert Comparison((best, odd), 0).behind(odd) == pytest.approx((2, -0.3, -4.1118, 3.5118))
    told = comparison_sentence(Comparison((best, odd), 0))
    assert told.endswith("n = 2; the seeds do not separate it from “odd”.")
    gone = compared(DEAD._replace(seed=1), ORDINARY[1], label="gone")  # as far, but it collapsed
    told = comparison_sentence(Comparison((best, gone), 0))
    assert told.endswith("n = 2; the seeds separate it from all others.")


def test_curves_are_means_over_the_complete_trainings() -> None:
    found = curves([*ORDINARY, DEAD, RUNNING])
    assert found.epochs == (1, 2)
    assert found.train_loss == pytest.approx((0.8, 0.3))
    assert found.train_accuracy == pytest.approx((0.6, 0.85))
    assert found.value == pytest.approx((0.7, 0.8))
    assert curves([]) == ((), (), (), ())


def test_one_value_has_no_spread() -> None:
    one = compared(ORDINARY[0])
    assert mean_sd(one.value, "test accuracy", 3) == "0.700"
