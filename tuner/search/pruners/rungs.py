"""Successive halving for schedules: the share that may go on, at epochs that the horizon sets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, ClassVar

from optuna.pruners import BasePruner
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState
from pydantic import Field, ValidationInfo, WithJsonSchema, field_validator

from tuner.definition import Pruner
from tuner.errors import UnitError
from tuner.reading import Duration, pattern
from tuner.search.attributes import family_in, has_schedule
from tuner.search.forecast import Score, by_value, was_judged

# As JSON Schemas describe it; what a text must be beyond that is checked below.
EpochsOrShare = Annotated[
    str, WithJsonSchema({"type": "string", "pattern": pattern("ep", "up", "dur")})
]


class Rungs(Pruner):
    """What pruners have that judge at rungs, after which the best share goes on."""

    rungs: list[EpochsOrShare] = Field(default=["0.1dur", "0.2dur"], min_length=1)
    """Where trials are judged: epochs (or updates) or shares of the horizon, which round up."""
    keep: list[float] = Field(default=[0.4, 0.4], validate_default=True)
    """Share of the trials that goes on after each rung, between 0 and 1."""

    _judges_untrained: ClassVar[bool] = False

    @field_validator("rungs", mode="before")
    @classmethod
    def _epochs_or_shares(cls, texts: object) -> object:
        for text in texts if isinstance(texts, list) else [texts]:
            try:
                duration = Duration.parse(text)
            except UnitError as error:
                raise ValueError(str(error)) from error
            if duration.unit not in ("ep", "dur"):
                raise ValueError(f"must be epochs or shares of the horizon, but got {text!r}")
            if duration.amount == 0 and not cls._judges_untrained:
                raise ValueError(
                    f"must be more than {text!r}, unless trials are judged by a forecast, which"
                    " needs no training yet"
                )
        return texts

    @field_validator("keep")
    @classmethod
    def _shares(cls, shares: list[float], info: ValidationInfo) -> list[float]:
        rungs = info.data.get("rungs", shares)
        if len(shares) != len(rungs) or not all(0 < share < 1 for share in shares):
            raise ValueError(
                f"must be a share between 0 and 1 for each of {len(rungs)} rungs, but got {shares}"
            )
        return shares

    def by_epoch(self, epochs: int) -> dict[int, float]:
        """Return the share that is kept after each epoch of a rung, out of so many epochs.

        Parts of an epoch are rounded up; of rungs at the same epoch the stricter one counts, and
        none is left at the last epoch.
        """
        kept: dict[int, float] = {}
        for text, share in zip(self.rungs, self.keep, strict=True):
            amount, unit = Duration.parse(text)
            epoch = math.ceil(round(amount * (epochs if unit == "dur" else 1), 6))
            if epoch < epochs:
                kept[epoch] = min(share, kept.get(epoch, 1.0))
        return kept


class RungPruner(BasePruner):
    """Prunes a trial after the epoch of a rung unless it is among the best share there.

    With ``n`` trials that were judged after that epoch, this one included, the best
    ``max(1, ceil(keep * n))`` go on. Whether a trial is among them is asked when it gets there, so
    nobody waits for others. At a rung of epoch 0 a trial has a schedule and has not been trained
    yet; it goes on if no trial of its family has been trained, of which then nothing is known.
    While there is no score, everybody goes on. It keeps no notes: asked again about the same
    trials, it gives the same answer.

    Args:
        rungs: The share that is kept, by epoch.
        score: What the best are the best by.

    Source:
        Asynchronous successive halving, Li et al. 2020 (arXiv:1810.05934), with rungs that are
        chosen rather than powers of a factor.

    Example:
        >>> import optuna
        >>> optuna.logging.set_verbosity(optuna.logging.WARNING)
        >>> study = optuna.create_study(direction="maximize", pruner=RungPruner({1: 0.5}))
        >>> answers = []
        >>> for value in (0.5, 0.4, 0.6, 0.3):
        ...     trial = study.ask()
        ...     trial.report(value, step=1)
        ...     answers.append(trial.should_prune())
        >>> answers
        [False, True, False, True]
    """

    def __init__(self, rungs: Mapping[int, float], score: Score = by_value) -> None:
        self._rungs = dict(rungs)
        self._score = score

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Tell whether a trial ends here."""
        epoch = trial.last_step or 0
        if epoch not in self._rungs:
            return False
        others = [
            other
            for other in study.get_trials(deepcopy=False)
            if other.number != trial.number and _got_to(other, epoch) and _is_like(other, trial)
        ]
        family = family_in(trial.user_attrs)
        if epoch == 0 and not any(
            other.last_step and family_in(other.user_attrs) == family for other in others
        ):
            return False
        scores = self._score(study, [*others, trial], epoch)
        if scores is None:
            return False
        kept = max(1, math.ceil(self._rungs[epoch] * len(scores)))
        return sum(score > scores[-1] for score in scores[:-1]) >= kept


def _is_like(other: FrozenTrial, trial: FrozenTrial) -> bool:
    """Tell whether a trial can be compared: one added by plain Optuna may have no schedule."""
    return has_schedule(other.user_attrs) or not has_schedule(trial.user_attrs)


def _got_to(trial: FrozenTrial, epoch: int) -> bool:
    if epoch == 0:  # one that is enqueued has its schedule, but has not begun
        return has_schedule(trial.user_attrs) and trial.state != TrialState.WAITING
    return was_judged(trial, epoch)
