"""The tables of a study file, and what each of their keys may be."""

from __future__ import annotations

import math
import re
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from tuner.definitions import Section
from tuner.errors import UnitError
from tuner.units import Duration

# How studies end their names that train schedules of another one on fresh seeds.
CONFIRM, COMPARE = ".confirm", ".compare"

REPEATS = (CONFIRM, COMPARE)

_SECONDS = {"s": 1, "m": 60, "h": 3600}


def name_of_study(name: str) -> str:
    """Return the name of a study; of one that repeats, that of the study it is of.

    Example:
        >>> name_of_study("small.confirm"), name_of_study("small")
        ('small', 'small')
    """
    return name.rpartition(".")[0] if name.endswith(REPEATS) else name


def seconds(text: object) -> float:
    """Return a time of day-to-day length, such as ``"90s"``, ``"30m"`` or ``"2h"``, in seconds.

    Raises:
        UnitError: If it is no such time.

    Example:
        >>> seconds("1.5h")
        5400.0
    """
    match = (
        re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh])", text.strip(), re.ASCII)
        if isinstance(text, str)
        else None
    )
    if match is None or float(match[1]) == 0:
        raise UnitError(f"{text!r} is no time above 0. Write '90s', '30m' or '2h'.")
    return float(match[1]) * _SECONDS[match[2]]


def _whole_epochs(text: object) -> object:
    how = f"must be whole epochs such as '1ep', but got {text!r}"
    try:
        duration = Duration.parse(text)
    except UnitError as error:
        raise ValueError(how) from error
    if duration.unit != "ep" or not duration.amount.is_integer():
        raise ValueError(how)
    return text


class Training(Section):
    """``[task]``: what is trained, for how long, from which seed."""

    name: str
    epochs: int = Field(ge=1)
    seed: int = Field(default=0, ge=0, lt=2**31)


class Budget(Section):
    """``[budget]``: when the study is done. ``timeout`` counts for one run of it."""

    trials: int = Field(ge=1)
    timeout: str | None = None

    @field_validator("timeout", mode="before")
    @classmethod
    def _a_time(cls, text: object) -> object:
        seconds(text)
        return text


class Screening(Section):
    """``[sampler] type = "screening"``: of many random schedules the one that promises most.

    Random ones until ``n_startup_trials`` trials, baselines included, are complete.
    """

    type: Literal["screening"] = "screening"
    seed: int = Field(default=0, ge=0)
    n_startup_trials: int = Field(default=4, ge=2)
    n_candidates: int = Field(default=64, ge=1)


class TPE(Section):
    """``[sampler] type = "tpe"``: Optuna's tree-structured Parzen estimator."""

    type: Literal["tpe"] = "tpe"
    seed: int = Field(default=0, ge=0)
    n_startup_trials: int = Field(default=10, ge=0)
    group: bool = False


class Random(Section):
    """``[sampler] type = "random"``."""

    type: Literal["random"]
    seed: int = Field(default=0, ge=0)


class Pruner(Section):
    """``[pruner]``: what every type has.

    ``signal`` is what trials are judged by before their end: the test accuracy of the averaged
    weights (the raw one where a task keeps no average), or always the raw one. ``control_share``
    of the trials are never pruned, and show what pruning would have missed.
    """

    signal: Literal["averaged", "raw"] = "averaged"
    control_share: float = Field(default=0.0, ge=0.0, le=1.0)


class NoPruner(Pruner):
    """``[pruner] type = "none"``: every trial trains to the end."""

    type: Literal["none"]


class Median(Pruner):
    """``[pruner] type = "median"``: Optuna's MedianPruner."""

    type: Literal["median"]
    n_startup_trials: int = Field(default=5, ge=0)
    warmup: str = "0ep"

    _check = field_validator("warmup", mode="before")(_whole_epochs)


class SuccessiveHalving(Pruner):
    """``[pruner] type = "successive_halving"``: Optuna's asynchronous successive halving."""

    type: Literal["successive_halving"] = "successive_halving"
    min_resource: str = "1ep"
    reduction_factor: int = Field(default=3, ge=2)

    _check = field_validator("min_resource", mode="before")(_whole_epochs)


class Rungs(Pruner):
    """What pruners have that judge at rungs, after which the best share goes on."""

    rungs: list[str] = Field(default=["0.1dur", "0.2dur"], min_length=1)
    keep: list[float] = Field(default=[0.4, 0.4], validate_default=True)

    @field_validator("rungs", mode="before")
    @classmethod
    def _epochs_or_shares(cls, texts: object) -> object:
        for text in texts if isinstance(texts, list) else [texts]:
            try:
                duration = Duration.parse(text)
            except UnitError as error:
                raise ValueError(str(error)) from error
            if duration.unit == "up" or duration.amount == 0:
                raise ValueError(f"must be epochs or shares of the horizon, but got {text!r}")
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
    n_startup_trials: int = Field(default=4, ge=2)


class Hyperband(Pruner):
    """``[pruner] type = "hyperband"``: Optuna's Hyperband up to the study's epochs."""

    type: Literal["hyperband"]
    min_resource: str = "1ep"
    reduction_factor: int = Field(default=3, ge=2)

    _check = field_validator("min_resource", mode="before")(_whole_epochs)


SAMPLERS: dict[str, type[Section]] = {"screening": Screening, "tpe": TPE, "random": Random}
PRUNERS: dict[str, type[Pruner]] = {
    "forecast": Forecast,
    "halving": Halving,
    "successive_halving": SuccessiveHalving,
    "median": Median,
    "hyperband": Hyperband,
    "none": NoPruner,
}


class Confirm(Section):
    """``[confirm]``: the ``top`` trials and the baselines, trained again on fresh seeds.

    Everybody on ``seeds`` of them, then the tied leaders on up to ``max_seeds``; ``seed`` is the
    first one, the task's own training seed is left out.
    """

    enabled: bool = True
    top: int = Field(default=3, ge=1)
    seeds: int = Field(default=3, ge=2)  # one has no spread
    max_seeds: int = Field(default=8, le=1000)
    seed: int = Field(default=1, ge=0, lt=2**30)

    @model_validator(mode="after")
    def _in_order(self) -> Confirm:
        if self.max_seeds < self.seeds:
            got = f"(seeds={self.seeds}, max_seeds={self.max_seeds})"
            raise ValueError(f"`seeds <= max_seeds` must hold, but got {got}")
        return self


class Storage(Section):
    """``[storage]``: the database, SQLite in the study's own folder unless it says otherwise."""

    url: str | None = None


class Workers(Section):
    """``[workers]``: how many processes train at once; without it one for each core."""

    count: int | None = Field(default=None, ge=1, le=1000)


class StudyFile(Section):
    """The file itself; its tables are read one by one."""

    format: Literal["tuner.study/1"]
    name: str
    notes: str = ""
    search_space: str = Field(min_length=1)
    task: Any
    budget: Any
    objective: Any = None
    sampler: Any = None
    pruner: Any = None
    confirm: Any = None
    storage: Any = None
    workers: Any = None

    @field_validator("name")
    @classmethod
    def _a_name(cls, name: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name):
            raise ValueError(
                "must be up to 100 letters, digits, '.', '_' and '-', a letter or digit first,"
                f" but got {name!r}"
            )
        if name.endswith(REPEATS):
            endings = " or ".join(map(repr, REPEATS))
            raise ValueError(f"must not end in {endings}, as repeats do, but got {name!r}")
        return name
