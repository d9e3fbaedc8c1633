"""What is made of arguments in place of a study file: a clock, a space, a search."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from optuna.study import Study

from tuner.definition import Objective, Search, space_given
from tuner.errors import StudyError
from tuner.reading import Clock, Mistakes
from tuner.schedules import is_whole
from tuner.space import SearchSpace, parse_space

# A name, a search-space file, or what is sampled and fixed, by name.
Space = str | os.PathLike[str] | Mapping[str, Any]


def clock_of(updates_per_epoch: int, epochs: int | None, horizon: int | None) -> Clock:
    """Return how long an epoch and a whole training are.

    Raises:
        StudyError: If that is not clear.
    """
    lengths = {"updates_per_epoch": updates_per_epoch, "epochs": epochs, "horizon": horizon}
    for key, value in lengths.items():
        if value is not None and not (is_whole(value) and value >= 1):
            raise StudyError(f"`{key}` must be a whole number of 1 or more, but got {value!r}.")
    if (epochs is None) == (horizon is None):
        raise StudyError(
            "A training must have `epochs`, or `horizon`, which is its length in updates, but got"
            f" (epochs={epochs!r}, horizon={horizon!r})."
        )
    return Clock(updates_per_epoch, horizon or (epochs or 0) * updates_per_epoch)


def space_of(space: Space, base_lr: float | None, clock: Clock) -> SearchSpace:
    """Return a search space that was given in Python, laid out for trainings of a length."""
    found = space_given(space, base_lr, horizon=clock.horizon)
    return parse_space(found.data, found.where, clock)


def search_of(
    space: SearchSpace, metric: str, direction: str | None, mistakes: Mistakes
) -> Search:
    """Return what a sampler or pruner is made for.

    Raises:
        DefinitionError: If the metric's direction is not known, or not possible.
    """
    objective = mistakes.read(Objective, given(metric=metric, direction=direction), "")
    mistakes.raise_if_any()
    assert objective is not None
    return Search(space, objective)


def given(**options: Any) -> dict[str, Any]:
    """Return the options that are given, as a table of a study file has them."""
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in options.items()
        if value is not None
    }


def check_direction(study: Study, objective: Objective) -> None:
    """Make sure that a study is for what its sampler or pruner was made for.

    Raises:
        StudyError: If it is not.
    """
    directions = [each.name.lower() for each in study.directions]
    right = objective.optuna_direction
    if directions != [right]:
        raise StudyError(
            f"The study must {right} {objective.metric!r}, but its direction is"
            f" {' and '.join(directions)}. Write optuna.create_study(direction={right!r}, ...), or"
            " name the metric and the direction that it has."
        )
