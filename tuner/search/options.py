"""What is told of the options of a trial's task, for a model to tell apart what schedules do not.

Two trials under one schedule are not equal where one of them has another weight decay.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from optuna.trial import FrozenTrial

from tuner.search.attributes import UPDATES_PER_EPOCH, options_of, whole
from tuner.space import Param, SearchSpace


class OptionFeatures(NamedTuple):
    """Tells options in numbers: of a range where in it, of choices which one.

    Args:
        params: The options that the space samples, by the task's names.

    Example:
        >>> decay = Param("float", low=1e-4, high=1.0, log=True)
        >>> told = OptionFeatures({"decay": decay, "kind": Param("categorical", ("a", "b"))})
        >>> told({"decay": 0.1, "kind": "b"}), told({"kind": "a"})
        ((0.5, 0.25, 0.0, 1.0), (0.0, 0.0, 1.0, 0.0))
    """

    params: Mapping[str, Param]

    @classmethod
    def of(cls, space: SearchSpace) -> OptionFeatures:
        """Return those of a search space."""
        return cls(space.options)

    def __call__(self, options: Mapping[str, Any]) -> tuple[float, ...]:
        """Return the numbers, as many for all options.

        Of a range from −1 at its low end to 1 at its high one, in orders of magnitude where it is
        logarithmic, and the square; of choices a 1 for the one that it is. What is not there is
        in the middle, or none of the choices.
        """
        found: list[float] = []
        for name, param in self.params.items():
            value = options.get(name)
            if param.choices:
                found += [float(value == choice) for choice in param.choices]
            else:
                place = _place(param, value)
                found += [place, place**2]
        return tuple(found)


NO_OPTIONS = OptionFeatures({})


def updates_of(trial: FrozenTrial, updates_per_epoch: int) -> int:
    """Return the updates of an epoch of a trial, those of the study unless its options say."""
    if not options_of(trial.user_attrs):
        return updates_per_epoch
    return whole(trial.user_attrs, UPDATES_PER_EPOCH) or updates_per_epoch


def _place(param: Param, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return 0.0
    within = min(max(value, param.low), param.high)
    low, high, at = (
        math.log(each) if param.log else each for each in (param.low, param.high, within)
    )
    return round(2 * (at - low) / (high - low) - 1, 12) if high > low else 0.0
