"""``hyperband``: Optuna's Hyperband."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from optuna.pruners import BasePruner, HyperbandPruner
from pydantic import Field

from tuner.definition import Pruner, Search
from tuner.search.pruners.whole_epochs import WholeEpochs, epochs_in, out_of_range


class Hyperband(Pruner):
    """``[pruner] type = "hyperband"``: Optuna's Hyperband up to the study's epochs."""

    type: Literal["hyperband"]
    min_resource: WholeEpochs = "1ep"
    """Whole epochs before the first rung of the first bracket."""
    reduction_factor: int = Field(default=3, ge=2)
    """Of so many trials at a rung one goes on."""

    def make(self, search: Search) -> BasePruner:
        """Return Optuna's pruner."""
        return HyperbandPruner(
            min_resource=epochs_in(self.min_resource),
            max_resource=search.epochs,
            reduction_factor=self.reduction_factor,
        )

    def wrong_for(self, epochs: int) -> Mapping[str, str]:
        """Return, by key, what does not fit into a training of so many epochs."""
        return out_of_range("min_resource", self.min_resource, 1, epochs)
