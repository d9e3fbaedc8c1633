"""Reading the content of a search-space file: every mistake in it, or what it says."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field

from tuner.errors import ScheduleError
from tuner.reading import Clock, Mistakes, Section, did_you_mean
from tuner.space.baselines import read_baselines
from tuner.space.options import OPTION, OptionsOfTask, flat, in_order, is_option
from tuner.space.params import NO_QUANTITY, PARAM_TYPES, Param
from tuner.space.parts import KNOTS
from tuner.space.values import (
    build,
    class_of,
    family_problem,
    field_of,
    is_field,
    names_for,
    plain_value,
)


class SpaceFile(Section):
    """A search-space file; its tables are read one by one."""

    format: Literal["tuner.search_space/1"]
    """What kind of file this is."""
    name: str
    """What the space is called, for people."""
    notes: str = ""
    """A text for people."""
    fixed: Any = Field(default_factory=dict)
    """Values that are the same in every trial."""
    params: Any
    """What is sampled, a table for each parameter."""
    baseline: Any = Field(default_factory=list)
    """Schedules that every study trains first and never prunes."""


class SpaceReader:
    """Reads one search space for one clock; what it finds wrong is in ``mistakes``.

    Args:
        data: The content of the file.
        clock: Updates per epoch and horizon of the trainings.
        mistakes: Takes the notes.
        of_task: What is known of the task whose options are sampled.
    """

    def __init__(
        self, data: Mapping[str, Any], clock: Clock, mistakes: Mistakes, of_task: OptionsOfTask
    ) -> None:
        self._clock = clock
        self._mistakes = mistakes
        header = mistakes.read(SpaceFile, data, "")
        self.name = header.name if header else ""
        fixed = flat(mistakes.table(data.get("fixed", {}), "fixed"), "fixed", mistakes)
        entries = flat(mistakes.table(data.get("params", {}), "params"), "params", mistakes)
        self._entries, self._circle = in_order(entries)
        if self._circle:
            text = f"must not go with each other in a circle: {', '.join(self._circle)}"
            mistakes.add(f"params.{self._circle[0]}.when", text)
        self.params = self._read_params()
        self._families, self._written = self._read_families(fixed), fixed
        self.fixed = self._read_fixed(fixed)
        self._check_names()
        self._check_warmup()
        if not mistakes.found:
            self._check_corners()
        sound = {n: p for n, p in self.params.items() if not self._is_noted(f"params.{n}")}
        self._check_options()
        entries = data.get("baseline", [])
        self.baselines = read_baselines(entries, sound, self._fixed_on, clock, mistakes, of_task)

    # --- parameters ---

    def _read_params(self) -> dict[str, Param]:
        params: dict[str, Param] = {}
        for position, (name, entry) in enumerate(self._entries.items()):
            place = f"params.{name}"
            if name == "momentum":
                self._mistakes.add(place, NO_QUANTITY)
                continue
            section = self._mistakes.read_tagged(PARAM_TYPES, entry, place)
            if section is not None:
                above = list(self._entries)[:position]
                wanted = {} if name in self._circle else section.when
                when = tuple(self._conditions(wanted, above, f"{place}.when"))
                param = section.resolve(name, self._clock, when, place, self._mistakes)
                if param is not None:
                    params[name] = param
        return params

    def _conditions(self, when: Mapping[str, Any], above: list[str], place: str) -> Iterator[Any]:
        categorical = [name for name in above if "choices" in _table(self._entries[name])]
        for parent, wanted in flat(when, place, self._mistakes).items():
            if parent not in categorical:
                options = [name for name in self._entries if is_option(name)]
                hint = did_you_mean(parent, [*categorical, *options])
                self._mistakes.add(place, f"no categorical parameter {parent!r} above; {hint}")
                continue
            choices = self._entries[parent]["choices"]
            values = wanted if isinstance(wanted, list) else [wanted]
            if not values:
                self._mistakes.add(place, f"must name a choice of {parent!r}, but got []")
            for value in values:
                if isinstance(choices, list) and choices and value not in choices:
                    known = ", ".join(map(str, choices))
                    text = f"{parent!r} has no choice {value!r}; choices are {known}"
                    self._mistakes.add(place, text)
            try:
                plain = (plain_value(parent, value, self._clock) for value in values)
                yield parent, tuple(values if parent == "family" else plain)
            except ScheduleError:  # of a choice, where it is noted
                continue

    def _read_families(self, fixed: Mapping[str, Any]) -> list[str]:
        if "family" in self.params:
            names, place = list(self.params["family"].choices), "params.family.choices"
        elif "family" in fixed:
            names, place = [fixed["family"]], "fixed.family"
        else:
            if not self._is_noted("params.family"):
                self._mistakes.add("params.family", "is required (or fixed.family), but missing")
            return []
        if not names:
            self._mistakes.add("params.family.type", "must be 'categorical' for family")
        problems = {str(name): family_problem(name) for name in names}
        for problem in filter(None, problems.values()):
            self._mistakes.add(place, problem)
        return [name for name, problem in problems.items() if problem is None]

    def _read_fixed(self, entries: Mapping[str, Any]) -> dict[str, Any]:
        known = self._known_names() | {"family"}
        fixed: dict[str, Any] = {}
        for name, value in entries.items():
            place = f"fixed.{name}"
            if name in self._entries:
                self._mistakes.add(place, "is sampled as well; keep it in [params] or in [fixed]")
            elif self._families and name not in known and not is_option(name):
                hint = did_you_mean(name, known)
                self._mistakes.add(place, f"unknown parameter for any family; {hint}")
            elif name == "family":
                fixed[name] = value
            else:
                try:
                    fixed[name] = plain_value(name, value, self._clock)
                except ScheduleError as error:
                    self._mistakes.add(place, str(error))
        return fixed

    def _fixed_on(self, clock: Clock) -> dict[str, Any]:
        """Return the fixed values with durations in updates of a clock, of a baseline's task."""
        durations = {n: v for n, v in self._written.items() if n in self.fixed and n != "family"}
        return {**self.fixed, **{n: plain_value(n, v, clock) for n, v in durations.items()}}

    # --- what must fit together ---

    def _known_names(self) -> set[str]:
        return {name for family in self._families for name in names_for(family)} - {"horizon"}

    def _is_noted(self, place: str) -> bool:
        """Whether a mistake is noted there, below it, or of the table that it is in."""
        above = place.partition(".")[0]
        return any(f"{w}.".startswith(f"{place}.") or w == above for w, _ in self._mistakes.found)

    def _can_exist(self, name: str, family: str) -> bool:
        """Whether a parameter, and all that it depends on, can exist for a family."""
        param = self.params.get(name)
        if param is None or name == "family":
            return True
        parents = (parent for parent, _ in param.when)
        return param.applies_to_family(family) and all(
            self._can_exist(parent, family) for parent in parents
        )

    def _check_names(self) -> None:
        known = self._known_names()
        for name in self.params:
            if name == "family" or is_option(name) or not self._families:
                continue
            having = [family for family in self._families if name in names_for(family)]
            if name not in known:
                text = f"unknown parameter for any family; {did_you_mean(name, known)}"
                self._mistakes.add(f"params.{name}", text)
                continue
            if self._is_noted(f"params.{name}.when"):
                continue
            lacking = [f for f in self._families if f not in having and self._can_exist(name, f)]
            if lacking:
                text = f"{', '.join(lacking)} has no {name}; write when = {{ family = {having} }}"
                self._mistakes.add(f"params.{name}.when", text)

    def _check_options(self) -> None:
        """Note options that have the name of a schedule's field."""
        for table, names in (("params", self._entries), ("fixed", self._written)):
            for name in filter(is_option, names):
                own = name.removeprefix(OPTION)
                if is_field(own):
                    text = f"is a field of schedules, so no option may be called so; write {own}"
                    hint = f"{text} in [{table}] itself, or give the option another name"
                    self._mistakes.add(f"{table}.{name}", hint)

    def _check_warmup(self) -> None:
        name, horizon = "warmup_steps", self._clock.horizon
        place, most = f"fixed.{name}", self.fixed.get(name, 0)
        if name in self.params:
            param = self.params[name]
            place = f"params.{name}.{'choices' if param.choices else 'high'}"
            most = param.ends()[1]
        if most >= horizon:
            got = f"(warmup_steps={most}, horizon={horizon})"
            text = f"`warmup_steps < horizon` must hold, but got {got}, in updates"
            self._mistakes.add(place, text)

    def _check_corners(self) -> None:
        """Build the schedule at every corner of the space: then no trial can fail to have one."""
        wrong: dict[str, tuple[str, list[str]]] = {}
        for family in self._families:
            for values in _corners(self._deciding(), family):
                try:
                    self._check_fields(family, values)
                    build({**self.fixed, **values}, self._clock)
                except ScheduleError as error:
                    text = str(error).removeprefix(f"{class_of(family).__name__}: ")
                    # The same parameter is one mistake, however many families have it.
                    wrong.setdefault(self._place_of(text), (text, []))[1].append(family)
                    break
        for place, (text, families) in wrong.items():
            self._mistakes.add(place, f"family {', '.join(families)}: {text}")

    def _deciding(self) -> dict[str, Param]:
        """Return the parameters that a schedule follows from: of options those of conditions."""
        wanted = [name for name in self.params if not is_option(name)]
        for name in wanted:  # which grows by what these go with
            wanted += [parent for parent, _ in self.params[name].when if parent not in wanted]
        return {name: param for name, param in self.params.items() if name in wanted}

    def _check_fields(self, family: str, values: Mapping[str, Any]) -> None:
        setting: dict[str, str] = {}
        known = names_for(family)
        for name in (*self.fixed, *values):
            if name in known:
                other = setting.setdefault(field_of(name), name)
                if other != name and not {other, name} <= KNOTS.keys():
                    raise ScheduleError(f"`{name}` sets {other!r} as well; keep one of them.")

    def _place_of(self, text: str) -> str:
        """Return the parameter that a broken condition is about."""
        for word in re.findall(r"\w+", text.partition("must hold")[0]):
            for table, names in (("params", self.params), ("fixed", self.fixed)):
                for name in names:
                    if field_of(name) == word or name == word:
                        return f"{table}.{name}"
        return "params"


def sampled_options(data: Mapping[str, Any]) -> tuple[dict[str, Param], dict[str, Any]]:
    """Return the options of the task that a space samples, and those that it fixes.

    Before the task is known, and without what is wrong with them, which is told by its reader.

    Args:
        data: The content of the file.
    """
    ignored, clock = Mistakes(""), Clock(1, 1)
    tables = [_table(data.get(name, {})).get("task") for name in ("params", "fixed")]
    params: dict[str, Param] = {}
    for name, entry in _table(tables[0]).items():
        section = ignored.read_tagged(PARAM_TYPES, entry, "")
        param = section.resolve(OPTION + name, clock, (), "", ignored) if section else None
        if param is not None:
            params[name] = param
    fixed = {name: value for name, value in _table(tables[1]).items() if name not in params}
    return params, fixed


def _table(entry: object) -> Mapping[str, Any]:
    return entry if isinstance(entry, Mapping) else {}


def _corners(params: Mapping[str, Param], family: str) -> Iterator[dict[str, Any]]:
    """Yield every combination of lowest and highest values, and of choices."""
    categorical = [name for name, p in params.items() if p.choices and name != "family"]
    seen: list[dict[str, Any]] = []
    for combination in itertools.product(*(params[name].choices for name in categorical)):
        discrete = {"family": family, **dict(zip(categorical, combination, strict=True))}
        active = {name: p for name, p in params.items() if p.applies(discrete)}
        chosen = {name: discrete[name] for name in active if name in discrete} | {"family": family}
        if chosen in seen:  # differs only in what the family does not have
            continue
        seen.append(chosen)
        ranges = {name: (p.low, p.high) for name, p in active.items() if not p.choices}
        for ends in itertools.product(*ranges.values()):
            yield {**chosen, **dict(zip(ranges, ends, strict=True))}
