"""The trials of an Optuna study whose process was killed while it trained them."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import optuna
from optuna.study import Study
from optuna.trial import Trial, TrialState

from tuner.storage import trial_id

_KNOWN = "The reported value is ignored because this"


def finish_killed(study: Study, objective: Callable[[Trial], float]) -> None:
    """Train again, each under its own number, the trials that a killed process left running.

    Optuna itself leaves such a trial running for good, and draws another one. Here it has the
    parameters that it had, gives the same values where the objective does, and the study goes on
    as if it had never stopped. Call it before ``study.optimize``, and only while no other process
    trains trials of the study: theirs are running as well.

    Args:
        study: The study, as its storage has it.
        objective: What ``study.optimize`` is given. What it raises is raised here, once the trial
            has failed; ``optuna.TrialPruned`` is not.

    Example:
        >>> import optuna, tuner
        >>> study = optuna.create_study()
        >>> killed = study.ask()
        >>> tuner.optuna.finish_killed(study, lambda trial: 0.5)
        >>> study.trials[0].state.name, study.trials[0].value
        ('COMPLETE', 0.5)
    """
    for left in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        trial = Trial(study, trial_id(left))
        with warnings.catch_warnings():  # of what it had reported before it was killed
            warnings.filterwarnings("ignore", message=_KNOWN)
            try:
                value = objective(trial)
            except optuna.TrialPruned:
                study.tell(trial, state=TrialState.PRUNED)
                continue
            except Exception:
                study.tell(trial, state=TrialState.FAIL)
                raise
        study.tell(trial, value)
