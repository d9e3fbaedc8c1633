"""Values computed by hand from the formulas in the docstrings."""

from __future__ import annotations

import math

import pytest

from tuner.schedules import (
    FAMILIES,
    WSD,
    WSDS,
    Constant,
    Cosine,
    CosinePower,
    CosineRestarts,
    Cyclic,
    Exponential,
    Factor,
    InverseTime,
    Linear,
    MultiFactor,
    OneCycle,
    Piecewise,
    Poly,
    Schedule,
    SquareRoot,
    Tanh,
)

WARM = {"warmup_steps": 10, "warmup_begin_lr": 0.2}
HALF = math.sqrt(0.5)

# A schedule and its learning rates at some updates.
ROWS: list[tuple[Schedule, dict[float, float]]] = [
    (Constant(base_lr=0.3, horizon=5), {0: 0.3, 1: 0.3, 5: 0.3, 99: 0.3}),
    (Constant(base_lr=0.8, horizon=20, **WARM), {0: 0.2, 5: 0.5, 10: 0.8, 20: 0.8, 21: 0.8}),
    (SquareRoot(base_lr=1.0, horizon=15), {0: 1, 3: 1 / 2, 8: 1 / 3, 15: 1 / 4, 16: 1 / 4}),
    (
        SquareRoot(base_lr=0.8, horizon=40, decay_interval=10, **WARM),
        {5: 0.5, 10: 0.8, 20: 0.8 * HALF, 40: 0.4, 1000: 0.4},
    ),
    (
        Factor(base_lr=0.8, horizon=25, decay_factor=0.5, decay_interval=10, stop_factor_lr=0.3),
        {0: 0.8, 10: 0.8, 10.5: 0.4, 11: 0.4, 20: 0.4, 21: 0.3, 25: 0.3, 99: 0.3},
    ),
    (
        # Two drops fall into the warmup and show at its end.
        Factor(base_lr=0.8, horizon=25, decay_factor=0.5, decay_interval=4, **WARM),
        {5: 0.5, 9: 0.74, 10: 0.2, 12: 0.2, 13: 0.1, 25: 0.0125, 29: 0.0125},
    ),
    (
        MultiFactor(base_lr=0.8, horizon=25, decay_factor=0.5, milestones=(15, 20)),
        {0: 0.8, 15: 0.8, 16: 0.4, 20: 0.4, 21: 0.2, 25: 0.2, 99: 0.2},
    ),
    (
        # One drop inside the warmup; the milestone at the horizon never shows.
        MultiFactor(base_lr=0.8, horizon=25, decay_factor=0.5, milestones=(3, 10, 25), **WARM),
        {5: 0.5, 9: 0.74, 10: 0.4, 11: 0.2, 25: 0.2, 26: 0.2},
    ),
    (Poly(base_lr=0.8, horizon=10), {0: 0.8, 5: 0.2, 9: 0.008, 10: 0, 11: 0}),
    (
        Poly(base_lr=0.8, horizon=20, power=1.0, final_lr=0.4, **WARM),
        {5: 0.5, 10: 0.8, 15: 0.6, 20: 0.4, 99: 0.4},
    ),
    (Cosine(base_lr=0.8, horizon=12), {0: 0.8, 4: 0.6, 6: 0.4, 8: 0.2, 12: 0, 13: 0}),
    (
        Cosine(base_lr=0.8, horizon=40, final_lr=0.2, **WARM),
        {5: 0.5, 10: 0.8, 20: 0.65, 25: 0.5, 40: 0.2, 99: 0.2},
    ),
    (Linear(base_lr=0.8, horizon=10), {0: 0.8, 5: 0.4, 10: 0, 11: 0}),
    (
        Linear(base_lr=0.8, horizon=20, final_lr=0.4, **WARM),
        {0: 0.2, 5: 0.5, 10: 0.8, 15: 0.6, 20: 0.4, 99: 0.4},
    ),
    (
        Exponential(base_lr=0.8, horizon=40, decay_factor=0.25, decay_interval=10),
        {0: 0.8, 5: 0.4, 10: 0.2, 40: 0.003125, 99: 0.003125},
    ),
    (
        Exponential(
            base_lr=0.8, horizon=40, decay_factor=0.25, decay_interval=10, final_lr=0.1, **WARM
        ),
        {5: 0.5, 10: 0.8, 15: 0.4, 20: 0.2, 25: 0.1, 40: 0.1, 99: 0.1},
    ),
    (
        InverseTime(base_lr=0.6, horizon=50, decay_interval=10),
        {0: 0.6, 10: 0.3, 20: 0.2, 50: 0.1, 99: 0.1},
    ),
    (
        InverseTime(base_lr=0.8, horizon=30, decay_interval=20, **WARM),
        {5: 0.5, 10: 0.8, 30: 0.4, 31: 0.4},
    ),
    (
        WSD(base_lr=0.8, horizon=100, decay_steps=20, **WARM),
        {5: 0.5, 10: 0.8, 80: 0.8, 85: 0.6, 90: 0.4, 100: 0, 101: 0},
    ),
    (
        WSD(base_lr=0.8, horizon=100, decay_steps=24, decay_shape="cosine", final_lr=0.2),
        {0: 0.8, 76: 0.8, 84: 0.65, 88: 0.5, 100: 0.2, 101: 0.2},
    ),
    (
        WSD(base_lr=0.8, horizon=100, decay_steps=100, decay_shape="1-sqrt"),
        {0: 0.8, 1: 0.72, 25: 0.4, 64: 0.16, 100: 0, 101: 0},
    ),
    (
        OneCycle(base_lr=0.8, horizon=50, begin_lr=0.2, rise_steps=20, anneal="linear"),
        {0: 0.2, 10: 0.5, 20: 0.8, 35: 0.4, 50: 0, 51: 0},
    ),
    (
        OneCycle(base_lr=0.8, horizon=50, begin_lr=0.2, rise_steps=20, anneal="linear-cosine"),
        {0: 0.2, 5: 0.35, 10: 0.5, 20: 0.8, 30: 0.6, 35: 0.4, 40: 0.2, 50: 0, 51: 0},
    ),
    (
        # The warmup leads to begin_lr.
        OneCycle(
            base_lr=0.8, horizon=46, begin_lr=0.4, rise_steps=12, final_lr=0.2, warmup_steps=10
        ),
        {0: 0, 5: 0.2, 10: 0.4, 14: 0.5, 16: 0.6, 22: 0.8, 30: 0.65, 34: 0.5, 46: 0.2, 47: 0.2},
    ),
    (
        # At a restart the LR is the new peak; the horizon ends a cycle and keeps final_lr.
        CosineRestarts(base_lr=0.8, horizon=30, cycle_steps=10, cycle_factor=2.0),
        {0: 0.8, 5: 0.4, 10: 0.8, 20: 0.4, 30: 0, 31: 0},
    ),
    (
        # The horizon is in the middle of a cycle, where the LR stays.
        CosineRestarts(
            base_lr=0.8, horizon=35, cycle_steps=10, decay_factor=0.5, final_lr=0.2, **WARM
        ),
        {5: 0.5, 10: 0.8, 15: 0.5, 20: 0.4, 25: 0.3, 30: 0.2, 35: 0.2, 99: 0.2},
    ),
    (
        CosineRestarts(base_lr=0.8, horizon=99, cycle_steps=10, cycle_factor=1.5),
        {10: 0.8, 17.5: 0.4, 25: 0.8, 47.5: 0.8, 64.375: 0.4, 81.25: 0.8},
    ),
    (
        Cyclic(base_lr=0.8, horizon=50, begin_lr=0.2, cycle_steps=20, **WARM),
        {0: 0.2, 5: 0.2, 10: 0.2, 15: 0.5, 20: 0.8, 25: 0.5, 30: 0.2, 40: 0.8, 50: 0.2, 99: 0.2},
    ),
    (
        Cyclic(base_lr=0.8, horizon=45, begin_lr=0.0, cycle_steps=20, decay_factor=0.5),
        {0: 0, 10: 0.8, 20: 0, 30: 0.4, 40: 0, 45: 0.1, 99: 0.1},
    ),
    (
        Piecewise(base_lr=0.8, horizon=50, knots=((10, 0.5), (20, 1.0), (40, 0.0))),
        {0: 0.4, 10: 0.4, 15: 0.6, 20: 0.8, 30: 0.4, 40: 0, 50: 0, 99: 0},
    ),
    (
        # Knots count from update 0; the warmup leads to the curve where it ends.
        Piecewise(base_lr=0.8, horizon=50, knots=((0, 1.0), (20, 0.5)), **WARM),
        {0: 0.2, 5: 0.4, 10: 0.6, 20: 0.4, 50: 0.4},
    ),
    (
        Piecewise(base_lr=0.8, horizon=50, knots=((10, 0.5), (20, 1.0)), interpolation="constant"),
        {0: 0.4, 10: 0.4, 19.5: 0.4, 20: 0.8, 50: 0.8},
    ),
    (
        CosinePower(base_lr=0.8, horizon=40, power=2.0, final_lr=0.2, **WARM),
        {5: 0.5, 10: 0.8, 20: 0.2 + 0.6 * 0.5625, 25: 0.35, 40: 0.2, 99: 0.2},
    ),
    (
        # Half of it at x = 7/10; tanh 1 and tanh 2 a tenth and two tenths from there.
        Tanh(base_lr=0.8, horizon=110, **WARM),
        {
            5: 0.5,
            70: 0.4 * (1 + math.tanh(1)),
            80: 0.4,
            90: 0.4 * (1 - math.tanh(1)),
            100: 0.4 * (1 - math.tanh(2)),
            109.99: 0.4 * (1 - math.tanh(2.999)),
            110: 0,
            111: 0,
        },
    ),
    (
        Tanh(base_lr=0.8, horizon=100, tanh_begin=-1.0, tanh_end=1.0, final_lr=0.2),
        {0: 0.2 + 0.3 * (1 + math.tanh(1)), 50: 0.5, 99.99: 0.2 + 0.3 * (1 - math.tanh(0.9998))},
    ),
    (
        # A decay ends at each milestone, and the next update is at the top again.
        WSDS(base_lr=0.8, horizon=100, milestones=(40, 70), decay_steps=20, final_lr=0.2, **WARM),
        {
            5: 0.5,
            20: 0.8,
            30: 0.5,
            40: 0.2,
            41: 0.8,
            50: 0.8,
            60: 0.5,
            70: 0.2,
            80: 0.8,
            90: 0.5,
            95: 0.35,
            100: 0.2,
            101: 0.2,
        },
    ),
    (
        WSDS(base_lr=0.8, horizon=48, milestones=(24,), decay_steps=24, decay_shape="cosine"),
        {0: 0.8, 8: 0.6, 12: 0.4, 24: 0, 24.5: 0.8 * (1 + math.cos(math.pi / 48)) / 2, 36: 0.4},
    ),
]


@pytest.mark.parametrize(("schedule", "expected"), ROWS, ids=lambda value: type(value).__name__)
def test_values_are_those_of_the_formula(schedule: Schedule, expected: dict[float, float]) -> None:
    assert schedule(list(expected)) == pytest.approx(list(expected.values()), rel=1e-12, abs=1e-15)


def test_every_family_has_rows() -> None:
    assert {type(schedule) for schedule, _ in ROWS} == set(FAMILIES.values())


def test_whole_cycle_factors_restart_exactly() -> None:
    schedule = CosineRestarts(base_lr=0.1, horizon=2**50, cycle_steps=3, cycle_factor=3)
    starts = [3 * (3**n - 1) // 2 for n in range(1, 30)]
    assert schedule(starts) == [0.1] * 29
    # From the fifth cycle on, the last update before a restart is within 0.01 of the low end.
    assert max(schedule([start - 1 for start in starts[4:]])) < 0.1 * 0.01


def test_cycles_of_equal_length_are_found_however_many_there_are() -> None:
    schedule = CosineRestarts(base_lr=0.1, horizon=2**53, cycle_steps=7)
    assert schedule([7 * 10**14, 7 * 10**14 + 7]) == [0.1, 0.1]


def test_one_cycle_has_the_phases_of_pytorch() -> None:
    """OneCycleLR(max_lr=1, total_steps=11, pct_start=0.3..., div_factor=4, final_div_factor=5)."""
    total, rise, peak, begin = 11, 4, 1.0, 0.25
    final = begin / 5

    def pytorch(index: int) -> float:
        if index <= rise:
            low, high, share = peak, begin, index / rise
        else:
            low, high, share = final, peak, (index - rise) / (total - 1 - rise)
        return low + (high - low) / 2.0 * (math.cos(math.pi * share) + 1)

    schedule = OneCycle(
        base_lr=peak,
        horizon=total,
        begin_lr=begin,
        rise_steps=rise,
        final_lr=final,
        warmup_steps=1,
    )
    assert schedule(range(1, total + 1)) == pytest.approx(
        [pytorch(index) for index in range(total)], rel=1e-12
    )
