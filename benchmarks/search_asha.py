"""Syne Tune's ASHA as a pruner of Optuna's, so that it searches the same space by the same loop.

Its own searcher draws at random, as Optuna's RandomSampler does; it cannot draw a space in which
some parameters belong to some families alone.
"""

from __future__ import annotations

import datetime

import optuna
from optuna.pruners import BasePruner
from optuna.trial import FrozenTrial
from syne_tune.backend.trial_status import Trial
from syne_tune.config_space import uniform
from syne_tune.optimizer.scheduler import SchedulerDecision
from syne_tune.optimizer.schedulers.asha import AsynchronousSuccessiveHalving


class SyneTuneASHA(BasePruner):
    """Asks Syne Tune's scheduler, in its defaults, after every epoch.

    Args:
        epochs: Epochs of a full training.
    """

    def __init__(self, epochs: int) -> None:
        self._scheduler = AsynchronousSuccessiveHalving(
            {"unused": uniform(0, 1)}, metric="accuracy", do_minimize=False, time_attr="epoch",
            max_t=epochs, random_seed=0,
        )  # fmt: skip
        self._trials: dict[int, Trial] = {}

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        """Tell whether the scheduler stops the trial."""
        if trial.number not in self._trials:
            begun = Trial(trial.number, {"unused": 0.5}, datetime.datetime.now())
            self._trials[trial.number] = begun
            self._scheduler.on_trial_add(begun)
        if trial.last_step is None:  # asked before the first epoch
            return False
        epoch = trial.last_step
        result = {"accuracy": trial.intermediate_values[epoch], "epoch": epoch}
        decision = self._scheduler.on_trial_result(self._trials[trial.number], result)
        return bool(decision == SchedulerDecision.STOP)
