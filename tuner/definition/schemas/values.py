"""Schemas of a schedule's values, by their kinds, and what the families say of them."""

from __future__ import annotations

import dataclasses
import inspect
import re
from typing import Any

from tuner.definition.schemas.sections import Schema, as_markdown
from tuner.reading import pattern
from tuner.schedules import FAMILIES, RULES, Plateau, Schedule
from tuner.space import COUNTS, KNOTS, MOMENTUM, RATIO, field_of, kind_of, names_for

# Durations are written with a unit in search spaces, and resolved to updates in schedule files.
DURATION: Schema = {"type": "string", "pattern": pattern()}
UPDATES: Schema = {"type": "integer", "minimum": 0}


def families() -> dict[str, type[Schedule]]:
    """Return the families by their word, without those whose package cannot give them."""
    return FAMILIES.usable()


def sampled() -> dict[str, type[Schedule] | type[Plateau]]:
    """Return what a search space can name: families, and rules that find a schedule."""
    return {**families(), **RULES}


def value_schema(name: str, duration: Schema = DURATION) -> Schema:
    """Return the schema of a value of a parameter.

    Args:
        name: The parameter, as a search space has it.
        duration: The schema of durations.

    Example:
        >>> value_schema("final_lr_ratio")
        {'type': 'number'}
        >>> value_schema("warmup_steps", UPDATES)
        {'type': 'integer', 'minimum': 0}
    """
    kind = kind_of(name)
    if name in KNOTS:
        return {"type": "number", "minimum": 0, "maximum": 1}
    if kind == "updates":
        return duration
    if kind == "update_list":
        return {"type": "array", "items": duration}
    if kind == "knots":
        pair = [duration, {"type": "number"}]
        pair_schema = {"type": "array", "prefixItems": pair, "items": False, "minItems": 2}
        return {"type": "array", "items": pair_schema, "minItems": 1}
    if kind == "count":
        return {"type": "integer", "minimum": 1 if name in COUNTS else 0}
    if kind == "choice":
        return {"enum": [*dict.fromkeys(choice for f in _fields(name) for choice in _choices(f))]}
    return {"type": "number", "minimum": 0} if kind == "rate" else {"type": "number"}


def described(name: str) -> str:
    """Return what a parameter means, as the families that have it say."""
    if name in MOMENTUM:
        return MOMENTUM[name]
    if name in COUNTS:
        parts = name.removeprefix("n_")
        return (
            f"How many {parts}; `{field_of(name)}` follows, so that they fill the horizon evenly."
        )
    if name in KNOTS:
        if KNOTS[name] == "at":
            return "Where the knot is, as a share of the time left; without it, evenly placed."
        return "The knot's level, as a share of that of the knot before."
    if name.endswith(RATIO):
        return f"`{field_of(name)}` as a share of `base_lr`."
    told: dict[str, list[str]] = {}
    for family, cls in sampled().items():
        if name in names_for(family):
            text = arguments(cls).get(name) or arguments(Schedule).get(name, "")
            told.setdefault(text, []).append(family)
    if len(told) == 1:
        return next(iter(told))
    return " ".join(f"{', '.join(families)}: {text}" for text, families in told.items())


def arguments(cls: type) -> dict[str, str]:
    """Return what a docstring says of each argument, as Markdown.

    Args:
        cls: A class whose docstring has Google's section ``Args``.

    Example:
        >>> arguments(Schedule)["warmup_begin_lr"]
        'LR at update 0, if there is a warmup.'
    """
    _, _, rest = (inspect.getdoc(cls) or "").partition("\nArgs:\n")
    section = re.split(r"\n(?=\S)", rest)[0]
    entries = re.findall(r"^    (\w+): (.*(?:\n      .*)*)", section, re.MULTILINE)
    return {name: as_markdown(" ".join(text.split())) for name, text in entries}


def _fields(name: str) -> list[dataclasses.Field[Any]]:
    return [
        field
        for family in sampled().values()
        for field in dataclasses.fields(family)
        if field.name == name
    ]


def _choices(field: dataclasses.Field[Any]) -> tuple[str, ...]:
    return tuple(field.metadata["choices"])
