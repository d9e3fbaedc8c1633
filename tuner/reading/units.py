"""Durations with a unit: ``"2ep"`` epochs, ``"500up"`` updates, ``"0.1dur"`` of the horizon.

A bare number is refused, because "20" as epochs and "20" as updates are a factor of several
hundred apart, and taking one for the other is the commonest mistake with schedules.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tuner.errors import UnitError

_NUMBER = r"(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
_UNITS = ("ep", "up", "dur")
_PATTERN = re.compile(rf"{_NUMBER}\s*({'|'.join(_UNITS)})")
_LONGEST = 1e12
_HOW_TO_WRITE = "'{0}up' (updates), '{1}ep' (epochs) or '{2}dur' (share of the horizon)"


def pattern(*units: str) -> str:
    """Return what a duration looks like as text, as a regular expression for JSON Schemas.

    Args:
        units: The units that it may have; every one if none is named.

    Example:
        >>> pattern("ep", "dur").endswith(r"(ep|dur)\\s*$")
        True
    """
    return rf"^\s*{_NUMBER}\s*({'|'.join(units or _UNITS)})\s*$"


class Clock(NamedTuple):
    """How long an epoch and a whole training are, in updates."""

    updates_per_epoch: int
    horizon: int


class Duration(NamedTuple):
    """A length of training with its unit.

    Example:
        >>> clock = Clock(updates_per_epoch=235, horizon=7050)
        >>> Duration.parse("2ep").updates(clock)
        470
        >>> Duration.parse("0.1dur").updates(clock)
        705
    """

    amount: float
    unit: str

    @classmethod
    def parse(cls, text: object) -> Duration:
        """Read a duration such as ``"1.5ep"``.

        Args:
            text: A number directly followed by ``ep``, ``up`` or ``dur``.

        Returns:
            The duration; not yet resolved to updates.

        Raises:
            UnitError: If the unit is missing or unknown, or updates are not whole.

        Example:
            >>> Duration.parse(500)
            Traceback (most recent call last):
            ...
            tuner.errors.UnitError: 500 has no unit. Write '500up' (updates), \
'1ep' (epochs) or '0.1dur' (share of the horizon).
        """
        if not isinstance(text, str) or _is_number(text):
            number = str(text) if _is_whole(text) else "500"
            how = _HOW_TO_WRITE.format(number, 1, 0.1)
            raise UnitError(f"{text!r} has no unit. Write {how}.")
        match = _PATTERN.fullmatch(text.strip())
        if match is None:
            how = _HOW_TO_WRITE.format(500, 1, 0.1)
            raise UnitError(f"{text!r} is not a duration of 0 or more. Write {how}.")
        amount, unit = float(match[1]), match[2]
        if amount > _LONGEST:
            raise UnitError(f"{text!r} must be at most {_LONGEST:g} of its unit.")
        if unit == "up" and not amount.is_integer():
            raise UnitError(f"{text!r} is not a whole number of updates.")
        return cls(amount, unit)

    def updates(self, clock: Clock) -> int:
        """Return the duration in updates, rounded to the nearest whole one."""
        length = {"up": 1, "ep": clock.updates_per_epoch, "dur": clock.horizon}[self.unit]
        return round(self.amount * length)

    def __str__(self) -> str:
        amount = int(self.amount) if self.amount.is_integer() else self.amount
        return f"{amount}{self.unit}"


def _is_whole(value: object) -> bool:
    return type(value) is int or (isinstance(value, str) and value.isdigit())


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
