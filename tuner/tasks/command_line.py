"""The words of a command, and the placeholders in them."""

from __future__ import annotations

import dataclasses
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tuner.errors import TaskError
from tuner.reading import did_you_mean
from tuner.schedules import FAMILIES, Schedule
from tuner.tasks.script_files import ScriptFiles

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_-]*)?)\}")
_WHOLE = ("schedule", "rates", "family")
_OTHERS = ("seed", "folder")
# Kinds of a schedule's fields that are one number or word.
_ONE_VALUE = ("rate", "updates", "number", "count", "choice")


def words_of(command: str | Sequence[str]) -> list[str]:
    """Return the words of a command: of a text as a shell splits it.

    Raises:
        ValueError: If there are none, or a quotation does not end.

    Example:
        >>> words_of("python train.py --out 'my folder'")
        ['python', 'train.py', '--out', 'my folder']
    """
    try:
        words = shlex.split(command) if isinstance(command, str) else list(command)
    except ValueError as error:
        text = f"must be a command as a shell reads it, but got {command!r}: {error}"
        raise ValueError(text) from error
    if not words or not words[0]:
        raise ValueError(f"must be a command, such as 'python train.py', but got {command!r}")
    return words


def wrong_placeholders(words: Iterable[str], params: Mapping[str, Any]) -> str:
    """Say which placeholder does not exist; ``""`` if all do.

    Example:
        >>> wrong_placeholders(["--lr", "{bse_lr}"], {})
        "no placeholder {bse_lr}; did you mean 'base_lr'?"
    """
    of_families = {name for kind in FAMILIES.built_in.values() for name in _fields(kind)}
    known = [*sorted(of_families | {*_WHOLE, *_OTHERS}), *(f"params.{name}" for name in params)]
    for name in _placeholders(words):
        if name not in known:
            return f"no placeholder {{{name}}}; {did_you_mean(name, known)}"
    return ""


def gives_schedule(words: Iterable[str]) -> bool:
    """Tell whether a command is told its schedule by placeholders.

    Example:
        >>> gives_schedule(["--lr", "{base_lr}"]), gives_schedule(["--seed", "{seed}"])
        (True, False)
    """
    return any(
        name not in _OTHERS and not name.startswith("params.") for name in _placeholders(words)
    )


def gives_rates(words: Iterable[str]) -> bool:
    """Tell whether a command is told its learning rates whole, whatever the family.

    Example:
        >>> gives_rates(["--lr", "{base_lr}"]), gives_rates(["{rates}"])
        (False, True)
    """
    return any(name in ("rates", "schedule") for name in _placeholders(words))


def filled(
    words: Iterable[str],
    schedule: Schedule,
    files: ScriptFiles,
    seed: int,
    params: Mapping[str, Any],
) -> list[str]:
    """Return the words of a command with what the placeholders stand for.

    Raises:
        TaskError: If the schedule's family has no such field.
    """
    values: dict[str, Any] = {
        "family": schedule.family,
        **{name: getattr(schedule, name) for name in _fields(type(schedule))},
        **{f"params.{name}": value for name, value in params.items()},
        "schedule": files.schedule, "rates": files.rates, "folder": files.own, "seed": seed,
    }  # fmt: skip

    def value(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise TaskError(
                f"The placeholder {found[0]} must be a field of every family that the study"
                f" samples, but {schedule.family} has {', '.join(_fields(type(schedule)))}."
                " Fix the family in the search space, or give the command {schedule} or {rates}."
            )
        return str(values[found[1]])

    return [_PLACEHOLDER.sub(value, word) for word in words]


def _placeholders(words: Iterable[str]) -> Iterator[str]:
    for word in words:
        yield from (found[1] for found in _PLACEHOLDER.finditer(word))


def _fields(kind: type[Schedule]) -> list[str]:
    return [f.name for f in dataclasses.fields(kind) if f.metadata.get("kind") in _ONE_VALUE]
