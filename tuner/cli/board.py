"""What a person sees of a study that runs: a line for each trial, and where it stands.

Every line is cut to the width of the terminal, never folded. Trials that run and trials that are
over have the same columns, which 80 characters have room for.
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
# The column of a trial's state, which has the last epochs of one that runs.
_STATE = 9
# That of the longest of this package's families.
_FAMILY = 15
_STATES = ("complete", "pruned", "collapsed", "failed", "running", "interrupted")
_STYLES = {"complete": "green", "failed": "red", "running": "cyan"}


class Row(NamedTuple):
    """A trial: what it was worth after each epoch, and is worth at its end.

    ``share`` is how much it trained of the epoch that it is in, if its task tells.
    """

    number: int
    state: str
    family: str
    base_lr: float | None
    values: tuple[float, ...]
    epoch: int
    epochs: int
    note: str = ""
    unit: Unit = EPOCHS
    value: float | None = None
    share: float = 0.0

    @property
    def width(self) -> int:
        """Of the column that says how far it is."""
        tenths = 2 if self.unit.size == 1 else 0
        return max(7, 2 * len(str(self.unit.count(self.epochs))) + 1 + tenths)


class Board(NamedTuple):
    """Where a study stands; ``saved`` are the epochs that pruned trials did not train.

    ``rows`` are the trials to show, those that run at the end. ``unit`` is what people are told
    lengths in.
    """

    rows: tuple[Row, ...]
    states: Mapping[str, int]
    budget: int
    best_value: float | None = None
    best_number: int | None = None
    saved: int = 0
    seconds_so_far: float | None = None
    seconds_left: float | None = None
    metric: str = "accuracy"
    unit: Unit = EPOCHS

    @property
    def finished(self) -> int:
        """Trials that are over."""
        return sum(self.states.get(state, 0) for state in FINISHED)

    @property
    def is_running(self) -> bool:
        """Whether a trial is being trained."""
        return bool(self.states.get("running"))


def drawn(board: Board, room: int = 20) -> Group:
    """Return the lines of a board, for rich.

    Args:
        board: The board.
        room: How many trials are shown at most, the last of them.
    """
    lines = []
    rows = board.rows[max(len(board.rows) - room, 0) :] if room > 0 else ()
    if rows:
        width = max(row.width for row in rows)
        heads = ("trial", "state", "family", "base LR", board.unit.word, board.metric, "")
        lines.append(_line(_cells(*heads, width), "bold"))
    if left_out := len(board.rows) - len(rows):
        lines.append(_line(f"       … and {left_out} more", "dim"))
    lines += [styled(row, board.metric) for row in rows]
    return Group(*lines, *(_line(text, "bold") for text in standing(board)))


def styled(row: Row, metric: str = "accuracy") -> Text:
    """Return the line of a trial in the colour of its state, for rich."""
    return _line(row_line(row, metric), _STYLES.get(row.state, "dim"))


def row_line(row: Row, metric: str = "accuracy") -> str:
    """Return the line of a trial.

    Example:
        >>> row_line(Row(7, "running", "cosine", 0.3, (0.5, 0.7, 0.8), 3, 30, "chapter: cosine"))
        '    7 ▁▆█       cosine          0.3          3/30 0.8000   chapter: cosine'
        >>> row_line(Row(8, "pruned", "factor", 0.05, (0.4,), 1, 30, value=0.4))
        '    8 pruned    factor          0.05         1/30 0.4000'
    """
    state, value = row.state, row.value
    if state == "running":
        state, value = spark(row.values[-_STATE:]), row.values[-1] if row.values else None
    done = row.unit.count(row.epoch) + row.unit.size * row.share
    decimals = 1 if row.share and row.unit.size == 1 else 0
    length = f"{done:.{decimals}f}/{row.unit.count(row.epochs)}"
    rate = "-" if row.base_lr is None else f"{row.base_lr:.4g}"
    worth = "-" if value is None else f"{value:{digits(metric)}}"
    cells = (str(row.number), state, row.family, rate, length, worth, row.note)
    return _cells(*cells, row.width)


def _cells(
    number: str, state: str, family: str, rate: str, done: str, value: str, note: str, width: int
) -> str:
    name = family if len(family) <= _FAMILY else f"{family[: _FAMILY - 1]}…"
    start = f"{number:>5} {state:<{_STATE}} {name:<{_FAMILY}} {rate:<9}"
    return f"{start} {done:>{width}} {value:<8} {note}".rstrip()


def seed_first(label: str) -> str:
    """Return the label of a repeated training with its seed where no width cuts it off.

    Example:
        >>> seed_first("chapter: multi factor 0.5, seed 3"), seed_first("chapter: cosine")
        ('seed 3, chapter: multi factor 0.5', 'chapter: cosine')
    """
    of, between, seed = label.rpartition(", seed ")
    return f"seed {seed}, {of}" if between and seed.isdecimal() else label


def standing(board: Board) -> list[str]:
    """Return in a few lines how far a study is, the best trial and what is saved, and the time.

    Example:
        >>> standing(Board((), {"complete": 5}, 16, 0.88, 2, 40, 400.0, 754.0))
        ['5/16 trials: 5 complete', 'best 0.8800 (trial 2), 40 epochs saved by pruning', \
'6:40 so far, about 12:34 left']
    """
    counts = [f"{board.states[state]} {state}" for state in _STATES if board.states.get(state)]
    over = f"{board.finished}/{board.budget} trials"
    found, time = [], []
    if board.best_value is not None:
        best = f"{board.best_value:{digits(board.metric)}}"
        found.append(f"best {best} (trial {board.best_number})")
    if board.saved:
        found.append(f"{board.unit.told(board.saved)} saved by pruning")
    if board.seconds_so_far is not None:
        time.append(f"{clock(board.seconds_so_far)} so far")
    if board.seconds_left is not None:
        time.append(f"about {clock(board.seconds_left)} left")
    lines = (": ".join(filter(None, (over, ", ".join(counts)))), ", ".join(found), ", ".join(time))
    return [*filter(None, lines)]


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
