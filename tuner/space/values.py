"""The values of a search space: their names, their kinds, and the schedule that they make.

A parameter is a field of a family (``warmup_steps``), a field as a share of the base LR
(``final_lr_ratio``), or a number of parts that a field follows from: ``n_milestones`` drops
placed evenly between warmup and horizon, ``n_cycles`` of whole updates that the horizon ends.
``knot_1_level``, ``knot_2_level``, … are shares of the level before, and ``knot_1_at``, … are
shares of the time that is left: the knots that follow from them fall, in their order. Or it is an
end of the momentum, which is low where the learning rate is high.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Mapping
from itertools import chain
from typing import Any

from tuner.errors import ScheduleError, UnitError
from tuner.reading import Clock, Duration, did_you_mean
from tuner.schedules import FAMILIES, RULES, Inverse, Plateau, Schedule, Schedules, is_whole, plain
from tuner.space.options import is_option
from tuner.space.parts import KNOTS, even_milestones, falling_knots, first_cycle

RATIO = "_ratio"
# Numbers of parts, and the fields that follow from them.
COUNTS = {"n_milestones": "milestones", "n_cycles": "cycle_steps"}
# Of every family: the ends of a momentum that mirrors the learning rate.
MOMENTUM = {
    "momentum_low": "The momentum where the learning rate is at `base_lr`.",
    "momentum_high": "The momentum where the learning rate is 0.",
}


def class_of(family: str) -> type[Schedule] | type[Plateau]:
    """Return what a word of a search space makes: a schedule, or the rule that finds one."""
    return RULES.get(family) or FAMILIES[family]


def field_of(name: str) -> str:
    """Return the field that a parameter sets: ``final_lr`` for ``final_lr_ratio``."""
    return "knots" if name in KNOTS else COUNTS.get(name) or name.removesuffix(RATIO)


def names_for(family: str) -> frozenset[str]:
    """Return the names that a space can give to a family's parameters."""
    made: Any = class_of(family)  # a class is hashable, which mypy does not see of these
    return _names_of(made)


@functools.cache  # a space asks thousands of times
def _names_of(made: type[Schedule] | type[Plateau]) -> frozenset[str]:
    # A rule knows its rates report by report, and no momentum that mirrors them.
    names: set[str] = set() if made in RULES.values() else {*MOMENTUM}
    for field in dataclasses.fields(made):
        names.add(field.name)
        if field.metadata["kind"] == "rate" and field.name != "base_lr":
            names.add(field.name + RATIO)
        names |= {count for count, of in COUNTS.items() if of == field.name}
        names |= set(KNOTS) if field.name == "knots" else set()
    return frozenset(names)


def is_field(name: str) -> bool:
    """Tell whether a name is one that some family has for a parameter of its schedules."""
    return name == "family" or any(name in names_for(family) for family in (*FAMILIES, *RULES))


def kind_of(name: str) -> str:
    """Return what a parameter is: a rate, a duration in updates, an option of the task, …"""
    if name in COUNTS:
        return "count"
    if is_option(name):
        return "option"
    field = _field(name)
    return str(field.metadata["kind"]) if field else "number"


def plain_value(name: str, value: object, clock: Clock) -> Any:
    """Return a written value as plain data, with its durations in updates.

    Raises:
        ScheduleError: If it is not what the parameter must be.
    """
    try:
        return _plain_value(name, value, clock)
    except UnitError as error:
        raise ScheduleError(str(error)) from error


def family_problem(name: object) -> str | None:
    """Say why a name is no family's, or return None."""
    if isinstance(name, str) and (name in FAMILIES or name in RULES):
        return None
    return f"no family {name!r}; {did_you_mean(str(name), [*FAMILIES, *RULES])}"


def updates(value: object, clock: Clock) -> int:
    """Return a written duration in updates: at least one, unless it is 0 as written.

    Raises:
        UnitError: If it is no duration.
    """
    duration = Duration.parse(value)
    return max(duration.updates(clock), 1 if duration.amount else 0)


def plain_option(value: object) -> Any:
    """Return a written value of an option of the task.

    Raises:
        ScheduleError: If it is none that a database can hold.
    """
    if isinstance(value, (str, bool)) or is_whole(value):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise ScheduleError(f"must be a finite number, a text, true or false, but got {value!r}")


def known_schedule(made: Schedule | Plateau, clock: Clock) -> Schedule:
    """Return a schedule as it is known before its training: a rule has found no drops yet."""
    if isinstance(made, Plateau):
        return made.after((), updates_per_report=clock.updates_per_epoch)
    return made


def build(
    values: Mapping[str, Any], clock: Clock, *, place: str = "[params] or [fixed]"
) -> Schedule | Plateau:
    """Return the schedule that the values of a space's parameters describe, or the rule.

    A field that is given as itself wins over one that is given as a ratio or a number of parts;
    values of other families are passed over. With a momentum it is :class:`~tuner.Schedules`.

    Args:
        values: The family and its values.
        clock: Gives the horizon, unless it is among the values.
        place: Where a value that is missing can be added, for the message.

    Raises:
        ScheduleError: If a value is missing or the values describe no schedule.

    Example:
        >>> build({"family": "cosine", "base_lr": 0.2, "final_lr_ratio": 0.1},
        ...       Clock(updates_per_epoch=235, horizon=7050)).final_lr
        0.020000000000000004
    """
    cls = class_of(values["family"])
    fields = {field.name: field for field in dataclasses.fields(cls)}
    given = {name: value for name, value in values.items() if name in fields}
    given.setdefault("horizon", clock.horizon)
    for name, value in values.items():
        if name.endswith(RATIO) and name in names_for(cls.family) and "base_lr" in given:
            given.setdefault(field_of(name), value * given["base_lr"])
    if "milestones" in fields and "n_milestones" in values:
        given.setdefault("milestones", even_milestones(values["n_milestones"], given))
    if "cycle_steps" in fields and "n_cycles" in values:
        growth = given.get("cycle_factor", fields["cycle_factor"].default)
        given.setdefault("cycle_steps", first_cycle(values["n_cycles"], growth, given))
    if "knots" in fields and not values.keys().isdisjoint(KNOTS):
        given.setdefault("knots", falling_knots(values, given))
    missing = [
        name
        for name, field in fields.items()
        if name not in given and field.default is dataclasses.MISSING
    ]
    if missing:
        needs = " and ".join(f"`{name}`" for name in missing)
        raise ScheduleError(f"{cls.__name__} needs {needs}; add it to {place}.")
    return _with_momentum(cls(**given), values, place)


def _with_momentum(
    schedule: Schedule | Plateau, values: Mapping[str, Any], place: str
) -> Schedule | Plateau:
    """Return a schedule with the momentum that mirrors it, if the values have its ends."""
    ends = {name: values[name] for name in MOMENTUM if name in values}
    if not ends:
        return schedule
    if isinstance(schedule, Plateau):
        raise ScheduleError(
            f"There must be no `{next(iter(ends))}` for it, whose learning rates no momentum can"
            " mirror in advance; give the momentum in [params], under `when` for other families."
        )
    if len(ends) == 1:
        [missing] = MOMENTUM.keys() - ends
        raise ScheduleError(f"The momentum needs `{missing}` as well; add it to {place}.")
    low, high = ends.values()
    if not 0 <= low < high < 1:
        raise ScheduleError(
            "`0 <= momentum_low < momentum_high < 1` must hold, but got"
            f" (momentum_low={low!r}, momentum_high={high!r})."
        )
    return Schedules(lr=schedule, momentum=Inverse(of=schedule, low=low, high=high))


def _field(name: str) -> dataclasses.Field[Any] | None:
    # The families of other packages are loaded as late as can be: one of them may be broken.
    if name in MOMENTUM or (field_of(name) != name and _field(field_of(name))):
        return None
    for family in chain(RULES.values(), FAMILIES.values()):
        for field in dataclasses.fields(family):
            if field.name == name:
                return field
    return None


def _plain_value(name: str, value: object, clock: Clock) -> Any:
    kind, field = kind_of(name), _field(name)
    if kind == "option":
        return plain_option(value)
    if kind == "updates":
        return updates(value, clock)
    if name in COUNTS:
        if not is_whole(value) or value < 1:
            raise ScheduleError(f"must be a whole number of 1 or more, but got {value!r}")
        return value
    if kind == "update_list":
        return tuple(updates(item, clock) for item in _list(value))
    if kind == "knots":
        pairs = [item for item in _list(value) if isinstance(item, list) and len(item) == 2]
        if len(pairs) < len(_list(value)):
            raise ScheduleError(f"must be pairs [duration, share of base_lr], but got {value!r}")
        value = tuple((updates(at, clock), ratio) for at, ratio in pairs)
    try:
        return plain(value, field or dataclasses.field(metadata={"kind": "number"}))
    except (TypeError, ValueError) as error:
        raise ScheduleError(f"must be {error}, but got {value!r}") from error


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise ScheduleError(f"must be a list, but got {value!r}")
    return value
