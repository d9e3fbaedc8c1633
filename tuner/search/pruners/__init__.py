"""Pruners, one a file: what ``[pruner]`` may hold, and how Optuna's pruner is made of it."""

from __future__ import annotations

from tuner.definition import Pruner, Search
from tuner.search.pruners.forecast import Forecast
from tuner.search.pruners.halving import Halving
from tuner.search.pruners.hyperband import Hyperband
from tuner.search.pruners.median import Median
from tuner.search.pruners.none import NoPruner
from tuner.search.pruners.optuna import OptunaPruner
from tuner.search.pruners.rungs import RungPruner, Rungs
from tuner.search.pruners.successive_halving import SuccessiveHalving
from tuner.search.pruners.whole_epochs import WholeEpochs

__all__ = [
    "Forecast",
    "Halving",
    "Hyperband",
    "Median",
    "NoPruner",
    "OptunaPruner",
    "Pruner",
    "RungPruner",
    "Rungs",
    "Search",
    "SuccessiveHalving",
    "WholeEpochs",
]
