"""``random``: every parameter at random."""

from __future__ import annotations

from typing import Literal

from optuna.samplers import BaseSampler, RandomSampler

from tuner.definition import Sampler, Search
from tuner.search.samplers.per_trial import PerTrialSampler


class Random(Sampler):
    """``[sampler] type = "random"``: every parameter at random."""

    type: Literal["random"]

    def make(self, search: Search) -> BaseSampler:
        """Return Optuna's sampler."""
        return PerTrialSampler(self.seed, RandomSampler)
