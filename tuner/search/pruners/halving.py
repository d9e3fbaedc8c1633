"""``halving``: the best are those that do best now."""

from __future__ import annotations

from typing import Literal

from optuna.pruners import BasePruner

from tuner.definition import Search
from tuner.search.pruners.rungs import RungPruner, Rungs


class Halving(Rungs):
    """``[pruner] type = "halving"``: the best are those that do best at the rung."""

    type: Literal["halving"]

    def make(self, search: Search) -> BasePruner:
        """Return Optuna's pruner."""
        return RungPruner(self.by_epoch(search.epochs))
