"""The kinds of parameters that a schedule has.

The kind of a field says how its value is normalised, stretched to another horizon, written in a
search space and shown. A family's fields are made with the functions here alone.
"""

from __future__ import annotations

import dataclasses
import math
import numbers
from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

_REQUIRED = dataclasses.MISSING
# Iterable, but never meant as a list of numbers.
_NO_SEQUENCE = (str, bytes, Mapping)
_LARGEST = 10**100


def rate(default: Any = _REQUIRED, *, later: bool = False) -> Any:
    """A learning rate; ``later`` if files were written before there was this one."""
    return dataclasses.field(default=default, metadata={"kind": "rate", "later": later})


def updates(default: Any = _REQUIRED, *, repeats: bool = False) -> Any:
    """A duration in updates; ``repeats`` if it comes again and again until the horizon.

    A repeated one cannot be rounded to a whole update everywhere: what is off adds up.
    """
    return dataclasses.field(default=default, metadata={"kind": "updates", "repeats": repeats})


def update_list(default: Any = _REQUIRED) -> Any:
    """Several durations in updates."""
    return dataclasses.field(default=default, metadata={"kind": "update_list"})


def number(default: Any = _REQUIRED) -> Any:
    """A number without a unit."""
    return dataclasses.field(default=default, metadata={"kind": "number"})


def count(default: Any = _REQUIRED) -> Any:
    """A whole number that is not a duration."""
    return dataclasses.field(default=default, metadata={"kind": "count"})


def choice(*choices: str, default: str) -> Any:
    """One of a few words."""
    return dataclasses.field(default=default, metadata={"kind": "choice", "choices": choices})


def knots(default: Any = _REQUIRED) -> Any:
    """Pairs of (update, multiplier of ``base_lr``)."""
    return dataclasses.field(default=default, metadata={"kind": "knots"})


def written(made: Any) -> dict[str, Any]:
    """Return the values by their fields' names; of a later field only one that is not its default.

    So what has none of it is written as it was before, and read by what came before.
    """
    found = {field: getattr(made, field.name) for field in dataclasses.fields(made)}
    return {
        field.name: value
        for field, value in found.items()
        if not (field.metadata.get("later") and value == field.default)
    }


def plain(value: object, field: dataclasses.Field[Any]) -> Any:
    """Return the value of a field as plain data: floats, ints, text, and tuples of them.

    Raises:
        TypeError: If it is of another kind. The message completes "it must be ...".
        ValueError: If it is not finite, or none of the choices. The message likewise.
    """
    return _PLAIN[field.metadata["kind"]](value, field)


def is_whole(value: object) -> TypeGuard[int]:
    """Tell whether a value is a whole number: NumPy's are, a truth value is not.

    Example:
        >>> is_whole(3), is_whole(3.0), is_whole(True)
        (True, False, False)
    """
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def plain_number(value: object, _: object = None) -> float:
    """Return a finite number as a float; as :func:`plain` does."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError("a finite number")
    try:
        plain_value = float(value)
    except OverflowError:
        plain_value = math.inf
    if not math.isfinite(plain_value):
        raise ValueError("a finite number")
    return plain_value


def _plain_count(value: object, _: object = None) -> int:
    if not is_whole(value):
        raise TypeError("a whole number (int)")
    # Far from any use, and far from what no float can hold.
    if abs(value) > _LARGEST:
        raise ValueError("a whole number up to 10**100")
    return int(value)


def _plain_counts(value: object, _: object = None) -> tuple[int, ...]:
    if not isinstance(value, Iterable) or isinstance(value, _NO_SEQUENCE):
        raise TypeError("a sequence of whole numbers of updates")
    return tuple(_plain_count(item) for item in value)


def _plain_knots(value: object, _: object = None) -> tuple[tuple[int, float], ...]:
    expected = "a sequence of pairs (update, multiplier of base_lr)"
    if not isinstance(value, Iterable) or isinstance(value, _NO_SEQUENCE):
        raise TypeError(expected)
    pairs = [tuple(item) if isinstance(item, Iterable) else () for item in value]
    if any(len(pair) != 2 for pair in pairs):
        raise TypeError(expected)
    return tuple((_plain_count(at), plain_number(ratio)) for at, ratio in pairs)


def _plain_choice(value: object, field: dataclasses.Field[Any]) -> str:
    choices: tuple[str, ...] = field.metadata["choices"]
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"one of {', '.join(map(repr, choices))}")
    return value


_PLAIN: dict[str, Any] = {
    "rate": plain_number,
    "number": plain_number,
    "updates": _plain_count,
    "count": _plain_count,
    "update_list": _plain_counts,
    "knots": _plain_knots,
    "choice": _plain_choice,
}

KINDS = frozenset(_PLAIN)
