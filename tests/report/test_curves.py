from __future__ import annotations

import itertools
import math

import pytest

from tuner.report.curves import POINTS, lr_curve, thinned
from tuner.schedules import Constant, Cosine, Factor, MultiFactor, Schedule, SquareRoot

LONG = 7050
PER_EPOCH = 235
SCHEDULES: list[Schedule] = [
    Constant(base_lr=0.3, horizon=LONG),
    Constant(base_lr=0.3, horizon=LONG, warmup_steps=777),
    Cosine(base_lr=0.3, final_lr=0.01, horizon=4701, warmup_steps=1173),
    Factor(base_lr=0.4, horizon=LONG, decay_factor=0.5, decay_interval=911),
    MultiFactor(base_lr=0.5, horizon=LONG, decay_factor=0.5, milestones=(3001, 5003)),
    SquareRoot(base_lr=0.1, horizon=LONG, decay_interval=235),
]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_a_curve_has_few_points_and_all_are_on_the_schedule(schedule: Schedule) -> None:
    curve = lr_curve(schedule, PER_EPOCH, LONG)
    assert 2 <= len(curve.epochs) == len(curve.rates) <= 1.3 * POINTS
    assert list(curve.epochs) == sorted(set(curve.epochs))
    updates = [round(epoch * PER_EPOCH) for epoch in curve.epochs]
    assert (updates[0], updates[-1]) == (1, LONG)
    assert curve.rates == pytest.approx([schedule(update) for update in updates], rel=1e-4)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_the_lines_between_the_points_are_the_schedule_too(schedule: Schedule) -> None:
    curve = lr_curve(schedule, PER_EPOCH, LONG)
    knots = [
        (round(e * PER_EPOCH), r) for e, r in zip(curve.epochs, curve.rates, strict=True) if r
    ]
    for (start, before), (end, after) in itertools.pairwise(knots):
        for update in range(start, end, 7):
            line = before + (after - before) * (update - start) / (end - start)
            assert line == pytest.approx(schedule(update), abs=0.01 * schedule.base_lr)


def test_the_end_of_warmup_and_the_horizon_are_exact() -> None:
    schedule = Cosine(base_lr=0.3, final_lr=0.01, horizon=4701, warmup_steps=1173)
    curve = lr_curve(schedule, PER_EPOCH, LONG)
    points = dict(zip(curve.epochs, curve.rates, strict=True))
    assert points[round(1173 / PER_EPOCH, 5)] == 0.3
    assert points[round(4701 / PER_EPOCH, 5)] == 0.01
    assert max(points.values()) == 0.3


def test_a_drop_is_a_cliff_and_not_a_slope() -> None:
    schedule = MultiFactor(base_lr=0.5, horizon=LONG, decay_factor=0.5, milestones=(3001,))
    curve = lr_curve(schedule, PER_EPOCH, LONG)
    updates = [round(epoch * PER_EPOCH) for epoch in curve.epochs]
    assert updates == [1, 3001, 3002, LONG]
    assert curve.rates == (0.5, 0.5, 0.25, 0.25)


def test_a_rate_of_zero_has_no_place_on_a_logarithmic_axis() -> None:
    curve = lr_curve(Cosine(base_lr=0.3, final_lr=0.0, horizon=20), 10, 40)
    assert curve.rates[-1] is None
    assert None not in curve.rates[:10]


def test_a_training_of_one_update() -> None:
    assert lr_curve(Constant(base_lr=0.3, horizon=1), 1, 1).rates == (0.3,)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_a_thinned_curve_looks_the_same(schedule: Schedule) -> None:
    curve = lr_curve(schedule, PER_EPOCH, LONG)
    few = thinned(curve)
    assert len(few.epochs) < 0.6 * POINTS
    assert (few.epochs[0], few.epochs[-1]) == (round(curve.epochs[0], 3), curve.epochs[-1])
    knots = [(e, math.log10(r)) for e, r in zip(few.epochs, few.rates, strict=True) if r]
    for (start, before), (end, after) in itertools.pairwise(knots):
        for epoch, rate in zip(curve.epochs, curve.rates, strict=True):
            if rate and start + 0.01 < epoch < end - 0.01:
                line = before + (after - before) * (epoch - start) / (end - start)
                assert line == pytest.approx(math.log10(rate), abs=0.02)


def test_a_thinned_curve_keeps_its_gap() -> None:
    few = thinned(lr_curve(Cosine(base_lr=0.3, final_lr=0.0, horizon=200), 10, 400))
    assert few.rates[-1] is None
    assert few.rates.count(None) <= 2
    assert few.epochs[few.rates.index(None)] == 20
