"""Where a study stands: how many trials it has, what pruning spared, and which is the best."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from optuna.study import Study
from optuna.trial import FrozenTrial

from tuner.definition import Objective, StudySpec, merit
from tuner.search.events import StudyStarted
from tuner.search.results import FINISHED, TrialRow, begun_trials, ranking, trial_rows
from tuner.search.time_left import Ahead, Timed
from tuner.storage import hide_password


class FalsePrunes(NamedTuple):
    """What pruning would have missed, seen on the control trials that are complete.

    Of ``controls`` trials, ``would_be_pruned`` would have been; ``best`` of them are among the
    best tenth of the study, and ``missed`` of those would have been pruned.
    """

    controls: int
    would_be_pruned: int
    best: int
    missed: int


class Averaged(NamedTuple):
    """A complete trial, and what its averaged weights are worth at its end."""

    row: TrialRow
    value: float


class Summary(NamedTuple):
    """Where a study stands.

    ``best_of_search`` has the best single value; ``best`` is the same until fresh seeds have
    confirmed a winner, and then the winner. ``ties`` have the value of the best of the search as
    well. ``lost`` says why there is none though all trials are over, and what to do.
    """

    name: str
    states: dict[str, int]
    budget: int
    epochs_trained: int
    epochs_given: int
    best: TrialRow | None
    false_prunes: FalsePrunes
    best_of_search: TrialRow | None = None
    lost: str = ""
    best_averaged: Averaged | None = None
    ties: tuple[TrialRow, ...] = ()

    @property
    def finished(self) -> int:
        """Trials that are over, one way or another."""
        return sum(self.states.get(state, 0) for state in FINISHED)


def false_prunes(rows: Sequence[TrialRow]) -> FalsePrunes:
    """Return how often the pruner was wrong about the trials that it may not prune.

    The best tenth are the complete trials with the best values, a tenth of all finished ones.

    Args:
        rows: The study's trials.
    """
    finished = sum(row.is_finished for row in rows)
    ranked = ranking(rows)
    best = ranked[: -(-finished // 10)]
    return FalsePrunes(
        controls=sum(row.is_control for row in ranked),
        would_be_pruned=sum(row.is_control and row.spared is not None for row in ranked),
        best=sum(row.is_control for row in best),
        missed=sum(row.is_control and row.spared is not None for row in best),
    )


def epochs_saved(rows: Sequence[TrialRow], epochs: int) -> int:
    """Return how many epochs pruned trials did not train; collapsed ones are no merit of pruning.

    Args:
        rows: The study's trials.
        epochs: Epochs of a full training.
    """
    return sum(epochs - row.epochs for row in rows if row.state == "pruned")


def best_averaged(rows: Sequence[TrialRow], objective: Objective) -> Averaged | None:
    """Return the complete trial whose averaged weights are best; None where none are kept."""
    found = [
        Averaged(row, value)
        for row in ranking(rows)
        if row.records
        and (value := objective.averaged_value(row.records[-1])) is not None
        and math.isfinite(value)
    ]
    return max(found, key=lambda each: merit(each.value, objective.minimized), default=None)


def summary(name: str, rows: Sequence[TrialRow], budget: int, objective: Objective) -> Summary:
    """Return where a study stands.

    A waiting trial beyond the budget, which nobody began, is none of it until that is raised.
    """
    rows = [r for r in rows if r.state != "waiting" or r.number < budget or r.records]
    ranked = ranking(rows)
    best = next(iter(ranked), None)
    return Summary(
        name=name,
        states=dict(Counter(row.state for row in rows)),
        budget=budget,
        epochs_trained=sum(row.epochs_trained for row in rows),
        epochs_given=sum(row.epochs_given for row in rows),
        best=best,
        false_prunes=false_prunes(rows),
        best_of_search=best,
        lost="" if best else _lost([row for row in rows if row.is_finished], budget),
        best_averaged=best_averaged(rows, objective),
        ties=tuple(row for row in ranked[1:] if best and row.value == best.value),
    )


def _lost(finished: Sequence[TrialRow], budget: int) -> str:
    """Return why a study whose trials are all over has no best one, and what to do."""
    if not finished or len(finished) < budget:
        return ""
    counts = Counter(row.state for row in finished)
    told = ", ".join(f"{number} {how}" for how, number in counts.most_common())
    how = counts.most_common(1)[0][0]
    what_now = {
        "collapsed": "Lower the learning rates, for which `tuner range` finds bounds, or see to"
        " what the training reports; then begin a study of another name",
        "failed": "Repair the training; then run it on with more trials, or begin a study of"
        " another name",
    }.get(how, "Run it on with more trials, or begin one of another name with a milder pruner")
    last = finished[-1].reason.rstrip(".")
    return f"no trial is complete ({told}; the last one: {last}). {what_now}"


def ahead(
    trials: Sequence[FrozenTrial],
    rows: Sequence[TrialRow],
    spec: StudySpec,
    budget: int,
    repeats: int = 0,
) -> Ahead:
    """Return what a study has done and has ahead.

    Args:
        trials: Its trials, as Optuna has them.
        rows: The same as rows.
        spec: Its definition.
        budget: Trials that it is to have.
        repeats: Trainings that come after them.
    """
    # From when it began, or went on, to its end.
    lasted = {t.number: t.duration.total_seconds() for t in trials if t.duration}
    timed = (
        Timed(
            row.epochs,
            max(row.seconds, lasted.get(row.number, 0.0)),
            row.is_finished,
            row.baseline is not None,
        )
        for row in rows
        if row.state != "waiting" or row.records
    )
    shares = spec.pruner.usual_shares if spec.pruner.prunes else (1.0, 1.0)
    return Ahead(spec.epochs, budget, len(spec.space.baselines), shares, repeats, tuple(timed))


def study_started(
    study: Study, spec: StudySpec, finished: int, budget: int, repeats: int = 0
) -> StudyStarted:
    """Return the event of a study that begins or goes on.

    Args:
        study: The study.
        spec: Its definition.
        finished: Trials that count as finished.
        budget: Trials that it is to have.
        repeats: Trainings that come after them.
    """
    every = trial_rows(study)
    rows = [row for row in every if row.is_finished]
    best = None if spec.repeats else next(iter(ranking(rows)), None)
    return StudyStarted(
        spec.name,
        hide_password(spec.storage_url),
        finished,
        budget,
        spec.epochs,
        dict(Counter(row.state for row in rows)),
        epochs_saved(rows, spec.epochs),
        spec.objective.judged_by,
        sum(row.state == "waiting" and row.epochs > 0 for row in every),
        spec.unit,
        best.value if best else None,
        best.number if best else None,
        ahead(begun_trials(study), every, spec, budget, repeats),
    )
