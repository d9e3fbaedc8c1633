"""Every family against another way of computing it, over random parameters.

The second way is a loop over updates or exact fractions, so that a slip in the family's closed
form would not be in both.
"""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

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

BASE, FINAL = 0.8, 0.05
spans = st.integers(2, 60)
factors = st.floats(0.1, 1)


def agrees(schedule: Schedule, expected: list[float]) -> None:
    """Compare from the end of warmup on, and beyond the horizon."""
    updates = range(schedule.warmup_steps, schedule.horizon + 1)
    assert schedule(updates) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert schedule(schedule.horizon + 5) == pytest.approx(expected[-1], rel=1e-9, abs=1e-12)


def line(begin: float, end: float, length: int) -> list[float]:
    """Walk a straight line in equal steps, in exact arithmetic."""
    step = (Fraction(end) - Fraction(begin)) / length
    return [float(Fraction(begin) + step * n) for n in range(length + 1)]


def wave(begin: float, end: float, length: int) -> list[float]:
    """Half a cosine wave by turning a pointer, one complex multiplication a step."""
    turn, pointer = complex(math.cos(math.pi / length), math.sin(math.pi / length)), 1 + 0j
    values = []
    for _ in range(length + 1):
        values.append((begin + end) / 2 + (begin - end) / 2 * pointer.real)
        pointer *= turn
    return values


@given(spans)
def test_constant(span: int) -> None:
    agrees(Constant(base_lr=BASE, horizon=span + 7, warmup_steps=7), [BASE] * (span + 1))


@given(spans, st.integers(1, 9))
def test_square_root_and_inverse_time(span: int, interval: int) -> None:
    common = {"base_lr": BASE, "horizon": span + 7, "warmup_steps": 7, "decay_interval": interval}
    time = [(interval + n) / interval for n in range(span + 1)]
    agrees(SquareRoot(**common), [BASE / math.sqrt(t) for t in time])
    agrees(InverseTime(**common), [BASE * interval / (interval + n) for n in range(span + 1)])


@given(spans, st.integers(1, 9), factors)
def test_factor_and_multi_factor(span: int, interval: int, factor: float) -> None:
    expected, lr = [], BASE
    for update in range(span + 1):
        if update > 1 and (update - 1) % interval == 0:
            lr *= factor
        expected.append(lr)
    common = {"base_lr": BASE, "horizon": span, "decay_factor": factor}
    agrees(Factor(**common, decay_interval=interval), expected)
    milestones = range(interval, span, interval)
    if milestones:
        agrees(MultiFactor(**common, milestones=milestones), expected)


@given(spans, st.integers(1, 4))
def test_poly(span: int, power: int) -> None:
    schedule = Poly(base_lr=BASE, horizon=span + 7, warmup_steps=7, power=power, final_lr=FINAL)
    left = [Fraction(span - n, span) ** power for n in range(span + 1)]
    agrees(schedule, [FINAL * (1 - float(share)) + BASE * float(share) for share in left])


@given(spans)
def test_linear_and_cosine(span: int) -> None:
    common = {"base_lr": BASE, "horizon": span + 7, "warmup_steps": 7, "final_lr": FINAL}
    agrees(Linear(**common), line(BASE, FINAL, span))
    agrees(Cosine(**common), wave(BASE, FINAL, span))


@given(spans, st.integers(1, 9), factors)
def test_exponential(span: int, interval: int, factor: float) -> None:
    schedule = Exponential(
        base_lr=BASE,
        horizon=span + 7,
        warmup_steps=7,
        decay_factor=factor,
        decay_interval=interval,
        final_lr=FINAL,
    )
    each = math.exp(math.log(factor) / interval)
    expected, lr = [], BASE
    for _ in range(span + 1):
        expected.append(max(FINAL, lr))
        lr *= each
    agrees(schedule, expected)


@given(spans, st.data(), st.sampled_from(["linear", "cosine"]))
def test_wsd(span: int, data: st.DataObject, shape: str) -> None:
    decay = data.draw(st.integers(1, span))
    schedule = WSD(
        base_lr=BASE,
        horizon=span + 7,
        warmup_steps=7,
        decay_steps=decay,
        decay_shape=shape,
        final_lr=FINAL,
    )
    fall = (line if shape == "linear" else wave)(BASE, FINAL, decay)
    agrees(schedule, [BASE] * (span - decay) + fall)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(4, 9)), min_size=2, max_size=5))
def test_wsd_s(pieces: list[tuple[int, int]]) -> None:
    """Each decay begins anew: the steps of the schedules of a training for each of them."""
    expected, ends = [BASE], []
    for stays, _ in pieces:
        expected += [BASE] * stays + line(BASE, FINAL, 4)[1:]
        ends.append(7 + len(expected) - 1)
    schedule = WSDS(
        base_lr=BASE,
        horizon=ends[-1],
        warmup_steps=7,
        milestones=ends[:-1],
        decay_steps=4,
        final_lr=FINAL,
    )
    agrees(schedule, expected)


@given(spans, st.integers(1, 4))
def test_cosine_power(span: int, power: int) -> None:
    schedule = CosinePower(
        base_lr=BASE, horizon=span + 7, warmup_steps=7, power=power, final_lr=FINAL
    )
    waves = wave(1.0, 0.0, span)
    agrees(schedule, [FINAL + (BASE - FINAL) * math.prod([left] * power) for left in waves])


@given(spans)
def test_tanh(span: int) -> None:
    """By the logistic function, which is the same one."""
    schedule = Tanh(base_lr=BASE, horizon=span + 7, warmup_steps=7, final_lr=FINAL)
    left = [1 / (1 + math.exp(2 * (10 * n / span - 7))) for n in range(span)]
    agrees(schedule, [FINAL + (BASE - FINAL) * share for share in [*left, 0.0]])


@given(st.integers(1, 60))
def test_wsd_square_root(decay: int) -> None:
    schedule = WSD(base_lr=BASE, horizon=decay, decay_steps=decay, decay_shape="1-sqrt")
    agrees(schedule, [BASE - BASE * math.sqrt(n) / math.sqrt(decay) for n in range(decay + 1)])


@given(spans, st.data(), st.sampled_from(["linear", "cosine", "linear-cosine"]))
def test_one_cycle(span: int, data: st.DataObject, anneal: str) -> None:
    rise = data.draw(st.integers(1, span - 1))
    schedule = OneCycle(
        base_lr=BASE,
        horizon=span + 7,
        warmup_steps=7,
        begin_lr=0.1,
        rise_steps=rise,
        final_lr=FINAL,
        anneal=anneal,
    )
    up = wave if anneal == "cosine" else line
    down = line if anneal == "linear" else wave
    agrees(schedule, up(0.1, BASE, rise)[:-1] + down(BASE, FINAL, span - rise))


@given(st.integers(1, 9), st.integers(1, 3), factors, st.integers(1, 4))
def test_cosine_restarts(steps: int, growth: int, factor: float, cycles: int) -> None:
    expected, peak, length = [], BASE, steps
    for _ in range(cycles):
        expected += wave(peak, FINAL, length)[:-1]
        peak, length = max(FINAL, peak * factor), length * growth
    schedule = CosineRestarts(
        base_lr=BASE,
        horizon=7 + len(expected),
        warmup_steps=7,
        cycle_steps=steps,
        cycle_factor=growth,
        decay_factor=factor,
        final_lr=FINAL,
    )
    agrees(schedule, [*expected, FINAL])


@given(st.integers(1, 9), factors, st.integers(1, 4))
def test_cyclic(half: int, factor: float, cycles: int) -> None:
    expected, top = [], BASE
    for _ in range(cycles):
        expected += line(0.1, top, half)[:-1] + line(top, 0.1, half)[:-1]
        top = 0.1 + (top - 0.1) * factor
    schedule = Cyclic(
        base_lr=BASE,
        horizon=7 + len(expected),
        warmup_steps=7,
        begin_lr=0.1,
        cycle_steps=2 * half,
        decay_factor=factor,
    )
    agrees(schedule, [*expected, 0.1])


@given(st.lists(st.tuples(st.integers(1, 9), st.floats(0, 1)), min_size=1, max_size=6))
def test_piecewise(pieces: list[tuple[int, float]]) -> None:
    knots, smooth, steps = [(0, 0.5)], [BASE * 0.5], [BASE * 0.5]
    for length, multiplier in pieces:
        before = knots[-1][1]
        smooth += line(BASE * before, BASE * multiplier, length)[1:]
        steps += [BASE * before] * (length - 1) + [BASE * multiplier]
        knots.append((knots[-1][0] + length, multiplier))
    common = {"base_lr": BASE, "horizon": knots[-1][0], "knots": knots}
    agrees(Piecewise(**common), smooth)
    agrees(Piecewise(**common, interpolation="constant"), steps)
