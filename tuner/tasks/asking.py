"""What a training asks of its schedule, held against the updates that it says it has.

A training of one's own says how many updates an epoch has, and asks for their learning rates
itself. Where the two do not agree it trains under another schedule than the one it is judged for.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from tuner.reading import EPOCHS, Unit
from tuner.schedules import Schedule, Schedules, noticing

# Learning rates of a few updates ahead are looked at, to be printed or drawn.
_A_FEW = 8
# Updates that may be missing: those that a gradient scaler skips.
_SKIPPED = 4
# The share of the updates by which a count may be off.
_SHARE = 0.1
# An array longer than this is all that a training wants to know.
_LONGEST = 1_000_000


class Asking:
    """Counts the updates that a training asks a schedule for, epoch by epoch.

    All these are right: to ask for each update when it comes, also several times, or one ahead;
    for every tenth, or one in an epoch; for those of an epoch at once, or for all of them at the
    beginning. What has the schedule in another form, or a copy of it, is not judged.

    Args:
        schedule: What is asked.
        updates_per_epoch: What the training says.
        epochs: Epochs of the training.
        done: Epochs that it has behind it.
        unit: What its length is told in.
    """

    def __init__(
        self,
        schedule: Schedule,
        *,
        updates_per_epoch: int,
        epochs: int,
        done: int,
        unit: Unit = EPOCHS,
    ) -> None:
        # What it has beside a learning rate, until that is asked for.
        self._others = [*schedule.others] if isinstance(schedule, Schedules) else []
        self.schedule = noticing(schedule, self._notice, self._lose, self._notice_other)
        self._size, self._epochs, self._unit = updates_per_epoch, epochs, unit
        # A baseline may be laid out over another number of updates, and a table has those.
        self._end, self._limit = sorted((schedule.horizon, epochs * updates_per_epoch))
        self._epoch = done + 1
        self._asked: set[int] = set()  # in this epoch
        self._ahead = 0  # updates asked for too early, and not as part of a table of all
        self._beyond: set[int] = set()
        self._top = 0  # the last one in the epoch before
        self._is_lost = self._knows_all = False
        self.was_asked = False

    @property
    def is_silent(self) -> bool:
        """Whether nothing was asked, nor had by somebody who could be."""
        return not (self.was_asked or self._is_lost)

    @property
    def ignored(self) -> list[str]:
        """What was never asked for beside the learning rate, as a momentum."""
        return [*self._others]

    def end_epoch(self) -> tuple[str, bool]:
        """Take an epoch as over.

        Returns:
            What is wrong, in words, or ``""``; and whether it is so for certain and much, rather
            than a little, as the last batch that a loader drops.
        """
        asked, epoch = self._asked, self._epoch
        self._asked, self._epoch = set(), epoch + 1
        if self._is_lost or not self.was_asked:
            return "", False
        last = epoch * self._size
        if len(self._beyond) > max(_A_FEW, _SHARE * self._limit):
            return self._said(epoch, max(self._beyond)), True
        ahead = {update for update in asked if last + 1 < update <= self._limit + 1}
        # A table of the whole schedule, made before it is needed, reaches into the last epoch.
        end = self._end - (self._size - 1 if epoch < self._epochs - 1 else 1)
        if any(update >= end for update in ahead):
            enough = min(_A_FEW, (self._end - last) // 2)
            self._knows_all = self._knows_all or len(ahead) > enough
            ahead = set()
        # Or has one learning rate for each epoch.
        later = {-(-update // self._size) for update in asked if update > last}
        if later and later >= {*range(epoch + 1, -(-self._end // self._size) + 1)}:
            self._knows_all = True
        self._ahead += len(ahead)
        if self._ahead > max(_A_FEW, _SHARE * self._size) and not self._knows_all:
            return self._said(epoch, max(ahead or asked)), True
        here = sorted(update for update in asked if update <= last + 1)
        if self._knows_all:
            return "", False
        top = here[-1] if here else 0
        # What always asks for the same update may compute something else with it.
        counts_on, self._top = len(here) > 1 or top > self._top > 0, top
        steps = [after - before for before, after in pairwise(here[-_A_FEW:])]
        gap = max(steps, default=self._size)
        missing = last - top
        allowed = max(gap - 1, 1)
        if missing <= allowed or top > last:
            return "", False
        is_much = missing > max(_SKIPPED, _SHARE * last, gap) or 2 * top <= last
        return self._said(epoch, top), is_much and counts_on

    def _said(self, epoch: int, top: int) -> str:
        return (
            f"asked for learning rates up to update {top} by the end of {self._unit.step} {epoch},"
            f" where {self._unit.key} = {self._size} makes {epoch * self._size} updates"
        )

    def _lose(self) -> None:
        self._is_lost = True

    def _notice_other(self, name: str) -> None:
        self._others = [other for other in self._others if other != name]

    def _notice(self, update: Any) -> None:
        self.was_asked = True
        if isinstance(update, (int, float)) or not getattr(update, "shape", ()):
            number = int(update)
            if number > self._limit + 1:
                self._beyond.add(number)
            else:
                self._asked.add(number)
            return
        numbers = update.__array__()
        if numbers.size == 0:
            return
        if numbers.min() > self._limit + 1:
            self._beyond.update(numbers.ravel()[:_LONGEST].tolist())
            return
        if numbers.size > _LONGEST or numbers.max() >= self._end - self._size:
            # Up to the end: it will ask no more.
            last_epoch = self._epoch >= self._epochs - 1
            self._knows_all = self._knows_all or not last_epoch
            if not last_epoch:
                return
        self._asked.update(int(n) for n in numbers.ravel().tolist() if n <= self._limit + 1)
