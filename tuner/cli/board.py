"""What a person sees of a study that runs: a line for each trial that trains, and where it stands.

Every line is cut to the width of the terminal, never folded.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rich.console import Group
from rich.text import Text

from tuner.definition import digits
from tuner.reading import EPOCHS, Unit
from tuner.search import FINISHED

_BARS = "▁▂▃▄▅▆▇█"
# Epochs that a line has room for beside the rest, on 80 columns.
_EPOCHS_SHOWN = 20
_STATES = ("complete", "pruned", "collapsed", "failed", "running", "interrupted")


class Running(NamedTuple):
    """A trial that is being trained, one of each worker: what it was worth after each epoch."""

    number: int
    family: str
    base_lr: float | None
    values: tuple[float, ...]
    epoch: int
    epochs: int
    note: str
    unit: Unit = EPOCHS

    @property
    def width(self) -> int:
        """Of the column that says how far it is."""
        return max(7, 2 * len(str(self.unit.count(self.epochs))) + 1)


class Board(NamedTuple):
    """Where a study stands; ``saved`` are the epochs that pruned trials did not train.

    ``unit`` is what people are told lengths in.
    """

    running: tuple[Running, ...]
    states: Mapping[str, int]
    budget: int
    best_value: float | None = None
    best_number: int | None = None
    saved: int = 0
    seconds_left: float | None = None
    metric: str = "accuracy"
    unit: Unit = EPOCHS

    @property
    def finished(self) -> int:
        """Trials that are over."""
        return sum(self.states.get(state, 0) for state in FINISHED)


def drawn(board: Board) -> Group:
    """Return the lines of a board, for rich."""
    lines = []
    if board.running:
        width = max(running.width for running in board.running)
        head = f"trial  family         base LR  {board.unit.word:>{width}}  {board.metric}"
        lines.append(_line(head, "bold"))
    lines += [_line(running_line(running, board.metric), "cyan") for running in board.running]
    return Group(*lines, *(_line(text, "bold") for text in standing(board)))


def running_line(running: Running, metric: str = "accuracy") -> str:
    """Return the line of a trial that is being trained.

    Example:
        >>> running_line(Running(7, "cosine", 0.3, (0.5, 0.7, 0.8), 3, 30, "chapter: cosine"))
        '    7  cosine         0.3         3/30  0.8000     ▁▆█  chapter: cosine'
    """
    done = f"{running.unit.count(running.epoch)}/{running.unit.count(running.epochs)}"
    value = f"{running.values[-1]:{digits(metric)}}" if running.values else "-"
    rate = "-" if running.base_lr is None else f"{running.base_lr:.4g}"
    curve = spark(running.values[-_EPOCHS_SHOWN:])
    start = f"{running.number:5d}  {running.family:<14} {rate:<8}"
    start += f" {done:>{running.width}}  {value:<9}"
    return f"{start}  {curve}  {running.note}".rstrip()


def standing(board: Board) -> list[str]:
    """Return in a line or two how far a study is, the best trial, what is saved and left.

    Example:
        >>> standing(Board((), {"complete": 5, "pruned": 3}, 16, 0.88, 2, 40, 754.0))
        ['8/16 trials: 5 complete, 3 pruned', 'best 0.8800 (trial 2), 40 epochs saved by pruning, \
about 12:34 left']
    """
    counts = [f"{board.states[state]} {state}" for state in _STATES if board.states.get(state)]
    first = f"{board.finished}/{board.budget} trials" + (": " if counts else "")
    second = []
    if board.best_value is not None:
        best = f"{board.best_value:{digits(board.metric)}}"
        second.append(f"best {best} (trial {board.best_number})")
    if board.saved:
        second.append(f"{board.unit.told(board.saved)} saved by pruning")
    if board.seconds_left is not None:
        second.append(f"about {clock(board.seconds_left)} left")
    return [first + ", ".join(counts), *([", ".join(second)] if second else [])]


def spark(values: Sequence[float]) -> str:
    """Return values as small bars, the least and the largest of them as the ends.

    Example:
        >>> spark([0.1, 0.2, 0.9]), spark([0.5]), spark([])
        ('▁▂█', '▄', '')
    """
    values = [value for value in values if math.isfinite(value)]
    if not values:
        return ""
    low, high = min(values), max(values)
    if low == high:
        return _BARS[3] * len(values)
    steps = len(_BARS) - 1
    return "".join(_BARS[round(steps * (value - low) / (high - low))] for value in values)


def clock(seconds: float) -> str:
    """Return a duration for people.

    Example:
        >>> clock(754), clock(3 * 3600 + 61)
        ('12:34', '3:01:01')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _line(text: str, style: str) -> Text:
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")
