"""``median``: Optuna's MedianPruner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from optuna.pruners import BasePruner, MedianPruner
from pydantic import Field

from tuner.definition import Pruner, Search
from tuner.search.pruners.whole_epochs import WholeEpochs, epochs_in, out_of_range


class Median(Pruner):
    """``[pruner] type = "median"``: Optuna's MedianPruner."""

    usual_shares: ClassVar[tuple[float, float]] = (0.2, 0.2)

    type: Literal["median"]
    n_startup_trials: int = Field(default=5, ge=0)
    """Complete trials before which nothing is pruned."""
    warmup: WholeEpochs = "0ep"
    """Whole epochs of a trial before which it is not pruned."""

    def make(self, search: Search) -> BasePruner:
        """Return Optuna's pruner, which prunes from the step on that it calls warmup.

        Ours is spared to its end.
        """
        spared = epochs_in(self.warmup)
        return MedianPruner(n_startup_trials=self.n_startup_trials, n_warmup_steps=spared + 1)

    def wrong_for(self, epochs: int) -> Mapping[str, str]:
        """Return, by key, what does not fit into a training of so many epochs."""
        return out_of_range("warmup", self.warmup, 0, epochs)
