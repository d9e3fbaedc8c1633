"""The best of a study in a line, for the event of its end."""

from __future__ import annotations

from collections.abc import Sequence

from tuner.definition import Objective
from tuner.repeats import Confirmation, spread
from tuner.schedules import Plateau, Schedule
from tuner.search import TrialRow, ranking


def best_said(rows: Sequence[TrialRow], objective: Objective) -> str:
    """Return the trial with the best value, an empty text if none is complete."""
    best = next(iter(ranking(rows)), None)
    if best is None or best.schedule is None:
        return ""
    value = f"{objective.judged_by} {best.value:{objective.digits}}"
    return f"{best.title}, {_shape(best.rule or best.schedule)}, {value}"


def winner_said(found: Confirmation, objective: Objective) -> str:
    """Return the winner on fresh seeds, an empty text if there is none yet."""
    winner = found.winner
    values = spread([*winner.values.values()]) if winner else None
    if winner is None or values is None:
        return ""
    form = objective.digits
    value = f"{objective.judged_by} {values.mean:{form}}"
    if values.se is not None:
        value += f" ± {values.se:{form}}"
    shape = _shape(winner.rule or winner.schedule)
    return f"{winner.label}, {shape}, {value} on {values.n} fresh seeds"


def _shape(given: Schedule | Plateau) -> str:
    return f"{given.family}, base LR {given.base_lr:.4g}"
