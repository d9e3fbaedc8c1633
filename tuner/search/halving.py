"""Successive halving for schedules: the share that may go on, at epochs that the horizon sets."""

from __future__ import annotations

import math
from collections.abc import Mapping

from optuna.pruners import BasePruner
from optuna.study import Study
from optuna.trial import FrozenTrial


class Halving(BasePruner):
    """Prunes a trial after the epoch of a rung unless it is among the best share there.

    With ``n`` trials that were judged after that epoch, this one included, the best
    ``max(1, ceil(keep * n))`` go on. Whether a trial is among them is asked when it gets there, so
    nobody waits for others. It keeps no notes: asked again about the same trials, it gives the
    same answer.

    Args:
        rungs: The share that is kept, by epoch.

    Source:
        Asynchronous successive halving, Li et al. 2020 (arXiv:1810.05934), with rungs that are
        chosen rather than powers of a factor.

    Example:
        >>> import optuna
        >>> optuna.logging.set_verbosity(optuna.logging.WARNING)
        >>> study = optuna.create_study(direction="maximize", pruner=Halving({1: 0.5}))
        >>> answers = []
        >>> for value in (0.5, 0.4, 0.6, 0.3):
        ...     trial = study.ask()
        ...     trial.report(value, step=1)
        ...     answers.append(trial.should_prune())
        >>> answers
        [False, True, False, True]
    """

    def __init__(self, rungs: Mapping[int, float]) -> None:
        self._rungs = dict(rungs)

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Tell whether a trial ends here."""
        step = trial.last_step
        if step is None or step not in self._rungs:
            return False
        mine = trial.intermediate_values[step]
        others = [
            other.intermediate_values[step]
            for other in study.get_trials(deepcopy=False)
            if other.number != trial.number and step in other.intermediate_values
        ]
        kept = max(1, math.ceil(self._rungs[step] * (len(others) + 1)))
        return sum(other > mine for other in others) >= kept
