"""Durations that must be whole epochs, as the keys of some pruners are."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from tuner.errors import UnitError
from tuner.reading import Duration, pattern


def _whole_epochs(text: object) -> object:
    how = f"must be whole epochs such as '1ep', but got {text!r}"
    try:
        duration = Duration.parse(text)
    except UnitError as error:
        raise ValueError(how) from error
    if duration.unit != "ep" or not duration.amount.is_integer():
        raise ValueError(how)
    return text


# A duration in whole epochs, as a TOML file has it and as JSON Schemas describe it.
WholeEpochs = Annotated[
    str,
    BeforeValidator(_whole_epochs),
    WithJsonSchema({"type": "string", "pattern": pattern("ep", "up")}),
]


def epochs_in(text: str) -> int:
    """Return the number of epochs in a duration that is checked to be of whole ones.

    Example:
        >>> epochs_in("3ep")
        3
    """
    return int(Duration.parse(text).amount)


def out_of_range(key: str, text: str, least: int, most: int) -> dict[str, str]:
    """Return what is wrong with whole epochs that must be in a range, by their key.

    Example:
        >>> out_of_range("warmup", "9ep", 0, 4)
        {'warmup': "must be 0ep..4ep, the task's epochs, but got '9ep'"}
    """
    if least <= Duration.parse(text).amount <= most:
        return {}
    return {key: f"must be {least}ep..{most}ep, the task's epochs, but got {text!r}"}
