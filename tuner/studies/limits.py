"""What a caller sets for one run of a study."""

from __future__ import annotations

import os
from typing import NamedTuple

from tuner.definition import seconds
from tuner.errors import StudyError
from tuner.schedules import is_whole


class Limits(NamedTuple):
    """What a caller sets for one run, each None if the study's definition decides."""

    trials: int | None
    timeout: str | None
    workers: int | None

    @classmethod
    def checked(cls, trials: int | None, timeout: str | None, workers: int | None) -> Limits:
        """Return the limits.

        Raises:
            StudyError: If a number is not a whole one of 1 or more.
            UnitError: If the timeout is no time.
        """
        for name, value in (("trials", trials), ("workers", workers)):
            if value is not None and not (is_whole(value) and value >= 1):
                text = f"`{name}` must be a whole number of 1 or more, but got {value!r}."
                raise StudyError(text)
        if timeout is not None:
            seconds(timeout)
        # NumPy's numbers as Python's.
        return cls(trials and int(trials), timeout, workers and int(workers))

    def is_whole(self, budget: int) -> bool:
        """Tell whether a run with these limits ends with the whole budget of its study."""
        return self.trials is None or self.trials >= budget


NO_LIMITS = Limits(None, None, None)


def refuse_ranks() -> None:
    """Make sure that this process is no rank of a distributed training.

    Each rank would train a trial of its own, and their gradients would be averaged.

    Raises:
        StudyError: If it is one of several.
    """
    rank, size = os.environ.get("RANK"), os.environ.get("WORLD_SIZE", "1")
    if rank is not None and size.isdecimal() and int(size) > 1:
        raise StudyError(
            "A study must be run by one process, but this one is rank"
            f" {rank} of {size} (RANK and WORLD_SIZE are set, as torchrun does). Start `tuner run`"
            " without torchrun: each of its workers trains trials of its own."
        )
