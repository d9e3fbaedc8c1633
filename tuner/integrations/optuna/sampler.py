"""Our sampler as an ordinary one of Optuna's."""

from __future__ import annotations

from typing import Any

from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from tuner.definition import SAMPLERS
from tuner.integrations.optuna.making import (
    Space,
    check_direction,
    clock_of,
    given,
    search_of,
    space_of,
)
from tuner.reading import Mistakes


class ScreeningSampler(BaseSampler):
    """Of many random schedules the one that promises most, as ``[sampler] type = "screening"``.

    Parameters of the objective that are none of the space's are drawn at random. What is drawn
    follows from the seed and the number of the trial: a study in a database goes on as if it had
    never stopped.

    Args:
        space: As for :func:`tuner.suggest_schedule`, and so are the next four.
        updates_per_epoch: Optimizer updates in an epoch, or between two reports.
        epochs: Epochs of a full training; or ``horizon``.
        horizon: Updates of a full training.
        base_lr: The learning rate of today, for the space ``"default"``.
        metric: What the objective returns, such as ``"accuracy"`` or ``"val_loss"``.
        direction: The study's; where the metric's name does not tell.
        seed: What the draws follow from.
        n_startup_trials: Complete trials before which schedules are drawn at random; 4 by default.
        n_candidates: Random schedules to choose each trial's from; 64 by default.

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
        seed: int = 0,
        n_startup_trials: int | None = None,
        n_candidates: int | None = None,
    ) -> None:
        clock = clock_of(updates_per_epoch, epochs, horizon)
        mistakes = Mistakes("tuner.optuna.ScreeningSampler")
        self._search = search_of(space_of(space, base_lr, clock), metric, direction, mistakes)
        table = given(seed=seed, n_startup_trials=n_startup_trials, n_candidates=n_candidates)
        settings = mistakes.read_tagged(SAMPLERS, {"type": "screening", **table}, "")
        mistakes.raise_if_any()
        assert settings is not None
        self._sampler = settings.make(self._search)

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Return what is sampled jointly: all parameters of the schedule that was chosen."""
        check_direction(study, self._search.objective)
        return self._sampler.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return the parameters of the schedule that was chosen."""
        return self._sampler.sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Sample another parameter at random."""
        return self._sampler.sample_independent(study, trial, param_name, param_distribution)
