"""PyTorch's and Optax's own schedules are families of ours, as the adapters' docstrings say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import optax
import pytest
import torch
from torch.optim import lr_scheduler

from tuner.schedules import (
    Cosine,
    CosineRestarts,
    Factor,
    Linear,
    MultiFactor,
    OneCycle,
    Piecewise,
    Poly,
    Schedule,
)

B = 0.3  # the optimizer's learning rate
# Each starts at the first update, which is 1 for a schedule.
AT_1 = {"base_lr": B, "warmup_steps": 1}

# (what PyTorch's is called, how it is made, the schedule, updates over which they are the same:
# where PyTorch's ends, it raises, goes up again, or goes on beyond our horizon)
TORCH: list[tuple[str, Callable[[Any], Any], Schedule, int]] = [
    (
        "CosineAnnealingLR",
        lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=40, eta_min=0.01),
        Cosine(final_lr=0.01, horizon=41, **AT_1),
        41,
    ),
    (
        "LinearLR, down",
        lambda o: lr_scheduler.LinearLR(o, start_factor=1.0, end_factor=0.2, total_iters=40),
        Linear(final_lr=0.2 * B, horizon=41, **AT_1),
        60,
    ),
    (
        "LinearLR, up",
        lambda o: lr_scheduler.LinearLR(o, start_factor=1 / 3, end_factor=1.0, total_iters=40),
        Piecewise(base_lr=B, horizon=60, knots=((1, 1 / 3), (41, 1.0))),
        60,
    ),
    (
        "PolynomialLR",
        lambda o: lr_scheduler.PolynomialLR(o, total_iters=40, power=1.7),
        Poly(power=1.7, horizon=41, **AT_1),
        60,
    ),
    (
        "OneCycleLR, cosine",
        lambda o: lr_scheduler.OneCycleLR(o, max_lr=B, total_steps=40, pct_start=0.25),
        OneCycle(begin_lr=B / 25, rise_steps=9, final_lr=B / 25e4, horizon=40, **AT_1),
        40,
    ),
    (
        "OneCycleLR, linear",
        lambda o: lr_scheduler.OneCycleLR(
            o,
            max_lr=B,
            total_steps=40,
            pct_start=0.3,
            div_factor=10,
            final_div_factor=100,
            anneal_strategy="linear",
        ),
        OneCycle(
            begin_lr=B / 10, rise_steps=11, final_lr=B / 1e3, anneal="linear", horizon=40, **AT_1
        ),
        40,
    ),
    (
        "OneCycleLR, three phases",
        lambda o: lr_scheduler.OneCycleLR(
            o,
            max_lr=B,
            total_steps=40,
            pct_start=0.3,
            anneal_strategy="linear",
            three_phase=True,
        ),
        # Up until 0.3 * 40 - 1 steps, down for as many less one, then out.
        Piecewise(
            base_lr=B, horizon=40, knots=((1, 1 / 25), (12, 1.0), (23, 1 / 25), (40, 1 / 25e4))
        ),
        40,
    ),
    (
        "MultiStepLR",
        lambda o: lr_scheduler.MultiStepLR(o, milestones=[10, 25], gamma=0.3),
        MultiFactor(base_lr=B, horizon=40, milestones=(10, 25), decay_factor=0.3),
        60,
    ),
    (
        "StepLR",
        lambda o: lr_scheduler.StepLR(o, step_size=7, gamma=0.5),
        Factor(base_lr=B, horizon=60, decay_interval=7, decay_factor=0.5),
        60,
    ),
    (
        "ExponentialLR",
        lambda o: lr_scheduler.ExponentialLR(o, gamma=0.9),
        Factor(base_lr=B, horizon=60, decay_interval=1, decay_factor=0.9),
        60,
    ),
    (
        "CosineAnnealingWarmRestarts",
        lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=8, T_mult=2, eta_min=0.01),
        CosineRestarts(cycle_steps=8, cycle_factor=2.0, final_lr=0.01, horizon=99, **AT_1),
        60,
    ),
]

OPTAX: list[tuple[str, Callable[[Any], Any], Schedule]] = [
    (
        "cosine_decay_schedule",
        optax.cosine_decay_schedule(B, 40, alpha=0.1),
        Cosine(final_lr=0.1 * B, horizon=41, **AT_1),
    ),
    (
        "polynomial_schedule",
        optax.polynomial_schedule(B, 0.01, power=1.7, transition_steps=40),
        Poly(power=1.7, final_lr=0.01, horizon=41, **AT_1),
    ),
    (
        "polynomial_schedule, begin",
        optax.polynomial_schedule(B, 0.01, power=2, transition_steps=40, transition_begin=10),
        Poly(
            base_lr=B,
            final_lr=0.01,
            horizon=51,
            warmup_steps=11,
            warmup_begin_lr=B,
            warmup_mode="constant",
        ),
    ),
    (
        "linear_schedule",
        optax.linear_schedule(B, 0.01, 40),
        Linear(final_lr=0.01, horizon=41, **AT_1),
    ),
    (
        "cosine_onecycle_schedule",
        optax.cosine_onecycle_schedule(40, B),
        OneCycle(begin_lr=B / 25, rise_steps=12, final_lr=B / 25e4, horizon=41, **AT_1),
    ),
    (
        "linear_onecycle_schedule",
        optax.linear_onecycle_schedule(40, B),
        Piecewise(
            base_lr=B, horizon=41, knots=((1, 1 / 25), (13, 1.0), (35, 1 / 25), (41, 1 / 25e4))
        ),
    ),
    (
        "warmup_cosine_decay_schedule",
        optax.warmup_cosine_decay_schedule(
            0.0, B, warmup_steps=10, decay_steps=40, end_value=0.01
        ),
        OneCycle(
            begin_lr=0.0, rise_steps=10, final_lr=0.01, anneal="linear-cosine", horizon=41, **AT_1
        ),
    ),
]


@pytest.mark.parametrize(("name", "make", "schedule", "updates"), TORCH)
def test_pytorchs_own(
    name: str,
    make: Callable[[Any], Any],
    schedule: Schedule,
    updates: int,
    record_property: Any,
) -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=B)
    scheduler = make(optimizer)
    rates = [scheduler.get_last_lr()[0]]
    for _ in range(updates - 1):
        optimizer.step()
        scheduler.step()
        rates += scheduler.get_last_lr()
    difference = max(
        abs(rate - lr) / B for rate, lr in zip(rates, schedule(range(1, updates + 1)), strict=True)
    )
    record_property("reproduced", (f"PyTorch {name}", schedule.family, f"{difference:.1e}"))
    assert difference <= 1e-6


@pytest.mark.parametrize(("name", "theirs", "schedule"), OPTAX)
def test_optaxs_own(
    name: str, theirs: Callable[[Any], Any], schedule: Schedule, record_property: Any
) -> None:
    difference = max(abs(float(theirs(count)) - schedule(count + 1)) / B for count in range(60))
    record_property("reproduced", (f"Optax {name}", schedule.family, f"{difference:.1e}"))
    assert difference <= 1e-6
