"""``none``: nothing is pruned."""

from __future__ import annotations

from typing import Literal

from optuna.pruners import BasePruner, NopPruner

from tuner.definition import Pruner, Search


class NoPruner(Pruner):
    """``[pruner] type = "none"``: every trial trains to the end."""

    type: Literal["none"]

    def make(self, search: Search) -> BasePruner:
        """Return Optuna's pruner."""
        return NopPruner()

    @property
    def prunes(self) -> bool:
        """Whether it ends any trial."""
        return False
