"""All families by their word, and a schedule as plain data and back."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from tuner.errors import ScheduleError
from tuner.schedules.base import Schedule
from tuner.schedules.constant import Constant
from tuner.schedules.cosine import Cosine
from tuner.schedules.cosine_power import CosinePower
from tuner.schedules.cosine_restarts import CosineRestarts
from tuner.schedules.cyclic import Cyclic
from tuner.schedules.exponential import Exponential
from tuner.schedules.factor import Factor
from tuner.schedules.families import Families
from tuner.schedules.fields import written
from tuner.schedules.inverse import Inverse
from tuner.schedules.inverse_time import InverseTime
from tuner.schedules.linear import Linear
from tuner.schedules.multi_factor import MultiFactor
from tuner.schedules.one_cycle import OneCycle
from tuner.schedules.parameters import Parameters
from tuner.schedules.piecewise import Piecewise
from tuner.schedules.plateau import Plateau
from tuner.schedules.poly import Poly
from tuner.schedules.quantities import QUANTITIES, Schedules
from tuner.schedules.square_root import SquareRoot
from tuner.schedules.tanh import Tanh
from tuner.schedules.wsd import WSD
from tuner.schedules.wsd_s import WSDS

P = TypeVar("P", bound=Parameters)

FAMILIES = Families(
    Constant,
    SquareRoot,
    Factor,
    MultiFactor,
    Poly,
    Cosine,
    Linear,
    Exponential,
    InverseTime,
    WSD,
    OneCycle,
    CosineRestarts,
    Cyclic,
    Piecewise,
    CosinePower,
    Tanh,
    WSDS,
)
# What a training finds its schedule by; a search space names them as it does families.
RULES: dict[str, type[Plateau]] = {Plateau.family: Plateau}


def schedule_to_dict(schedule: Schedule) -> dict[str, Any]:
    """Return a schedule as plain data that JSON can hold.

    Args:
        schedule: A schedule of one of the :data:`FAMILIES`, or several as one.

    Returns:
        ``{"family": word, "params": {name: value}}``, see
        :func:`tuner.schedules.fields.written`. Of :class:`~tuner.Schedules`,
        ``{"lr": {"family": ...}, "momentum": ..., "groups": ...}`` with those that it has.

    Raises:
        ScheduleError: If it is not a schedule of a known family, which could not be read back.

    Example:
        >>> schedule_to_dict(Constant(base_lr=0.3, horizon=100))["params"]["horizon"]
        100
    """
    if isinstance(schedule, Schedules):
        return _quantities_to_dict(schedule)
    family = getattr(schedule, "family", None)
    if not isinstance(family, str) or FAMILIES.get(family) is not type(schedule):
        raise ScheduleError(
            f"a schedule of a known family is needed, but got {schedule!r}."
            f" Known: {', '.join(FAMILIES)}."
        )
    return _to_dict(schedule)


def rule_to_dict(rule: Plateau) -> dict[str, Any]:
    """Return a rule as plain data that JSON can hold, as :func:`schedule_to_dict` does."""
    return _to_dict(rule)


def schedule_from_dict(data: object) -> Schedule:
    """Build a schedule from plain data.

    Args:
        data: What :func:`schedule_to_dict` returned, possibly through JSON. Parameters that have
            a default may be left out.

    Returns:
        The schedule, equal to the one that the data came from.

    Raises:
        ScheduleError: If the family or a parameter is unknown, missing or out of range.

    Example:
        >>> data = {"family": "constant", "params": {"base_lr": 0.3, "horizon": 100}}
        >>> schedule_from_dict(data)(1)
        0.3
    """
    if isinstance(data, Mapping) and "lr" in data:
        return _quantities_from_dict(data)
    return _from_dict(data, FAMILIES)


def rule_from_dict(data: object) -> Plateau:
    """Build a rule from plain data, as :func:`schedule_from_dict` does a schedule.

    Raises:
        ScheduleError: If it is none, or a parameter is unknown, missing or out of range.

    Example:
        >>> rule = Plateau(base_lr=0.3, horizon=100, decay_factor=0.5, patience=2)
        >>> rule_from_dict(rule_to_dict(rule)) == rule
        True
    """
    return _from_dict(data, RULES)


def _to_dict(made: Parameters) -> dict[str, Any]:
    params = {name: _as_lists(value) for name, value in written(made).items()}
    return {"family": made.family, "params": params}


def _from_dict(data: object, known: Mapping[str, type[P]]) -> P:
    if not isinstance(data, Mapping) or set(data) != {"family", "params"}:
        raise ScheduleError(
            f"a schedule must be {{'family': ..., 'params': ...}}, but got {data!r}."
        )
    family, params = data["family"], data["params"]
    if not isinstance(family, str) or family not in known:
        raise ScheduleError(
            f"unknown family {family!r}{did_you_mean(family, known)}. Known: {', '.join(known)}."
        )
    cls = known[family]
    if not isinstance(params, Mapping):
        raise ScheduleError(f"params of family {family!r} must be an object, but got {params!r}.")
    fields = {field.name: field for field in dataclasses.fields(cls)}
    wrong = [
        f"unknown parameter {name!r}{did_you_mean(name, fields)}"
        for name in params
        if name not in fields
    ] + [
        f"missing parameter {name!r}"
        for name, field in fields.items()
        if name not in params and field.default is dataclasses.MISSING
    ]
    if wrong:
        raise ScheduleError(
            f"family {family!r}: {'; '.join(wrong)}. Its parameters: {', '.join(fields)}."
        )
    return cls(**params)


def _quantities_to_dict(schedules: Schedules) -> dict[str, Any]:
    data = {name: getattr(schedules, name) for name in ("lr", *QUANTITIES)}
    found: dict[str, Any] = {
        name: _curve_to_dict(curve) for name, curve in data.items() if curve is not None
    }
    if schedules.groups:
        groups = {key: _group_to_dict(each) for key, each in schedules.own_groups()}
        found["groups"] = groups if schedules.by_name else [*groups.values()]
    return found


def _group_to_dict(group: Schedule | float) -> Any:
    return schedule_to_dict(group) if isinstance(group, Schedule) else group


def _curve_to_dict(curve: Schedule) -> dict[str, Any]:
    if isinstance(curve, Inverse):
        return {"inverse_of": schedule_to_dict(curve.of), "low": curve.low, "high": curve.high}
    return schedule_to_dict(curve)


def _quantities_from_dict(data: Mapping[str, Any]) -> Schedules:
    known = ("lr", *QUANTITIES, "groups")
    wrong = [f"unknown quantity {name!r}{did_you_mean(name, known)}" for name in data
             if name not in known]  # fmt: skip
    if wrong:
        raise ScheduleError(f"{'; '.join(wrong)}. Known: {', '.join(known)}.")
    groups = data.get("groups", {})
    if isinstance(groups, Mapping):
        groups = {key: _group_from_dict(each) for key, each in groups.items()}
    elif isinstance(groups, list):
        groups = [*map(_group_from_dict, groups)]
    curves: dict[str, Any] = {
        name: _curve_from_dict(data[name]) for name in data if name != "groups"
    }
    return Schedules(**curves, groups=groups)


def _group_from_dict(data: object) -> Any:
    return schedule_from_dict(data) if isinstance(data, Mapping) else data


def _curve_from_dict(data: object) -> Schedule:
    if isinstance(data, Mapping) and set(data) == {"inverse_of", "low", "high"}:
        of = schedule_from_dict(data["inverse_of"])
        return Inverse(of=of, low=data["low"], high=data["high"])
    return schedule_from_dict(data)


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Return ``" (did you mean 'x'?)"`` for the nearest known word, or nothing."""
    nearest = difflib.get_close_matches(str(word), list(known), n=1, cutoff=0.5)
    return f" (did you mean {nearest[0]!r}?)" if nearest else ""


def _as_lists(value: Any) -> Any:
    return [_as_lists(item) for item in value] if isinstance(value, tuple) else value
