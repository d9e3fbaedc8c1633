"""Trials as Optuna's charts need them: with parameters, and with one range for each of these."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial


def in_one_space(trials: Iterable[FrozenTrial]) -> list[FrozenTrial]:
    """Return the trials that have parameters, each parameter with a range that holds all values.

    Optuna draws nothing of a study in which a trial has no parameters, and leaves a parameter out
    whose range is not the same in all trials. A value outside the range of a search space is one
    that another program enqueued.

    Args:
        trials: Trials of one study, which are changed.

    Example:
        >>> from optuna.trial import create_trial
        >>> rates = FloatDistribution(0.1, 1.0, log=True)
        >>> trial = create_trial(value=0.9, params={"lr": 0.2}, distributions={"lr": rates})
        >>> trial.params = {"lr": 5.0}
        >>> in_one_space([trial])[0].distributions["lr"]
        FloatDistribution(high=5.0, log=True, low=0.1, step=None)
    """
    found = [trial for trial in trials if trial.params]
    for name in dict.fromkeys(name for trial in found for name in trial.params):
        having = [trial for trial in found if name in trial.params]
        ranges = {trial.distributions[name] for trial in having}
        common = _common(ranges, [trial.params[name] for trial in having])
        if common is not None:
            for trial in having:
                trial.distributions = {**trial.distributions, name: common}
    return found


def _common(ranges: set[BaseDistribution], values: Sequence[Any]) -> BaseDistribution | None:
    """Return the range that holds these and the values; None if all have one that does."""
    numeric = [each for each in ranges if isinstance(each, (FloatDistribution, IntDistribution))]
    if len(numeric) < len(ranges) or len({type(each) for each in numeric}) > 1:
        return None  # of choices there is nothing in between
    low = min(*(each.low for each in numeric), *values)
    high = max(*(each.high for each in numeric), *values)
    if len(numeric) == 1 and (low, high) == (numeric[0].low, numeric[0].high):
        return None
    return type(numeric[0])(low, high, log=low > 0 and all(each.log for each in numeric))
