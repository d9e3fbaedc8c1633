"""Warmups that MXNet does not have, and what is asked of a family that one overlaps."""

from __future__ import annotations

import math

import pytest

from tuner.schedules import (
    FAMILIES,
    WSD,
    Cosine,
    CosinePower,
    CosineRestarts,
    Exponential,
    InverseTime,
    Linear,
    Poly,
    Schedule,
    SquareRoot,
    Tanh,
)

# A schedule and its learning rates at some updates, by hand.
ROWS: list[tuple[Schedule, dict[float, float]]] = [
    # From the first update: 1, not 0, has the begin LR.
    (
        Cosine(
            base_lr=0.8, horizon=41, warmup_steps=11, warmup_begin_lr=0.2, warmup_mode="from_first"
        ),
        {0: 0.2, 0.5: 0.2, 1: 0.2, 6: 0.5, 11: 0.8, 26: 0.4, 41: 0},
    ),
    (
        WSD(
            base_lr=0.8,
            horizon=50,
            decay_steps=20,
            warmup_steps=1,
            warmup_begin_lr=0.3,
            warmup_mode="from_first",
        ),
        {0: 0.3, 1: 0.8, 40: 0.4},
    ),
    # Over the decay, which counts from update 1: the rise ends below base_lr, and below its line.
    (
        Linear(
            base_lr=0.8, horizon=41, warmup_steps=11, warmup_begin_lr=0.2, warmup_mode="overlap"
        ),
        {0: 0.2, 1: 0.2, 6: 0.5, 10: 0.74, 11: 0.6, 21: 0.4, 41: 0, 99: 0},
    ),
    (Linear(base_lr=0.8, horizon=40, warmup_mode="overlap"), {0: 0.8, 20: 0.4, 40: 0}),
    (
        SquareRoot(base_lr=0.8, horizon=99, warmup_steps=9, warmup_mode="overlap"),
        {1: 0, 5: 0.4, 9: 0.8 / 3, 25: 0.16, 64: 0.1},
    ),
    (
        InverseTime(
            base_lr=0.8, horizon=99, decay_interval=8, warmup_steps=9, warmup_mode="overlap"
        ),
        {1: 0, 5: 0.4, 9: 0.4, 25: 0.2},
    ),
    (
        Exponential(
            base_lr=0.8,
            horizon=99,
            decay_factor=0.5,
            decay_interval=8,
            warmup_steps=9,
            warmup_mode="overlap",
        ),
        {1: 0, 5: 0.4, 9: 0.4, 17: 0.2},
    ),
    (
        CosineRestarts(
            base_lr=0.8, horizon=41, cycle_steps=10, warmup_steps=5, warmup_mode="overlap"
        ),
        {1: 0, 3: 0.4, 6: 0.4, 11: 0.8, 16: 0.4, 41: 0},
    ),
    (
        # The tangent's end of the warmup is the tangent's value there.
        Tanh(base_lr=0.8, horizon=101, warmup_steps=71, warmup_mode="overlap"),
        {1: 0, 36: 0.2, 71: 0.4, 81: 0.4 * (1 - math.tanh(1))},
    ),
    (
        Cosine(base_lr=0.8, horizon=41, warmup_steps=11, warmup_mode="overlap"),
        {1: 0, 6: 0.4, 11: 0.4 * (1 + math.sqrt(0.5)), 21: 0.4, 41: 0},
    ),
    (
        Poly(base_lr=0.8, horizon=41, warmup_steps=11, warmup_mode="overlap"),
        {1: 0, 6: 0.4, 11: 0.45, 21: 0.2, 41: 0},
    ),
    (
        CosinePower(base_lr=0.8, horizon=41, power=2.0, warmup_steps=11, warmup_mode="overlap"),
        {1: 0, 6: 0.4, 21: 0.2, 41: 0},
    ),
]


@pytest.mark.parametrize(("schedule", "expected"), ROWS, ids=lambda value: type(value).__name__)
def test_values_are_those_of_the_formula(schedule: Schedule, expected: dict[float, float]) -> None:
    assert schedule(list(expected)) == pytest.approx(list(expected.values()), rel=1e-12, abs=1e-15)


def test_every_family_that_a_warmup_can_overlap_has_rows() -> None:
    tried = {type(schedule) for schedule, _ in ROWS if schedule.warmup_mode == "overlap"}
    assert tried == {family for family in FAMILIES.values() if family.overlaps}


def test_constant_warmup_stays_at_its_begin() -> None:
    schedule = Cosine(
        base_lr=0.8, horizon=40, warmup_mode="constant", warmup_steps=10, warmup_begin_lr=0.2
    )
    assert schedule([0, 1, 9, 9.9, 10]) == [0.2, 0.2, 0.2, 0.2, 0.8]


def test_what_the_formula_counts_from_is_said() -> None:
    schedule = Linear(base_lr=0.8, horizon=41, warmup_steps=11, warmup_mode="overlap")
    assert "With W = 1 (the warmup overlaps the decay) and T" in schedule.to_python()
