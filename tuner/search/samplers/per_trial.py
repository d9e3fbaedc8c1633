"""Samplers without memory: what is drawn follows from (study seed, trial number, parameter).

Optuna keeps a sampler's random state in the process, so a resumed study with the same seed draws
the same points again, and a continued trial draws others than the first time.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from tuner.search.by_name import keeping_quiet
from tuner.storage import with_params_only


class PerTrialSampler(BaseSampler):
    """Draws with a fresh sampler for every trial and parameter, seeded by their names.

    So a study that was stopped and resumed draws what an uninterrupted one does, and a trial that
    was killed between two of its parameters continues with the same values. Trials without
    parameters, such as baselines outside the space, tell Optuna's samplers nothing.

    Args:
        seed: The study's seed.
        make: Returns Optuna's sampler for a seed.
    """

    def __init__(self, seed: int, make: Callable[[int], BaseSampler]) -> None:
        self._seed = seed
        self._make = make

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Return what is sampled jointly."""
        return self._for(trial, "").infer_relative_search_space(with_params_only(study), trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Sample the joint parameters."""
        sampler, study = self._for(trial, ""), with_params_only(study)
        # For itself: TPE's groups are what it notes there.
        sampler.infer_relative_search_space(study, trial)
        return sampler.sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Sample a parameter that only some families have."""
        sampler, study = self._for(trial, param_name), with_params_only(study)
        return sampler.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Let Optuna's sampler see the end of a trial."""
        self._for(trial, "").after_trial(with_params_only(study), trial, state, values)

    def _for(self, trial: FrozenTrial, param: str) -> BaseSampler:
        entropy = (self._seed, trial.number, zlib.crc32(param.encode()))
        with keeping_quiet():
            return self._make(int(np.random.SeedSequence(entropy).generate_state(1)[0]))
