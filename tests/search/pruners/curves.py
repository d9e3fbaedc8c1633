"""Made-up curves, and where a pruner ends them."""

from __future__ import annotations

import optuna

from tuner.definition import Pruner

from ..searches import search

GOOD = [0.80, 0.85, 0.88, 0.89, 0.90, 0.90, 0.91, 0.91, 0.92]
BAD = [0.10, 0.11, 0.12, 0.13, 0.14, 0.15, 0.16, 0.17, 0.18]


def epochs_trained(pruner: Pruner, curves: list[list[float]]) -> list[int]:
    """Return after how many epochs each trial was pruned, or ended."""
    study = optuna.create_study(
        study_name="curves",  # from which hyperband draws its brackets
        direction="maximize",
        pruner=pruner.make(search(len(GOOD), 10)),
    )
    trained = []
    for curve in curves:
        trial = study.ask()
        for epoch, value in enumerate(curve, start=1):
            trial.report(value, step=epoch)
            if epoch < len(curve) and trial.should_prune():
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                break
        else:
            study.tell(trial, curve[-1])
        trained.append(epoch)
    return trained
