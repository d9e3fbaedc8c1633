"""The forecast of final accuracies, on a made-up world in which the final LR decides."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import optuna

import tuner
from tuner.definition import Objective, Pruner, Search
from tuner.reading import Clock
from tuner.schedules import Schedule, schedule_to_dict
from tuner.search.forecast import make_forecast
from tuner.search.pruners import Forecast, Halving
from tuner.space import parse_space

from ..searches import search

EPOCHS, UPDATES = 10, 20
CHANCE = np.random.default_rng(0)


def cosine(final_lr: float) -> Schedule:
    return tuner.Cosine(base_lr=0.5, final_lr=final_lr, horizon=EPOCHS * UPDATES)


def truth(final_lr: float, skill: float) -> tuple[float, float]:
    """Return a value after epoch 1, which shows skill alone, and the final accuracy.

    The final error is e ** -(skill + 0.3 * (-1 - log10(final_lr))).
    """
    early = 1 - math.exp(-0.5 * skill)
    return early, 1 - math.exp(-(skill + 0.3 * (-1 - math.log10(final_lr))))


def world() -> list[tuple[float, float]]:
    return [(10 ** CHANCE.uniform(-3, -0.5), CHANCE.uniform(1.0, 1.5)) for _ in range(40)]


def run(
    study: optuna.Study, final_lr: float, skill: float, *, prune: bool = True
) -> optuna.trial.FrozenTrial:
    early, end = truth(final_lr, skill)
    trial = study.ask()
    trial.set_user_attr("schedule", schedule_to_dict(cosine(final_lr)))
    pruned = prune and trial.should_prune()
    if not pruned:
        trial.report(early, step=1)
        pruned = prune and trial.should_prune()
    if pruned:
        study.tell(trial, state=optuna.trial.TrialState.PRUNED)
    else:
        study.tell(trial, end)
    return study.get_trials()[trial.number]


def make_study(pruner: Pruner) -> optuna.Study:
    made = pruner.make(search(EPOCHS, UPDATES))
    return optuna.create_study(direction="maximize", pruner=made)


def test_the_expected_end_is_ranked_by_value_and_schedule_together() -> None:
    study = make_study(Forecast(type="forecast"))
    for final_lr, skill in world()[:15]:
        run(study, final_lr, skill, prune=False)
    unseen = world()
    trials = [run(study, *each, prune=False) for each in unseen]
    for trial in trials:  # what is asked about are trials without an end
        trial.state, trial.value = optuna.trial.TrialState.RUNNING, None
    learned = optuna.create_study(direction="maximize")
    learned.add_trials(study.get_trials()[:15])
    scores = make_forecast(search(EPOCHS, UPDATES), 6)(learned, trials, 1)
    ends = [truth(*each)[1] for each in unseen]
    early = [truth(*each)[0] for each in unseen]

    def agreement(values: list[float]) -> float:
        ranks = [np.argsort(np.argsort(each)) for each in (values, ends)]
        return float(np.corrcoef(*ranks)[0, 1])

    assert scores is not None
    assert agreement(scores) > 0.95
    assert agreement(early) < 0.7


def test_nothing_is_forecast_before_enough_trials_are_complete() -> None:
    study = make_study(Forecast(type="forecast", keep=[0.1, 0.1, 0.1], n_startup_trials=4))
    states = [run(study, 0.01, 2.0 - number / 10).state.name for number in range(8)]
    assert states[:4] == ["COMPLETE"] * 4
    assert "PRUNED" in states[4:]


def test_a_good_schedule_that_decays_late_is_kept_where_its_value_alone_prunes_it() -> None:
    others = [(0.2, 1.3 + number / 100) for number in range(10)]
    late = (0.001, 1.25)  # behind all others after epoch 1, best at the end
    assert truth(*late)[0] < min(truth(*each)[0] for each in others)
    assert truth(*late)[1] > max(truth(*each)[1] for each in others)
    known = [(10**-exponent, 1.1 + exponent / 20) for exponent in (0.5, 1, 1.5, 2, 2.5, 3)]
    states = {}
    for name, pruner in (
        ("forecast", Forecast(type="forecast")),
        ("halving", Halving(type="halving")),
    ):
        study = make_study(pruner)
        for each in [*known, *others]:
            run(study, *each, prune=False)
        states[name] = run(study, *late).state.name
    assert states == {"forecast": "COMPLETE", "halving": "PRUNED"}


def test_a_schedule_is_judged_before_it_is_trained() -> None:
    study = make_study(Forecast(rungs=["0ep"], keep=[0.3]))
    known = [(10**-exponent, 1.1) for exponent in (0.5, 1, 1.5, 2, 2.5, 3)]
    for each in known:
        run(study, *each, prune=False)
    ended = [run(study, final_lr, 1.1) for final_lr in (0.2, 0.002, 0.1, 0.001)]
    assert [trial.state.name for trial in ended] == ["PRUNED", "COMPLETE"] * 2
    assert [trial.last_step for trial in ended] == [None, 1] * 2
    # One that is enqueued has its schedule, but is not counted among those that got there.
    study.enqueue_trial({}, user_attrs={"schedule": schedule_to_dict(cosine(0.0005))})
    asked = study.ask()
    asked.set_user_attr("schedule", schedule_to_dict(cosine(0.0005)))
    assert not asked.should_prune()


def test_low_rates_are_told_apart_before_training() -> None:
    """As in a fine-tuning from 1e-6 to 9e-5, where a tenth of the horizon decides nothing yet."""
    data = {
        "format": "tuner.search_space/1",
        "name": "fine-tuning",
        "fixed": {"family": "cosine", "final_lr_ratio": 0.01},
        "params": {"base_lr": {"type": "float", "low": 1e-6, "high": 9e-5, "log": True}},
    }
    space = parse_space(data, "fine-tuning", Clock(UPDATES, EPOCHS * UPDATES))
    pruner = Forecast(rungs=["0ep"], keep=[0.3]).make(Search(space))
    study = optuna.create_study(direction="maximize", pruner=pruner)

    def pruned(base_lr: float) -> bool:
        trial = study.ask()
        trial.set_user_attr("schedule", schedule_to_dict(space.schedule({"base_lr": base_lr})))
        if trial.should_prune():
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            return True
        trial.report(0.5, step=1)
        study.tell(trial, 0.9 + 0.05 * math.log10(base_lr / 9e-5))
        return False

    assert not any(pruned(rate) for rate in (3e-5, 2e-6, 1e-5, 6e-5))
    assert [pruned(rate) for rate in (1.5e-6, 8e-5, 4e-6, 8.5e-5)] == [True, False, True, False]


def test_an_infinite_loss_is_an_error_like_another_and_no_number_is_none() -> None:
    """One of them would make every forecast no number, and with it switch the pruner off."""
    forecast = make_forecast(search(3, 10, Objective(metric="test_loss")), 2)
    assert forecast is not None
    assert math.isfinite(forecast.merit(math.inf))
    assert forecast.merit(math.inf) < forecast.merit(1e6) < forecast.merit(0.5)
    assert forecast.is_for([0.5, math.inf])
    assert not forecast.is_for([0.5, math.nan])


def test_a_copy_of_a_study_is_no_other_study(path: Path) -> None:
    """Whose trials have other ids: in a database they begin with 1, in memory with 0."""
    study = optuna.create_study(direction="maximize", storage=f"sqlite:///{path}")
    for final_lr, skill in world()[:6]:
        run(study, final_lr, skill)
    forecast = make_forecast(search(EPOCHS, UPDATES), 2)
    expected = forecast(study, study.get_trials(), 1)
    copy = optuna.create_study(direction="maximize")
    copy.add_trials(study.get_trials())
    assert expected is not None
    assert forecast(copy, copy.get_trials(), 1) == expected


def test_a_study_prunes_before_training_and_shows_what_that_saved(
    write_study: Callable, tuner_command: Callable
) -> None:
    more = (
        '[pruner]\ntype = "forecast"\nrungs = ["0ep"]\nkeep = [0.2]\n[sampler]\ntype = "random"\n'
    )
    task = "train_size = 1500\ntest_size = 500\nbatch_size = 64"
    study = write_study(trials=12, more=more, task=task)
    ran = tuner_command("run", study)
    assert ran.code == 0, ran
    result = tuner.open_study(study)
    untrained = [row for row in result.trials if row.state == "pruned" and not row.records]
    assert len(untrained) >= 2
    assert f"trial {untrained[0].number} skipped (unpromising); " in ran.err
    for row in untrained:
        assert (row.reason, row.value, row.is_collapsed) == (
            "skipped (unpromising)",
            None,
            False,
        )
        assert row.schedule is not None
    assert result.summary.epochs_trained == sum(row.epochs for row in result.trials)
    assert all(row.state == "complete" for row in result.trials if row.baseline)
    assert "skipped (unpromising)" in (result.folder / "report.html").read_text()
    assert "skipped (unpromising)" in tuner_command("trials", study).out


def test_a_study_of_two_workers_prunes_by_forecast(write_study: Callable) -> None:
    more = '[pruner]\ntype = "forecast"\nrungs = ["1ep", "2ep"]\nkeep = [0.3, 0.3]\n'
    rows = tuner.run_study(
        write_study(trials=14, epochs=4, workers=2, more=more, sleeps=0.05)
    ).trials
    assert sum(row.state == "pruned" for row in rows) >= 2
    assert all(row.state == "complete" for row in rows if row.baseline)
