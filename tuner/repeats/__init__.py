"""Given schedules on fresh seeds: the confirm of a study, and comparisons."""

from __future__ import annotations

from tuner.repeats.better import Better, better_than_winner
from tuner.repeats.compare import find_comparison, prepare_comparison, read_comparison, rivals
from tuner.repeats.comparison import Compared, Comparison, Repeat
from tuner.repeats.confirm import find_confirm, prepare_confirm
from tuner.repeats.confirmation import (
    Candidate,
    Confirmation,
    Row,
    closest,
    difference,
)
from tuner.repeats.paired import Difference, Spread, differences, spread
from tuner.repeats.plain import plain_comparison, plain_confirm, plain_rows, plain_winner
from tuner.repeats.seeds import seeds_are_ignored
from tuner.repeats.study import enqueue, failed_of, planned, read_repeats, settings_of

__all__ = [
    "Better",
    "Candidate",
    "Compared",
    "Comparison",
    "Confirmation",
    "Difference",
    "Repeat",
    "Row",
    "Spread",
    "better_than_winner",
    "closest",
    "difference",
    "differences",
    "enqueue",
    "failed_of",
    "find_comparison",
    "find_confirm",
    "plain_comparison",
    "plain_confirm",
    "plain_rows",
    "plain_winner",
    "planned",
    "prepare_comparison",
    "prepare_confirm",
    "read_comparison",
    "read_repeats",
    "rivals",
    "seeds_are_ignored",
    "settings_of",
    "spread",
]
