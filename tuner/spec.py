"""A study definition: TOML -> :class:`StudySpec`, and what may not change while it runs."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import Field, field_validator

from tuner.definitions import Mistakes, Section, did_you_mean, read_toml
from tuner.errors import DefinitionError, UnitError
from tuner.space import SearchSpace, parse_space
from tuner.storage import default_url, resolve_url
from tuner.tasks import TASKS
from tuner.tasks.base import Task
from tuner.units import Clock, Duration

_SECONDS = {"s": 1, "m": 60, "h": 3600}


class Training(Section):
    """``[task]``: what is trained, for how long, from which seed."""

    name: str
    epochs: int = Field(ge=1)
    seed: int = Field(default=0, ge=0, lt=2**31)


class Objective(Section):
    """``[objective]``: what makes a schedule better than another."""

    metric: Literal["test_accuracy"] = "test_accuracy"


class Budget(Section):
    """``[budget]``: when the study is done. ``timeout`` counts for one run of it."""

    trials: int = Field(ge=1)
    timeout: str | None = None

    @field_validator("timeout")
    @classmethod
    def _a_time(cls, text: str | None) -> str | None:
        if text is not None:
            seconds(text)
        return text


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


def _whole_epochs(text: str) -> str:
    duration = Duration.parse(text)
    if duration.unit != "ep" or not duration.amount.is_integer():
        raise ValueError(f"must be whole epochs such as '1ep', but got {text!r}")
    return text


class NoPruner(Section):
    """``[pruner] type = "none"``: every trial trains to the end."""

    type: Literal["none"]


class Median(Section):
    """``[pruner] type = "median"``: Optuna's MedianPruner."""

    type: Literal["median"]
    n_startup_trials: int = Field(default=5, ge=0)
    warmup: str = "0ep"

    _check = field_validator("warmup")(_whole_epochs)


class SuccessiveHalving(Section):
    """``[pruner] type = "successive_halving"``: Optuna's asynchronous successive halving."""

    type: Literal["successive_halving"] = "successive_halving"
    min_resource: str = "1ep"
    reduction_factor: int = Field(default=3, ge=2)

    _check = field_validator("min_resource")(_whole_epochs)


class Hyperband(Section):
    """``[pruner] type = "hyperband"``: Optuna's Hyperband up to the study's epochs."""

    type: Literal["hyperband"]
    min_resource: str = "1ep"
    reduction_factor: int = Field(default=3, ge=2)

    _check = field_validator("min_resource")(_whole_epochs)


SAMPLERS: dict[str, type[Section]] = {"tpe": TPE, "random": Random}
PRUNERS: dict[str, type[Section]] = {
    "successive_halving": SuccessiveHalving,
    "median": Median,
    "hyperband": Hyperband,
    "none": NoPruner,
}


class Storage(Section):
    """``[storage]``: the database, SQLite in the study's own folder unless it says otherwise."""

    url: str | None = None


class _Header(Section):
    format: Literal["tuner.study/1"]
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)
    notes: str = ""
    search_space: str
    task: Any
    budget: Any
    objective: Any = Field(default_factory=dict)
    sampler: Any = Field(default_factory=lambda: {"type": "tpe"})
    pruner: Any = Field(default_factory=lambda: {"type": "successive_halving"})
    storage: Any = Field(default_factory=dict)


class StudySpec(NamedTuple):
    """Everything that a study is defined by, checked.

    ``study_data`` and ``space_data`` are the two files as read, which the study's database keeps.
    """

    name: str
    training: Training
    task: Task
    objective: Objective
    budget: Budget
    sampler: Section
    pruner: Section
    storage_url: str
    space: SearchSpace
    study_data: dict[str, Any]
    space_data: dict[str, Any]

    @property
    def epochs(self) -> int:
        """Epochs of a full training."""
        return self.training.epochs

    def decisive(self) -> dict[str, Any]:
        """Return, flat and as plain data, what decides the trials of the study.

        Budget, storage, notes, device and data folder are not part of it: they may change.
        """
        parts = {
            "task": self.training.model_dump() | self.task.identity(),
            "objective": self.objective.model_dump(),
            "sampler": self.sampler.model_dump(),
            "pruner": self.pruner.model_dump(),
            "fixed": self.space.fixed,
            "params": {name: param._asdict() for name, param in self.space.params.items()},
            "baseline": {
                b.label: {"values": b.values, "schedule": repr(b.schedule)}
                for b in self.space.baselines
            },
        }
        plain: dict[str, Any] = json.loads(json.dumps(parts))
        return dict(_flatten(plain))

    def fingerprint(self) -> str:
        """Return a digest of :meth:`decisive`: equal for definitions with comparable trials."""
        text = json.dumps(self.decisive(), sort_keys=True)
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def load_spec(path: str | Path) -> StudySpec:
    """Read a study file and the search space that it names.

    Raises:
        DefinitionError: With every mistake of the file, or of the space's.
    """
    path = Path(path)
    study_data = read_toml(path)
    space_name = study_data.get("search_space")
    space_path = path.parent / space_name if isinstance(space_name, str) else None
    space_data: dict[str, Any] | None = None
    space_errors: list[tuple[str, str]] = []
    if space_path is not None:
        try:
            space_data = read_toml(space_path)
        except DefinitionError as error:
            if error.mistakes[0][0] == "syntax":
                raise
            space_errors = [("search_space", f"{space_path} {error.mistakes[0][1]}")]
    return make_spec(
        study_data,
        space_data,
        where=str(path),
        space_where=str(space_path),
        folder=path.parent,
        stem=path.stem,
        more=space_errors,
    )


def make_spec(
    study_data: Mapping[str, Any],
    space_data: Mapping[str, Any] | None,
    *,
    where: str,
    space_where: str,
    folder: Path,
    stem: str,
    more: list[tuple[str, str]] = [],  # noqa: B006 - never changed
) -> StudySpec:
    """Check the contents of a study file and its search space.

    Args:
        study_data: The study file's content.
        space_data: The search space's content, or None if it could not be read.
        where: What to call the study file in messages.
        space_where: What to call the search space in messages.
        folder: What a path in the study file is relative to.
        stem: The study file's name, which its outputs are named after.
        more: Mistakes that were found already.

    Raises:
        DefinitionError: With every mistake.
    """
    mistakes = Mistakes(where)
    header = mistakes.read(_Header, study_data, "")
    parts = header.model_dump() if header else dict(study_data)
    for place, text in more:
        mistakes.add(place, text)
    training, task = _read_task(parts.get("task", {}), mistakes)
    objective = mistakes.read(Objective, parts.get("objective", {}), "objective")
    budget = mistakes.read(Budget, parts.get("budget", {}), "budget")
    sampler = mistakes.read_tagged(SAMPLERS, parts.get("sampler", {"type": "tpe"}), "sampler")
    pruner = mistakes.read_tagged(PRUNERS, parts.get("pruner", {"type": "none"}), "pruner")
    storage = mistakes.read(Storage, parts.get("storage", {}), "storage")
    url = ""
    if storage is not None:
        try:
            url = resolve_url(storage.url, folder) if storage.url else default_url(folder, stem)
        except ValueError as error:
            mistakes.add("storage.url", str(error))
    if training is not None and pruner is not None:
        _check_pruner(pruner, training.epochs, mistakes)
    mistakes.raise_if_any()
    # Whatever could not be read was a mistake, so nothing is missing here.
    assert header is not None
    assert training is not None
    assert objective is not None
    assert budget is not None
    assert sampler is not None
    assert pruner is not None
    assert space_data is not None
    clock = Clock(task.updates_per_epoch, training.epochs * task.updates_per_epoch)
    space = parse_space(space_data, space_where, clock)
    return StudySpec(
        header.name, training, task, objective, budget, sampler, pruner, url, space,
        dict(study_data), dict(space_data),
    )  # fmt: skip


def difference(old: StudySpec, new: StudySpec) -> list[str]:
    """Return one line for each thing that decides trials and is not the same."""
    before, after = old.decisive(), new.decisive()
    width = max(map(len, before.keys() | after.keys()), default=0)
    lines = []
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key):
            was = before.get(key, "(absent)")
            lines.append(f"  {key:<{width}}  {was} -> {after.get(key, '(absent)')}")
    return lines


def seconds(text: str) -> float:
    """Return a time of day-to-day length, such as ``"90s"``, ``"30m"`` or ``"2h"``, in seconds.

    Raises:
        UnitError: If it is no such time.

    Example:
        >>> seconds("1.5h")
        5400.0
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh])", text.strip())
    if match is None or float(match[1]) == 0:
        raise UnitError(f"{text!r} is no time. Write '90s', '30m' or '2h'.")
    return float(match[1]) * _SECONDS[match[2]]


def _read_task(data: object, mistakes: Mistakes) -> tuple[Training | None, Any]:
    if not isinstance(data, Mapping):
        mistakes.add("task", f"must be a table, but got {data!r}")
        return None, None
    own = {key: value for key, value in data.items() if key in Training.model_fields}
    training = mistakes.read(Training, own, "task")
    name = own.get("name")
    if name not in TASKS:
        if isinstance(name, str):
            mistakes.add("task.name", f"no task {name!r}; {did_you_mean(name, TASKS)}")
        return training, None
    options = {key: value for key, value in data.items() if key not in own}
    return training, mistakes.read(TASKS[name], options, "task")


def _check_pruner(pruner: Section, epochs: int, mistakes: Mistakes) -> None:
    for key in ("min_resource", "warmup"):
        text = getattr(pruner, key, None)
        if text is None:
            continue
        amount = Duration.parse(text).amount
        least = 1 if key == "min_resource" else 0
        if not least <= amount <= epochs:
            text = f"must be {least}ep..{epochs}ep, the task's epochs, but got {text!r}"
            mistakes.add(f"pruner.{key}", text)


def _flatten(data: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    for key, value in data.items():
        if isinstance(value, dict) and value:
            pairs += _flatten(value, f"{prefix}{key}.")
        else:
            pairs.append((f"{prefix}{key}", value))
    return pairs
