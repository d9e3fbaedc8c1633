"""Successive halving for schedules: the share that may go on, at epochs that the horizon sets."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from optuna.pruners import BasePruner
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from tuner.definition import merit
from tuner.search.trial import SCHEDULE

# Says how good trials are after an epoch, the larger the better; None if it cannot tell yet.
Score = Callable[[Study, Sequence[FrozenTrial], int], Sequence[float] | None]


def by_value(study: Study, trials: Sequence[FrozenTrial], epoch: int) -> list[float] | None:
    """Score trials by what they reported after an epoch; before the first there is nothing."""
    if epoch == 0:
        return None
    minimized = study.direction == StudyDirection.MINIMIZE
    return [merit(trial.intermediate_values[epoch], minimized) for trial in trials]


class Halving(BasePruner):
    """Prunes a trial after the epoch of a rung unless it is among the best share there.

    With ``n`` trials that were judged after that epoch, this one included, the best
    ``max(1, ceil(keep * n))`` go on. Whether a trial is among them is asked when it gets there, so
    nobody waits for others. At a rung of epoch 0 a trial has a schedule and has not been trained
    yet. While there is no score, everybody goes on. It keeps no notes: asked
    again about the same trials, it gives the same answer.

    Args:
        rungs: The share that is kept, by epoch.
        score: What the best are the best by.

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

    def __init__(self, rungs: Mapping[int, float], score: Score = by_value) -> None:
        self._rungs = dict(rungs)
        self._score = score

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Tell whether a trial ends here."""
        epoch = trial.last_step or 0
        if epoch not in self._rungs:
            return False
        others = [
            other
            for other in study.get_trials(deepcopy=False)
            if other.number != trial.number and _got_to(other, epoch) and _is_like(other, trial)
        ]
        scores = self._score(study, [*others, trial], epoch)
        if scores is None:
            return False
        kept = max(1, math.ceil(self._rungs[epoch] * len(scores)))
        return sum(score > scores[-1] for score in scores[:-1]) >= kept


def _is_like(other: FrozenTrial, trial: FrozenTrial) -> bool:
    """Tell whether a trial can be compared: one added by plain Optuna may have no schedule."""
    return SCHEDULE in other.user_attrs or SCHEDULE not in trial.user_attrs


def _got_to(trial: FrozenTrial, epoch: int) -> bool:
    if epoch == 0:  # one that is enqueued has its schedule, but has not begun
        return SCHEDULE in trial.user_attrs and trial.state != TrialState.WAITING
    return epoch in trial.intermediate_values
