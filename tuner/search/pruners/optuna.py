"""``optuna``: any pruner of Optuna's, by its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from optuna.pruners import BasePruner
from pydantic import Field, WithJsonSchema

from tuner.definition import Pruner, Search
from tuner.search import by_name

_Name = Annotated[str, WithJsonSchema({"type": "string", "enum": by_name.PRUNERS.names})]


class OptunaPruner(Pruner):
    """``[pruner] type = "optuna"``: any pruner of ``optuna.pruners``, by its name.

    Its steps are epochs, the first of which is 1.
    """

    type: Literal["optuna"]
    name: _Name
    """The class, such as ``"PercentilePruner"``."""
    options: dict[str, Any] = Field(default={})
    """Its arguments, such as ``{ percentile = 25.0, n_warmup_steps = 3 }``."""

    def make(self, search: Search) -> BasePruner:
        """Return Optuna's pruner."""
        found: BasePruner = by_name.make(by_name.PRUNERS, self.name, self.options)
        return found

    def wrong(self) -> Mapping[str, str]:
        """Return what is wrong with name and options."""
        return by_name.wrong(by_name.PRUNERS, self.name, self.options)

    @property
    def prunes(self) -> bool:
        """Whether it ends any trial."""
        return self.name != "NopPruner"
