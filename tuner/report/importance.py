"""How sure it is which parameters mattered: importances again, of trials drawn anew."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from optuna.importance import get_param_importances
from optuna.study import Study
from optuna.trial import FrozenTrial

from tuner.storage import copied

# So many times are as many trials drawn, with some twice; more trials than these take too long.
RESAMPLES, _MOST = 8, 150
# The first of all is stable if it is the first in so many of them.
_STABLE = 7


class Stability(NamedTuple):
    """The spread of each importance over resamples, and which parameter came first how often."""

    spread: Mapping[str, float]
    firsts: tuple[tuple[str, int], ...]

    @property
    def is_stable(self) -> bool:
        """Whether nearly all resamples agree on the most important parameter."""
        return bool(self.firsts) and self.firsts[0][1] >= _STABLE

    @property
    def words(self) -> str:
        """Which parameter came first how often."""
        return ", ".join(f"{name} in {count}" for name, count in self.firsts)


def importances(study: Study) -> dict[str, float]:
    """Return the importance of each parameter, the greatest first and equal ones by name."""
    found = get_param_importances(study)
    return {name: found[name] for name in sorted(found, key=lambda name: (-found[name], name))}


def stability(trials: Sequence[FrozenTrial], study: Study) -> Stability:
    """Return how stable the importances of trials are.

    Args:
        trials: Complete trials, in one space.
        study: Their study.
    """
    chance = np.random.default_rng(0)
    size = min(len(trials), _MOST)
    found: list[dict[str, float]] = []
    for _ in range(RESAMPLES):
        drawn = [trials[index] for index in chance.integers(len(trials), size=size)]
        if len({trial.value for trial in drawn}) < 2:  # by chance
            continue
        try:
            found.append(importances(copied(drawn, study)))
        except (ValueError, RuntimeError):  # too few for Optuna
            continue
    names = {name: None for each in found for name in each}
    firsts = Counter(next(iter(each)) for each in found if each and max(each.values()) > 0)
    return Stability(
        {name: statistics.pstdev(each.get(name, 0.0) for each in found) for name in names},
        tuple(firsts.most_common()),
    )
