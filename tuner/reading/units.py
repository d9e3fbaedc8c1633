"""Durations with a unit: ``"2ep"`` epochs, ``"500up"`` updates, ``"0.1dur"`` of the horizon.

``"50000ex"`` are examples: as many updates as batches of the task have them. A training without
epochs has no ``ep``; :class:`Unit` is what its length is told in.

A bare number is refused, because "20" as epochs and "20" as updates are a factor of several
hundred apart, and taking one for the other is the commonest mistake with schedules.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tuner.errors import UnitError

_NUMBER = r"(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
_UNITS = ("ep", "up", "dur", "ex")
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


class Unit(NamedTuple):
    """What the length of a training is told in: epochs, or updates where it has none.

    To the search everything is an epoch after which a training reports. Of a training without
    epochs this is ``size`` updates, and people are told those.

    Example:
        >>> Unit("update", 250).told(3), EPOCHS.told(3)
        ('750 updates', '3 epochs')
    """

    word: str = "epoch"
    size: int = 1

    @property
    def words(self) -> str:
        """The plural."""
        return f"{self.word}s"

    @property
    def each(self) -> str:
        """When a training reports, as it follows the word after."""
        return f"each {self.word}" if self.size == 1 else f"every {self.size} {self.words}"

    @property
    def step(self) -> str:
        """What a training makes one after the other, an epoch or a report."""
        return "epoch" if self == EPOCHS else "report"

    @property
    def key(self) -> str:
        """The option that says how many updates that is."""
        return "updates_per_epoch" if self == EPOCHS else "report_every"

    def times(self, epochs: int) -> str:
        """Return how often a whole training reports."""
        return f"after each of {epochs} epochs" if self == EPOCHS else f"{epochs} times"

    @property
    def one(self) -> str:
        """What lies between two reports."""
        return f"an {self.word}" if self.size == 1 else f"{self.size} {self.words}"

    @property
    def form(self) -> str:
        """The format of a point in time."""
        return ".2f" if self.word == "epoch" else ".0f"

    def count(self, epochs: int) -> int:
        """Return how many of the unit as many epochs are."""
        return epochs * self.size

    def told(self, epochs: int) -> str:
        """Return in words how long as many epochs are."""
        return f"{self.count(epochs)} {self.words}"

    def reworded(self, text: str) -> str:
        """Return a text about epochs as one about the unit.

        Example:
            >>> Unit("update", 250).reworded("diverged in epoch 2: the task's epochs are 1ep..4ep")
            "diverged by update 500: the task's updates are 250up..1000up"
        """
        if self == EPOCHS:
            return text
        text = re.sub(r"\bin epoch (\d+)", lambda found: f"by epoch {found[1]}", text)
        text = re.sub(r"\bepoch (\d+)", lambda n: f"{self.word} {self.count(int(n[1]))}", text)
        text = re.sub(r"\b(\d+) epochs\b", lambda n: self.told(int(n[1])), text)
        text = re.sub(r"\b(\d+)ep\b", lambda n: f"{self.count(int(n[1]))}up", text)
        return text.replace("epochs", self.words)


EPOCHS = Unit()


class Clock(NamedTuple):
    """How long an epoch and a whole training are, in updates.

    ``unit`` is what lengths are told in, ``batch_size`` the examples in an update, if known.
    """

    updates_per_epoch: int
    horizon: int
    unit: Unit = EPOCHS
    batch_size: int | None = None

    @property
    def updates_per_unit(self) -> int:
        """Updates in one of the unit, which are 1 where that is updates."""
        return self.updates_per_epoch // self.unit.size


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
            text: A number directly followed by ``ep``, ``up``, ``dur`` or ``ex``.

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
        if unit in ("up", "ex") and not amount.is_integer():
            what = {"up": "updates", "ex": "examples"}[unit]
            raise UnitError(f"{text!r} is not a whole number of {what}.")
        return cls(amount, unit)

    def updates(self, clock: Clock) -> int:
        """Return the duration in updates, rounded to the nearest whole one.

        Raises:
            UnitError: If the training has no epochs, or nobody says what examples an update has.
        """
        if self.unit == "ep" and self.amount and clock.unit != EPOCHS:
            share = self.amount * clock.updates_per_epoch / clock.horizon
            raise UnitError(
                f"{str(self)!r} must be updates or a share of the horizon, for the training has no"
                f" epochs: it reports after every {clock.updates_per_epoch} updates. Write"
                f" '{round(self.amount * clock.updates_per_epoch)}up' or '{share:.3g}dur' if as"
                " many reports are meant."
            )
        if self.unit == "ex":
            # A task that does not say what an update has says 1, where examples are updates.
            if clock.batch_size in (None, 1):
                raise UnitError(
                    f"{str(self)!r} needs the examples in an update, but the task does not say"
                    " them. Give it its batch_size, or write updates: '500up'."
                )
            return round(self.amount / (clock.batch_size or 1))
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
