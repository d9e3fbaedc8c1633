"""The tables of a study file that say how it searches: ``[sampler]`` and ``[pruner]``."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal

from pydantic import Field, ValidationInfo, WithJsonSchema, field_validator

from tuner.errors import UnitError
from tuner.reading import Duration, Section, pattern

# As JSON Schemas describe them; what a text must be beyond that is checked below.
WholeEpochs = Annotated[str, WithJsonSchema({"type": "string", "pattern": pattern("ep")})]
EpochsOrShare = Annotated[str, WithJsonSchema({"type": "string", "pattern": pattern("ep", "dur")})]


def _whole_epochs(text: object) -> object:
    how = f"must be whole epochs such as '1ep', but got {text!r}"
    try:
        duration = Duration.parse(text)
    except UnitError as error:
        raise ValueError(how) from error
    if duration.unit != "ep" or not duration.amount.is_integer():
        raise ValueError(how)
    return text


class Sampler(Section):
    """``[sampler]``: what every type has."""

    type: str
    seed: int = Field(default=0, ge=0)
    """What the draws follow from, with the number of the trial."""


class Screening(Sampler):
    """``[sampler] type = "screening"``: of many random schedules the one that promises most.

    Random ones until ``n_startup_trials`` trials, baselines included, are complete.
    """

    type: Literal["screening"] = "screening"
    n_startup_trials: int = Field(default=4, ge=2)
    """Complete trials, baselines included, before which schedules are drawn at random."""
    n_candidates: int = Field(default=64, ge=1)
    """Random schedules to choose each trial's from."""


class TPE(Sampler):
    """``[sampler] type = "tpe"``: Optuna's tree-structured Parzen estimator."""

    type: Literal["tpe"] = "tpe"
    n_startup_trials: int = Field(default=10, ge=0)
    """Complete or pruned trials before which parameters are drawn at random."""
    group: bool = False
    """Whether parameters that occur together are sampled jointly; Optuna's ``group``."""


class Random(Sampler):
    """``[sampler] type = "random"``: every parameter at random."""

    type: Literal["random"]


class Pruner(Section):
    """``[pruner]``: what every type has.

    ``signal`` is what trials are judged by before their end: the test accuracy of the averaged
    weights (the raw one where a task keeps no average), or always the raw one. ``control_share``
    of the trials are never pruned, and show what pruning would have missed.
    """

    signal: Literal["averaged", "raw"] = "averaged"
    """What trials are judged by before their end, averaged weights or always the raw ones."""
    control_share: float = Field(default=0.0, ge=0.0, le=1.0)
    """Share of the trials that is never pruned, to measure how often pruning is wrong."""


class NoPruner(Pruner):
    """``[pruner] type = "none"``: every trial trains to the end."""

    type: Literal["none"]


class Median(Pruner):
    """``[pruner] type = "median"``: Optuna's MedianPruner."""

    type: Literal["median"]
    n_startup_trials: int = Field(default=5, ge=0)
    """Complete trials before which nothing is pruned."""
    warmup: WholeEpochs = "0ep"
    """Whole epochs of a trial before which it is not pruned."""

    _check = field_validator("warmup", mode="before")(_whole_epochs)


class SuccessiveHalving(Pruner):
    """``[pruner] type = "successive_halving"``: Optuna's asynchronous successive halving."""

    type: Literal["successive_halving"] = "successive_halving"
    min_resource: WholeEpochs = "1ep"
    """Whole epochs before the first rung."""
    reduction_factor: int = Field(default=3, ge=2)
    """Of so many trials at a rung one goes on; rungs are further apart by it each time."""

    _check = field_validator("min_resource", mode="before")(_whole_epochs)


class Rungs(Pruner):
    """What pruners have that judge at rungs, after which the best share goes on."""

    rungs: list[EpochsOrShare] = Field(default=["0.1dur", "0.2dur"], min_length=1)
    """Where trials are judged, in epochs or shares of the horizon; parts of an epoch round up."""
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
            if duration.unit == "up":
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


class Halving(Rungs):
    """``[pruner] type = "halving"``: the best are those that do best at the rung."""

    type: Literal["halving"]


class Forecast(Rungs):
    """``[pruner] type = "forecast"``: the best are those that are expected to end best.

    Nothing is pruned before ``n_startup_trials`` trials, baselines included, are complete.
    """

    type: Literal["forecast"] = "forecast"
    rungs: list[EpochsOrShare] = Field(default=["0ep", "0.1dur", "0.2dur"], min_length=1)
    """As for halving; at ``"0ep"`` a schedule is judged before it is trained."""
    keep: list[float] = Field(default=[0.35, 0.7, 0.8], validate_default=True)
    """Share of the trials that goes on after each rung, between 0 and 1."""
    _judges_untrained: ClassVar[bool] = True
    n_startup_trials: int = Field(default=4, ge=2)
    """Complete trials, baselines included, before which nothing is pruned."""


class Hyperband(Pruner):
    """``[pruner] type = "hyperband"``: Optuna's Hyperband up to the study's epochs."""

    type: Literal["hyperband"]
    min_resource: WholeEpochs = "1ep"
    """Whole epochs before the first rung of the first bracket."""
    reduction_factor: int = Field(default=3, ge=2)
    """Of so many trials at a rung one goes on."""

    _check = field_validator("min_resource", mode="before")(_whole_epochs)


SAMPLERS: dict[str, type[Sampler]] = {"screening": Screening, "tpe": TPE, "random": Random}
PRUNERS: dict[str, type[Pruner]] = {
    "forecast": Forecast,
    "halving": Halving,
    "successive_halving": SuccessiveHalving,
    "median": Median,
    "hyperband": Hyperband,
    "none": NoPruner,
}
