"""Parameters that are no schedule are refused with the condition and the values."""

from __future__ import annotations

import math
from typing import Any

import numpy
import pytest

from tuner.errors import ScheduleError
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

FACTOR = {"decay_factor": 0.5, "decay_interval": 10}
RISE = {"begin_lr": 0.1, "rise_steps": 10}
CYCLE = {"begin_lr": 0.1, "cycle_steps": 10}

REFUSED: list[tuple[type[Schedule], dict[str, Any], str]] = [
    (Constant, {"base_lr": 0.0}, "`0 < base_lr <= 1e100` must hold, but got (base_lr=0.0)"),
    (Constant, {"base_lr": -1.0}, "but got (base_lr=-1.0)"),
    (Constant, {"base_lr": 1e101}, "but got (base_lr=1e+101)"),
    (Constant, {"base_lr": math.nan}, "`base_lr` must be a finite number, but got nan"),
    (Constant, {"base_lr": math.inf}, "`base_lr` must be a finite number, but got inf"),
    (Constant, {"base_lr": 10**400}, "`base_lr` must be a finite number, but got 1000"),
    (Constant, {"base_lr": "0.1"}, "`base_lr` must be a finite number, but got '0.1'"),
    (Constant, {"base_lr": True}, "`base_lr` must be a finite number, but got True"),
    (Constant, {"horizon": 0}, "`1 <= horizon <= 2**53` must hold, but got (horizon=0)"),
    (Constant, {"horizon": 2**53 + 1}, "but got (horizon=9007199254740993)"),
    (Constant, {"horizon": 100.0}, "`horizon` must be a whole number (int), but got 100.0"),
    (Constant, {"horizon": True}, "`horizon` must be a whole number (int), but got True"),
    (Constant, {"warmup_steps": -1}, "`warmup_steps >= 0` must hold, but got (warmup_steps=-1)"),
    (
        Constant,
        {"warmup_steps": 100},
        "`warmup_steps < horizon` must hold, but got (horizon=100, warmup_steps=100)",
    ),
    (
        Constant,
        {"warmup_begin_lr": 0.9},
        "`0 <= warmup_begin_lr <= base_lr` must hold, but got (base_lr=0.8, warmup_begin_lr=0.9)",
    ),
    (Constant, {"warmup_begin_lr": -0.1}, "but got (base_lr=0.8, warmup_begin_lr=-0.1)"),
    (
        Constant,
        {"warmup_mode": "cosine"},
        "`warmup_mode` must be one of 'linear', 'constant', 'from_first', 'overlap', but got",
    ),
    (
        WSD,
        {"decay_steps": 5, "warmup_mode": "overlap"},
        "`warmup_mode != 'overlap'` must hold, but got (warmup_mode='overlap')",
    ),
    (SquareRoot, {"decay_interval": 0}, "`decay_interval >= 1` must hold"),
    (InverseTime, {"decay_interval": 0}, "`decay_interval >= 1` must hold"),
    (Factor, {**FACTOR, "decay_factor": 0.0}, "`0 < decay_factor <= 1` must hold"),
    (Factor, {**FACTOR, "decay_factor": 1.1}, "but got (decay_factor=1.1)"),
    (Factor, {**FACTOR, "decay_interval": 0}, "but got (decay_interval=0)"),
    (Factor, {**FACTOR, "stop_factor_lr": 0.9}, "`0 <= stop_factor_lr <= base_lr` must hold"),
    (MultiFactor, {"decay_factor": 0.0, "milestones": [5]}, "`0 < decay_factor <= 1` must hold"),
    (MultiFactor, {"decay_factor": 0.5, "milestones": []}, "`len(milestones) >= 1` must hold"),
    (
        MultiFactor,
        {"decay_factor": 0.5, "milestones": [0, 5]},
        "`min(milestones) >= 1` must hold, but got (milestones=(0, 5))",
    ),
    (
        MultiFactor,
        {"decay_factor": 0.5, "milestones": [5, 5]},
        "`each of milestones < the next` must hold, but got (milestones=(5, 5))",
    ),
    (
        MultiFactor,
        {"decay_factor": 0.5, "milestones": [5, 101]},
        "`max(milestones) <= horizon` must hold, but got (horizon=100, milestones=(5, 101))",
    ),
    (
        MultiFactor,
        {"decay_factor": 0.5, "milestones": 5},
        "a sequence of whole numbers of updates",
    ),
    (MultiFactor, {"decay_factor": 0.5, "milestones": b"ab"}, "a sequence of whole numbers"),
    (MultiFactor, {"decay_factor": 0.5, "milestones": [5.0]}, "a whole number (int)"),
    (Poly, {"power": 0.0}, "`power > 0` must hold, but got (power=0.0)"),
    (Poly, {"final_lr": 0.9}, "`0 <= final_lr <= base_lr` must hold"),
    (Cosine, {"final_lr": -0.1}, "but got (base_lr=0.8, final_lr=-0.1)"),
    (Linear, {"final_lr": 0.9}, "`0 <= final_lr <= base_lr` must hold"),
    (Exponential, {**FACTOR, "decay_factor": 2.0}, "`0 < decay_factor <= 1` must hold"),
    (Exponential, {**FACTOR, "decay_interval": 0}, "`decay_interval >= 1` must hold"),
    (Exponential, {**FACTOR, "final_lr": 0.9}, "`0 <= final_lr <= base_lr` must hold"),
    (
        WSD,
        {"decay_steps": 91, "warmup_steps": 10},
        "`1 <= decay_steps <= horizon - warmup_steps` must hold,"
        " but got (horizon=100, warmup_steps=10, decay_steps=91)",
    ),
    (WSD, {"decay_steps": 0}, "`1 <= decay_steps <= horizon - warmup_steps` must hold"),
    (WSD, {"decay_steps": 5, "decay_shape": "sqrt"}, "one of 'linear', 'cosine', '1-sqrt'"),
    (WSD, {"decay_steps": 5, "final_lr": 0.9}, "`0 <= final_lr <= base_lr` must hold"),
    (OneCycle, {**RISE, "begin_lr": 0.9}, "`0 <= begin_lr <= base_lr` must hold"),
    (OneCycle, {**RISE, "rise_steps": 0}, "`1 <= rise_steps < horizon - warmup_steps` must hold"),
    (
        OneCycle,
        {**RISE, "rise_steps": 100},
        "but got (horizon=100, warmup_steps=0, rise_steps=100)",
    ),
    (OneCycle, {**RISE, "final_lr": 0.9}, "`0 <= final_lr <= base_lr` must hold"),
    (OneCycle, {**RISE, "anneal": "cos"}, "`anneal` must be one of 'cosine', 'linear'"),
    (CosineRestarts, {"cycle_steps": 0}, "`cycle_steps >= 1` must hold"),
    (CosineRestarts, {"cycle_steps": 5, "cycle_factor": 0.5}, "`cycle_factor >= 1` must hold"),
    (CosineRestarts, {"cycle_steps": 5, "decay_factor": 0.0}, "`0 < decay_factor <= 1` must hold"),
    (CosineRestarts, {"cycle_steps": 5, "final_lr": 0.9}, "`0 <= final_lr <= base_lr` must hold"),
    (Cyclic, {**CYCLE, "begin_lr": -0.1}, "`0 <= begin_lr <= base_lr` must hold"),
    (Cyclic, {**CYCLE, "cycle_steps": 1}, "`cycle_steps >= 2` must hold"),
    (Cyclic, {**CYCLE, "decay_factor": 1.5}, "`0 < decay_factor <= 1` must hold"),
    (Piecewise, {"knots": []}, "`len(knots) >= 1` must hold, but got (knots=())"),
    (Piecewise, {"knots": [(-1, 0.5)]}, "`each update of knots >= 0` must hold"),
    (Piecewise, {"knots": [(101, 0.5)]}, "`each update of knots <= horizon` must hold"),
    (Piecewise, {"knots": [(5, 0.5), (5, 0.6)]}, "`each update of knots < the next` must hold"),
    (Piecewise, {"knots": [(5, 1.5)]}, "`0 <= each multiplier of knots <= 1` must hold"),
    (Piecewise, {"knots": [(5, -0.5)]}, "but got (knots=((5, -0.5),))"),
    (Piecewise, {"knots": [(5, 0.5, 1)]}, "a sequence of pairs (update, multiplier of base_lr)"),
    (Piecewise, {"knots": {5: 0.5}}, "a sequence of pairs (update, multiplier of base_lr)"),
    (Piecewise, {"knots": [5]}, "a sequence of pairs (update, multiplier of base_lr)"),
    (CosinePower, {"power": 0.0}, "`power > 0` must hold, but got (power=0.0)"),
    (CosinePower, {"power": 2, "final_lr": 0.9}, "`0 <= final_lr <= base_lr` must hold"),
    (
        Tanh,
        {"tanh_begin": 3.0},
        "`tanh_begin < tanh_end` must hold, but got (tanh_begin=3.0, tanh_end=3.0)",
    ),
    (Tanh, {"final_lr": 0.9}, "`0 <= final_lr <= base_lr` must hold"),
    (WSDS, {"milestones": [], "decay_steps": 5}, "`len(milestones) >= 1` must hold"),
    (WSDS, {"milestones": [50], "decay_steps": 0}, "`decay_steps >= 1` must hold"),
    (
        WSDS,
        {"milestones": [100], "decay_steps": 5},
        "`warmup_steps < each of milestones < the next < horizon` must hold, but got"
        " (horizon=100, warmup_steps=0, milestones=(100,))",
    ),
    (WSDS, {"milestones": [10], "warmup_steps": 10, "decay_steps": 5}, "warmup_steps=10"),
    (
        WSDS,
        {"milestones": [50, 60], "decay_steps": 11},
        "`decay_steps <= updates between any two of warmup_steps, milestones, horizon` must hold,"
        " but got (horizon=100, warmup_steps=0, milestones=(50, 60), decay_steps=11)",
    ),
    (
        WSDS,
        {"milestones": [50], "decay_steps": 5, "final_lr": 0.9},
        "`0 <= final_lr <= base_lr` must hold",
    ),
]


@pytest.mark.parametrize(("cls", "params", "message"), REFUSED)
def test_refused(cls: type[Schedule], params: dict[str, Any], message: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        cls(**{"base_lr": 0.8, "horizon": 100, **params})
    assert str(caught.value).startswith(f"{cls.__name__}: `")
    assert message in str(caught.value)
    assert str(caught.value).endswith(".")


def test_every_family_refuses_something() -> None:
    assert {cls for cls, _, _ in REFUSED} == set(FAMILIES.values())


def test_all_mistakes_are_named_at_once() -> None:
    with pytest.raises(ScheduleError) as caught:
        Cosine(base_lr=-1.0, horizon=0, final_lr=0.5)
    message = str(caught.value)
    assert "`0 < base_lr" in message
    assert "`1 <= horizon" in message
    assert "`0 <= final_lr <= base_lr`" in message


def test_positional_parameters_are_refused() -> None:
    with pytest.raises(TypeError):
        Cosine(0.1, 100)


def test_numpy_numbers_become_plain() -> None:
    plain = MultiFactor(base_lr=0.5, horizon=100, decay_factor=0.5, milestones=(10, 20))
    same = MultiFactor(
        base_lr=numpy.float32(0.5),
        horizon=numpy.int64(100),
        decay_factor=numpy.float64(0.5),
        milestones=numpy.array([10, 20]),
    )
    assert repr(same) == repr(plain)


def test_with_horizon_stretches_every_duration() -> None:
    schedule = MultiFactor(
        base_lr=0.8, horizon=100, decay_factor=0.5, milestones=(33, 67), warmup_steps=10
    )
    assert schedule.with_horizon(250) == MultiFactor(
        base_lr=0.8, horizon=250, decay_factor=0.5, milestones=(82, 168), warmup_steps=25
    )
    knots = Piecewise(base_lr=0.8, horizon=100, knots=((0, 0.1), (50, 1.0)))
    assert knots.with_horizon(10).knots == ((0, 0.1), (5, 1.0))


@pytest.mark.parametrize(
    ("schedule", "horizon", "message"),
    [
        (
            Constant(base_lr=0.8, horizon=100, warmup_steps=1),
            10,
            "1 of 100 updates (warmup_steps) would vanish over a horizon of 10. Set `warmup_steps`"
            " by hand: dataclasses.replace(schedule, horizon=10, warmup_steps=...)",
        ),
        (
            MultiFactor(base_lr=0.8, horizon=100, decay_factor=0.5, milestones=(50, 51)),
            20,
            "`each of milestones < the next` must hold, but got (milestones=(10, 10))",
        ),
        (
            CosineRestarts(base_lr=0.8, horizon=100, cycle_steps=25),
            90,
            "the schedule ends its last cycle at the horizon 100, but would not at 90 with"
            " cycle_steps=23. Set `cycle_steps` by hand",
        ),
        (
            CosineRestarts(base_lr=0.8, horizon=100, cycle_steps=3),  # 34 cycles, or 50 or 25
            50,
            "the schedule has 34 cycles, but would have 50 at 50 with cycle_steps=1.",
        ),
        (Constant(base_lr=0.8, horizon=100), 0, "`1 <= horizon <= 2**53` must hold"),
        (Constant(base_lr=0.8, horizon=100), -5, "`1 <= horizon <= 2**53` must hold"),
    ],
)
def test_with_horizon_refuses_what_would_be_another_shape(
    schedule: Schedule, horizon: int, message: str
) -> None:
    with pytest.raises(ScheduleError) as caught:
        schedule.with_horizon(horizon)
    assert message in str(caught.value)


def test_restarts_that_do_not_fill_the_horizon_may_be_stretched_freely() -> None:
    schedule = CosineRestarts(base_lr=0.8, horizon=100, cycle_steps=30)
    assert schedule.with_horizon(90).cycle_steps == 27
    filled = CosineRestarts(base_lr=0.8, horizon=100, cycle_steps=25)
    assert filled.with_horizon(80)(80) == filled(100) == 0.0


@pytest.mark.parametrize("horizon", [940, 1180, 1960, 4700])
def test_restarts_keep_their_number_where_the_nearest_whole_cycle_would_not(horizon: int) -> None:
    """Three cycles of 283, 566 and 1132 are one update more than there is."""
    schedule = CosineRestarts(
        base_lr=0.5, horizon=2350, warmup_steps=370, cycle_steps=283, cycle_factor=2.0,
        final_lr=0.02,
    )  # fmt: skip
    stretched = schedule.with_horizon(horizon)
    assert stretched(10**6) == stretched(horizon) == pytest.approx(schedule(10**6), abs=1e-3)
    assert stretched.cycle_steps == pytest.approx(283 * horizon / 2350, abs=1)
    assert stretched.derivation[0]["from"] == repr(schedule)
