"""Screening: many schedules are drawn, and the one that promises most is trained.

How good a schedule will be can be told to some degree before it is trained, from the LR that it
ends at and the sum of its LRs, whatever its family. A sampler of parameters does not know this: to
it a cosine and a linear decay have nothing in common.
"""

from __future__ import annotations

import contextlib
import functools
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState
from pydantic import Field

from tuner.definition import Sampler, Search, merit
from tuner.errors import ScheduleError
from tuner.schedules import Schedule
from tuner.search.attributes import (
    REASON,
    family_in,
    has_schedule,
    text,
)
from tuner.search.forecast import Forecast, Score, by_value, make_forecast
from tuner.search.results import by_pruner
from tuner.search.ridge import Array, Ridge
from tuner.search.samplers.drawing import Drawn, draw
from tuner.search.samplers.per_trial import PerTrialSampler
from tuner.search.samplers.survival import Survival, after_risk
from tuner.search.samplers.telling import Telling, terms
from tuner.space import SearchSpace, options_in
from tuner.storage import trial_id
from tuner.tasks import LARGEST

# How far from the likeliest function one is drawn, in standard deviations of the posterior's own.
# A draw at 1 tries more than a study of some ten complete trials can afford.
_EXPLORATION = 0.5
# Trainings from different seeds that a schedule is to survive: the trial, and the three fresh
# seeds from which a confirm trains it.
_TRAININGS = 4
# Trials in a row of one family, after which another one is tried: what is known of a family that
# is not trained follows from the others alone, and may be wrong for ever.
_MOST_IN_A_ROW = 4


class Screening(Sampler):
    """``[sampler] type = "screening"``: of many random schedules the one that promises most.

    Random ones until ``n_startup_trials`` trials, baselines included, are complete.
    """

    type: Literal["screening"] = "screening"
    n_startup_trials: int = Field(default=4, ge=2)
    """Complete trials, baselines included, before which schedules are drawn at random."""
    n_candidates: int = Field(default=64, ge=1, le=10_000)
    """Random schedules to choose each trial's from."""

    def make(self, search: Search) -> BaseSampler:
        """Return Optuna's sampler."""
        at_random = PerTrialSampler(self.seed, RandomSampler)
        startup, candidates = self.n_startup_trials, self.n_candidates
        forecast = make_forecast(search, startup)
        return ScreeningSampler(at_random, search.space, self.seed, startup, candidates, forecast)


class _Past(NamedTuple):
    """What is learned from: trials that did not collapse, with their ranks, and those that did."""

    ranked: list[FrozenTrial]
    ranks: Array  # from 0, the worst, to almost 1; equal ones have the same
    collapsed: list[FrozenTrial]


class ScreeningSampler(BaseSampler):
    """Gives a trial the most promising of many random schedules, by a forecast before training.

    The rank among the study's trials is a quadratic function of what a schedule has ahead of it at
    its start (:meth:`tuner.search.features.Features.ahead`): a hill has its top where neither of
    them is extreme, which no linear function says. It is fitted to the complete trials and to the
    pruned ones, which rank by what they were expected to end at. Of the functions that these
    trials leave possible one is drawn at random, closer to the likeliest than chance would be, so
    that what is not known yet gets tried too. What a schedule promises is its value under it,
    times the chance that four trainings from different seeds survive its highest LR
    (:class:`tuner.search.samplers.survival.Survival`), which trials that collapsed teach. The
    schedule that promises most is the trial's. After four trials of one family it is the most
    promising of another. Options of the task that are sampled with it are features of their own.

    Args:
        inner: The sampler that is asked until enough trials are complete.
        space: What schedules are drawn from.
        seed: The study's.
        n_startup_trials: Complete trials without which nothing is screened.
        n_candidates: How many schedules are drawn for a trial.
        forecast: Tells what pruned trials would have ended at; None to take what they were at.

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
        forecast: Forecast | None,
    ) -> None:
        self._inner, self._space, self._seed = inner, space, seed
        self._n_startup_trials, self._n_candidates = n_startup_trials, n_candidates
        self._forecast = forecast
        self._telling = Telling(space)
        # By trial: threads may ask for several at once.
        self._chosen: dict[int, Drawn] = {}

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Return what is sampled jointly: all parameters of the schedule that was chosen."""
        chosen = self._choose(study, trial)
        if chosen is None:
            return self._inner.infer_relative_search_space(study, trial)
        self._chosen[trial_id(trial)] = chosen
        return chosen.distributions

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return the parameters of the schedule that was chosen."""
        chosen = self._chosen.pop(trial_id(trial), None)
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
        past = self._past(study)
        if past is None:
            return None
        chance = np.random.default_rng((self._seed, trial.number))
        draws = RandomSampler(seed=int(chance.integers(2**31)))
        one = functools.partial(draws.sample_independent, study, trial)
        candidates: list[tuple[Drawn, Schedule]] = []
        for _ in range(self._n_candidates):
            drawn = draw(self._space, one)
            # Parameters that do not go together are no candidate.
            with contextlib.suppress(ScheduleError):
                candidates.append((drawn, self._space.schedule(drawn.values)))
        if not candidates:
            return None
        insistent = _family_of_the_last(study.get_trials(deepcopy=False))
        others = [c for c in candidates if self._space.family(c[0].values) != insistent]
        candidates = others or candidates
        features = [
            self._telling.drawn(schedule, options_in(drawn.values))
            for drawn, schedule in candidates
        ]
        known = [self._telling.of(each) for each in past.ranked]
        around = np.array([each.ahead for each in (*known, *features)])
        fitted = Ridge.fit(terms(known, around), past.ranks)
        promised = fitted.drawn(chance, _EXPLORATION)(terms(features, around))
        highest = [each.peak for each in features]
        chance_to_last = self._survival(past, highest)(highest) ** _TRAININGS
        return candidates[int(np.argmax(after_risk(promised, chance_to_last)))][0]

    def _survival(self, past: _Past, around: list[float]) -> Survival:
        """Return the chance to survive a highest LR; of pruned trials nobody knows."""
        complete = [trial for trial in past.ranked if trial.state == TrialState.COMPLETE]
        return Survival.fit(
            [self._telling.of(trial).peak for trial in complete],
            [self._telling.of(trial).peak for trial in past.collapsed],
            around,
        )

    def _past(self, study: Study) -> _Past | None:
        """Return the trials that are over and say something; None if too few are complete."""
        trials = [
            trial
            for trial in study.get_trials(
                deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED)
            )
            if has_schedule(trial.user_attrs)
        ]
        complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
        if len(complete) < self._n_startup_trials:
            return None
        collapsed: list[FrozenTrial] = []
        pruned: dict[int, list[FrozenTrial]] = defaultdict(list)
        for trial in trials:
            if trial.state != TrialState.PRUNED:
                continue
            if _is_collapsed(trial):
                collapsed.append(trial)
            elif trial.last_step:  # pruned before its first epoch it taught nothing
                pruned[trial.last_step].append(trial)
        finals = [trial.value or 0.0 for trial in complete]
        nows = [t.intermediate_values[epoch] for epoch, ts in pruned.items() for t in ts]
        if self._forecast is not None and self._forecast.is_for([*finals, *nows]):
            worth: Callable[[float], float] = self._forecast.merit
            expected: Score = self._forecast
        else:
            minimized = study.direction == StudyDirection.MINIMIZE
            worth, expected = functools.partial(merit, minimized=minimized), by_value
        ends = [(worth(final), trial) for final, trial in zip(finals, complete, strict=True)]
        for epoch, judged in pruned.items():
            ends += zip(expected(study, judged, epoch) or [], judged, strict=False)
        ranks = _ranks(np.array([end for end, _ in ends]))
        return _Past([trial for _, trial in ends], ranks, collapsed)


def _is_collapsed(trial: FrozenTrial) -> bool:
    """Tell whether a pruned trial became hopeless, rather than that the pruner ended it.

    One that plain Optuna pruned gives no reason, but has been worth something at its end.
    """
    reason, last = text(trial.user_attrs, REASON), trial.last_step
    if reason or not last:
        return not by_pruner(reason)
    return not abs(trial.intermediate_values[last]) <= LARGEST


def _family_of_the_last(trials: Sequence[FrozenTrial]) -> str | None:
    """Return the family that the last trials have had in a row, if they were so many."""
    begun = [trial for trial in trials if trial.state != TrialState.WAITING]
    families = [family for trial in begun if (family := family_in(trial.user_attrs))]
    last = families[-_MOST_IN_A_ROW:]
    return last[0] if len(last) == _MOST_IN_A_ROW and len(set(last)) == 1 else None


def _ranks(values: Array) -> Array:
    """Return the shares of values that are below each; of equal ones, their mean.

    Example:
        >>> _ranks(np.array([0.3, 0.1, 0.3, 0.2])).tolist()
        [0.625, 0.0, 0.625, 0.25]
    """
    _, group, sizes = np.unique(values, return_inverse=True, return_counts=True)
    below = np.cumsum(sizes) - sizes
    return (below + (sizes - 1) / 2)[group] / len(values)
