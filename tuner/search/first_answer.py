"""What a pruner says when it is asked again, as after a trial was killed."""

from __future__ import annotations

from optuna.trial import Trial

from tuner.storage import copied, forget_rungs


def first_answer(trial: Trial) -> bool:
    """Return what the pruner says about the last epoch when it is asked for the first time.

    Halving notes in the trial that it was asked, and the next time lets it pass. A trial that was
    killed after the question needs the same answer again, so it is put in a copy of the study
    where the trial has no such note of this epoch.
    """
    study = trial.study
    trials = study.get_trials()
    own = trials[trial.number]
    forget_rungs(own, own.intermediate_values[max(own.intermediate_values)])
    copy = copied(trials, study)
    return copy.pruner.prune(copy, copy.get_trials()[trial.number])
