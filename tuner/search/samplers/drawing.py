"""Whole sets of parameters, drawn for a trial before it asks for the first of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from tuner.space import SearchSpace

# Returns a value for a parameter, by its name and distribution.
DrawOne = Callable[[str, BaseDistribution], Any]


class Drawn(NamedTuple):
    """The parameters of a family, with their distributions, as a trial would ask for them."""

    values: dict[str, Any]
    distributions: dict[str, BaseDistribution]


def draw(space: SearchSpace, draw_one: DrawOne) -> Drawn:
    """Return the parameters that a trial would have if it were given these values.

    Args:
        space: The search space.
        draw_one: Asked for each parameter in the order of the space.
    """
    asked = _Asked(draw_one)
    return Drawn(space.sample(asked), asked.distributions)


class _Asked:
    """What a space asks, in place of a trial."""

    def __init__(self, draw_one: DrawOne) -> None:
        self._draw_one = draw_one
        self.distributions: dict[str, BaseDistribution] = {}

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        return self._draw(name, CategoricalDistribution(tuple(choices)))

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None, log: bool
    ) -> float:
        return float(self._draw(name, FloatDistribution(low, high, log=log, step=step)))

    def suggest_int(self, name: str, low: int, high: int, *, step: int, log: bool) -> int:
        return int(self._draw(name, IntDistribution(low, high, log=log, step=step)))

    def _draw(self, name: str, distribution: BaseDistribution) -> Any:
        self.distributions[name] = distribution
        return self._draw_one(name, distribution)
