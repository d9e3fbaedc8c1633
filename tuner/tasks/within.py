"""How far a training is within an epoch: told by its loop, to those who want to see it move.

It is no event of a study: nothing keeps it, and nobody waits for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

_SECONDS = 1.0


class Within(NamedTuple):
    """A trial is through a share of the epoch that it is in."""

    number: int
    share: float


Hear = Callable[[Within], object]
_hearers: list[Hear] = []
_trained: list[int] = []  # the trial that this process trains
_told_at = 0.0


@contextmanager
def hearing(hear: Hear) -> Iterator[None]:
    """Call somebody with what trainings of this process, and of its workers, tell in the block.

    Example:
        >>> with hearing(print), training(7):
        ...     tell_share(0.25)
        Within(number=7, share=0.25)
    """
    _hearers.append(hear)
    try:
        yield
    finally:
        _hearers.remove(hear)


@contextmanager
def training(number: int) -> Iterator[None]:
    """Say that what is told in the block is of a trial."""
    global _told_at
    _told_at = 0.0
    _trained.append(number)
    try:
        yield
    finally:
        _trained.pop()


def tell_share(share: float) -> None:
    """Tell how much of its epoch a training is through; may be called after every update.

    At most once a second somebody hears it.

    Args:
        share: From 0 to 1.
    """
    global _told_at
    if _hearers and _trained and (now := time.monotonic()) - _told_at >= _SECONDS:
        _told_at = now
        pass_on(Within(_trained[-1], share))


def pass_on(told: Within) -> None:
    """Hand on what a training told, here or in a worker process."""
    for hear in (*_hearers,):
        hear(told)
