"""``tpe``: Optuna's TPESampler."""

from __future__ import annotations

from typing import Literal

from optuna.samplers import BaseSampler, TPESampler
from pydantic import Field

from tuner.definition import Sampler, Search
from tuner.search.samplers.per_trial import PerTrialSampler


class TPE(Sampler):
    """``[sampler] type = "tpe"``: Optuna's tree-structured Parzen estimator."""

    type: Literal["tpe"] = "tpe"
    n_startup_trials: int = Field(default=10, ge=0)
    """Complete or pruned trials before which parameters are drawn at random."""
    group: bool = False
    """Whether parameters that occur together are sampled jointly; Optuna's ``group``."""

    def make(self, search: Search) -> BaseSampler:
        """Return Optuna's sampler."""
        startup, group = self.n_startup_trials, self.group
        return PerTrialSampler(
            self.seed, lambda seed: TPESampler(seed=seed, n_startup_trials=startup, group=group)
        )
