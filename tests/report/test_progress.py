from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from optuna.trial import FrozenTrial, TrialState

from tuner.report.progress import Cost, best_so_far, cost, timeline

from .rows import collapsed, row

START = datetime(2030, 1, 1, 12)


def ran(number: int, start: float | None, end: float | None, pid: int | None = 1) -> FrozenTrial:
    """Return a trial that ran from one second to another, on a worker."""
    owner = {"machine": "node7 pid:[4026531836]", "pid": pid, "started": 5.0, "beat": 0}
    return FrozenTrial(
        number=number,
        state=TrialState.RUNNING if end is None else TrialState.PRUNED,
        value=None,
        datetime_start=None if start is None else START + timedelta(seconds=start),
        datetime_complete=None if end is None else START + timedelta(seconds=end),
        params={},
        distributions={},
        user_attrs={},
        system_attrs={"tuner:owner": owner} if pid else {},
        intermediate_values={},
        trial_id=number,
    )


ROWS = [
    row(0, 0.8),
    row(1, 0.9),
    row(2, 0.5, state="pruned", epochs=2),
    row(3, 0.85, epochs_given=3),
    collapsed(4),
    row(5, None, state="running", epochs=1),
    row(6, None, state="waiting", epochs=0),
]
TRIALS = [
    ran(0, 0, 50, pid=1),
    ran(1, 1, 30, pid=2),
    ran(2, 30, 40, pid=2),
    ran(3, 50, 70, pid=1),
    ran(4, 40, 41, pid=2),
    ran(5, 42, None, pid=2),
    ran(6, None, None, pid=None),
]


def test_the_best_so_far_follows_the_order_in_which_trials_ended() -> None:
    steps = best_so_far(ROWS, TRIALS)
    assert [step.number for step in steps] == [1, 0, 3]
    # Trial 1 trained 4 epochs; 2 trained 2 and 4 none before 0 ended; 3 trained 1 of its own.
    assert [step.epochs for step in steps] == [4, 10, 11]
    assert [step.accuracy for step in steps] == [0.9, 0.8, 0.85]
    assert [step.best for step in steps] == [0.9, 0.9, 0.9]


def test_the_timeline_has_a_bar_for_each_trial_that_began() -> None:
    bars = timeline(ROWS, TRIALS)
    assert [(bar.number, bar.start, bar.seconds) for bar in bars] == [
        (0, 0, 50), (1, 1, 29), (2, 30, 10), (4, 40, 1), (5, 42, 28), (3, 50, 20),
    ]  # fmt: skip
    assert [bar.kind for bar in bars] == [
        "complete", "complete", "pruned", "collapsed", "running", "complete",
    ]  # fmt: skip
    first, second = "worker 1 (node7, process 1)", "worker 2 (node7, process 2)"
    assert [bar.worker for bar in bars] == [first, second, second, second, second, first]


def test_a_trial_without_an_owner_has_a_row_as_well() -> None:
    [bar] = timeline([row(0, 0.8)], [ran(0, 0, 5, pid=None)])
    assert bar.worker == "unknown"
    assert timeline([], []) == ()


def test_what_the_trials_cost() -> None:
    failed = row(7, None, state="failed", epochs=3)
    spent = cost([*ROWS, failed], epochs=4)
    # Trial 3 was given 3 of its 4 epochs; trial 5 is running; pruning saved 2 epochs of trial 2,
    # and none of trial 4, which collapsed.
    assert spent == Cost(trained=4 + 4 + 2 + 1 + 1 + 3, given=3, saved=2)
    assert spent.unpruned == 17


@pytest.mark.parametrize(
    ("spent", "words"),
    [
        (Cost(75, 5, 25), "25 % fewer than 100 without pruning, 5 shared with other trials"),
        (Cost(75, 5, 0), "5 shared with other trials"),
        (cost([collapsed(0)], 4), "all trials together"),
    ],
)
def test_what_was_not_trained_in_words(spent: Cost, words: str) -> None:
    assert spent.words == words
