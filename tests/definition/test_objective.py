"""What is better: a study that minimises errors does what one does that maximises accuracies."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

from tuner.definition import (
    METRICS,
    Objective,
    Pruner,
    Sampler,
    Search,
    merit,
)
from tuner.reading import Clock
from tuner.repeats import Candidate, Confirmation, difference
from tuner.repeats.confirmation import leader, tie_set
from tuner.repeats.racing import race
from tuner.schedules import Constant, Schedule, schedule_to_dict
from tuner.search import ranking, trial_rows
from tuner.search.pruners import Forecast, Halving, Hyperband, Median, SuccessiveHalving
from tuner.search.samplers import TPE, Screening
from tuner.space import load_space
from tuner.tasks import EpochRecord, TrainingCollapsed
from tuner.tasks.base import RECORDED_METRICS

EPOCHS, UPDATES = 10, 10
SPACE = load_space(
    Path(__file__).parents[2] / "examples" / "space.toml", Clock(UPDATES, EPOCHS * UPDATES)
)
ACCURACY, LOSS = Objective(), Objective(metric="test_loss")
OWN = Objective(metric="word_errors", direction="minimize")
DRAWN = TPE()
PRUNERS = {
    "forecast": Forecast(type="forecast"),
    "halving": Halving(type="halving"),
    "median": Median(type="median"),
    "successive_halving": SuccessiveHalving(),
    "hyperband": Hyperband(type="hyperband"),
}


def errors(number: int, schedule: Schedule) -> list[float]:
    """Return made-up errors of a trial, which at the end depend on its schedule."""
    skill = np.random.default_rng(number).uniform(0.2, 0.5)
    last = schedule(EPOCHS * UPDATES)
    return [skill + (0.1 + last) * epoch / EPOCHS for epoch in range(1, EPOCHS + 1)]


def played(
    pruner: Pruner,
    objective: Objective,
    worth: Callable[[float], float],
    sampler: Sampler = DRAWN,
) -> list[tuple[str, dict[str, Any]]]:
    """Return how the trials of a study end, and what its sampler draws."""
    study = optuna.create_study(
        study_name="mirrored",
        direction=objective.optuna_direction,
        pruner=pruner.make(Search(SPACE, objective)),
        sampler=sampler.make(Search(SPACE, objective)),
    )
    for number in range(30):
        trial = study.ask()
        schedule = SPACE.schedule(SPACE.sample(trial))
        trial.set_user_attr("schedule", schedule_to_dict(schedule))
        values = errors(number, schedule)
        for epoch, error in enumerate(values, start=1):
            trial.report(worth(error), step=epoch)
            if epoch < EPOCHS and trial.should_prune():
                study.tell(trial, state=TrialState.PRUNED)
                break
        else:
            study.tell(trial, worth(values[-1]))
    return [(trial.state.name, trial.params) for trial in study.get_trials()]


@pytest.mark.parametrize("name", PRUNERS)
def test_pruner_and_sampler_do_the_same_with_errors_as_with_accuracies(name: str) -> None:
    upwards = played(PRUNERS[name], ACCURACY, lambda error: 1 - error)
    assert played(PRUNERS[name], LOSS, lambda error: error) == upwards
    assert {"COMPLETE", "PRUNED"} == {state for state, _ in upwards}


@pytest.mark.usefixtures("seconds")
def test_screening_draws_the_same_with_errors_as_with_accuracies() -> None:
    upwards = played(PRUNERS["forecast"], ACCURACY, lambda error: 1 - error, Screening())
    assert played(PRUNERS["forecast"], LOSS, lambda error: error, Screening()) == upwards


def test_the_forecast_sees_a_perplexity_as_its_loss() -> None:
    loss = played(PRUNERS["forecast"], LOSS, lambda error: error)
    perplexity = Objective(metric="test_perplexity")
    assert played(PRUNERS["forecast"], perplexity, math.exp) == loss


def test_what_cannot_be_forecast_is_halved() -> None:
    """A metric of one's own, and a loss below 0, have no error whose logarithm says anything."""
    same = Halving(type="halving", keep=PRUNERS["forecast"].keep[1:])
    halved = played(same, OWN, lambda error: error)
    assert played(PRUNERS["forecast"], OWN, lambda error: error) == halved
    below = played(PRUNERS["forecast"], LOSS, lambda error: error - 9)
    # The forecast asks for some complete trials first, which halving does not.
    startup = PRUNERS["forecast"].n_startup_trials
    assert [state for state, _ in below[:startup]] == ["COMPLETE"] * startup
    assert played(PRUNERS["forecast"], LOSS, lambda error: error) != below


def test_the_smallest_ranks_first() -> None:
    study = optuna.create_study(direction="minimize")
    for value in (0.3, 0.1, 0.2, 0.1):
        trial = study.ask()
        trial.set_user_attr("schedule", schedule_to_dict(Constant(base_lr=0.1, horizon=10)))
        study.tell(trial, value)
    assert [row.number for row in ranking(trial_rows(study))] == [1, 3, 2, 0]


def candidates(minimized: bool, *tables: dict[int, float | None]) -> list[Candidate]:
    rates = [Constant(base_lr=float(number), horizon=9) for number in range(1, 9)]
    return [
        Candidate(f"c{i}", rate, i, table, minimized=minimized)
        for i, (rate, table) in enumerate(zip(rates, tables, strict=False))
    ]


TABLES = [
    {1: 0.30, 2: 0.31, 3: 0.32},
    {1: 0.20, 2: 0.22, 3: 0.21},
    {1: 0.21, 2: 0.20, 3: 0.22},
    {1: None, 2: None, 3: None},
]


def test_a_race_of_losses_is_that_of_accuracies_upside_down() -> None:
    down = candidates(True, *TABLES)
    up = candidates(
        False, *({s: None if v is None else 1 - v for s, v in t.items()} for t in TABLES)
    )
    assert leader(down).label == leader(up).label == "c1"
    assert [c.label for c in tie_set(down)] == [c.label for c in tie_set(up)] == ["c1", "c2"]
    seeds = [1, 2, 3, 4]
    assert [(t.candidate.label, t.seed) for t in race(down, seeds, 3)] == [("c1", 4), ("c2", 4)]
    assert [(t.candidate.label, t.seed) for t in race(up, seeds, 3)] == [("c1", 4), ("c2", 4)]
    table = Confirmation(tuple(down), ()).rows
    assert [row.candidate.label for row in table] == ["c1", "c2", "c0", "c3"]


def test_a_diverged_loss_loses_and_breaks_nothing() -> None:
    tables = [0.3, 0.4, 0.5], [0.1, math.inf, 0.1], [math.inf, 0.1, 0.2]
    seeded = [dict(enumerate(values, start=1)) for values in tables]
    fine, diverged, both = candidates(True, *seeded)
    assert leader([diverged, fine]) is fine
    assert tie_set([diverged, fine]) == (fine,)
    found = difference(fine, diverged)
    assert found is not None
    assert found[1:] == (-math.inf, -math.inf, -math.inf)
    assert difference(diverged, both) is None  # one on each side
    lost = candidates(True, {1: math.inf, 2: math.inf})[0]
    assert difference(lost, lost._replace(label="other")) is None  # none on any seed
    assert race([fine, diverged, both], [1, 2, 3], 3) == []


def test_of_those_that_all_diverged_the_one_leads_that_did_so_least_often() -> None:
    tables = [math.inf] * 3, [0.3, math.inf, 0.3], [0.2, math.inf, 0.3]
    never, twice, better = candidates(
        True, *(dict(enumerate(values, start=1)) for values in tables)
    )
    assert leader([never, twice]) is twice
    assert leader([never, twice, better]) is better
    assert tie_set([never, twice]) == (twice,)


RECORD = EpochRecord(
    epoch=1, train_loss=1.0, train_accuracy=0.5, test_accuracy=0.6, lr_begin=0.1, lr_end=0.1,
    seconds=1.0, test_loss=1.5, averaged_accuracy=0.7, averaged_loss=1.2,
)  # fmt: skip


@pytest.mark.parametrize(
    ("objective", "value", "averaged", "collapsed", "words"),
    [
        (ACCURACY, 0.6, 0.7, 0.1, "test accuracy"),
        (LOSS, 1.5, 1.2, math.inf, "test loss"),
        (Objective(metric="test_loss", evaluate_on="holdout"), 1.5, 1.2, math.inf, "holdout loss"),
        (Objective(metric="test_perplexity"), math.exp(1.5), math.exp(1.2), math.inf,
         "test perplexity"),
        (OWN, None, None, math.inf, "word errors"),
        (Objective(metric="bleu", direction="maximize"), None, None, -math.inf, "bleu"),
    ],
)  # fmt: skip
def test_what_a_training_is_worth(
    objective: Objective, value: float, averaged: float, collapsed: float, words: str
) -> None:
    assert objective.value(RECORD) == value
    assert objective.averaged_value(RECORD) == averaged
    assert objective.collapsed_value(TrainingCollapsed(1, "dead", 0.1, math.nan)) == collapsed
    assert objective.judged_by == words
    # A task that measures one thing measures the metric, whatever its name.
    assert objective.value(RECORD._replace(value=5.0)) == 5.0
    assert objective.averaged_value(RECORD._replace(value=5.0)) is None
    assert objective.averaged_value(RECORD._replace(value=5.0, averaged_value=4.0)) == 4.0


def test_a_metric_that_is_not_measured_is_told_beside_those_that_are() -> None:
    record = RECORD._replace(value=None)
    said = Objective(metric="bleu", direction="maximize").unmeasured(record)
    assert "'bleu', but gave none" in said
    assert said.endswith(": test_accuracy, test_loss, test_perplexity.")
    accuracy = record._replace(test_loss=None)
    assert ACCURACY.unmeasured(accuracy).endswith(" [objective]: test_accuracy.")


def test_the_tasks_and_the_objective_know_the_same_metrics() -> None:
    assert tuple(METRICS) == RECORDED_METRICS


def test_merit() -> None:
    assert merit(2.0, minimized=False) > merit(1.0, minimized=False)
    assert merit(1.0, minimized=True) > merit(2.0, minimized=True)


def test_the_fingerprint_of_before_is_that_of_now() -> None:
    """What studies that were begun with earlier versions have as their objective."""
    assert ACCURACY.identity() == {"metric": "test_accuracy", "evaluate_on": "test"}
    assert OWN.identity() == {
        "metric": "word_errors", "evaluate_on": "test", "direction": "minimize",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("metric", "minimized", "value", "error"),
    [
        ("val_loss", True, 0.5, 0.5),
        ("loss", True, 2.0, 2.0),
        ("rmse", True, 3.0, 3.0),
        ("eval_acc", False, 0.75, 0.25),
        ("top5_accuracy", False, 1.0, 0.0),
        ("val_ppl", True, math.e**2, 2.0),
    ],
)
def test_the_last_word_of_a_name_tells_the_kind(
    metric: str, minimized: bool, value: float, error: float
) -> None:
    objective = Objective(metric=metric)
    assert objective.minimized == minimized
    assert objective.error is not None
    assert objective.error(value) == pytest.approx(error)
    # Whoever says otherwise is right, and then nobody knows what is left to improve.
    other = Objective(metric=metric, direction="maximize" if minimized else "minimize")
    assert (other.minimized, other.error) == (not minimized, None)
    assert Objective(metric="bleu", direction="maximize").error is None
