"""The parameters of a search space: how each is written in TOML, sampled and checked."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar, Literal, NamedTuple

from pydantic import Field

from tuner.errors import ScheduleError, UnitError
from tuner.reading import Clock, Mistakes, Section
from tuner.schedules import is_whole
from tuner.space.values import kind_of, plain_value, updates

Conditions = tuple[tuple[str, tuple[Any, ...]], ...]

# Where a quantity would be a parameter of its own: `low` and `high` bound what is sampled.
NO_QUANTITY = (
    "no parameter of a schedule: a momentum that mirrors the learning rate has its ends sampled or"
    " fixed, `momentum_low` and `momentum_high`; one that stays as it is is an option of the task,"
    " [params.task.momentum]"
)


class Param(NamedTuple):
    """One sampled parameter, its durations resolved to updates."""

    type: str
    choices: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 0.0
    step: float | None = None
    log: bool = False
    when: Conditions = ()

    def applies(self, values: Mapping[str, Any]) -> bool:
        """Tell whether the parameter exists beside the values above it."""
        return all(values.get(parent) in wanted for parent, wanted in self.when)

    def applies_to_family(self, family: str) -> bool:
        """Tell whether the parameter can exist for a family."""
        return family in dict(self.when).get("family", (family,))

    def ends(self) -> tuple[Any, Any]:
        """Return the smallest and the largest value."""
        return (min(self.choices), max(self.choices)) if self.choices else (self.low, self.high)

    @property
    def is_single(self) -> bool:
        """Whether it has one value alone."""
        return len(self.choices) == 1 if self.choices else self.low == self._last()

    def middle(self) -> Any:
        """Return the value in the middle, of orders of magnitude if it is logarithmic.

        The first of choices, which have none.

        Example:
            >>> Param("float", low=1e-4, high=1.0, log=True).middle()
            0.01
        """
        if self.choices:
            return self.choices[0]
        half = math.sqrt(self.low * self.high) if self.log else (self.low + self.high) / 2
        if self.step is not None:
            half = self.low + self.step * round((half - self.low) / self.step)
        return round(half) if self.type == "int" else half

    def moved(self, value: Any, other: Param) -> Any:
        """Return the value of the same parameter, resolved for another clock, that is this one.

        Of choices the one in the same place; of a range of durations the one as far from its ends.
        So shares of the horizon and epochs stay what they are, and updates as well.

        Args:
            value: In this clock.
            other: The parameter for the other clock.
        """
        if self.choices:
            return other.choices[self.choices.index(value)] if value in self.choices else value
        if (self.low, self.high) == (other.low, other.high):
            return value
        span = self.high - self.low
        scale = (other.high - other.low) / span if span else 1.0
        moved = round(other.low + (value - self.low) * scale)
        return max(moved, 1) if value else moved

    def suggest(self, name: str, trial: Any) -> Any:
        """Ask an Optuna trial for a value."""
        if self.type == "categorical":
            return trial.suggest_categorical(name, self.choices)
        if self.type == "float":
            return trial.suggest_float(name, self.low, self._last(), step=self.step, log=self.log)
        step = int(self.step or 1)
        return trial.suggest_int(name, int(self.low), int(self._last()), step=step, log=self.log)

    def _last(self) -> float:
        """Return the largest value that is sampled, beyond which the step leads.

        Optuna computes the same of a range that its step does not divide, but warns in each trial.
        """
        if self.step is None:
            return self.high
        low, high, step = (Decimal(str(end)) for end in (self.low, self.high, self.step))
        rest = (high - low) % step
        return float(high - rest) if rest else self.high

    def has(self, value: object) -> bool:
        """Tell whether a value is one that is sampled."""
        if self.type == "categorical":
            return value in self.choices
        if not isinstance(value, (int, float)) or not self.low <= value <= self.high:
            return False
        step = self.step or (1 if self.type == "int" else None)
        # Half a step away from the middle between two values is one of them.
        return step is None or abs((value - self.low) / step % 1 - 0.5) >= 0.5 - 1e-8


class _Param(Section):
    # The kinds of values that can be sampled so, see `space_values.kind_of`; of a choice it shows
    # in its values.
    kinds: ClassVar[tuple[str, ...]]

    when: dict[str, Any] = Field(default_factory=dict)
    """Values of categorical parameters above that this one goes with; others do without it."""

    @abstractmethod
    def resolve(
        self, name: str, clock: Clock, when: Conditions, place: str, mistakes: Mistakes
    ) -> Param | None:
        """Return the parameter for a clock, or note why it is none.

        Args:
            name: What it is called.
            clock: What the durations are resolved with.
            when: Its conditions, resolved.
            place: Where it is in the file.
            mistakes: Takes the notes.
        """


class Categorical(_Param):
    """``type = "categorical"``: one of ``choices``."""

    kinds: ClassVar[tuple[str, ...]] = ("rate", "number", "updates", "count", "choice", "option")

    type: Literal["categorical"]
    choices: list[Any] = Field(json_schema_extra={"minItems": 1})
    """The values to choose from."""

    def resolve(
        self, name: str, clock: Clock, when: Conditions, place: str, mistakes: Mistakes
    ) -> Param | None:
        """Return the parameter for a clock, or note why it is none."""
        before, place = len(mistakes.found), f"{place}.choices"
        choices: list[Any] = []
        for choice in self.choices:
            is_word = isinstance(choice, bool) and kind_of(name) == "option"
            is_plain = isinstance(choice, (str, int, float)) and not isinstance(choice, bool)
            if not (is_word or is_plain):
                mistakes.add(place, f"must be texts or numbers, but got {choice!r}")
                continue
            try:
                # What a family is called is checked where the families are known.
                choices.append(choice if name == "family" else plain_value(name, choice, clock))
            except ScheduleError as error:
                mistakes.add(place, str(error))
        if not self.choices:
            mistakes.add(place, "must have at least one, but got []")
        if len(set(choices)) < len(choices):
            unit = f" updates of {clock.horizon}" if kind_of(name) == "updates" else ""
            mistakes.add(place, f"must differ, but got {choices}{unit}")
        if len(mistakes.found) > before:
            return None
        return Param("categorical", choices=tuple(choices), when=when)


class _Range(_Param):
    type: str
    log: bool = False
    """Whether it is sampled on a logarithmic scale."""

    def _param(
        self,
        ends: tuple[float, float, float | None],
        when: Conditions,
        place: str,
        mistakes: Mistakes,
    ) -> Param | None:
        low, high, step = ends
        before = len(mistakes.found)
        if low > high:
            got = f"(low={low!r}, high={high!r})"
            mistakes.add(f"{place}.low", f"`low <= high` must hold, but got {got}")
        if self.log and low <= 0:
            mistakes.add(f"{place}.low", f"must be > 0 when log = true, but got {low!r}")
        if step is not None and step <= 0:
            mistakes.add(f"{place}.step", f"must be > 0, but got {step!r}")
        if self.log and step is not None:
            mistakes.add(f"{place}.step", "cannot be combined with log = true; keep one of them")
        if len(mistakes.found) > before:
            return None
        return Param(self.type, (), low, high, step, self.log, when)


class Real(_Range):
    """``type = "float"``: a number between ``low`` and ``high``."""

    kinds: ClassVar[tuple[str, ...]] = ("rate", "number", "option")

    type: Literal["float"]
    low: float = Field(allow_inf_nan=False)
    """The smallest value."""
    high: float = Field(allow_inf_nan=False)
    """The largest value."""
    step: float | None = Field(default=None, allow_inf_nan=False)
    """The distance between values; without it, all numbers."""

    def resolve(
        self, name: str, clock: Clock, when: Conditions, place: str, mistakes: Mistakes
    ) -> Param | None:
        """Return the parameter, or note why it is none."""
        kind = kind_of(name)
        if kind not in self.kinds:
            right = "'int'" if kind in ("updates", "count") else "'categorical'"
            mistakes.add(f"{place}.type", f"must be {right} for {name}, but got 'float'")
            return None
        return self._param((self.low, self.high, self.step), when, place, mistakes)


class Integer(_Range):
    """``type = "int"``: a whole number; for durations, ``low`` and ``high`` have units."""

    kinds: ClassVar[tuple[str, ...]] = ("rate", "number", "updates", "count", "option")

    type: Literal["int"]
    low: Any
    """The smallest value."""
    high: Any
    """The largest value."""
    step: Any = None
    """The distance between values; without it, all whole ones."""

    def resolve(
        self, name: str, clock: Clock, when: Conditions, place: str, mistakes: Mistakes
    ) -> Param | None:
        """Return the parameter for a clock, or note why it is none."""
        kind = kind_of(name)
        if kind not in self.kinds:
            mistakes.add(f"{place}.type", f"must be 'categorical' for {name}, but got 'int'")
            return None
        ends: dict[str, int] = {}
        for key in ("low", "high", "step") if self.step is not None else ("low", "high"):
            value = getattr(self, key)
            if kind == "updates":
                try:
                    ends[key] = updates(value, clock)
                except UnitError as error:
                    mistakes.add(f"{place}.{key}", str(error))
            elif not is_whole(value):
                mistakes.add(f"{place}.{key}", f"must be a whole number, but got {value!r}")
            else:
                ends[key] = value
        if "low" not in ends or "high" not in ends:
            return None
        return self._param((ends["low"], ends["high"], ends.get("step")), when, place, mistakes)


PARAM_TYPES: dict[str, type[_Param]] = {
    "categorical": Categorical,
    "float": Real,
    "int": Integer,
}
