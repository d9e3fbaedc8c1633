"""Keras's schedules, ``keras.optimizers.schedules``: their count of the first update is 0."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tuner.errors import ScheduleError
from tuner.schedules.base import Schedule
from tuner.schedules.cosine import Cosine
from tuner.schedules.cosine_restarts import CosineRestarts
from tuner.schedules.exponential import Exponential
from tuner.schedules.factor import Factor
from tuner.schedules.inverse_time import InverseTime
from tuner.schedules.likes.parts import no_equal, stairs, started, warmed
from tuner.schedules.poly import Poly


def _exponential(
    initial_learning_rate: float,
    decay_steps: int,
    decay_rate: float,
    horizon: int,
    staircase: bool = False,
) -> Schedule:
    common: dict[str, Any] = {
        "decay_factor": decay_rate, "decay_interval": decay_steps, "horizon": horizon
    }  # fmt: skip
    if staircase:
        return Factor(base_lr=initial_learning_rate, **common)
    return Exponential(**common, **started(initial_learning_rate))


def _piecewise_constant(
    boundaries: list[int], values: list[float], horizon: int | None = None
) -> Schedule:
    if len(boundaries) != len(values) - 1:
        raise ScheduleError(
            "`len(boundaries) == len(values) - 1` must hold, but got"
            f" (boundaries={boundaries}, values={values})."
        )
    # A value holds for its boundary too.
    counts = [0, *(boundary + 1 for boundary in boundaries)]
    return stairs(zip(counts, values, strict=True), horizon)


def _polynomial(
    initial_learning_rate: float,
    decay_steps: int,
    end_learning_rate: float = 0.0001,
    power: float = 1.0,
    cycle: bool = False,
) -> Schedule:
    if cycle:
        raise no_equal("cycle=True starts again at ever longer decays", "cycle=False")
    fields = started(initial_learning_rate)
    return Poly(power=power, final_lr=end_learning_rate, horizon=decay_steps + 1, **fields)


def _inverse_time(
    initial_learning_rate: float,
    decay_steps: int,
    decay_rate: float,
    horizon: int,
    staircase: bool = False,
) -> Schedule:
    if staircase:
        levels = (
            (count, initial_learning_rate / (1 + decay_rate * (count // decay_steps)))
            for count in range(0, horizon, decay_steps)
        )
        return stairs(levels, horizon)
    interval = decay_steps / decay_rate
    if abs(interval - round(interval)) > 1e-9 * interval:
        raise no_equal(
            f"it halves after {interval!r} updates, a part of one",
            f"decay_rate={decay_steps / max(1, round(interval))!r}",
        )
    fields = started(initial_learning_rate)
    return InverseTime(decay_interval=round(interval), horizon=horizon, **fields)


def _cosine(
    initial_learning_rate: float,
    decay_steps: int,
    alpha: float = 0.0,
    warmup_target: float | None = None,
    warmup_steps: int = 0,
) -> Schedule:
    if warmup_target is None:  # Keras has no warmup without one
        top, fields, warmup_steps = initial_learning_rate, started(initial_learning_rate), 0
    else:
        top, fields = warmup_target, warmed(warmup_target, warmup_steps, initial_learning_rate)
    return Cosine(final_lr=alpha * top, horizon=warmup_steps + decay_steps + 1, **fields)


def _cosine_restarts(
    initial_learning_rate: float,
    first_decay_steps: int,
    horizon: int,
    t_mul: float = 2.0,
    m_mul: float = 1.0,
    alpha: float = 0.0,
) -> Schedule:
    if alpha and m_mul != 1:
        raise no_equal(
            f"with alpha={alpha!r} beside m_mul={m_mul!r} its peaks are not multiplied by m_mul",
            "alpha=0.0 or m_mul=1.0",
        )

    def laid_out(updates: int) -> CosineRestarts:
        return CosineRestarts(
            cycle_steps=first_decay_steps,
            cycle_factor=t_mul,
            decay_factor=m_mul,
            final_lr=alpha * initial_learning_rate,
            horizon=updates,
            **started(initial_learning_rate),
        )

    # At the very end of a cycle ours stays; Keras's restarts, as ours does a little before it.
    return laid_out(horizon + 1) if laid_out(horizon).ends_a_cycle else laid_out(horizon)


LIKES: dict[str, Callable[..., Schedule]] = {
    "ExponentialDecay": _exponential,
    "PiecewiseConstantDecay": _piecewise_constant,
    "PolynomialDecay": _polynomial,
    "InverseTimeDecay": _inverse_time,
    "CosineDecay": _cosine,
    "CosineDecayRestarts": _cosine_restarts,
}

NONE: dict[str, str] = {
    "LearningRateSchedule": "it is the base of functions of your own; register yours as a family",
}
