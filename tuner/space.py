"""A search space: TOML -> what Optuna samples -> a schedule.

:func:`parse_space` reads the file's content, :meth:`SpaceDefinition.resolve` turns durations into
updates for a study's clock and checks that every schedule the space can produce is one.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

from pydantic import Field

from tuner.definitions import Mistakes, Section, did_you_mean, read_toml
from tuner.errors import ScheduleError, UnitError
from tuner.schedules import FAMILIES, Schedule
from tuner.space_params import (
    RATIO,
    Categorical,
    Integer,
    Param,
    Real,
    build_schedule,
    field_of,
    names_for,
    plain_value,
)
from tuner.units import Clock

FORMAT = "tuner.search_space/1"


class Suggests(Protocol):
    """The part of an Optuna trial that a space needs."""

    def suggest_categorical(self, name: str, choices: Any) -> Any:
        """Return one of the choices."""

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None, log: bool
    ) -> float:
        """Return a number of the range."""

    def suggest_int(self, name: str, low: int, high: int, *, step: int, log: bool) -> int:
        """Return a whole number of the range."""


class Baseline(NamedTuple):
    """A fixed schedule that every study runs first.

    ``values`` are its values of the space's parameters, as Optuna stores them; ``schedule`` is
    what is trained, which may differ from them in what the space does not sample.
    """

    label: str
    values: dict[str, Any]
    schedule: Schedule


class _Header(Section):
    format: Literal["tuner.search_space/1"]
    name: str
    notes: str = ""
    fixed: dict[str, Any] = Field(default_factory=dict)
    params: dict[str, Any]
    baseline: list[dict[str, Any]] = Field(default_factory=list)


class SearchSpace(NamedTuple):
    """A search space for one clock: all durations are in updates.

    Example:
        >>> space = load_space("search_spaces/chapter.toml", Clock(235, 7050))
        >>> space.baselines[0].label
        'chapter: constant 0.3'
    """

    name: str
    clock: Clock
    params: dict[str, Param]
    fixed: dict[str, Any]
    baselines: tuple[Baseline, ...]

    def sample(self, trial: Suggests) -> dict[str, Any]:
        """Ask an Optuna trial for the parameters that its family has.

        Args:
            trial: An Optuna trial, or anything with its three ``suggest`` methods.

        Returns:
            Parameter names and values, in the order of the file.
        """
        values: dict[str, Any] = {}
        for name, param in self.params.items():
            if param.applies(values):
                values[name] = param.suggest(name, trial)
        return values

    def schedule(self, values: Mapping[str, Any]) -> Schedule:
        """Return the schedule that sampled values stand for.

        Raises:
            ScheduleError: If the values describe no schedule.
        """
        return build_schedule({**self.fixed, **values}, self.clock)


def parse_space(data: Mapping[str, Any], where: str, clock: Clock) -> SearchSpace:
    """Check the content of a search-space file and resolve it for a clock.

    Args:
        data: The content, as TOML or as stored in a study.
        where: What to call it in messages, usually the file's path.
        clock: Updates per epoch and horizon of the trainings.

    Returns:
        The search space.

    Raises:
        DefinitionError: With every mistake that was found.
    """
    mistakes = Mistakes(where)
    header = mistakes.read(_Header, data, "")
    if header is None:
        # The parts that can be read are read all the same, to report their mistakes too.
        for name, entry in _mapping(data.get("params")).items():
            mistakes.read_tagged(_PARAM_TYPES, entry, f"params.{name}")
        mistakes.raise_if_any()
    assert header is not None
    params = _read_params(header.params, clock, mistakes)
    families = _families(params, header, mistakes)
    fixed = _read_fixed(header.fixed, params, families, clock, mistakes)
    _check_names(params, families, mistakes)
    mistakes.raise_if_any()
    space = SearchSpace(header.name, clock, params, fixed, ())
    _check_corners(space, families, mistakes)
    baselines = tuple(
        baseline
        for index, entry in enumerate(header.baseline)
        if (baseline := _read_baseline(entry, f"baseline[{index}]", space, mistakes))
    )
    labels = [baseline.label for baseline in baselines]
    for label in sorted({label for label in labels if labels.count(label) > 1}):
        mistakes.add("baseline", f"labels must differ, but got {label!r} twice")
    mistakes.raise_if_any()
    return space._replace(baselines=baselines)


def load_space(path: str | Path, clock: Clock) -> SearchSpace:
    """Read a search-space file; see :func:`parse_space`."""
    return parse_space(read_toml(path), str(path), clock)


_PARAM_TYPES: dict[str, type[Section]] = {
    "categorical": Categorical,
    "float": Real,
    "int": Integer,
}


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _read_params(entries: Mapping[str, Any], clock: Clock, mistakes: Mistakes) -> dict[str, Param]:
    params: dict[str, Param] = {}
    for name, entry in entries.items():
        place = f"params.{name}"
        section = mistakes.read_tagged(_PARAM_TYPES, entry, place)
        if section is not None:
            for parent, wanted in section.conditions():  # type: ignore[attr-defined]
                above = list(entries)[: list(entries).index(name)]
                _check_condition(parent, wanted, entries, above, place, mistakes)
            param = section.resolve(name, clock, place, mistakes)  # type: ignore[attr-defined]
            if param is not None:
                params[name] = param
    return params


def _check_condition(
    parent: str,
    wanted: tuple[Any, ...],
    entries: Mapping[str, Any],
    above: list[str],
    place: str,
    mistakes: Mistakes,
) -> None:
    categorical = [n for n in above if _mapping(entries[n]).get("type") == "categorical"]
    if parent not in categorical:
        hint = did_you_mean(parent, categorical)
        mistakes.add(f"{place}.when", f"{parent!r} is no categorical parameter above it; {hint}")
        return
    choices = _mapping(entries[parent]).get("choices", [])
    for value in wanted:
        if isinstance(choices, list) and value not in choices:
            known = ", ".join(map(str, choices))
            mistakes.add(
                f"{place}.when", f"{parent!r} has no choice {value!r}; choices are {known}"
            )


def _families(params: Mapping[str, Param], header: _Header, mistakes: Mistakes) -> list[str]:
    if "family" in params:
        names = list(params["family"].choices)
        place = "params.family.choices"
    elif "family" in header.fixed:
        names, place = [header.fixed["family"]], "fixed.family"
    else:
        if "family" not in header.params:  # otherwise its own mistake was reported
            mistakes.add("params.family", "is required (or fixed.family), but missing")
        return []
    for name in names:
        if name not in FAMILIES:
            mistakes.add(place, f"no family {name!r}; {did_you_mean(str(name), FAMILIES)}")
    return [name for name in names if name in FAMILIES]


def _read_fixed(
    entries: Mapping[str, Any],
    params: Mapping[str, Param],
    families: list[str],
    clock: Clock,
    mistakes: Mistakes,
) -> dict[str, Any]:
    known = {"family", *(name for family in families for name in names_for(family))} - {"horizon"}
    fixed: dict[str, Any] = {}
    for name, value in entries.items():
        if name in params:
            mistakes.add(f"fixed.{name}", "is sampled as well; keep it in [params] or in [fixed]")
        elif families and name not in known:
            mistakes.add(f"fixed.{name}", f"unknown parameter; {did_you_mean(name, known)}")
        else:
            try:
                fixed[name] = plain_value(name, value, clock)
            except (UnitError, ScheduleError) as error:
                mistakes.add(f"fixed.{name}", str(error))
    return fixed


def _check_names(params: Mapping[str, Param], families: list[str], mistakes: Mistakes) -> None:
    every = {name for family in families for name in names_for(family)} - {"horizon"}
    for name, param in params.items():
        if name == "family" or not families:
            continue
        having = [family for family in families if name in names_for(family)]
        if name not in every:
            hint = did_you_mean(name, every)
            mistakes.add(f"params.{name}", f"unknown parameter for any family; {hint}")
            continue
        lacking = [f for f in families if param.applies_to_family(f) and f not in having]
        if lacking:
            mistakes.add(
                f"params.{name}.when",
                f"{', '.join(lacking)} has no {name}; write when = {{ family = {having} }}",
            )


def _check_corners(space: SearchSpace, families: list[str], mistakes: Mistakes) -> None:
    """Build the schedule at every corner of the space, so that no trial can fail to have one."""
    for family in families:
        for values in _corners(space, {"family": family}):
            try:
                space.schedule(values)
            except ScheduleError as error:
                mistakes.add("params" if space.params else "fixed", f"family {family!r}: {error}")
                break


def _corners(space: SearchSpace, chosen: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every combination of lowest and highest values, and of choices."""
    categorical = [n for n, p in space.params.items() if p.choices and n not in chosen]
    options = [space.params[name].choices for name in categorical]
    for combination in itertools.product(*options):
        discrete = {**chosen, **dict(zip(categorical, combination, strict=True))}
        active = {n: p for n, p in space.params.items() if p.applies(discrete)}
        ranges = {n: (p.low, p.high) for n, p in active.items() if not p.choices}
        base = {n: discrete[n] for n in active if n in discrete} | {"family": discrete["family"]}
        for ends in itertools.product(*ranges.values()):
            yield {**base, **dict(zip(ranges, ends, strict=True))}


def _read_baseline(
    entry: Mapping[str, Any], place: str, space: SearchSpace, mistakes: Mistakes
) -> Baseline | None:
    """Check one baseline: what the space samples in its bounds, the rest as overrides."""
    before = len(mistakes.found)
    label = entry.get("label")
    if not isinstance(label, str) or not label:
        mistakes.add(f"{place}.label", f"must be a text that names it, but got {label!r}")
    family = entry.get("family", space.fixed.get("family"))
    if family not in FAMILIES:
        hint = did_you_mean(str(family), FAMILIES)
        mistakes.add(f"{place}.family", f"no family {family!r}; {hint}")
        return None
    known = {"label", "family", *names_for(family)}
    given: dict[str, Any] = {}
    for name, value in entry.items():
        if name not in known:
            hint = did_you_mean(name, known)
            mistakes.add(f"{place}.{name}", f"no parameter of {family}; {hint}")
        elif name != "label":
            try:
                given[name] = plain_value(name, value, space.clock)
            except (UnitError, ScheduleError) as error:
                mistakes.add(f"{place}.{name}", str(error))
    values: dict[str, Any] = {}
    for name, param in space.params.items():
        if not param.applies({"family": family, **values}):
            continue
        sources = {field_of(name), "base_lr"}
        if name not in given and name.endswith(RATIO) and sources <= given.keys():
            given[name] = given[field_of(name)] / given["base_lr"]
        if name not in given:
            if f"{place}.{name}" not in dict(mistakes.found):
                mistakes.add(f"{place}.{name}", "is required, because the space samples it")
        elif problem := param.refuses(given[name]):
            mistakes.add(f"{place}.{name}", problem)
        else:
            values[name] = given[name]
    if len(mistakes.found) > before:
        return None
    try:
        schedule = build_schedule({**space.fixed, **given}, space.clock)
    except ScheduleError as error:
        mistakes.add(place, str(error))
        return None
    return Baseline(str(label), values, schedule)
