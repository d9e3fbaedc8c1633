"""The door for plain Optuna: schedules in anybody's objective, our sampler and pruners for it.

A study of Optuna's own, with our schedules, sampler and pruner::

    import optuna, tuner

    training = {"epochs": 10, "updates_per_epoch": len(loader)}
    search = {"space": "default", "base_lr": 1e-3, "metric": "val_loss", **training}

    def objective(trial):
        schedule = tuner.suggest_schedule(trial, "default", base_lr=1e-3, **training)
        for epoch in range(10):
            loss = ...  # train under schedule(update); the first update of a training is 1
            trial.report(loss, step=epoch + 1)
            if trial.should_prune():
                raise optuna.TrialPruned
        return loss

    study = optuna.create_study(
        direction="minimize",
        sampler=tuner.optuna.ScreeningSampler(**search),
        pruner=tuner.optuna.ForecastPruner(**search),
    )
    study.optimize(objective, n_trials=40)
    tuner.optuna.export(study, "best.json")
"""

from __future__ import annotations

from tuner.integrations.optuna.best import best_schedule, export
from tuner.integrations.optuna.finishing import finish_killed
from tuner.integrations.optuna.pruners import ForecastPruner, HalvingPruner
from tuner.integrations.optuna.sampler import ScreeningSampler
from tuner.integrations.optuna.suggesting import enqueue_baselines, suggest_schedule

__all__ = [
    "ForecastPruner",
    "HalvingPruner",
    "ScreeningSampler",
    "best_schedule",
    "enqueue_baselines",
    "export",
    "finish_killed",
    "suggest_schedule",
]
