"""The search spaces that have a name, for whoever writes none."""

from __future__ import annotations

import importlib.resources
import math
import numbers
from typing import Any

from tuner.definition import templates
from tuner.errors import StudyError
from tuner.reading import did_you_mean, read_toml
from tuner.space import default_space

_FILES = {"chapter": "search_space.toml", "modern": "modern.toml"}


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
