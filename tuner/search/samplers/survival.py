"""How likely a training is to survive its schedule's highest learning rate.

A training under a high LR collapses from one seed and not from another, so that the best value of
a search often is that of a schedule that does not work again. Which LR is too high has to be
learned from the few trials that did collapse; that a little less is a little safer need not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tuner.search.ridge import Array

# By how much the log-odds of a collapse grow with every order of magnitude of the highest LR. The
# likeliest value for 348 recorded trainings of LeNet; benchmarks/collapses.py prints it.
_STEEPNESS = 15.0
# How far from what was seen the LR of even odds may be, in orders of magnitude.
_BEYOND = 0.5
_POINTS = 200


def after_risk(promised: Array, chance: Array) -> Array:
    """Return what schedules promise, with the chance that they survive; 0 is the worst rank.

    ``min(promised, promised * chance)``: a promise below the worst rank is no better for a
    schedule that is likely to collapse.

    Example:
        >>> after_risk(np.array([0.9, 0.8, -0.1, -0.2]), np.array([0.5, 1.0, 1.0, 0.1]))
        array([ 0.45,  0.8 , -0.1 , -0.2 ])
    """
    return np.minimum(promised, promised * chance)


class Survival(NamedTuple):
    """The chance to survive a highest LR, from the trials that did and those that did not.

    Logistic in the LR's logarithm, with a slope that is given and odds that are even at an LR of
    which every order of magnitude is as likely before the trials are seen:
    ``P(survives | y) = sum over x of P(x | trials) / (1 + exp(15 (y - x)))``, both in log10.

    Example:
        >>> chance = Survival.fit(survived=[-1.0, -0.5], collapsed=[-0.1], around=[-2.0, 0.0])
        >>> chance([-1.0, -0.5, -0.3, -0.1, 0.0]).round(2)
        array([1.  , 0.84, 0.5 , 0.16, 0.07])
    """

    even: Array
    likelihood: Array

    @classmethod
    def fit(
        cls, survived: Sequence[float], collapsed: Sequence[float], around: Sequence[float]
    ) -> Survival:
        """Fit it to the highest LRs of trials, and to those that it will be asked about.

        Args:
            survived: log10 of the highest LR of every trial that was trained to its end.
            collapsed: That of every trial that collapsed.
            around: That of others, which say what is in sight.
        """
        seen = [*survived, *collapsed, *around]
        even = np.linspace(min(seen) - _BEYOND, max(seen) + _BEYOND, _POINTS)
        log = np.zeros(_POINTS)
        for sign, rates in ((1.0, survived), (-1.0, collapsed)):
            above = np.array(rates)[:, np.newaxis] - even
            log -= np.logaddexp(0.0, sign * _STEEPNESS * above).sum(axis=0)
        likelihood = np.exp(log - log.max())
        return cls(even, likelihood / likelihood.sum())

    def __call__(self, rates: Sequence[float]) -> Array:
        """Return the chances (n,) to survive highest LRs, given as their log10."""
        above = np.array(rates)[:, np.newaxis] - self.even
        found: Array = np.exp(-np.logaddexp(0.0, _STEEPNESS * above)) @ self.likelihood
        return found
