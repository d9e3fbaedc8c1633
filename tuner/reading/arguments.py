"""Arguments of public functions, whose mistakes are told as those of a file are."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from tuner.errors import DefinitionError
from tuner.reading.toml import MISSING, Mistakes, did_you_mean

P = ParamSpec("P")
R = TypeVar("R")


def told_at_once(function: Callable[P, R]) -> Callable[P, R]:
    """Return the same function, which says what arguments it has instead of those it has not.

    Python's own error names neither the nearest one nor all that are wrong.

    Example:
        >>> @told_at_once
        ... def train(study, *, epochs=1): ...
        >>> train("a.toml", epoch=3)
        Traceback (most recent call last):
        ...
        tuner.errors.DefinitionError: tuner.train has 1 mistake
          epoch  no argument of it; did you mean 'epochs'?
    """
    # Once, as it is: those of a function that is wrapped are the wrapped one's.
    signature = inspect.signature(function)

    @functools.wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        wrong = _mistakes(function.__name__, signature, args, kwargs)
        if wrong is not None:
            raise wrong
        return function(*args, **kwargs)

    return checked


def _mistakes(
    name: str, signature: inspect.Signature, args: tuple[object, ...], kwargs: dict[str, object]
) -> DefinitionError | None:
    """Return what is wrong with the names of arguments; None if they are right."""
    mistakes, known = Mistakes(f"tuner.{name}"), signature.parameters
    by_place = [each.name for each in known.values() if each.kind is not each.KEYWORD_ONLY]
    for value in args[len(by_place) :]:
        text = f"must have their names but for {', '.join(by_place)}, but got {value!r} alone"
        mistakes.add("arguments", text)
    given = by_place[: len(args)]
    for key in kwargs:
        if key not in known:
            mistakes.add(key, f"no argument of it; {did_you_mean(key, known)}")
        elif key in given:
            mistakes.add(key, "must be given once, but is given by its place as well")
    for each in known.values():
        if each.default is each.empty and each.name not in {*given, *kwargs}:
            mistakes.add(each.name, MISSING)
    try:
        mistakes.raise_if_any()
    except DefinitionError as error:
        return error.with_traceback(None)
    return None
