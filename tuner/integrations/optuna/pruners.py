"""Our pruners as ordinary ones of Optuna's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from optuna.pruners import BasePruner
from optuna.study import Study
from optuna.trial import FrozenTrial

from tuner.definition import PRUNERS, Search
from tuner.errors import StudyError
from tuner.integrations.optuna.making import (
    Space,
    check_direction,
    clock_of,
    given,
    search_of,
    space_of,
)
from tuner.reading import EPOCHS, Mistakes
from tuner.search import BASELINE, REASON, pruned_after
from tuner.space import SearchSpace
from tuner.storage import storage_of, trial_id
from tuner.tasks import LARGEST


class _RungPruner(BasePruner):
    """What our pruners have in common; a step is the number of epochs, or reports, completed."""

    _epochs: int
    _pruner: BasePruner

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Tell whether a trial ends here; one that is not finite does, and no baseline.

        Why it ends is kept in its user attributes, as in a study here.

        Raises:
            StudyError: If the trial's steps are none of 1 to the epochs of a training.
        """
        reason = self._reason(study, trial)
        if reason:
            storage_of(study).set_trial_user_attr(trial_id(trial), REASON, reason)
        return bool(reason)

    def _reason(self, study: Study, trial: FrozenTrial) -> str:
        steps = trial.intermediate_values
        for step in steps:
            if not 1 <= step <= self._epochs:
                raise StudyError(
                    "The step of a report must be the number of epochs completed, from 1 to"
                    f" {self._epochs}, but got {step}. Write trial.report(value, step=epoch + 1)"
                    " where epochs are counted from 0."
                )
        last = trial.last_step or 0
        if steps and not abs(steps[last]) <= LARGEST:
            return f"diverged in epoch {last}: it gave {steps[last]}"
        if BASELINE in trial.user_attrs or not self._pruner.prune(study, trial):
            return ""
        return pruned_after(last, self._epochs, EPOCHS)


class ForecastPruner(_RungPruner):
    """Ends trials that are not expected to end well, as ``[pruner] type = "forecast"``.

    A step must be the number of epochs completed, the first of which is 1. Asked by
    ``trial.should_prune()`` after :func:`tuner.suggest_schedule` and before the first report, it
    judges the schedule alone.

    Args:
        space: As for :class:`~tuner.integrations.optuna.ScreeningSampler`, and so are the next
            six.
        updates_per_epoch: Optimizer updates in an epoch, or between two reports.
        epochs: Epochs of a full training; or ``horizon``.
        horizon: Updates of a full training.
        base_lr: The learning rate of today, for the space ``"default"``.
        metric: What the objective reports and returns.
        direction: The study's; where the metric's name does not tell.
        n_startup_trials: Complete trials before which nothing is pruned; 4 by default.
        rungs: Where trials are judged, such as ``["0ep", "0.1dur", "0.2dur"]``, the default.
        keep: Share of the trials that goes on after each; ``[0.5, 0.7, 0.8]`` by default.

    Raises:
        DefinitionError: With every mistake of the arguments.
        StudyError: If there is no such space, or the length of the training is not clear.
    """

    def __init__(
        self,
        space: Space,
        *,
        updates_per_epoch: int,
        epochs: int | None = None,
        horizon: int | None = None,
        base_lr: float | None = None,
        metric: str = "accuracy",
        direction: str | None = None,
        n_startup_trials: int | None = None,
        rungs: Sequence[str] | None = None,
        keep: Sequence[float] | None = None,
    ) -> None:
        clock = clock_of(updates_per_epoch, epochs, horizon)
        mistakes = Mistakes("tuner.optuna.ForecastPruner")
        self._search = search_of(space_of(space, base_lr, clock), metric, direction, mistakes)
        table = given(n_startup_trials=n_startup_trials, rungs=rungs, keep=keep)
        self._pruner = _made("forecast", table, self._search, mistakes)
        self._epochs = self._search.epochs

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Tell whether a trial ends here; one that is not finite does, and no baseline."""
        check_direction(study, self._search.objective)
        return super().prune(study, trial)


class HalvingPruner(_RungPruner):
    """Ends trials that do worse than others at a rung, as ``[pruner] type = "halving"``.

    It needs no schedules. A step must be the number of epochs completed, the first of which is 1.

    Args:
        epochs: Epochs of a full training; or ``horizon`` and ``updates_per_epoch``.
        horizon: Updates of a full training.
        updates_per_epoch: Optimizer updates in an epoch, or between two reports.
        rungs: Where trials are judged; ``["0.1dur", "0.2dur"]`` by default.
        keep: Share of the trials that goes on after each; ``[0.4, 0.4]`` by default.

    Raises:
        DefinitionError: With every mistake of the arguments.
        StudyError: If the length of the training is not clear.

    Example:
        >>> import optuna, tuner
        >>> study = optuna.create_study(pruner=tuner.optuna.HalvingPruner(epochs=10))
    """

    def __init__(
        self,
        *,
        epochs: int | None = None,
        horizon: int | None = None,
        updates_per_epoch: int = 1,
        rungs: Sequence[str] | None = None,
        keep: Sequence[float] | None = None,
    ) -> None:
        clock = clock_of(updates_per_epoch, epochs, horizon)
        search = Search(SearchSpace("none", clock, {}, {}, ()))
        mistakes = Mistakes("tuner.optuna.HalvingPruner")
        self._pruner = _made("halving", given(rungs=rungs, keep=keep), search, mistakes)
        self._epochs = search.epochs


def _made(kind: str, table: Mapping[str, Any], search: Search, mistakes: Mistakes) -> BasePruner:
    settings = mistakes.read_tagged(PRUNERS, {"type": kind, **table}, "")
    mistakes.raise_if_any()
    assert settings is not None
    return settings.make(search)
