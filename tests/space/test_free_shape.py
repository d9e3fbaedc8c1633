"""A sampled shape that falls through free knots, monotone by construction."""

from __future__ import annotations

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.errors import DefinitionError
from tuner.reading import Clock
from tuner.schedules import Piecewise
from tuner.space.values import build_schedule

from .spaces import BASE_LR, HEAD, parse

FREE = """
[fixed]
family = "piecewise"
warmup_steps = "100up"
knot_3_level = 0.0
[params.knot_1_at]
type = "float"
low = 0.0
high = 1.0
[params.knot_1_level]
type = "float"
low = 0.0
high = 1.0
[params.knot_2_level]
type = "float"
low = 0.1
high = 1.0
"""


def test_a_free_shape_that_falls() -> None:
    """Knots are shares of the time left and of the level before; the last is at the horizon."""
    space = parse(HEAD + FREE + BASE_LR, Clock(10, 1100))
    values = {"base_lr": 0.5, "knot_1_at": 0.4, "knot_1_level": 0.8, "knot_2_level": 0.5}
    sampled = space.sample(optuna.trial.FixedTrial(values))
    assert sampled == values
    assert space.schedule(sampled) == Piecewise(
        base_lr=0.5,
        horizon=1100,
        warmup_steps=100,
        knots=((100, 1.0), (500, 0.8), (800, 0.4), (1100, 0.0)),
    )
    # Ends of ranges leave room for the knots that follow.
    for share, times in ((0.0, [100, 101, 601, 1100]), (1.0, [100, 1098, 1099, 1100])):
        schedule = space.schedule(values | {"knot_1_at": share})
        assert [update for update, _ in schedule.knots] == times


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=5))
def test_knots_always_fall_in_their_order(shares: list[tuple[float, float]]) -> None:
    parts: dict[str, float] = {}
    for number, (at, level) in enumerate(shares, start=1):
        parts |= {f"knot_{number}_at": at, f"knot_{number}_level": level}
    values = {"family": "piecewise", "base_lr": 0.5, "warmup_steps": 3, **parts}
    rates = build_schedule(values, Clock(10, 3 + len(shares) + 4))(range(3, 20))
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == 0.5


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("high = 1.0", "high = 1.5", "`0 <= knot_1_at <= 1` must hold"),
        ("knot_3_level = 0.0", "knot_4_level = 0.0", "Piecewise needs `knot_3_level` as well"),
        ("knot_3_level = 0.0", "knot_3_at = 0.5", "Piecewise needs `knot_3_level` as well"),
        ("knot_3_level", "knot_6_level", "unknown parameter for any family"),
        ('"100up"', '"1098up"', "`knot_3_level` needs 3 updates after the warmup, but got 2"),
        ("knot_3_level = 0.0", 'knots = [["0up", 1]]', "sets 'knots' as well; keep one of them"),
    ],
)
def test_a_free_shape_that_is_none(old: str, new: str, message: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse(HEAD + FREE.replace(old, new, 1) + BASE_LR, Clock(10, 1100))
    assert message in str(caught.value)
