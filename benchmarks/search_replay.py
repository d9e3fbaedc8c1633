"""A search over recorded trainings: one repetition, in memory, in a second or two."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

import optuna
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler
from optuna.trial import TrialState
from tasks_recorded.spaces import scaled

from tuner.definition import StudySpec, make_spec
from tuner.search import REASON, EpochEnded, Event, TrialStarted, by_pruner
from tuner.search.trial import run_trial
from tuner.tasks import CheckpointStore, Table
from tuner.tasks.recording import read_recording


class Competitor(NamedTuple):
    """A way to search: ``pruner`` is a study's table, of which the signal and the share count."""

    name: str
    sampler: Callable[[int], BaseSampler]
    make_pruner: Callable[[], BasePruner]
    pruner: dict[str, Any]


class Ended(NamedTuple):
    """A trial as it ended: which recorded schedule it got, the epochs it took, its value."""

    recorded: int
    epochs: int
    pruned: bool
    value: float | None


def replay_spec(table: Path, space: Path, pruner: dict[str, Any] | None = None) -> StudySpec:
    """Return the definition of a study over a table, as long as its trainings.

    Args:
        table: The recorded trainings.
        space: The search space, whose LRs are put on the scale of the table's.
        pruner: The ``[pruner]`` table; the default one if None.
    """
    head = read_recording(str(table)).head
    task = {"name": "table", "path": str(table.resolve()), "epochs": head.epochs}
    return study_spec(task, space, pruner, head.lr_scale)


def study_spec(
    task: dict[str, Any],
    space: Path,
    pruner: dict[str, Any] | None = None,
    lr_scale: float = 1.0,
) -> StudySpec:
    """Return the definition of a study with these ``[task]`` and ``[pruner]`` tables."""
    study: dict[str, Any] = {
        "format": "tuner.study/1",
        "name": "replay",
        "search_space": str(space),
        "task": task,
        "budget": {"trials": 1},
        "confirm": {"enabled": False},
    }
    if pruner is not None:
        study["pruner"] = pruner
    return make_spec(
        study, scaled(space, lr_scale), where="the replayed study", space_where=str(space),
        folder=Path(), stem="replay",
    )  # fmt: skip


def truth(spec: StudySpec) -> dict[int, float]:
    """Return the final accuracy of every recorded schedule that a trial can get.

    The mean over its seeds; a training that collapsed counts as chance.
    """
    head, trainings, _ = _table(spec).recording
    recorded = {each.schedule.family for each in trainings}
    param = spec.space.params.get("family")
    drawn = {str(family) for family in param.choices} if param else recorded
    if not drawn <= recorded:  # a table under way: some trials get schedules of other families
        drawn = recorded
    found: dict[int, list[float]] = {}
    for each in trainings:
        if each.schedule.family in drawn:
            final = head.chance if each.collapse else each.rows[-1]["test_accuracy"]
            found.setdefault(each.number, []).append(final)
    return {number: mean(values) for number, values in found.items()}


def collapsing(spec: StudySpec) -> set[int]:
    """Return the recorded schedules that collapse from some seed."""
    return {each.number for each in _table(spec).recording.trainings if each.collapse}


def replay(competitor: Competitor, spec: StudySpec, seed: int, budget: int) -> list[Ended]:
    """Run one search until its epochs are spent.

    The trials are the product's own, :func:`tuner.search.trial.run_trial`; no baselines.

    Args:
        competitor: How to search.
        spec: The study, with the competitor's signal.
        seed: The sampler's.
        budget: Epochs to spend; the trial in which they end is the last.
    """
    study = optuna.create_study(
        study_name=f"replay {seed}",  # which Hyperband's brackets are drawn by
        direction="maximize",
        sampler=competitor.sampler(seed),
        pruner=competitor.make_pruner(),
    )
    task = _table(spec)
    spent, trials = 0, []
    with _store() as store:
        while spent < budget:
            trial = study.ask()
            events: list[Event] = []
            outcome = run_trial(trial, spec, store, events.append, lambda: False)
            if outcome.reason:  # as a worker does; samplers and pruners tell collapses by it
                trial.set_user_attr(REASON, outcome.reason)
            study.tell(trial, outcome.value, state=outcome.state)
            if outcome.state == TrialState.FAIL:  # its parameters are no schedule
                spent += 1  # so that no search is endless
                continue
            started = next(event for event in events if isinstance(event, TrialStarted))
            found = task.nearest(started.schedule, seed=spec.training.seed, epochs=spec.epochs)
            epochs = sum(isinstance(event, EpochEnded) for event in events)
            pruned = by_pruner(outcome.reason)
            # A collapse takes the epoch in which it shows.
            collapsed = outcome.state == TrialState.PRUNED and not pruned
            ended = Ended(found.number, epochs + collapsed, pruned, outcome.value)
            spent += ended.epochs
            trials.append(ended)
    return trials


def _table(spec: StudySpec) -> Table:
    assert isinstance(spec.task, Table)
    return spec.task


@contextmanager
def _store() -> Iterator[CheckpointStore]:
    with tempfile.TemporaryDirectory() as folder:  # a table has no states to keep
        yield CheckpointStore(Path(folder))
