"""Schedules side by side, as the chapter prints them: what their trainings ended with.

Every schedule is trained on the same seeds. Everything here is a pure function of the trainings.
"""

from __future__ import annotations

from typing import NamedTuple

from tuner.confirmation import Spread, spread
from tuner.schedules import Schedule
from tuner.tasks.base import EpochRecord


class Repeat(NamedTuple):
    """A training of a schedule from one seed, over or not.

    ``test_accuracy`` is that of its end: of a collapsed training what it was then, chance; None
    of one that failed or is not over. ``reason`` says why it collapsed or failed.
    """

    seed: int
    state: str
    records: tuple[EpochRecord, ...]
    test_accuracy: float | None
    reason: str

    @property
    def is_complete(self) -> bool:
        """Whether it got to its last epoch."""
        return self.state == "complete" and not self.reason

    @property
    def is_collapsed(self) -> bool:
        """Whether it became hopeless before."""
        return self.state == "complete" and bool(self.reason)


class Compared(NamedTuple):
    """A schedule and its trainings; ``published`` is what others report of it, as text."""

    label: str
    schedule: Schedule
    published: str
    repeats: tuple[Repeat, ...]

    @property
    def train_loss(self) -> Spread | None:
        """The mean train loss of the last epoch, without collapsed trainings, which have none."""
        return spread([repeat.records[-1].train_loss for repeat in self._complete])

    @property
    def train_accuracy(self) -> Spread | None:
        """The train accuracy of the last epoch, without collapsed trainings, which have none."""
        return spread([repeat.records[-1].train_accuracy for repeat in self._complete])

    @property
    def test_accuracy(self) -> Spread | None:
        """The test accuracy at the end; a collapsed training counts with what it had then."""
        return spread([r.test_accuracy for r in self.repeats if r.test_accuracy is not None])

    @property
    def collapsed(self) -> tuple[int, ...]:
        """The seeds whose trainings collapsed."""
        return tuple(repeat.seed for repeat in self.repeats if repeat.is_collapsed)

    @property
    def failed(self) -> tuple[int, ...]:
        """The seeds whose trainings failed."""
        return tuple(repeat.seed for repeat in self.repeats if repeat.state == "failed")

    @property
    def note(self) -> str:
        """Which trainings are no ordinary ones.

        Example:
            >>> from tuner.schedules import Constant
            >>> dead = Repeat(3, "complete", (), 0.1, "collapsed in epoch 1")
            >>> Compared("hot", Constant(base_lr=9.0, horizon=2), "", (dead,)).note
            'collapsed: seed 3'
        """
        kinds = (("collapsed", self.collapsed), ("failed", self.failed))
        return "; ".join(
            f"{what}: seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}"
            for what, seeds in kinds
            if seeds
        )

    @property
    def _complete(self) -> list[Repeat]:
        return [repeat for repeat in self.repeats if repeat.is_complete and repeat.records]


class Comparison(NamedTuple):
    """Schedules side by side, in the order in which they were given; ``missing`` trainings are
    not over yet.
    """

    schedules: tuple[Compared, ...]
    missing: int

    @property
    def trained(self) -> int:
        """Trainings that are over."""
        return sum(
            repeat.state in ("complete", "failed")
            for compared in self.schedules
            for repeat in compared.repeats
        )
