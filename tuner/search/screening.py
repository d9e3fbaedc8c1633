"""Screening: many schedules are drawn, and the one that promises most is trained.

How good a schedule will be can be told to some degree before it is trained, from the LR that it
ends at and the sum of its LRs, whatever its family. A sampler of parameters does not know this: to
it a cosine and a linear decay have nothing in common.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from tuner.errors import ScheduleError
from tuner.schedules import schedule_from_dict
from tuner.search.drawing import Drawn, draw
from tuner.search.forecast import Forecast, ahead, merit
from tuner.search.ridge import Ridge
from tuner.search.trial import SCHEDULE
from tuner.space import SearchSpace


class Screening(BaseSampler):
    """Gives a trial the most promising of many random schedules, by a forecast before training.

    The final error's logarithm is a linear function of what a schedule has ahead of it at its
    start (:func:`tuner.search.forecast.ahead`), fitted to the study's complete trials, and to the
    pruned ones with what they were expected to end at. Of the functions that these trials leave
    possible one is drawn at random, so that what is not known yet gets tried too. The schedule
    with the largest value under it is the trial's.

    Args:
        inner: The sampler that is asked until enough trials are complete.
        space: What schedules are drawn from.
        seed: The study's.
        n_startup_trials: Complete trials without which nothing is screened.
        n_candidates: How many schedules are drawn for a trial.

    Source:
        Thompson sampling in a linear model, Agrawal and Goyal 2013 (arXiv:1209.3352).
    """

    def __init__(
        self,
        inner: BaseSampler,
        space: SearchSpace,
        seed: int,
        n_startup_trials: int,
        n_candidates: int,
    ) -> None:
        self._inner, self._space, self._seed = inner, space, seed
        self._n_startup_trials, self._n_candidates = n_startup_trials, n_candidates
        per_epoch, horizon = space.clock
        self._forecast = Forecast(per_epoch, horizon // per_epoch, n_startup_trials)
        self._chosen: tuple[int, Drawn | None] = (-1, None)
        self._known: dict[int, tuple[float, ...]] = {}

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Return what is sampled jointly: all parameters of the schedule that was chosen."""
        self._chosen = trial._trial_id, self._choose(study, trial)
        if self._chosen[1] is None:
            return self._inner.infer_relative_search_space(study, trial)
        return self._chosen[1].distributions

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return the parameters of the schedule that was chosen."""
        chosen = self._chosen[1] if self._chosen[0] == trial._trial_id else None
        if chosen is None:
            return self._inner.sample_relative(study, trial, search_space)
        return chosen.values

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Sample a parameter by the inner sampler."""
        return self._inner.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Let the inner sampler see the end of a trial."""
        self._inner.after_trial(study, trial, state, values)

    def _choose(self, study: Study, trial: FrozenTrial) -> Drawn | None:
        merits = self._merits(study)
        if merits is None:
            return None
        features = np.array([self._ahead(trial) for trial, _ in merits])
        fitted = Ridge.fit(features, np.array([value for _, value in merits]))
        chance = np.random.default_rng((self._seed, trial.number))
        draws = RandomSampler(seed=int(chance.integers(2**31)))
        candidates = []
        for _ in range(self._n_candidates):
            drawn = draw(
                self._space,
                lambda name, distribution: draws.sample_independent(
                    study, trial, name, distribution
                ),
            )
            try:
                schedule = self._space.schedule(drawn.values)
            except ScheduleError:  # these parameters do not go together
                continue
            candidates.append((drawn, ahead(schedule, 0, self._space.clock.horizon)))
        if not candidates:
            return None
        promised = fitted.drawn(chance)(np.array([each for _, each in candidates]))
        return candidates[int(np.argmax(promised))][0]

    def _merits(self, study: Study) -> list[tuple[FrozenTrial, float]] | None:
        """Return the trials that are over, with what they ended or would have ended at."""
        trials = [
            trial
            for trial in study.get_trials(
                deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED)
            )
            if SCHEDULE in trial.user_attrs
        ]
        found = [(t, merit(t.value or 0.0)) for t in trials if t.state == TrialState.COMPLETE]
        if len(found) < self._n_startup_trials:
            return None
        pruned = defaultdict(list)
        for each in trials:
            if each.state == TrialState.PRUNED:
                pruned[each.last_step or 0].append(each)
        collapsed = pruned.pop(0, [])
        for epoch, ended in pruned.items():
            found += zip(ended, self._forecast(study, ended, epoch) or [], strict=False)
        # As twice the error of the worst: that of chance would bend the whole function.
        worst = min(value for _, value in found) - math.log(2)
        return found + [(each, worst) for each in collapsed]

    def _ahead(self, trial: FrozenTrial) -> tuple[float, ...]:
        key = trial._trial_id  # whose schedule does not change
        if key not in self._known:
            schedule = schedule_from_dict(trial.user_attrs[SCHEDULE])
            self._known[key] = ahead(schedule, 0, self._space.clock.horizon)
        return self._known[key]
