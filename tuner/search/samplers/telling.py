"""What the screening sampler is told of a trial: its schedule and options in a few numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from optuna.trial import FrozenTrial

from tuner.schedules import Schedule
from tuner.search.attributes import Key, key_of, options_of, schedule_to_compare
from tuner.search.features import Features
from tuner.search.options import OptionFeatures, updates_of
from tuner.search.ridge import Array
from tuner.space import SearchSpace


class Told(NamedTuple):
    """What is told of a schedule: its end and its sum, and its highest LR.

    And of the options of the task that are sampled with it.
    """

    ahead: tuple[float, ...]
    peak: float
    options: tuple[float, ...] = ()


class Telling:
    """Tells what the trials of a search space are like before they are trained.

    Args:
        space: What schedules and options are drawn from.
    """

    def __init__(self, space: SearchSpace) -> None:
        self._features, self._options = Features.of(space), OptionFeatures.of(space)
        self._clock = space.clock
        self._known: dict[Key, Told] = {}

    def drawn(self, schedule: Schedule, options: Mapping[str, Any]) -> Told:
        """Return what is told of a schedule in the study's clock, and of options."""
        return self._told(schedule, options, self._features)

    def of(self, trial: FrozenTrial) -> Told:
        """Return what is told of a trial, whose batch size may be another one."""
        schedule = schedule_to_compare(trial.user_attrs)
        assert schedule is not None, "trials without one are not asked about"
        size = updates_of(trial, self._clock.updates_per_epoch)
        return self.trained(schedule, options_of(trial.user_attrs), size)

    def trained(self, schedule: Schedule, options: Mapping[str, Any], size: int) -> Told:
        """Return what is told of a schedule and options, at so many updates an epoch."""
        key = key_of(schedule, options)
        if key not in self._known:
            updates = self._clock.horizon // self._clock.updates_per_epoch * size
            features = self._features.lasting(updates) if options else self._features
            self._known[key] = self._told(schedule, options, features)
        return self._known[key]

    def _told(self, schedule: Schedule, options: Mapping[str, Any], features: Features) -> Told:
        ahead, peak = features.ahead(schedule, 0), features.peak(schedule)
        return Told(ahead, peak, self._options(options))


def terms(told: Sequence[Told], around: Array) -> Array:
    """Return what ranks are a linear function of: of schedules and, beside them, of options."""
    quadratic = _quadratic(np.array([each.ahead for each in told]), around)
    options = np.array([each.options for each in told])
    return np.column_stack([quadratic, options]) if options.size else quadratic


def _quadratic(features: Array, around: Array) -> Array:
    """Return two features (n, 2), centred and scaled by others, their squares and their product.

    Centred, a square is not just the feature once more, which a ridge penalty would see to.
    """
    first, second = ((features - around.mean(axis=0)) / (around.std(axis=0) + 1e-6)).T
    return np.column_stack([first, second, first**2, second**2, first * second])
