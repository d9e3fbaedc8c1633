"""The schedules that the golden files hold."""

from __future__ import annotations

import dataclasses
from pathlib import Path

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
    Inverse,
    InverseTime,
    Linear,
    MultiFactor,
    OneCycle,
    Piecewise,
    Poly,
    Schedule,
    Schedules,
    SquareRoot,
    Tanh,
)

GOLDEN = Path(__file__).parent.parent / "golden"

_CLOCK = {"horizon": 7050, "warmup_steps": 470}

# By the name of the file. The files stay as they are for ever: a later format gets new ones.
EXPECTED: dict[str, Schedule] = {
    "constant.1.json": Constant(base_lr=0.3, horizon=7050),
    "square_root.1.json": SquareRoot(base_lr=1.0, horizon=7050, decay_interval=235),
    "factor.1.json": Factor(
        base_lr=0.5, decay_factor=0.9, decay_interval=235, stop_factor_lr=0.01, **_CLOCK
    ),
    "multi_factor.1.json": MultiFactor(
        base_lr=0.5, decay_factor=0.5, milestones=(3525, 5288), **_CLOCK
    ),
    "poly.1.json": Poly(base_lr=0.43, power=1.5, final_lr=1e-05, **_CLOCK),
    "cosine.1.json": Cosine(
        base_lr=0.1832, final_lr=0.0021, warmup_begin_lr=0.01, warmup_mode="constant", **_CLOCK
    ),
    "linear.1.json": Linear(base_lr=0.7, final_lr=0.001, **_CLOCK),
    "exponential.1.json": Exponential(
        base_lr=0.5, decay_factor=0.25, decay_interval=1000, final_lr=0.002, **_CLOCK
    ),
    "inverse_time.1.json": InverseTime(base_lr=0.5, decay_interval=705, **_CLOCK),
    "wsd.1.json": WSD(
        base_lr=0.4, decay_steps=1410, decay_shape="1-sqrt", final_lr=0.0001, **_CLOCK
    ),
    "one_cycle.1.json": OneCycle(
        base_lr=0.9, begin_lr=0.036, rise_steps=2115, final_lr=3.6e-06, horizon=7050
    ),
    "cosine_restarts.1.json": CosineRestarts(
        base_lr=0.5,
        cycle_steps=940,
        cycle_factor=2.0,
        decay_factor=0.8,
        final_lr=0.001,
        **_CLOCK,
    ),
    "cyclic.1.json": Cyclic(
        base_lr=0.6, begin_lr=0.05, cycle_steps=1410, decay_factor=0.5, horizon=7050
    ),
    "piecewise.1.json": Piecewise(
        base_lr=0.5,
        knots=((0, 0.1), (470, 1.0), (3525, 0.35), (7050, 0.0)),
        interpolation="linear",
        horizon=7050,
    ),
    "cosine_power.1.json": CosinePower(base_lr=0.5, power=1.7, final_lr=0.001, **_CLOCK),
    "tanh.1.json": Tanh(
        base_lr=0.5, tanh_begin=-6.0, tanh_end=2.5, warmup_mode="overlap", **_CLOCK
    ),
    "wsd_s.1.json": WSDS(
        base_lr=0.4,
        milestones=(2350, 4700),
        decay_steps=470,
        final_lr=0.0001,
        warmup_mode="from_first",
        **_CLOCK,
    ),
}

_CYCLE = OneCycle(
    base_lr=0.4, begin_lr=0.016, rise_steps=2114, final_lr=1.6e-06, horizon=7050, warmup_steps=1
)
_WSD = WSD(base_lr=0.02, decay_steps=2820, final_lr=0.001, warmup_steps=40, horizon=7050)

# The second format: curves of several quantities.
SEVERAL: dict[str, Schedules] = {
    "momentum.2.json": Schedules(
        lr=_CYCLE,
        momentum=Inverse(
            of=dataclasses.replace(_CYCLE, begin_lr=0.0, final_lr=0.0), low=0.85, high=0.95
        ),
    ),
    "groups.2.json": Schedules(
        lr=_WSD,
        weight_decay=Cosine(base_lr=0.1, horizon=7050),
        groups={
            "embed": 10.0,
            "head": Linear(base_lr=0.004, horizon=3525),
            "matrix": Schedules(
                lr=_WSD,
                momentum=Constant(
                    base_lr=0.95, warmup_begin_lr=0.85, warmup_steps=300, horizon=7050
                ),
                weight_decay=Constant(base_lr=0.2, horizon=7050),
            ),
        },
    ),
    "order.2.json": Schedules(
        lr=_WSD,
        weight_decay=Inverse(of=Cosine(base_lr=1.0, horizon=7050), low=0.04, high=0.4),
        groups=[1.0, 0.1],
    ),
}
