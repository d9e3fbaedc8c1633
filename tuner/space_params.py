"""The parameters of a search space: how each is written, sampled, checked and used.

A parameter is a field of a family (``warmup_steps``), a field as a share of the base LR
(``final_lr_ratio``), or ``n_milestones``, drops placed evenly between warmup and horizon.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from pydantic import Field

from tuner.definitions import Mistakes, Section
from tuner.errors import ScheduleError, UnitError
from tuner.schedules import FAMILIES, Schedule
from tuner.units import Clock, Duration

RATIO = "_ratio"
N_MILESTONES = "n_milestones"


class Param(NamedTuple):
    """One sampled parameter, its durations resolved to updates."""

    type: str
    choices: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 0.0
    step: float | None = None
    log: bool = False
    when: tuple[tuple[str, tuple[Any, ...]], ...] = ()

    def applies(self, values: Mapping[str, Any]) -> bool:
        """Tell whether the parameter exists beside the values above it."""
        return all(values.get(parent) in wanted for parent, wanted in self.when)

    def applies_to_family(self, family: str) -> bool:
        """Tell whether the parameter can exist for a family."""
        return family in dict(self.when).get("family", (family,))

    def suggest(self, name: str, trial: Any) -> Any:
        """Ask an Optuna trial for a value."""
        if self.type == "categorical":
            return trial.suggest_categorical(name, self.choices)
        if self.type == "float":
            return trial.suggest_float(name, self.low, self.high, step=self.step, log=self.log)
        step = int(self.step or 1)
        return trial.suggest_int(name, int(self.low), int(self.high), step=step, log=self.log)

    def refuses(self, value: Any) -> str | None:
        """Say why a fixed value cannot be one of this parameter's, or return None."""
        if self.type == "categorical":
            known = ", ".join(map(str, self.choices))
            return None if value in self.choices else f"must be one of {known}, but got {value!r}"
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return f"must be a number, but got {value!r}"
        if not self.low <= value <= self.high:
            return f"must be in {self.low:g}..{self.high:g}, as sampled, but got {value:g}"
        return None


# --- as written in TOML --------------------------------------------------------------------


class _Conditional(Section):
    when: dict[str, Any] = Field(default_factory=dict)

    def conditions(self) -> Iterator[tuple[str, tuple[Any, ...]]]:
        for parent, wanted in self.when.items():
            yield parent, tuple(wanted) if isinstance(wanted, list) else (wanted,)


class Categorical(_Conditional):
    """``type = "categorical"``: one of ``choices``."""

    type: Literal["categorical"]
    choices: list[str | int | float] = Field(min_length=1)

    def resolve(self, name: str, clock: Clock, place: str, mistakes: Mistakes) -> Param | None:
        """Return the parameter for a clock, or note why it is none."""
        try:
            choices = tuple(plain_value(name, choice, clock) for choice in self.choices)
        except (UnitError, ScheduleError) as error:
            mistakes.add(f"{place}.choices", str(error))
            return None
        if len(set(choices)) < len(choices):
            mistakes.add(f"{place}.choices", f"must differ, but got {list(choices)}")
            return None
        return Param("categorical", choices=choices, when=tuple(self.conditions()))


class _Range(_Conditional):
    log: bool = False

    def _param(
        self, ends: tuple[float, float, float | None], place: str, mistakes: Mistakes
    ) -> Param | None:
        low, high, step = ends
        before = len(mistakes.found)
        if low > high:
            got = f"(low={low:g}, high={high:g})"
            mistakes.add(f"{place}.low", f"`low <= high` must hold, but got {got}")
        if self.log and low <= 0:
            mistakes.add(f"{place}.low", f"must be > 0 when log = true, but got {low:g}")
        if step is not None and step <= 0:
            mistakes.add(f"{place}.step", f"must be > 0, but got {step:g}")
        if self.log and step is not None:
            mistakes.add(f"{place}.step", "cannot be combined with log = true; keep one of them")
        if len(mistakes.found) > before:
            return None
        kind = str(getattr(self, "type"))  # noqa: B009 - declared by the two subclasses
        return Param(kind, (), low, high, step, self.log, tuple(self.conditions()))


class Real(_Range):
    """``type = "float"``: a number between ``low`` and ``high``."""

    type: Literal["float"]
    low: float = Field(allow_inf_nan=False)
    high: float = Field(allow_inf_nan=False)
    step: float | None = Field(default=None, allow_inf_nan=False)

    def resolve(self, name: str, clock: Clock, place: str, mistakes: Mistakes) -> Param | None:
        """Return the parameter, or note why it is none."""
        if kind_of(name) in ("updates", "count"):
            mistakes.add(f"{place}.type", f"must be 'int', because {name} is a whole number")
            return None
        return self._param((self.low, self.high, self.step), place, mistakes)


class Integer(_Range):
    """``type = "int"``: a whole number; for durations, ``low`` and ``high`` have units."""

    type: Literal["int"]
    low: Any
    high: Any
    step: Any = None

    def resolve(self, name: str, clock: Clock, place: str, mistakes: Mistakes) -> Param | None:
        """Return the parameter for a clock, or note why it is none."""
        ends: dict[str, int] = {}
        for key in ("low", "high", "step"):
            value = getattr(self, key)
            if value is None and key == "step":
                continue
            try:
                ends[key] = plain_value(name, value, clock)
            except UnitError as error:
                mistakes.add(f"{place}.{key}", str(error))
                continue
            if isinstance(ends[key], bool) or not isinstance(ends[key], int):
                mistakes.add(f"{place}.{key}", f"must be a whole number, but got {value!r}")
                del ends[key]
        if "low" not in ends or "high" not in ends:
            return None
        return self._param((ends["low"], ends["high"], ends.get("step")), place, mistakes)


# --- names, kinds, values ------------------------------------------------------------------


def field_of(name: str) -> str:
    """Return the field that a parameter sets: ``final_lr`` for ``final_lr_ratio``."""
    if name == N_MILESTONES:
        return "milestones"
    return name.removesuffix(RATIO)


def names_for(family: str) -> set[str]:
    """Return the names that a space can give to a family's parameters."""
    names: set[str] = set()
    for field in dataclasses.fields(FAMILIES[family]):
        names.add(field.name)
        if field.metadata["kind"] == "rate" and field.name != "base_lr":
            names.add(field.name + RATIO)
        if field.name == "milestones":
            names.add(N_MILESTONES)
    return names


def kind_of(name: str) -> str:
    """Return what a parameter is: a rate, a duration in updates, a number, a choice, …"""
    if name == N_MILESTONES:
        return "count"
    for family in FAMILIES.values():
        for field in dataclasses.fields(family):
            if field.name == name:
                return str(field.metadata["kind"])
    return "number"


def plain_value(name: str, value: Any, clock: Clock) -> Any:
    """Return a written value with its durations in updates.

    Raises:
        UnitError: If a duration has no unit.
        ScheduleError: If a list of durations is no list.
    """
    kind = kind_of(name)
    if kind == "updates":
        return Duration.parse(value).updates(clock)
    if kind in ("update_list", "knots"):
        if not isinstance(value, list):
            raise ScheduleError(f"must be a list, but got {value!r}")
        if kind == "update_list":
            return tuple(Duration.parse(item).updates(clock) for item in value)
        if not all(isinstance(item, list) and len(item) == 2 for item in value):
            raise ScheduleError(f"must be pairs [duration, multiplier of base_lr]: {value!r}")
        return tuple((Duration.parse(at).updates(clock), ratio) for at, ratio in value)
    return value


def build_schedule(values: Mapping[str, Any], clock: Clock) -> Schedule:
    """Return the schedule that the values of a space's parameters describe.

    A field that is given as itself wins over one that is given as a ratio or a number of
    milestones; values of other families are passed over.

    Raises:
        ScheduleError: If a value is missing or the values describe no schedule.

    Example:
        >>> build_schedule({"family": "cosine", "base_lr": 0.2, "final_lr_ratio": 0.1},
        ...                Clock(updates_per_epoch=235, horizon=7050)).final_lr
        0.020000000000000004
    """
    cls = FAMILIES[values["family"]]
    fields = {field.name: field for field in dataclasses.fields(cls)}
    given = {name: value for name, value in values.items() if name in fields}
    given.setdefault("horizon", clock.horizon)
    for name, value in values.items():
        if name.endswith(RATIO) and name in names_for(values["family"]) and "base_lr" in given:
            given.setdefault(field_of(name), value * given["base_lr"])
    if "milestones" in fields and N_MILESTONES in values:
        given.setdefault("milestones", _even_milestones(values[N_MILESTONES], given))
    missing = [
        name
        for name, field in fields.items()
        if name not in given and field.default is dataclasses.MISSING
    ]
    if missing:
        needs = " and ".join(f"`{name}`" for name in missing)
        raise ScheduleError(f"{cls.__name__} needs {needs}; add it to [params] or [fixed].")
    return cls(**given)


def _even_milestones(number: int, given: Mapping[str, Any]) -> tuple[int, ...]:
    warmup, horizon = given.get("warmup_steps", 0), given["horizon"]
    return tuple(
        round(warmup + (horizon - warmup) * k / (number + 1)) for k in range(1, number + 1)
    )
