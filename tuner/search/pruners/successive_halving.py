"""``successive_halving``: Optuna's asynchronous successive halving."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from optuna.pruners import BasePruner, SuccessiveHalvingPruner
from pydantic import Field

from tuner.definition import Pruner, Search
from tuner.search.pruners.whole_epochs import WholeEpochs, epochs_in, out_of_range


class SuccessiveHalving(Pruner):
    """``[pruner] type = "successive_halving"``: Optuna's asynchronous successive halving."""

    type: Literal["successive_halving"] = "successive_halving"
    min_resource: WholeEpochs = "1ep"
    """Whole epochs before the first rung."""
    reduction_factor: int = Field(default=3, ge=2)
    """Of so many trials at a rung one goes on; rungs are further apart by it each time."""

    def make(self, search: Search) -> BasePruner:
        """Return Optuna's pruner."""
        return SuccessiveHalvingPruner(
            min_resource=epochs_in(self.min_resource), reduction_factor=self.reduction_factor
        )

    def wrong_for(self, epochs: int) -> Mapping[str, str]:
        """Return, by key, what does not fit into a training of so many epochs."""
        return out_of_range("min_resource", self.min_resource, 1, epochs)
