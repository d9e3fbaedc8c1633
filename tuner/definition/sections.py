"""The tables of a study file, and what each of their keys may be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema, field_validator, model_validator

from tuner.errors import UnitError
from tuner.reading import EPOCHS, Section, Unit
from tuner.schedules import is_whole

# How studies end their names that train schedules of another one on fresh seeds.
CONFIRM, COMPARE = ".confirm", ".compare"

REPEATS = (CONFIRM, COMPARE)

_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600}
_TIME = r"(\d+(?:\.\d+)?)\s*(s|m|min|h)"
_SIZES = {"MB": 10**6, "GB": 10**9, "TB": 10**12}
_SIZE = r"(\d+(?:\.\d+)?)\s*([MGT]B)"
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"

_TIME_SCHEMA = {"type": "string", "pattern": rf"^\s*{_TIME}\s*$"}
# As JSON Schemas describe them; what a text must be beyond that is checked below.
Time = Annotated[str, WithJsonSchema(_TIME_SCHEMA)]
Size = Annotated[str, WithJsonSchema({"type": "string", "pattern": rf"^\s*{_SIZE}\s*$"})]
_DEVICE_LIST = {
    "type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 1,
    "uniqueItems": True,
}  # fmt: skip
Devices = Annotated[
    str | list[int], WithJsonSchema({"anyOf": [{"enum": ["auto", "cpu"]}, _DEVICE_LIST]})
]
Name = Annotated[str, WithJsonSchema({"type": "string", "pattern": f"^{_NAME}$"})]


def _length(most: int) -> WithJsonSchema:
    """Return the schema of a training's length: a number, or a time that it is measured for."""
    return WithJsonSchema(
        {"anyOf": [{"type": "integer", "minimum": 1, "maximum": most}, _TIME_SCHEMA]}
    )


def name_of_study(name: str) -> str:
    """Return the name of a study; of one that repeats, that of the study it is of.

    Example:
        >>> name_of_study("small.confirm"), name_of_study("small")
        ('small', 'small')
    """
    return name.rpartition(".")[0] if name.endswith(REPEATS) else name


def seconds(text: object) -> float:
    """Return a time of day-to-day length, such as ``"90s"``, ``"30min"`` or ``"2h"``, in seconds.

    Raises:
        UnitError: If it is no such time.

    Example:
        >>> seconds("1.5h")
        5400.0
    """
    match = re.fullmatch(_TIME, text.strip(), re.ASCII) if isinstance(text, str) else None
    if match is None or float(match[1]) == 0:
        raise UnitError(f"{text!r} is no time above 0. Write '90s', '30min' or '2h'.")
    return float(match[1]) * _SECONDS[match[2]]


def size_in_bytes(text: object) -> int:
    """Return a size, such as ``"500MB"``, ``"4GB"`` or ``"1TB"``, in bytes.

    Raises:
        UnitError: If it is no such size.

    Example:
        >>> size_in_bytes("1.5GB")
        1500000000
    """
    match = re.fullmatch(_SIZE, text.strip(), re.ASCII) if isinstance(text, str) else None
    if match is None or float(match[1]) == 0:
        raise UnitError(f"{text!r} is no size above 0. Write '500MB', '4GB' or '1TB'.")
    return int(float(match[1]) * _SIZES[match[2]])


def fresh_seeds(first: int, count: int, *, training_seed: int) -> list[int]:
    """Return seeds from ``first`` on, without the one that chose the finalists.

    Example:
        >>> fresh_seeds(1, 3, training_seed=2)
        [1, 3, 4]
    """
    return [seed for seed in range(first, first + count + 1) if seed != training_seed][:count]


class Training(Section):
    """``[task]``: what is trained, for how long, from which seed.

    A training of one's own that has no epochs has ``updates`` and ``report_every`` instead.
    """

    name: str
    """A built-in task by its name, or your own ``"module:function"``, which trains or makes it."""
    epochs: Annotated[int, Field(ge=1, le=1_000_000), _length(1_000_000)]
    """Epochs of a full training, which every schedule is laid out over; or a time: ``"30min"``."""
    updates: Annotated[int, Field(ge=1, le=1_000_000_000), _length(1_000_000_000)] | None = None
    """Updates of a full training that has no epochs, or a time."""
    report_every: int | None = Field(default=None, ge=1, le=1_000_000_000)
    """Updates after each of which such a training reports."""
    seed: int = Field(default=0, ge=0, lt=2**31)
    """The seed of every trial, which initial weights and order of the data follow from."""

    @model_validator(mode="before")
    @classmethod
    def _in_reports(cls, data: Any) -> Any:
        """Have what the search calls epochs of a training that has none: its reports."""
        if not isinstance(data, Mapping) or not data.keys() & {"updates", "report_every"}:
            return data
        updates, every = data.get("updates"), data.get("report_every")
        if "epochs" in data or updates is None or every is None:
            keys = ("epochs", "updates", "report_every")
            got = ", ".join(f"{key}={data[key]!r}" for key in keys if key in data)
            raise ValueError(
                f"must have `epochs`, or `updates` and `report_every`, but got ({got})"
            )
        if not (is_whole(updates) and is_whole(every) and updates >= 1 and every >= 1):
            return {**data, "epochs": 1}  # which is noted
        if updates % every:
            raise ValueError(
                "`updates` must be a multiple of `report_every`, so that the last report is of the"
                f" whole training, but got (updates={updates}, report_every={every})"
            )
        return {**data, "epochs": updates // every}

    @property
    def unit(self) -> Unit:
        """What its length is told in."""
        return EPOCHS if self.report_every is None else Unit("update", self.report_every)

    def plain(self) -> dict[str, Any]:
        """Return it as plain data, without what is not said."""
        return self.model_dump(exclude_none=True)


class Budget(Section):
    """``[budget]``: when the study is done. ``timeout`` counts for one run of it."""

    trials: int = Field(ge=1, le=1_000_000)
    """Finished trials (complete, pruned or failed) that the study may have."""
    timeout: Time | None = None
    """How long one run may take, such as ``"90s"``, ``"30min"`` or ``"2h"``."""

    @field_validator("timeout", mode="before")
    @classmethod
    def _a_time(cls, text: object) -> object:
        seconds(text)
        return text


class Confirm(Section):
    """``[confirm]``: the ``top`` trials and the baselines, trained again on fresh seeds.

    Everybody on ``seeds`` of them, then the tied leaders on up to ``max_seeds``; ``seed`` is the
    first one, the task's own training seed is left out.
    """

    enabled: bool = True
    """Whether ``tuner run`` does it at the end."""
    top: int = Field(default=3, ge=1, le=1000)
    """The best trials that collapse from no fresh seed, beside the baselines."""
    seeds: int = Field(default=3, ge=2)  # one has no spread
    """Fresh seeds for everybody."""
    max_seeds: int = Field(default=8, le=1000)
    """Fresh seeds at most, for those that are tied."""
    seed: int = Field(default=1, ge=0, lt=2**30)
    """The first of the seeds; the training seed is left out."""

    @model_validator(mode="after")
    def _in_order(self) -> Confirm:
        if self.max_seeds < self.seeds:
            got = f"(seeds={self.seeds}, max_seeds={self.max_seeds})"
            raise ValueError(f"`seeds <= max_seeds` must hold, but got {got}")
        return self

    def expected(self, baselines: int) -> int:
        """Return how many trainings it may come to: everybody's, and those of two that are tied.

        Example:
            >>> Confirm(top=3, seeds=3, max_seeds=8).expected(baselines=5)
            34
        """
        return (self.top + baselines) * self.seeds + 2 * (self.max_seeds - self.seeds)


class Storage(Section):
    """``[storage]``: the database, SQLite in the study's own folder unless it says otherwise."""

    url: str | None = None
    """``sqlite:///``, ``postgresql+psycopg://``, ``mysql+pymysql://`` or ``grpc://``."""
    states: Size | None = None
    """How large all training states on disk may be, such as ``"4GB"``; without it about 1 GB."""

    @field_validator("states", mode="before")
    @classmethod
    def _a_size(cls, text: object) -> object:
        size_in_bytes(text)
        return text


class Workers(Section):
    """``[workers]``: how many processes train at once on this machine, and on which GPUs."""

    count: int | None = Field(default=None, ge=1, le=1000)
    """Processes that train at once; without it as many as the GPUs take, or one for each core."""
    devices: Devices = "auto"
    """``"auto"`` for all GPUs that are visible, ``"cpu"`` for none, or the numbers of some."""
    per_device: int = Field(default=1, ge=1, le=100)
    """Workers that share a GPU, if ``count`` does not say how many there are."""
    gpus_per_trial: int = Field(default=1, ge=1, le=1000)
    """GPUs that each worker sees."""

    @field_validator("devices", mode="before")
    @classmethod
    def _are_devices(cls, devices: object) -> object:
        numbers = devices if isinstance(devices, list) else []
        different = len({*map(repr, numbers)}) == len(numbers)
        if devices in ("auto", "cpu") or (
            numbers and different and all(type(each) is int and each >= 0 for each in numbers)
        ):
            return devices
        raise ValueError(
            "must be 'auto', 'cpu' or a list of different GPUs by their numbers, as in [0, 1],"
            f" but got {devices!r}"
        )

    def wrong(self) -> Mapping[str, str]:
        """Return what does not go together."""
        size, devices = self.gpus_per_trial, self.devices
        if devices == "cpu":
            given = {"per_device": self.per_device, "gpus_per_trial": size}
            text = "must be left out where devices = 'cpu', but got"
            return {key: f"{text} {value}" for key, value in given.items() if value != 1}
        if isinstance(devices, list) and len(devices) < size:
            return {"gpus_per_trial": f"must be <= {len(devices)}, the devices, but got {size}"}
        return {}


class StudyFile(Section):
    """A study file; its tables are read one by one."""

    format: Literal["tuner.study/1"]
    """What kind of file this is."""
    name: Name
    """The study's name in its database."""
    notes: str = ""
    """A text for people, shown in the report."""
    search_space: str = Field(min_length=1)
    """The path of the search space, relative to this file."""
    task: Any
    """What is trained, for how long, from which seed; the other keys are the task's options."""
    budget: Any
    """When the study is done."""
    objective: Any = None
    """What makes a schedule better than another; without it, the test accuracy."""
    sampler: Any = None
    """How a trial's schedule is chosen; without it, ``screening``."""
    pruner: Any = None
    """Which trials end early; without it, ``forecast``."""
    confirm: Any = None
    """How the finalists are trained again on fresh seeds."""
    storage: Any = None
    """The database; without it, SQLite in the study's own folder."""
    workers: Any = None
    """How many processes train at once, and on which GPUs."""

    @field_validator("name")
    @classmethod
    def _a_name(cls, name: str) -> str:
        if not re.fullmatch(_NAME, name):
            raise ValueError(
                "must be up to 100 letters, digits, '.', '_' and '-', a letter or digit first,"
                f" but got {name!r}"
            )
        if name.endswith(REPEATS):
            endings = " or ".join(map(repr, REPEATS))
            raise ValueError(f"must not end in {endings}, as repeats do, but got {name!r}")
        return name
