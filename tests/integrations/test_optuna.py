"""The door for plain Optuna: schedules in anybody's objective, our sampler and pruners for it."""

from __future__ import annotations

import functools
import math
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState, create_trial

import tuner
from tuner.schedules import Schedule

pytestmark = pytest.mark.usefixtures("seconds")

EPOCHS, UPDATES = 6, 10
TRAINING = {"epochs": EPOCHS, "updates_per_epoch": UPDATES}
SPACE: dict[str, Any] = {"space": "default", "base_lr": 0.05, **TRAINING}
SEARCH = {**SPACE, "metric": "val_loss"}


def losses(schedule: Schedule) -> Iterator[float]:
    """Descend a valley whose bottom is noisy; under a rate that is too high, leave it."""
    weight = 1.0
    for epoch in range(EPOCHS):
        for update in range(epoch * UPDATES + 1, (epoch + 1) * UPDATES + 1):
            rate = schedule(update)
            weight += rate * (math.sin(37.0 * update) - weight)
        loss = weight**2 + 0.01
        yield math.nan if epoch > 0 and schedule.base_lr > 0.2 else loss


def train(trial: tuner.Trial) -> None:
    for loss in losses(trial.schedule):
        trial.report(loss)


def objective(trial: optuna.Trial) -> float:
    schedule = tuner.suggest_schedule(trial, **SPACE)
    if trial.should_prune():  # by its schedule alone
        raise optuna.TrialPruned
    loss = math.nan
    for step, loss in enumerate(losses(schedule), start=1):
        trial.report(loss, step=step)
        if trial.should_prune():
            raise optuna.TrialPruned
    return loss


def make_study(pruner: optuna.pruners.BasePruner | None = None, **more: Any) -> optuna.Study:
    return optuna.create_study(
        direction="minimize",
        sampler=tuner.optuna.ScreeningSampler(**SEARCH, seed=3),
        pruner=pruner or tuner.optuna.ForecastPruner(**SEARCH),
        **more,
    )


def told(study: optuna.Study) -> list[tuple[Any, ...]]:
    """Return what trials came to; a value that is no number is no report in a study of ours."""
    found = []
    for trial in study.get_trials(deepcopy=False):
        attributes, reports = trial.user_attrs, trial.intermediate_values
        reason = attributes.get("reason", "")
        value = None if "diverged" in reason else trial.value
        reports = {step: value for step, value in reports.items() if not math.isnan(value)}
        found.append((trial.state, trial.params, value, reports, attributes["schedule"], reason))
    return found


@pytest.mark.parametrize(
    ("pruner", "name"),
    [
        (functools.partial(tuner.optuna.ForecastPruner, **SEARCH), "forecast"),
        (functools.partial(tuner.optuna.HalvingPruner, **TRAINING), "halving"),
    ],
)
def test_a_study_of_optunas_gives_what_a_study_of_ours_gives(
    pruner: Callable[[], optuna.pruners.BasePruner], name: str, tmp_path: Path
) -> None:
    ours = tuner.tune(
        train, **TRAINING, metric="val_loss", base_lr=0.05, trials=30, seed=3, pruner=name,
        confirm=False, folder=tmp_path,
    )  # fmt: skip
    plain = make_study(pruner())
    tuner.optuna.enqueue_baselines(plain, **SPACE)
    plain.optimize(objective, n_trials=30)
    assert told(ours.study) == told(plain)
    reasons = [trial.user_attrs.get("reason", "") for trial in plain.trials]
    ends = ("pruned after epoch", "skipped (unpromising)")
    assert sum(reason.startswith(ends) for reason in reasons) > 5
    assert any(reason == "diverged in epoch 2: it gave nan" for reason in reasons)
    assert tuner.optuna.best_schedule(plain) == ours.best_schedule


def test_a_study_in_a_database_goes_on_as_if_it_had_never_stopped(path: Path) -> None:
    whole = make_study()
    whole.optimize(objective, n_trials=16)
    for trials in (7, 9):
        part = make_study(storage=f"sqlite:///{path}", study_name="s", load_if_exists=True)
        part.optimize(objective, n_trials=trials)
    assert told(part) == told(whole)


@pytest.mark.parametrize("report", [8, 40])
def test_a_study_that_is_killed_goes_on_as_if_it_had_never_stopped(
    report: int, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """As with SIGKILL, nothing is told to the study."""

    def dies(trial: optuna.Trial) -> float:
        tell = trial.report

        def counted(value: float, step: int) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise Killed
            tell(value, step)

        monkeypatch.setattr(trial, "report", counted)
        return objective(trial)

    whole = make_study()
    tuner.optuna.enqueue_baselines(whole, **SPACE)
    whole.optimize(objective, n_trials=16)
    left = report
    part = make_study(storage=f"sqlite:///{path}", study_name="s")
    tuner.optuna.enqueue_baselines(part, **SPACE)
    with pytest.raises(Killed):
        part.optimize(dies, n_trials=16)
    assert part.trials[-1].state == TrialState.RUNNING
    study = make_study(storage=f"sqlite:///{path}", study_name="s", load_if_exists=True)
    tuner.optuna.finish_killed(study, objective)
    study.optimize(objective, n_trials=16 - len(study.trials))
    assert told(study) == told(whole)


def test_a_killed_trial_that_fails_again_has_failed() -> None:
    study = make_study()
    study.ask()
    with pytest.raises(ZeroDivisionError):
        tuner.optuna.finish_killed(study, lambda _: 1 / 0)
    assert [trial.state for trial in study.trials] == [TrialState.FAIL]


def test_threads_share_a_study() -> None:
    study = make_study()
    study.optimize(objective, n_trials=24, n_jobs=3)
    assert {trial.state for trial in study.trials} <= {TrialState.COMPLETE, TrialState.PRUNED}
    assert all("schedule" in trial.user_attrs for trial in study.trials)
    assert tuner.optuna.best_schedule(study).horizon == EPOCHS * UPDATES


def test_trials_that_are_asked_for_at_once_get_each_its_own_schedule() -> None:
    study = make_study()
    study.optimize(objective, n_trials=12)
    sampler = study.sampler
    one, other = (study.ask() for _ in range(2))
    frozen = [study.get_trials()[trial.number] for trial in (one, other)]
    spaces = [sampler.infer_relative_search_space(study, trial) for trial in frozen]
    drawn = [sampler.sample_relative(study, *both) for both in zip(frozen, spaces, strict=True)]
    assert [one.relative_params, other.relative_params] == drawn
    assert drawn[0] != drawn[1]


def test_one_sampler_serves_two_studies() -> None:
    studies = []
    shared = tuner.optuna.ScreeningSampler(**SEARCH)
    for sampler in (shared, shared, tuner.optuna.ScreeningSampler(**SEARCH)):
        study = make_study()
        study.sampler = sampler
        if len(studies) == 0:
            study.enqueue_trial({"family": "poly", "base_lr": 0.02, "power": 0.7})
        study.optimize(objective, n_trials=12)
        studies.append(told(study))
    assert studies[1] == studies[2] != studies[0]


def test_sampler_and_pruner_are_pickled() -> None:
    study, other = make_study(), make_study()
    other.sampler = pickle.loads(pickle.dumps(study.sampler))
    other.pruner = pickle.loads(pickle.dumps(study.pruner))
    for each in (study, other):
        each.optimize(objective, n_trials=10)
    assert told(study) == told(other)


def test_trials_of_others_are_passed_over() -> None:
    study = make_study()
    study.optimize(objective, n_trials=6)
    steps = dict.fromkeys(range(1, EPOCHS + 1), 0.5)
    best, unlike = -9.0, [None, 1, {"family": "none", "params": {}}, {"family": "cosine"}]
    for schedule in unlike:
        attributes = {"schedule": schedule, "reason": ["why"], "baseline": 3}
        for state in (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL):
            value = best if state == TrialState.COMPLETE else None
            study.add_trial(
                create_trial(
                    state=state, value=value, user_attrs=attributes, intermediate_values=steps
                )
            )
    known = study.trials[0].user_attrs
    unknown = {**steps, 1: math.nan}  # a value that is none, and then one again
    study.add_trial(create_trial(value=0.4, user_attrs=known, intermediate_values=unknown))
    study.ask()
    study.optimize(objective, n_trials=8)
    assert {trial.state for trial in study.trials[-8:]} <= {TrialState.COMPLETE, TrialState.PRUNED}
    assert tuner.optuna.best_schedule(study) == tuner.optuna.best_schedule(study)
    assert study.best_trial.value == best


def test_other_parameters_and_several_directions_stand_beside_a_schedule() -> None:
    def both(trial: optuna.Trial) -> tuple[float, float]:
        schedule = tuner.suggest_schedule(trial, **SPACE)
        decay = trial.suggest_float("weight_decay", 1e-5, 1e-2, log=True)
        return schedule.base_lr, decay

    study = optuna.create_study(directions=["minimize", "maximize"])
    study.optimize(both, n_trials=3)
    with pytest.raises(tuner.TunerError, match="must have one direction, but has 2"):
        tuner.optuna.best_schedule(study)
    single = make_study()
    single.optimize(lambda trial: both(trial)[0], n_trials=12)
    assert all("weight_decay" in trial.params for trial in single.trials)


def test_the_best_schedule_is_exported_with_its_origin(tmp_path: Path) -> None:
    study = make_study(study_name="mine")
    study.optimize(objective, n_trials=20)
    path = tuner.optuna.export(study, tmp_path / "best.json", batch_size=32)
    file = tuner.read_schedule_file(path)
    assert file.schedule == tuner.optuna.best_schedule(study)
    assert (file.updates_per_epoch, file.batch_size) == (UPDATES, 32)
    origin = file.provenance
    assert (origin["study"], origin["trial"]) == ("mine", study.best_trial.number)
    assert origin["params"] == study.best_params
    assert origin["objective"]["values"] == [study.best_value]
    pruned = next(trial.number for trial in study.trials if trial.state == TrialState.PRUNED)
    tuner.optuna.export(study, path, trial=pruned)
    assert tuner.read_schedule_file(path).provenance["objective"]["state"] == "pruned"
    with pytest.raises(tuner.TunerError, match="Trial 99 must exist and have a schedule"):
        tuner.optuna.export(study, path, trial=99)


def test_a_finished_trial_gives_its_schedule_again() -> None:
    study = make_study()
    study.optimize(objective, n_trials=5)
    again = tuner.suggest_schedule(study.best_trial, **SPACE)
    assert again == tuner.optuna.best_schedule(study)
    fixed = optuna.trial.FixedTrial(study.best_params)
    assert tuner.suggest_schedule(fixed, **SPACE) == again


def test_a_space_is_a_file_or_objects(tmp_path: Path) -> None:
    file = tmp_path / "space.toml"
    file.write_text(
        'format = "tuner.search_space/1"\nname = "s"\n[fixed]\nfamily = "cosine"\n'
        '[params.base_lr]\ntype = "float"\nlow = 0.1\nhigh = 0.2\n'
    )
    objects = {"family": "cosine", "base_lr": tuner.Float(0.1, 0.2)}
    for space in (str(file), file, objects):
        trial = optuna.trial.FixedTrial({"base_lr": 0.15})
        schedule = tuner.suggest_schedule(trial, space, horizon=50, updates_per_epoch=7)
        assert schedule == tuner.Cosine(base_lr=0.15, horizon=50)
    result = tuner.tune(
        train, **TRAINING, metric="val_loss", space=file, trials=2, confirm=False, folder=tmp_path
    )
    assert result.best_schedule.family == "cosine"


def asked(**changed: Any) -> None:
    tuner.suggest_schedule(optuna.trial.FixedTrial({}), **{**SPACE, **changed})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            lambda: asked(epochs=None),
            r"must have `epochs`, or `horizon`.*\(epochs=None, horizon=N",
        ),
        (lambda: asked(horizon=60), r"but got \(epochs=6, horizon=60\)"),
        (lambda: asked(updates_per_epoch=0), "`updates_per_epoch` must be a whole number of 1"),
        (lambda: asked(space="defualt"), "No search space is called 'defualt'; did you mean 'def"),
        (lambda: asked(space="no.toml", base_lr=None), "no.toml has 1 mistake"),
        (lambda: asked(space=3, base_lr=None), "`space` must be a name, the path of a search-sp"),
        (lambda: asked(space={"family": "cosine"}), "`base_lr` must be left out"),
        (
            lambda: tuner.optuna.ScreeningSampler(**SPACE, metric="score"),
            r"(?s)ScreeningSampler has 1 mistake.*direction +must be 'maximize' or 'minimize'",
        ),
        (
            lambda: tuner.optuna.ScreeningSampler(**SEARCH, n_candidates=0),
            "n_candidates  must be >= 1, but got 0",
        ),
        (
            lambda: tuner.optuna.ForecastPruner(**SEARCH, rungs=("0ep", "2ep")),
            "a share between 0 and 1 for each of 2 rungs",
        ),
        (
            lambda: tuner.optuna.HalvingPruner(epochs=4, rungs=["1"], keep=[0.5]),
            "HalvingPruner has 1 mistake",
        ),
        (
            lambda: tuner.optuna.best_schedule(optuna.create_study(study_name="empty")),
            "Study 'empty' must have a complete trial whose objective called",
        ),
    ],
)
def test_a_mistake_is_told_in_a_sentence(wrong: Callable[[], object], message: str) -> None:
    with pytest.raises(tuner.TunerError, match=message):
        wrong()


def test_a_study_of_the_other_direction_is_refused() -> None:
    study = make_study()
    study.optimize(objective, n_trials=1)
    upwards = optuna.create_study(direction="maximize", sampler=study.sampler)
    with pytest.raises(tuner.TunerError, match="must minimize 'val_loss', but its direction is m"):
        upwards.ask().suggest_float("lr", 0.0, 1.0)
    plain = optuna.create_study(direction="maximize", pruner=study.pruner)
    with pytest.raises(tuner.TunerError, match=r"create_study\(direction='minimize', \.\.\.\)"):
        plain.ask().should_prune()


@pytest.mark.parametrize("step", [0, EPOCHS * UPDATES])
def test_a_step_that_is_no_number_of_epochs_is_refused(step: int) -> None:
    trial = make_study().ask()
    trial.report(0.5, step=step)
    with pytest.raises(tuner.TunerError, match=f"from 1 to 6, but got {step}. Write trial.report"):
        trial.should_prune()


def test_a_star_does_not_hide_optuna() -> None:
    names: dict[str, Any] = {}
    exec("import optuna\nfrom tuner import *", names)
    assert names["optuna"] is optuna
    assert names["suggest_schedule"] is tuner.optuna.suggest_schedule
    assert "optuna" in dir(tuner)
