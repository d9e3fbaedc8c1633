"""The search space that somebody gives in Python: by a name, as objects, or as a file."""

from __future__ import annotations

import importlib.resources
import math
import numbers
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tuner.definition import templates
from tuner.errors import StudyError
from tuner.reading import did_you_mean, read_kind, read_toml
from tuner.space import default_space, with_schedule_files, written

# Updates for a warmup, a decay, and what is between.
_FEWEST = 3
_FILES = {"chapter": "search_space.toml", "modern": "modern.toml"}


class GivenSpace(NamedTuple):
    """A search space that was given: what its file would hold, and what it is called."""

    data: dict[str, Any]
    where: str


def space_given(
    space: str | os.PathLike[str] | Mapping[str, Any],
    base_lr: float | None = None,
    *,
    horizon: int = _FEWEST,
) -> GivenSpace:
    """Return what a search space that is given in Python stands for.

    Args:
        space: A name, as for :func:`space_named`; the path of a search-space file, ``*.toml``;
            what is sampled and fixed, by name; or the content of such a file.
        base_lr: The learning rate of today, for the space ``"default"`` alone.
        horizon: Updates of a training, of which that space needs a few.

    Raises:
        StudyError: If there is no such space, or it has a learning rate of its own, or no room.
        DefinitionError: If the file cannot be read.

    Example:
        >>> from tuner import Float
        >>> space_given({"family": "cosine", "base_lr": Float(0.01, 0.1)}).data["fixed"]
        {'family': 'cosine'}
    """
    is_file = isinstance(space, os.PathLike) or (isinstance(space, str) and _is_path(space))
    if space == "default" and horizon < _FEWEST:
        raise StudyError(
            f"The space 'default' has a warmup and a decay, for which a training must have"
            f" {_FEWEST} updates or more, but has {horizon}. Train for longer, or give a space of"
            " your own."
        )
    if isinstance(space, str) and not is_file:
        return GivenSpace(space_named(space, base_lr), "space")
    if base_lr is not None:
        raise StudyError("`base_lr` must be left out beside a space of your own, which has it.")
    if isinstance(space, str | os.PathLike):
        path = Path(space)
        data = with_schedule_files(read_kind(path, "search_space"), path.parent)
        return GivenSpace(data, str(path))
    if not isinstance(space, Mapping):
        raise StudyError(
            "`space` must be a name, the path of a search-space file or a mapping, but got"
            f" {space!r}."
        )
    return GivenSpace(dict(space) if "format" in space else written(space, "own"), "space")


def _is_path(text: str) -> bool:
    return text.endswith(".toml") or os.sep in text


def space_named(name: str, base_lr: float | None = None) -> dict[str, Any]:
    """Return the content of a search space that has a name.

    Args:
        name: ``"default"``, which follows from the learning rate of today; ``"chapter"``, the
            schedules of the chapter; ``"modern"``, the decaying ones beside those that came later.
        base_lr: The learning rate of today, for the default alone.

    Raises:
        StudyError: If there is no such space, or the learning rate is missing, or given to one
            that has its own.

    Example:
        >>> space_named("default", 1e-3)["params"]["base_lr"]["high"]
        0.03
    """
    known = ["default", *_FILES]
    if name not in known:
        raise StudyError(f"No search space is called {name!r}; {did_you_mean(name, known)}")
    if name == "default":
        if (
            isinstance(base_lr, bool)
            or not isinstance(base_lr, numbers.Real)
            or not (0 < base_lr < math.inf)
        ):
            raise StudyError(
                "`base_lr` must be the learning rate of today, above 0: the space 'default' goes"
                f" from a thirtieth to thirty times of it. But got {base_lr!r}."
            )
        return default_space(float(base_lr))
    if base_lr is not None:
        raise StudyError(
            f"`base_lr` must be left out beside the space {name!r}, which has its own, but got"
            f" {base_lr!r}."
        )
    file = importlib.resources.files(templates) / _FILES[name]
    with importlib.resources.as_file(file) as path:
        return read_toml(path)
