"""The chance to survive a highest learning rate."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tuner.search.samplers.survival import Survival

RATES = st.lists(st.floats(-4.0, 1.0), max_size=12)
A_RATE = st.floats(-4.0, 1.0)


@given(RATES, RATES, A_RATE, A_RATE)
def test_a_higher_rate_is_never_safer(
    survived: list[float], collapsed: list[float], one: float, other: float
) -> None:
    chance = Survival.fit(survived, collapsed, [one, other])
    lower, higher = chance([min(one, other), max(one, other)])
    assert 0.0 <= higher <= lower <= 1.0 + 1e-9


@given(RATES, RATES, A_RATE)
def test_who_survived_makes_it_likelier_and_who_collapsed_less_likely(
    survived: list[float], collapsed: list[float], rate: float
) -> None:
    around = [-4.0, 1.0]  # the same whoever is added
    known = Survival.fit(survived, collapsed, around)([rate])[0]
    assert Survival.fit([*survived, rate], collapsed, around)([rate])[0] >= known - 1e-9
    assert Survival.fit(survived, [*collapsed, rate], around)([rate])[0] <= known + 1e-9


def test_it_finds_the_rate_of_even_odds() -> None:
    # 4000 trainings whose odds are even at a highest LR of 0.5, drawn as the formula says.
    chance = np.random.default_rng(0)
    rates = chance.uniform(-2.0, 0.5, 4000)
    collapses = chance.random(4000) < 1 / (1 + np.exp(-15 * (rates - np.log10(0.5))))
    fitted = Survival.fit(list(rates[~collapses]), list(rates[collapses]), [])
    np.testing.assert_allclose(
        fitted(list(np.log10([0.2, 0.4, 0.5, 0.625, 1.25]))),
        1 / (1 + np.exp(15 * np.log10(np.array([0.4, 0.8, 1.0, 1.25, 2.5])))),
        atol=0.05,
    )
