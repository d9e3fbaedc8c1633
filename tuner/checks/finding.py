"""What a check finds: a rule, where, and what is wrong with what to do."""

from __future__ import annotations

from typing import NamedTuple

RULES = {
    "horizon-in-epochs": "a length in epochs where updates are counted: over in no time",
    "horizon-in-updates": "a length in updates where epochs are counted: never gets anywhere",
    "used-before": "a scheduler that was asked, plotted or stepped before the training",
    "learning-rate-beside": "a learning rate that overwrites the scheduler's",
    "warmup-past-horizon": "a warmup that is as long as the schedule, or longer",
    "unfinished": "a training that ended before its schedule did",
    "past-horizon": "a training that went on when its schedule was over",
}


class Finding(NamedTuple):
    """A mistake that was found.

    Example:
        >>> print(Finding("used-before", "line 3 asks it.", "train.py", 9))
        train.py:9: used-before: line 3 asks it.
    """

    rule: str
    message: str
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        return f"{place}: {self.rule}: {self.message}" if place else f"{self.rule}: {self.message}"
