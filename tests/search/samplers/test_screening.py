"""Screening, on made-up worlds in which what a schedule has ahead of it decides."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import mean

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

from tuner.definition import Search
from tuner.reading import Clock, read_toml
from tuner.schedules import Constant, Cosine, Schedule, schedule_to_dict
from tuner.search.pruners import Forecast
from tuner.search.samplers import Random, Screening
from tuner.space import SearchSpace, load_space, parse_space

pytestmark = pytest.mark.usefixtures("seconds")

HORIZON = 200
SPACES = Path(__file__).parents[3] / "search_spaces"
SPACE = load_space(SPACES / "modern.toml", Clock(20, HORIZON))
# What ends a trial: its value, or an epoch with a value there, or None if it collapsed.
End = float | tuple[int, float] | None


def end_lr(schedule: Schedule) -> float:
    """Return how far the final LR is from 0.01, in decades."""
    return abs(math.log10(max(schedule(HORIZON), 1e-4)) + 2)


def search(
    sampler: object,
    ends: Callable[[Schedule], End],
    n: int,
    *,
    fresh: bool = False,
    space: SearchSpace = SPACE,
) -> tuple[optuna.Study, list[Schedule]]:
    """Run a study; with ``fresh``, every trial in a process of its own."""
    study = optuna.create_study(direction="maximize", sampler=sampler.make(Search(space)))
    schedules = []
    for _ in range(n):
        if fresh:
            study.sampler = sampler.make(Search(space))
        trial = study.ask()
        schedule = space.schedule(space.sample(trial))
        trial.set_user_attr("schedule", schedule_to_dict(schedule))
        schedules.append(schedule)
        end = ends(schedule)
        if isinstance(end, float):
            for epoch in (1, 2):
                trial.report(end / 2, step=epoch)
            study.tell(trial, end)
        else:
            if end is not None:
                trial.report(end[1], step=end[0])
            elif trial.number % 2:  # it looked well before it collapsed
                trial.report(0.4, step=1)
                trial.set_user_attr("reason", "diverged in epoch 2: the loss is nan")
            study.tell(trial, state=TrialState.PRUNED)
    return study, schedules


def test_schedules_come_to_end_where_the_accuracy_is() -> None:
    def accuracy(schedule: Schedule) -> End:
        return 0.9 - 0.1 * end_lr(schedule)

    screened = search(Screening(), accuracy, 30)[1]
    at_random = search(Random(type="random"), accuracy, 30)[1]
    assert mean(map(end_lr, screened[10:])) < mean(map(end_lr, at_random[10:])) / 3
    # Whatever their family is.
    assert len({type(schedule) for schedule in screened[10:]}) >= 3


def test_a_trial_has_the_parameters_of_its_family() -> None:
    study, schedules = search(Screening(), lambda schedule: 0.5, 20)
    for trial, schedule in zip(study.trials, schedules, strict=True):
        applying = {n for n, p in SPACE.params.items() if p.applies(trial.params)}
        assert set(trial.params) == applying
        assert SPACE.schedule(trial.params) == schedule


@pytest.mark.parametrize("end", [None, (1, 0.1)])
def test_it_learns_from_trials_that_ended_early(end: End) -> None:
    def ends(schedule: Schedule) -> End:
        return 0.8 + schedule.base_lr / 100 if schedule.base_lr < 0.1 else end

    study, schedules = search(Screening(), ends, 40)
    late = [schedule.base_lr >= 0.1 for schedule in schedules[20:]]
    at_random = [s.base_lr >= 0.1 for s in search(Random(type="random"), ends, 40)[1]]
    assert mean(late) < mean(at_random) / 2
    assert {trial.state for trial in study.trials} == {TrialState.COMPLETE, TrialState.PRUNED}


def test_it_stays_away_from_rates_that_collapse_from_some_seeds() -> None:
    # The higher the LR the better, and the oftener a training collapses: one in two at 0.5.
    chance = np.random.default_rng(0)

    def ends(schedule: Schedule) -> End:
        highest = max(schedule(update) for update in range(1, HORIZON + 1))
        survives = 1 / (1 + (highest / 0.5) ** 6.5)
        return 0.8 + 0.1 * highest if chance.random() < survives else None

    def risky(schedules: list[Schedule]) -> float:
        return mean(schedule.base_lr > 0.5 for schedule in schedules)

    screened = search(Screening(), ends, 60)[1]
    at_random = search(Random(type="random"), ends, 60)[1]
    assert risky(screened[10:]) < risky(at_random) / 4
    # What is tried is not low either.
    assert mean(schedule.base_lr > 0.1 for schedule in screened[20:]) > 0.9


def test_equal_values_say_nothing_in_whatever_order() -> None:
    rates = np.geomspace(1e-3, 0.2, 8)

    def next_one(final_lrs: Iterable[float]) -> dict[str, object]:
        study = optuna.create_study(direction="maximize", sampler=Screening().make(Search(SPACE)))
        for rate in final_lrs:
            done = study.ask()
            schedule = Cosine(base_lr=0.4, final_lr=float(rate), horizon=HORIZON)
            done.set_user_attr("schedule", schedule_to_dict(schedule))
            study.tell(done, 1.0)
        trial = study.ask()
        SPACE.sample(trial)
        return trial.params

    assert next_one(rates) == next_one(rates[::-1])


def test_the_first_trials_are_those_of_the_random_sampler() -> None:
    def accuracy(schedule: Schedule) -> End:
        return 0.5

    first = search(Screening(seed=3, n_startup_trials=5), accuracy, 8)[1]
    at_random = search(Random(type="random", seed=3), accuracy, 8)[1]
    assert first[:5] == at_random[:5]
    assert first[5] != at_random[5]


def test_a_new_process_draws_what_the_old_one_would_have() -> None:
    def ends(schedule: Schedule) -> End:
        return (2, 0.3) if schedule.base_lr > 0.3 else 0.9 - 0.1 * end_lr(schedule)

    kept = search(Screening(), ends, 25)[1]
    assert search(Screening(), ends, 25, fresh=True)[1] == kept
    assert search(Screening(seed=1), ends, 25)[1] != kept


@pytest.mark.parametrize("scale", [1e-6, 1e-4, 30.0])
def test_it_searches_low_rates_as_it_does_high_ones(scale: float) -> None:
    """A fine-tuning at 1e-6 is a training at 1 in another unit."""

    def accuracy_at(unit: float) -> Callable[[Schedule], End]:
        return lambda s: 0.9 - 0.1 * abs(math.log10(max(s(HORIZON) / unit, 1e-4)) + 2)

    def chosen(unit: float) -> list[Schedule]:
        return search(Screening(), accuracy_at(unit), 25, space=in_unit(unit))[1]

    high, low = chosen(1.0), chosen(scale)
    assert [s.family for s in low] == [s.family for s in high]
    assert [s.base_lr / scale for s in low] == pytest.approx([s.base_lr for s in high])


def in_unit(unit: float) -> SearchSpace:
    """Return a space whose rates are those of the modern one in another unit."""
    data = read_toml(SPACES / "modern.toml")
    for end in ("low", "high"):
        data["params"]["base_lr"][end] *= unit
    return parse_space(data | {"baseline": []}, "in another unit", SPACE.clock)


def test_no_study_keeps_to_one_family() -> None:
    """Nor leaves the others untrained, whatever the first trials have made it believe."""
    space = load_space(SPACES / "chapter.toml", Clock(20, HORIZON))
    pruner = Forecast(rungs=["0ep"], keep=[0.1]).make(Search(space))
    study = optuna.create_study(
        direction="maximize", sampler=Screening().make(Search(space)), pruner=pruner
    )

    def run(trial: optuna.Trial, schedule: Schedule) -> str:
        trial.set_user_attr("schedule", schedule_to_dict(schedule))
        if trial.should_prune():
            study.tell(trial, state=TrialState.PRUNED)
            return "pruned"
        trial.report(0.5, step=1)
        # The higher it ends, the better: a constant one at the top is the best of all.
        study.tell(trial, 0.9 + 0.02 * math.log10(max(schedule(HORIZON), 1e-4)))
        return schedule.family

    for rate in (0.02, 0.05, 0.2, 0.9):
        run(study.ask(), Constant(base_lr=rate, horizon=HORIZON))
    trained, proposed = [], []
    for _ in range(20):
        trial = study.ask()
        schedule = space.schedule(space.sample(trial))
        proposed.append(schedule.family)
        trained.append(run(trial, schedule))
    assert proposed.count("constant") > 10  # it is the best one
    assert all(len(set(proposed[i : i + 5])) > 1 for i in range(16))
    assert set(trained) - {"constant", "pruned"}
