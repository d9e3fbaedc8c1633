"""``optuna``: any sampler of Optuna's, by its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from optuna.samplers import BaseSampler
from pydantic import Field, WithJsonSchema

from tuner.definition import Sampler, Search
from tuner.search import by_name
from tuner.search.samplers.per_trial import PerTrialSampler

_Name = Annotated[str, WithJsonSchema({"type": "string", "enum": by_name.SAMPLERS.names})]


class OptunaSampler(Sampler):
    """``[sampler] type = "optuna"``: any sampler of ``optuna.samplers``, by its name.

    Parameters that it cannot sample jointly, such as the family for CMA-ES, it draws as Optuna's
    documentation says, most of them at random.

    Every draw is by a new one, seeded from ``seed`` and the number of the trial, so what it keeps
    from trial to trial is what it keeps in the database. Those that would not go on after an
    interruption as if there had been none are refused.
    """

    type: Literal["optuna"]
    name: _Name
    """The class, such as ``"CmaEsSampler"``."""
    options: dict[str, Any] = Field(default={})
    """Its arguments, such as ``{ n_startup_trials = 5 }``."""

    def make(self, search: Search) -> BaseSampler:
        """Return Optuna's sampler."""
        self._made(0)  # or say now why not
        return PerTrialSampler(self.seed, self._made)

    def wrong(self) -> Mapping[str, str]:
        """Return what is wrong with name and options."""
        return by_name.wrong(by_name.SAMPLERS, self.name, self.options)

    def _made(self, seed: int) -> BaseSampler:
        found: BaseSampler = by_name.make(by_name.SAMPLERS, self.name, self.options, seed)
        return found
