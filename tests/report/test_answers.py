from __future__ import annotations

import pytest

from tuner.report.answers import which_base_lr, which_power, which_warmup
from tuner.schedules import Constant, Cosine, Poly, Schedule

from .rows import ACCURACY, CLOCK, collapsed, row, untrained


def constant(base_lr: float) -> Schedule:
    return Constant(base_lr=base_lr, horizon=40)


def cosine(base_lr: float, warmup: int = 0) -> Schedule:
    return Cosine(base_lr=base_lr, final_lr=0.001, horizon=40, warmup_steps=warmup)


def poly(power: float) -> Schedule:
    return Poly(base_lr=0.1, final_lr=0.001, horizon=40, power=power)


def test_a_base_lr_is_safe_up_to_the_first_that_collapsed() -> None:
    rows = [
        row(0, 0.80, constant(0.1)),
        row(1, 0.86, cosine(0.3)),
        row(2, 0.50, cosine(0.4), state="pruned"),
        collapsed(3, cosine(0.5)),
        row(4, 0.70, constant(0.6)),
        collapsed(5, cosine(0.9)),
    ]
    answer = which_base_lr(rows, ACCURACY)
    assert answer.sentence == (
        "Safe up to 0.4 (3 trainings, no collapse); from 0.5 on, 2 of 3 collapsed. The best 2 of"
        " 3 complete trials have base LRs from 0.1 to 0.3. The best fixed learning rate of 2 is"
        " 0.1, with 0.8000 (trial 0), 0.0600 below the best schedule."
    )
    assert [(point.dot.number, point.x) for point in answer.points] == [
        (0, 0.1), (1, 0.3), (3, 0.5), (4, 0.6), (5, 0.9),
    ]  # fmt: skip


def test_without_a_collapse_all_that_was_tried_is_safe() -> None:
    answer = which_base_lr([row(0, 0.8, cosine(0.1)), row(1, 0.9, cosine(0.7))], ACCURACY)
    assert answer.sentence.startswith("Safe up to 0.7, the highest tried: none of 2 collapsed.")
    assert answer.sentence.endswith("No training with a fixed learning rate is complete.")
    best = which_base_lr([row(0, 0.9, constant(0.2)), row(1, 0.8, cosine(0.7))], ACCURACY)
    assert best.sentence.endswith("0.2, with 0.9000 (trial 0), the best of all schedules.")


def test_a_trial_that_was_never_trained_is_no_safe_training() -> None:
    rows = [
        row(0, 0.8, cosine(0.1)),
        row(1, 0.9, cosine(0.3, warmup=4)),
        untrained(2, cosine(0.7)),
    ]
    safe = which_base_lr(rows, ACCURACY).sentence
    assert safe.startswith("Safe up to 0.3, the highest tried: none of 2 collapsed.")
    warmup = which_warmup(rows, CLOCK, ACCURACY).sentence
    assert warmup.endswith("None of 2 trainings collapsed, with warmup or without.")


def test_when_even_the_lowest_collapsed_none_is_safe() -> None:
    answer = which_base_lr([collapsed(0, cosine(0.1)), row(1, 0.8, cosine(0.2))], ACCURACY)
    assert answer.sentence.startswith("No base LR was safe; from 0.1 on, 1 of 2 collapsed.")


def test_ranges_have_as_many_trials_each_and_their_mean() -> None:
    rows = [row(n, 0.8 + n / 1000, cosine(0.1 + n / 100)) for n in range(13)]
    low, high = which_base_lr(rows, ACCURACY).ranges
    assert (low.spread.n, high.spread.n) == (6, 7)
    assert (low.low, low.high) == pytest.approx((0.10, 0.15))
    assert (high.low, high.high) == pytest.approx((0.16, 0.22))
    assert (low.spread.mean, high.spread.mean) == pytest.approx((0.8025, 0.809))


def test_exponents_that_differ_are_told_apart() -> None:
    rows = [row(n, 0.80 + 0.001 * (n % 2), poly(0.5 + n / 100)) for n in range(6)]
    rows += [row(n, 0.85 + 0.001 * (n % 2), poly(2 + n / 100)) for n in range(6, 12)]
    rows += [row(12, 0.95, cosine(0.3))]
    answer = which_power(rows, ACCURACY)
    assert answer.sentence == (
        "Of 12 complete poly trials, the best (0.8510, trial 7) has the exponent 2.07. Exponents"
        " 0.5 to 0.55 reach 0.8005 ± 0.0002 (n = 6), 2.06 to 2.11 reach 0.8505 ± 0.0002 (n = 6):"
        " more than two standard errors apart."
    )
    assert [point.dot.number for point in answer.points] == list(range(12))


def test_exponents_that_do_not_matter_are_not_told_apart() -> None:
    rows = [row(n, 0.80 + 0.01 * (n % 3), poly(0.5 + n / 10)) for n in range(12)]
    assert which_power(rows, ACCURACY).sentence.endswith(
        "the trials do not tell these exponents apart."
    )


def test_few_polynomial_decays_give_no_answer() -> None:
    assert which_power([], ACCURACY).sentence == ""
    assert which_power([row(0, 0.8, poly(2.0)), row(1, 0.9, cosine(0.1))], ACCURACY).sentence == ""
    assert which_power([row(0, 0.8, poly(2.0)), row(1, 0.9, poly(2.0))], ACCURACY).sentence == ""


def test_the_best_length_of_warmup_is_held_against_none() -> None:
    rows = [row(n, 0.80 + 0.001 * n, cosine(0.3)) for n in range(3)]
    rows += [row(n, 0.84 + 0.001 * n, cosine(0.3, warmup=2)) for n in range(3, 6)]
    rows += [row(n, 0.82, cosine(0.3, warmup=6)) for n in range(6, 8)]
    rows += [collapsed(8, cosine(0.9)), row(9, 0.3, cosine(0.9), state="pruned")]
    answer = which_warmup(rows, CLOCK, ACCURACY)
    assert answer.sentence == (
        "The best mean is that of 0.2 epochs of warmup: 0.8440 ± 0.0006 (n = 3). Without"
        " warmup it is 0.8010 ± 0.0006 (n = 3): more than two standard errors apart. Without"
        " warmup 1 of 5 trainings collapsed, with it 0 of 5."
    )
    assert [(each.low, each.high, each.spread.n) for each in answer.ranges] == [
        (0, 0, 3), (0.2, 0.2, 3), (0.6, 0.6, 2),
    ]  # fmt: skip


def test_no_warmup_can_be_the_best() -> None:
    rows = [row(0, 0.9, cosine(0.3)), row(1, 0.8, cosine(0.3, warmup=4))]
    assert which_warmup(rows, CLOCK, ACCURACY).sentence == (
        "The best mean is that of no warmup: 0.9000 (n = 1). None of 2 trainings collapsed, with"
        " warmup or without."
    )


def test_one_length_of_warmup_gives_no_answer() -> None:
    assert (
        which_warmup(
            [row(0, 0.9, cosine(0.3)), row(1, 0.8, cosine(0.1))], CLOCK, ACCURACY
        ).sentence
        == ""
    )
