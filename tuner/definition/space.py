"""The search space that a study names, read for the study's trainings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tuner.definition.sections import Training
from tuner.errors import DefinitionError
from tuner.reading import Clock, Mistakes
from tuner.space import SearchSpace, parse_space
from tuner.tasks import Task

# Two trainings that have nothing in common.
_CLOCKS = Clock(97, 9_700, batch_size=8), Clock(1_009, 1_009_000, batch_size=8)


def read_space(
    data: Mapping[str, Any] | str,
    where: str,
    training: Training | None,
    task: Task | None,
    mistakes: Mistakes,
) -> SearchSpace | None:
    """Read a search space, laid out over a study's trainings.

    Args:
        data: Its content, or why it could not be read.
        where: What to call it in messages.
        training: How long the trainings are; None if that has mistakes.
        task: What is trained; None if that has mistakes.
        mistakes: Takes what is wrong.

    Raises:
        DefinitionError: If only the search space has mistakes, under its own name.
    """
    if isinstance(data, str):
        if data:
            mistakes.add("search_space", data)
        return None
    if training is None or task is None:
        found = _of_any_clock(data, where)
    else:
        size = task.updates_per_epoch
        clock = Clock(size, training.epochs * size, training.unit, task.batch_size)
        try:
            return parse_space(data, where, clock)
        except DefinitionError as error:
            if not mistakes.found:
                raise
            found = error.mistakes
    for place, text in found:
        mistakes.add(f"{where}: {place}", text)
    return None


def _of_any_clock(data: Mapping[str, Any], where: str) -> Sequence[tuple[str, str]]:
    """Return what is wrong with a search space whatever the training that it is for."""
    agreed: list[Sequence[tuple[str, str]]] = []
    for clock in _CLOCKS:
        try:
            parse_space(data, where, clock)
        except DefinitionError as error:
            agreed.append(error.mistakes)
        else:
            return ()
    return [mistake for mistake in agreed[0] if mistake in agreed[1]]
