"""A ``base_lr`` of type ``"range"``: bounds take its place once a ramp has shown them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from tuner.definition.measured import Measured
from tuner.reading import Mistakes, Section

_PARAM, _WORD = "base_lr", "range"
# The bounds that a space has until they are found: those of the ramp.
RAMP = (1e-6, 10.0)


class Ranged(Section):
    """``type = "range"``: bounds of ``base_lr`` that a ramp finds before the first trial."""

    type: Literal["range"]
    when: dict[str, Any] | None = None
    """Values of categorical parameters above that this one goes with."""


class MeasuredRates(NamedTuple):
    """The bounds of ``base_lr`` that a ramp found, and how.

    ``collapses`` is whether the ramp collapsed: without it ``high`` is its end. ``measured`` is
    what was read, in so many ``reports`` from each of so many ``seeds``.
    """

    low: float
    high: float
    collapses: bool
    measured: str
    reports: int
    seeds: int
    machine: str


class Found(NamedTuple):
    """What stands for that which a definition leaves to be measured: a length, bounds of rates."""

    length: Measured | None = None
    rates: MeasuredRates | None = None

    def plain(self) -> dict[str, Any]:
        """Return as plain data what a study's database keeps of it."""
        given = {"measured": self.length, "rates": self.rates}
        return {key: value._asdict() for key, value in given.items() if value is not None}

    @classmethod
    def stored(cls, data: Mapping[str, Any]) -> Found:
        """Return what :meth:`plain` made, which may be among other data."""
        length, rates = data.get("measured"), data.get("rates")
        return cls(
            Measured(**length) if length else None, MeasuredRates(**rates) if rates else None
        )


NOTHING = Found()


def with_rates(
    space: Mapping[str, Any] | str, rates: MeasuredRates | None, where: str, mistakes: Mistakes
) -> tuple[Mapping[str, Any] | str, bool]:
    """Return a search space with bounds in the place of ``type = "range"``.

    Args:
        space: The content of its file, or why that cannot be read.
        rates: The bounds; without them the ends of the ramp take the place.
        where: What to call the search space in messages.
        mistakes: Takes what is wrong with the table.

    Returns:
        The search space, and whether its bounds are still to be found.

    Example:
        >>> space = {"params": {"base_lr": {"type": "range"}}}
        >>> with_rates(space, None, "space", Mistakes("here"))
        ({'params': {'base_lr': {'type': 'float', 'low': 1e-06, 'high': 10.0, 'log': True}}}, True)
    """
    params = space.get("params") if isinstance(space, Mapping) else None
    table = params.get(_PARAM) if isinstance(params, Mapping) else None
    if not isinstance(table, Mapping) or table.get("type") != _WORD:
        return space, False
    assert isinstance(space, Mapping)
    assert isinstance(params, Mapping)
    mistakes.read(Ranged, table, f"{where}: params.{_PARAM}")
    low, high = RAMP if rates is None else (rates.low, rates.high)
    when = {"when": table["when"]} if "when" in table else {}
    bounds = {"type": "float", "low": low, "high": high, "log": True, **when}
    return {**space, "params": {**params, _PARAM: bounds}}, rates is None
