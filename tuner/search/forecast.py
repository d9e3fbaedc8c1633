"""What a trial will come to: from how it does now, and from what its schedule still has ahead.

Two schedules that do equally well after two epochs do not end equally: one of them may keep a high
LR to the end, the other decay to nothing. A trial's schedule is known to its last update, so this
need not be learned from its curve. It is learned from the study's complete trials how much it
matters, by a ridge regression, anew for every question.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from tuner.definition import Search, merit
from tuner.schedules import Schedule
from tuner.search.attributes import has_schedule, options_of, schedule_to_compare
from tuner.search.features import Features, with_squares
from tuner.search.options import NO_OPTIONS, OptionFeatures, updates_of
from tuner.search.ridge import Array, Ridge

# Errors below this, as that of a perfect accuracy, have no logarithm that means anything.
_LEAST_ERROR = 1e-4
_MOST_ERROR = 1e12  # of a training on its way to nowhere, whose loss may be infinite


# Says how good trials are after an epoch, the larger the better; None if it cannot tell yet.
Score = Callable[[Study, Sequence[FrozenTrial], int], Sequence[float] | None]


def was_judged(trial: FrozenTrial, epoch: int) -> bool:
    """Tell whether a trial was worth anything after an epoch; to plain Optuna's NaN is a value."""
    return not math.isnan(trial.intermediate_values.get(epoch, math.nan))


def by_value(study: Study, trials: Sequence[FrozenTrial], epoch: int) -> list[float] | None:
    """Score trials by what they reported after an epoch; before the first there is nothing."""
    if epoch == 0:
        return None
    minimized = study.direction == StudyDirection.MINIMIZE
    return [merit(trial.intermediate_values[epoch], minimized) for trial in trials]


class Forecast:
    """Forecasts the final values of trials from those after some epoch.

    The final error's logarithm is a linear function, fitted to the complete trials with a ridge
    penalty of 1 on standardized features, of these logarithms: of the error now; of the LR at the
    end, and its square; of the sum of the LRs still to come, and its square; of the noise that
    they leave, and its square; of the LR now. Before the first epoch there is no error yet and no
    LR now, and the schedule alone must do. Where a study samples options of the task, it is a
    function of those as well.

    Args:
        features: What schedules are told apart by.
        updates_per_epoch: Updates in an epoch.
        n_startup_trials: Complete trials without which nothing is forecast.
        error: The error of a value: what is left to improve.
        options: What the options of tasks are told apart by, if any are sampled.
    """

    def __init__(
        self,
        features: Features,
        updates_per_epoch: int,
        n_startup_trials: int,
        error: Callable[[float], float],
        options: OptionFeatures = NO_OPTIONS,
    ) -> None:
        self._options = options
        self._features, self._updates_per_epoch = features, updates_per_epoch
        self._least = n_startup_trials
        self._error = error
        self._known: dict[tuple[Schedule, int, int], tuple[float, ...]] = {}

    def __call__(
        self, study: Study, trials: Sequence[FrozenTrial], epoch: int
    ) -> list[float] | None:
        """Return a number for each trial, the larger the better it will end.

        Args:
            study: The study, whose complete trials are learned from.
            trials: Trials that were judged after that epoch.
            epoch: Epochs completed; 0 before the first.

        Returns:
            Minus the logarithm of the expected final error; None if too few are complete. Where
            an error is below 0, as a loss can be, its logarithm says nothing: what trials are
            worth now.
        """
        complete = [
            trial
            for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
            if has_schedule(trial.user_attrs) and (epoch == 0 or was_judged(trial, epoch))
        ]
        if len(complete) < max(self._least, 2):
            return None
        finals = [trial.value or 0.0 for trial in complete]
        judged = (*complete, *trials) if epoch else ()
        nows = [trial.intermediate_values[epoch] for trial in judged]
        if not self.is_for([*finals, *nows]):
            return by_value(study, trials, epoch)
        ends = np.array([self.merit(final) for final in finals])
        fitted = Ridge.fit(self._told(complete, epoch), ends)
        return [float(each) for each in fitted(self._told(trials, epoch))]

    def is_for(self, values: Sequence[float]) -> bool:
        """Tell whether the errors of these values have logarithms."""
        return all(self._error(value) >= 0 for value in values)

    def merit(self, value: float) -> float:
        """Return minus the logarithm of a value's error."""
        return -math.log(min(max(self._error(value), _LEAST_ERROR), _MOST_ERROR))

    def _told(self, trials: Sequence[FrozenTrial], epoch: int) -> Array:
        ahead_of_them = [self._ahead(trial, epoch) for trial in trials]
        if epoch == 0:
            return np.array(ahead_of_them)
        nows = [self.merit(trial.intermediate_values[epoch]) for trial in trials]
        return np.column_stack([nows, ahead_of_them])

    def _ahead(self, trial: FrozenTrial, epoch: int) -> tuple[float, ...]:
        # Every question is about all trials so far. Not by trial: the same one has another id in a
        # copy of the study, and another study may be asked about.
        schedule = schedule_to_compare(trial.user_attrs)
        assert schedule is not None, "trials without one are not asked about"
        size = updates_of(trial, self._updates_per_epoch)
        key = schedule, epoch, size
        if key not in self._known:
            done, epochs = epoch * size, self._features.horizon // self._updates_per_epoch
            told = (
                self._features
                if size == self._updates_per_epoch
                else (self._features.lasting(epochs * size))
            )
            left = with_squares((*told.ahead(schedule, done), told.noise(schedule, done)))
            self._known[key] = (*left, told.now(schedule, done)) if done else left
        return self._known[key] + self._options(options_of(trial.user_attrs))


def make_forecast(search: Search, n_startup_trials: int) -> Forecast | None:
    """Return the forecast for a search; None if it has a metric whose errors are not known."""
    error = search.objective.error
    if error is None:
        return None
    features = Features.of(search.space)
    options = OptionFeatures.of(search.space)
    return Forecast(features, search.updates_per_epoch, n_startup_trials, error, options)
