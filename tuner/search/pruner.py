"""The pruner that a study's ``[pruner]`` table describes, in Optuna's terms.

A step is the number of epochs completed, 1-based.
"""

from __future__ import annotations

from optuna.pruners import (
    BasePruner,
    HyperbandPruner,
    MedianPruner,
    NopPruner,
    SuccessiveHalvingPruner,
)

from tuner.definition import (
    ACCURACY,
    Forecast,
    Halving,
    Hyperband,
    Median,
    Objective,
    SuccessiveHalving,
)
from tuner.reading import Duration, Section
from tuner.search.forecast import make_forecast
from tuner.search.halving import Halving as HalvingPruner
from tuner.search.halving import by_value


def make_pruner(
    definition: Section,
    epochs: int,
    updates_per_epoch: int,
    objective: Objective = ACCURACY,
) -> BasePruner:
    """Return the pruner.

    Without a known metric nothing can be forecast: the best are then those that do best now.

    Args:
        definition: The parsed ``[pruner]`` table.
        epochs: Epochs of a full training.
        updates_per_epoch: Updates in an epoch.
        objective: What trials are judged by.
    """
    if isinstance(definition, Forecast):
        startup = definition.n_startup_trials
        score = make_forecast(objective, updates_per_epoch, epochs, startup) or by_value
        return HalvingPruner(definition.by_epoch(epochs), score)
    if isinstance(definition, Halving):
        return HalvingPruner(definition.by_epoch(epochs))
    if isinstance(definition, Median):
        # Optuna prunes from the step on that it calls warmup; ours is spared to its end.
        spared = _epochs(definition.warmup)
        return MedianPruner(
            n_startup_trials=definition.n_startup_trials, n_warmup_steps=spared + 1
        )
    if isinstance(definition, SuccessiveHalving):
        return SuccessiveHalvingPruner(
            min_resource=_epochs(definition.min_resource),
            reduction_factor=definition.reduction_factor,
        )
    if isinstance(definition, Hyperband):
        return HyperbandPruner(
            min_resource=_epochs(definition.min_resource),
            max_resource=epochs,
            reduction_factor=definition.reduction_factor,
        )
    return NopPruner()


def _epochs(text: str) -> int:
    return int(Duration.parse(text).amount)
