"""What the values of options may be, in messages that do not depend on Typer's version."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

import typer

from tuner.errors import UnitError

_Kind = TypeVar("_Kind", bound=Enum)


def whole(low: int, high: int | None = None) -> Callable[[Any], int]:
    """Return a parser of whole numbers that are not below ``low`` nor above ``high``.

    Example:
        >>> whole(1)("12")
        12
    """
    span = f"of {low} or more" if high is None else f"from {low} to {high}"

    def parse(text: Any) -> int:
        try:
            number = int(text)
        except ValueError:
            number = low - 1
        if number < low or (high is not None and number > high):
            raise typer.BadParameter(f"must be a whole number {span}, but got {text!r}.")
        return number

    return parse


def whole_or_time(text: Any) -> int | str:
    """Return a whole number of 1 or more, or a time such as ``"30min"`` as it is.

    Example:
        >>> whole_or_time("12"), whole_or_time("30min")
        (12, '30min')
    """
    try:
        return whole(1)(text)
    except typer.BadParameter as wrong:
        from tuner.definition import seconds  # which loads NumPy

        try:
            seconds(text)
        except UnitError:
            how = "Or write a time, such as '90s', '30min' or '2h'."
            raise typer.BadParameter(f"{wrong.message} {how}") from None
        return str(text)


def positive(text: Any) -> float:
    """Return a number above 0.

    Example:
        >>> positive("1e-3")
        0.001
    """
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise typer.BadParameter(f"must be a number above 0, but got {text!r}.")
    return number


def one_of(kind: type[_Kind]) -> dict[str, Any]:
    """Return what an option or argument needs that takes one of a few words.

    Example:
        >>> from tuner.cli.formats import Format
        >>> words = one_of(Format)
        >>> words["metavar"], words["parser"]("csv")
        ('table|json|csv', <Format.csv: 'csv'>)
    """
    words = [str(each.value) for each in kind]

    def parse(text: Any) -> _Kind:
        try:
            return kind(text)
        except ValueError:
            known = f"{', '.join(words[:-1])} or {words[-1]}"
            raise typer.BadParameter(f"must be {known}, but got {text!r}.") from None

    def complete(incomplete: str) -> list[str]:
        return [word for word in words if word.startswith(incomplete)]

    return {"metavar": "|".join(words), "parser": parse, "autocompletion": complete}
