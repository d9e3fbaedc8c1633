"""Our values are those of MXNet's own schedulers, asked in order."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import pytest

from tuner.adapters import import_mxnet
from tuner.schedules import Cosine, Factor, MultiFactor, Poly, Schedule

SETS, LONGEST = 200, 1500
Pair = tuple[Schedule, Any]


def common(draw: random.Random, warmup: str) -> tuple[int, dict[str, Any]]:
    base_lr = 10 ** draw.uniform(-5, 1)
    horizon = draw.randint(2, LONGEST)
    params: dict[str, Any] = {"base_lr": base_lr}
    if warmup != "none":
        params["warmup_steps"] = draw.randint(1, horizon - 1)
        params["warmup_begin_lr"] = draw.choice([0.0, base_lr, base_lr * draw.random()])
        params["warmup_mode"] = warmup
    return horizon, params


def factor(draw: random.Random, warmup: str, native: Any) -> Pair:
    horizon, params = common(draw, warmup)
    decay_factor = draw.choice([1.0, 0.5, draw.uniform(0.1, 1)])
    # From 250 drops, beyond which the LR comes near numbers that have fewer digits, to none.
    most = min(horizon, 250)
    interval = math.ceil(horizon / most * most ** draw.random())
    stop = draw.choice([0.0, params["base_lr"], params["base_lr"] * draw.random() ** 3])
    return (
        Factor(
            horizon=horizon,
            decay_factor=decay_factor,
            decay_interval=interval,
            stop_factor_lr=stop,
            **params,
        ),
        native.FactorScheduler(step=interval, factor=decay_factor, stop_factor_lr=stop, **params),
    )


def multi_factor(draw: random.Random, warmup: str, native: Any) -> Pair:
    horizon, params = common(draw, warmup)
    decay_factor = draw.choice([1.0, 0.5, draw.uniform(0.01, 1)])
    milestones = sorted(draw.sample(range(1, horizon + 1), draw.randint(1, min(horizon, 30))))
    return (
        MultiFactor(horizon=horizon, decay_factor=decay_factor, milestones=milestones, **params),
        native.MultiFactorScheduler(step=milestones, factor=decay_factor, **params),
    )


def poly(draw: random.Random, warmup: str, native: Any) -> Pair:
    horizon, params = common(draw, warmup)
    power = draw.choice([1, 2, 3, 0.5, draw.uniform(0.1, 5)])
    final_lr = draw.choice([0.0, params["base_lr"], params["base_lr"] * draw.random()])
    return (
        Poly(horizon=horizon, power=power, final_lr=final_lr, **params),
        native.PolyScheduler(max_update=horizon, pwr=power, final_lr=final_lr, **params),
    )


def cosine(draw: random.Random, warmup: str, native: Any) -> Pair:
    horizon, params = common(draw, warmup)
    final_lr = draw.choice([0.0, params["base_lr"], params["base_lr"] * draw.random()])
    return (
        Cosine(horizon=horizon, final_lr=final_lr, **params),
        native.CosineScheduler(max_update=horizon, final_lr=final_lr, **params),
    )


@pytest.mark.parametrize("warmup", ["none", "linear", "constant"])
@pytest.mark.parametrize("family", [factor, multi_factor, poly, cosine])
def test_equal_to_mxnet(
    family: Callable[..., Pair], warmup: str, record_property: Callable[[str, object], None]
) -> None:
    native = import_mxnet().lr_scheduler
    draw = random.Random(f"{family.__name__} {warmup}")
    largest = 0.0
    for _ in range(SETS):
        ours, mxnets = family(draw, warmup, native)
        for update in range(1, ours.horizon + 1):
            expected = mxnets(update)
            if ours(update) != expected:
                largest = max(largest, abs(ours(update) - expected) / abs(expected))
    record_property("largest_relative_difference", largest)
    print(f"{family.__name__}, {warmup} warmup, {SETS} sets: {largest:.1e}")
    assert largest <= 1e-12


def test_past_the_horizon_mxnet_differs() -> None:
    """What the adapter's documentation says about MXNet's objects, and why a schedule is pure."""
    native = import_mxnet().lr_scheduler
    fresh = native.CosineScheduler(max_update=100, base_lr=0.1, final_lr=0.001)
    assert fresh(101) == 0.1
    assert Cosine(base_lr=0.1, horizon=100, final_lr=0.001)(101) == 0.001

    dropping = native.FactorScheduler(step=10, factor=0.5, base_lr=0.8, stop_factor_lr=0.0)
    ours = Factor(base_lr=0.8, horizon=20, decay_factor=0.5, decay_interval=10)
    assert (dropping(20), dropping(31)) == (0.4, 0.1)
    assert (ours(20), ours(31)) == (0.4, 0.4)
    assert (dropping(1), ours(1)) == (0.1, 0.8)
