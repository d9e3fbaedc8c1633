"""A schedule of every family, to be trained under in a moment."""

from __future__ import annotations

from typing import Any

from tuner.schedules import (
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

HORIZON = 60
WARM: dict[str, Any] = {"horizon": HORIZON, "warmup_steps": 7, "warmup_begin_lr": 0.01}

SCHEDULES: list[Schedule] = [
    Constant(base_lr=0.3, **WARM),
    SquareRoot(base_lr=0.9, decay_interval=5, **WARM),
    Factor(base_lr=0.7, decay_factor=0.6, decay_interval=9, stop_factor_lr=0.05, **WARM),
    MultiFactor(base_lr=0.5, decay_factor=0.3, milestones=(20, 30, 55), **WARM),
    Poly(base_lr=0.43, power=1.7, final_lr=1e-5, **WARM),
    Cosine(base_lr=0.1832, final_lr=0.0, **WARM),
    Linear(base_lr=0.7, final_lr=0.0, **WARM),
    Exponential(base_lr=0.5, decay_factor=0.1, decay_interval=11, final_lr=0.0, **WARM),
    InverseTime(base_lr=0.5, decay_interval=4, **WARM),
    WSD(base_lr=0.4, decay_steps=20, decay_shape="1-sqrt", final_lr=1e-4, **WARM),
    OneCycle(base_lr=0.9, begin_lr=0.036, rise_steps=17, final_lr=3.6e-6, **WARM),
    CosineRestarts(base_lr=0.5, cycle_steps=8, cycle_factor=2.0, decay_factor=0.8, **WARM),
    Cyclic(base_lr=0.6, begin_lr=0.05, cycle_steps=16, decay_factor=0.5, **WARM),
    Piecewise(base_lr=0.5, knots=((0, 0.1), (19, 1.0), (41, 0.35), (60, 0.0)), **WARM),
    CosinePower(base_lr=0.5, power=1.7, final_lr=0.0, **WARM),
    Tanh(base_lr=0.5, final_lr=1e-4, warmup_mode="overlap", **WARM),
    WSDS(base_lr=0.4, milestones=(30,), decay_steps=12, warmup_mode="from_first", **WARM),
]
