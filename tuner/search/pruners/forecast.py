"""``forecast``: the best are those that are expected to end best."""

from __future__ import annotations

from typing import ClassVar, Literal

from optuna.pruners import BasePruner
from pydantic import Field

from tuner.definition import Search
from tuner.search.forecast import by_value, make_forecast
from tuner.search.pruners.rungs import EpochsOrShare, RungPruner, Rungs


class Forecast(Rungs):
    """``[pruner] type = "forecast"``: the best are those that are expected to end best.

    Nothing is pruned before ``n_startup_trials`` trials, baselines included, are complete.
    """

    usual_shares: ClassVar[tuple[float, float]] = (0.7, 0.4)

    type: Literal["forecast"] = "forecast"
    rungs: list[EpochsOrShare] = Field(default=["0ep", "0.1dur", "0.2dur"], min_length=1)
    """As for halving; at ``"0ep"`` a schedule is judged before it is trained."""
    keep: list[float] = Field(default=[0.5, 0.7, 0.8], validate_default=True)
    """Share of the trials that goes on after each rung, between 0 and 1."""
    _judges_untrained: ClassVar[bool] = True
    n_startup_trials: int = Field(default=4, ge=2)
    """Complete trials, baselines included, before which nothing is pruned."""

    def make(self, search: Search) -> BasePruner:
        """Return Optuna's pruner.

        Without a known metric nothing can be forecast: the best are then those that do best now.
        """
        forecast = make_forecast(search, self.n_startup_trials)
        return RungPruner(self.by_epoch(search.epochs), forecast or by_value)
