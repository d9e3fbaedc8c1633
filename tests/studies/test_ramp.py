"""A learning rate that rises, and what losses say under it, by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.studies.ramp import ramp, read_ramp


@given(st.floats(1e-8, 1.0), st.floats(1.5, 1e9), st.integers(2, 5_000), st.floats(0, 1))
def test_a_ramp_rises_exponentially(low: float, factor: float, horizon: int, at: float) -> None:
    rising = ramp(low, low * factor, horizon)
    update = 1 + round(at * (horizon - 1))
    expected = low * factor ** ((update - 1) / (horizon - 1))
    assert rising(update) == pytest.approx(expected, rel=1e-2)
    assert rising(1) == pytest.approx(low)
    assert rising(horizon) == low * factor


LOSSES = [2.0, 2.0, 1.9, 1.0, 0.5, 0.4, 0.5, 1.5, 1.6, 1.7]
RATES = [10.0**k for k in range(-7, 3)]


def test_what_a_ramp_shows_by_hand() -> None:
    # Of the running medians of three, 2, 2, 1.9, 1, 0.5, 0.5, 0.5, 1.5, 1.6, 1.7, the best is
    # 1.5 below the first: a tenth of that is gained at the fourth, a fifth lost at the eighth.
    found = read_ramp(RATES, [LOSSES], minimized=True)
    assert [point.mean for point in found.points] == [2, 2, 1.9, 1, 0.5, 0.5, 0.5, 1.5, 1.6, 1.7]
    assert [point.raw for point in found.points] == LOSSES
    assert found[1:] == (3, 3, 7)
    # Accuracies are the other way round; another seed halves what is gained.
    upside = [[-loss for loss in LOSSES], [-(2 + loss) / 2 for loss in LOSSES]]
    both = read_ramp(RATES, upside, minimized=False)
    assert both[1:] == (3, 3, 7)
    assert both.points[0].sd == 0
    assert both.points[4].mean == pytest.approx(-(0.5 + 1.25) / 2)
    assert both.points[4].sd == pytest.approx(0.75 / math.sqrt(2))


@pytest.mark.parametrize("bad", [[math.nan, 1.0], [math.inf], [-math.inf, 0.0], []])
def test_what_is_not_finite_in_any_seed_is_a_collapse(bad: list[float]) -> None:
    found = read_ramp(RATES, [LOSSES, [*LOSSES[:6], *bad]], minimized=True)
    assert found.collapses == 6
    assert [point.mean for point in found.points[6:]] == [math.inf] * 4
    assert (found.points[6].sd, found.points[9].raw) == (None, None)


def test_one_odd_report_is_passed_over() -> None:
    losses = [2.0, 2.0, 1.0, 0.5, 0.4, 50.0, 0.4, 0.5, 1.5, 1.6]
    assert read_ramp(RATES, [losses], minimized=True).collapses == 8
