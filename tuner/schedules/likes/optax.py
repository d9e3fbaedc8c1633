"""Optax's schedules: their count of the first update is 0."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tuner.schedules.base import Schedule
from tuner.schedules.constant import Constant
from tuner.schedules.cosine import Cosine
from tuner.schedules.cosine_power import CosinePower
from tuner.schedules.exponential import Exponential
from tuner.schedules.factor import Factor
from tuner.schedules.likes.parts import dropping, lines, no_equal, stairs, started, warmed
from tuner.schedules.linear import Linear
from tuner.schedules.one_cycle import OneCycle
from tuner.schedules.poly import Poly


def _constant(value: float, horizon: int) -> Schedule:
    return Constant(base_lr=value, horizon=horizon)


def _linear(
    init_value: float, end_value: float, transition_steps: int, transition_begin: int = 0
) -> Schedule:
    return _polynomial(init_value, end_value, 1.0, transition_steps, transition_begin)


def _polynomial(
    init_value: float,
    end_value: float,
    power: float,
    transition_steps: int,
    transition_begin: int = 0,
) -> Schedule:
    begin = max(transition_begin, 0)
    fields: dict[str, Any] = {"horizon": begin + transition_steps + 1, "final_lr": end_value}
    fields |= started(init_value) | {"warmup_steps": begin + 1}
    if end_value <= init_value:
        return Linear(**fields) if power == 1 else Poly(power=power, **fields)
    if power == 1:
        return lines([(begin, init_value), (begin + transition_steps, end_value)])
    raise no_equal(f"it rises with power={power!r}", "power=1")


def _piecewise_constant(
    init_value: float,
    boundaries_and_scales: dict[int, float] | None = None,
    horizon: int | None = None,
) -> Schedule:
    return stairs(_levels(init_value, boundaries_and_scales), horizon)


def _piecewise_interpolate(
    interpolate_type: str,
    init_value: float,
    boundaries_and_scales: dict[int, float] | None = None,
    horizon: int | None = None,
) -> Schedule:
    if interpolate_type != "linear":
        what = f"interpolate_type={interpolate_type!r} has waves between its boundaries"
        raise no_equal(what, "interpolate_type='linear', or cosine_onecycle_schedule")
    return lines(_levels(init_value, boundaries_and_scales), horizon)


def _exponential(
    init_value: float,
    transition_steps: int,
    decay_rate: float,
    horizon: int,
    transition_begin: int = 0,
    staircase: bool = False,
    end_value: float | None = None,
) -> Schedule:
    begin = max(transition_begin, 0)
    floor, fields = end_value or 0.0, started(init_value) | {"warmup_steps": begin + 1}
    if staircase:
        counts = range(begin + transition_steps, horizon, transition_steps)
        return _dropping(decay_rate, transition_steps, floor, counts, horizon, fields)
    return Exponential(
        decay_factor=decay_rate,
        decay_interval=transition_steps,
        final_lr=floor,
        horizon=horizon,
        **fields,
    )


def _cosine(
    init_value: float, decay_steps: int, alpha: float = 0.0, exponent: float = 1.0
) -> Schedule:
    return _wave(alpha * init_value, exponent, decay_steps + 1, started(init_value))


def _linear_onecycle(
    transition_steps: int,
    peak_value: float,
    pct_start: float = 0.3,
    pct_final: float = 0.85,
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
) -> Schedule:
    begin = peak_value / div_factor
    first, second = int(pct_start * transition_steps), int(pct_final * transition_steps)
    end = (transition_steps, begin / final_div_factor)
    return lines([(0, begin), (first, peak_value), (second, begin), end])


def _cosine_onecycle(
    transition_steps: int,
    peak_value: float,
    pct_start: float = 0.3,
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
) -> Schedule:
    begin = peak_value / div_factor
    return OneCycle(
        begin_lr=begin,
        rise_steps=int(pct_start * transition_steps),
        final_lr=begin / final_div_factor,
        horizon=transition_steps + 1,
        **started(peak_value) | {"warmup_begin_lr": begin},
    )


def _warmup_constant(
    init_value: float, peak_value: float, warmup_steps: int, horizon: int
) -> Schedule:
    return Constant(horizon=horizon, **warmed(peak_value, warmup_steps, init_value))


def _warmup_cosine(
    init_value: float,
    peak_value: float,
    warmup_steps: int,
    decay_steps: int,
    end_value: float = 0.0,
    exponent: float = 1.0,
) -> Schedule:
    fields = warmed(peak_value, warmup_steps, init_value)
    return _wave(end_value, exponent, decay_steps + 1, fields)


def _warmup_exponential(
    init_value: float,
    peak_value: float,
    warmup_steps: int,
    transition_steps: int,
    decay_rate: float,
    horizon: int,
    transition_begin: int = 0,
    staircase: bool = False,
    end_value: float | None = None,
) -> Schedule:
    if transition_begin > 0:
        what = f"it stays for transition_begin={transition_begin} updates after its warmup"
        raise no_equal(what, "transition_begin=0")
    floor, fields = end_value or 0.0, warmed(peak_value, warmup_steps, init_value)
    if staircase:
        counts = range(warmup_steps + transition_steps, horizon, transition_steps)
        return _dropping(decay_rate, transition_steps, floor, counts, horizon, fields)
    return Exponential(
        decay_factor=decay_rate,
        decay_interval=transition_steps,
        final_lr=floor,
        horizon=horizon,
        **fields,
    )


def _dropping(
    factor: float,
    interval: int,
    floor: float,
    counts: range,
    horizon: int,
    fields: dict[str, Any],
) -> Schedule:
    if fields["warmup_steps"] == 1:
        return Factor(
            base_lr=fields["base_lr"],
            decay_factor=factor,
            decay_interval=interval,
            stop_factor_lr=floor,
            horizon=horizon,
        )
    if floor:
        what = f"it stays, then drops down to end_value={floor!r}"
        raise no_equal(what, "staircase=False, or without end_value")
    return dropping(factor, counts, horizon, fields)


def _wave(final_lr: float, exponent: float, horizon: int, fields: dict[str, Any]) -> Schedule:
    if exponent == 1:
        return Cosine(final_lr=final_lr, horizon=horizon, **fields)
    return CosinePower(power=exponent, final_lr=final_lr, horizon=horizon, **fields)


def _levels(value: float, scales: dict[int, float] | None) -> Iterator[tuple[int, float]]:
    yield 0, value
    for count, scale in sorted((scales or {}).items()):
        value *= scale
        yield count, value


LIKES: dict[str, Callable[..., Schedule]] = {
    "constant_schedule": _constant,
    "linear_schedule": _linear,
    "polynomial_schedule": _polynomial,
    "piecewise_constant_schedule": _piecewise_constant,
    "piecewise_interpolate_schedule": _piecewise_interpolate,
    "exponential_decay": _exponential,
    "cosine_decay_schedule": _cosine,
    "linear_onecycle_schedule": _linear_onecycle,
    "cosine_onecycle_schedule": _cosine_onecycle,
    "warmup_constant_schedule": _warmup_constant,
    "warmup_cosine_decay_schedule": _warmup_cosine,
    "warmup_exponential_decay_schedule": _warmup_exponential,
}

NONE: dict[str, str] = {
    "sgdr_schedule": "each of its cycles is any length and height; CosineRestarts has one rule",
    "join_schedules": "it is made of other schedules; take a Piecewise through their values",
}
