"""Samplers, one a file: what ``[sampler]`` may hold, and how Optuna's sampler is made of it."""

from __future__ import annotations

from tuner.definition import Sampler, Search
from tuner.search.samplers.optuna import OptunaSampler
from tuner.search.samplers.per_trial import PerTrialSampler
from tuner.search.samplers.random import Random
from tuner.search.samplers.screening import Screening
from tuner.search.samplers.survival import Survival
from tuner.search.samplers.telling import Telling, Told, terms
from tuner.search.samplers.tpe import TPE

__all__ = [
    "TPE",
    "OptunaSampler",
    "PerTrialSampler",
    "Random",
    "Sampler",
    "Screening",
    "Search",
    "Survival",
    "Telling",
    "Told",
    "terms",
]
