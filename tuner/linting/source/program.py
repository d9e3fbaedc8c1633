"""What was read of a source file, for the checks to look at."""

from __future__ import annotations

import dataclasses

from tuner.linting.source.amounts import EPOCHS, UPDATES
from tuner.linting.source.loops import TRAINING, Frame
from tuner.linting.source.values import Epochs, Options, Scheduler


@dataclasses.dataclass
class Program:
    """The schedulers and options of a file, its epochs and its loops."""

    schedulers: list[Scheduler]
    options: list[Options]
    epochs: list[Epochs]
    frames: list[Frame]
    at_once: bool
    splits: bool

    def __post_init__(self) -> None:
        """See whether all data is trained with at once, an epoch an update."""
        training = [frame.over_epochs for frame in self.frames if frame.trains]
        self.at_once |= bool(training) and all(training)

    def epochs_of(self, scheduler: Scheduler) -> int | None:
        """Return the epochs that are written where a scheduler is: not in another function."""
        near = [each.number for each in self.epochs if each.is_near(scheduler.inside)]
        return max(near, default=None)

    def counts(self, scheduler: Scheduler) -> str | None:
        """Return what a scheduler's length counts here, or None if that is hard to tell."""
        maker = scheduler.maker
        if maker is None or scheduler.by_hand or _only_asked(scheduler.whole or scheduler):
            return None
        purposes = {step.purpose() for step in scheduler.all_steps()}
        if maker.counts == "updates" and not purposes.intersection(TRAINING):
            return None if self.at_once else UPDATES
        known = purposes & {UPDATES, EPOCHS}
        return known.pop() if len(known) == 1 else None


def _only_asked(scheduler: Scheduler) -> bool:
    """Tell whether the program alone asks it, about whatever it likes."""
    return bool(scheduler.asked) and not (
        scheduler.handed or scheduler.passed or scheduler.stepped
    )
