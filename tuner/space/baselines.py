"""The baselines of a search space: schedules that every study runs first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

from tuner.errors import ScheduleError, TaskError
from tuner.reading import MISSING, Clock, Mistakes, did_you_mean
from tuner.schedules import Plateau, Schedule
from tuner.space.options import OptionsOfTask, as_params, options_in
from tuner.space.params import Param
from tuner.space.schedule_files import options_of_file, read_file_baseline
from tuner.space.values import (
    MOMENTUM,
    RATIO,
    build,
    family_problem,
    field_of,
    known_schedule,
    names_for,
    plain_option,
    plain_value,
)

# The keys of a baseline that are no parameters of its schedule.
_WORDS = ("label", "family", "published")


class Baseline(NamedTuple):
    """A fixed schedule that every study runs first.

    ``values`` are its values of the space's parameters, as Optuna stores them; none if it lies
    outside what the space samples. ``schedule`` is what is trained, which may differ from them in
    what the space does not sample. ``published`` is what others report of it, as text to be shown
    beside the results. ``options`` are those of the task that it is trained with, where the space
    samples them, and ``clock`` that of the task with them.
    """

    label: str
    values: dict[str, Any]
    schedule: Schedule
    published: str = ""
    rule: Plateau | None = None
    options: Mapping[str, Any] = MappingProxyType({})
    clock: Clock | None = None

    @property
    def given(self) -> Schedule | Plateau:
        """The schedule that is trained, or the rule that finds one."""
        return self.rule or self.schedule


def read_baselines(
    entries: object,
    params: Mapping[str, Param],
    fixed_on: Callable[[Clock], Mapping[str, Any]],
    clock: Clock,
    mistakes: Mistakes,
    of_task: OptionsOfTask,
) -> tuple[Baseline, ...]:
    """Return the baselines without mistakes, and note those of the others.

    Args:
        entries: The file's ``[[baseline]]`` tables.
        params: The space's parameters.
        fixed_on: Tells its fixed values, with durations in updates of a clock.
        clock: What durations are resolved with.
        mistakes: Takes the notes.
        of_task: What is known of the task whose options are sampled.
    """
    if not isinstance(entries, list):
        mistakes.add("baseline", f"must be tables [[baseline]], but got {entries!r}")
        return ()
    labels: list[object] = []
    baselines = []
    for index, item in enumerate(entries):
        place = f"baseline[{index}]"
        entry = mistakes.table(item, place)
        if not isinstance(item, Mapping):
            continue
        label = entry.get("label")
        if "label" not in entry:
            mistakes.add(f"{place}.label", MISSING)
        elif not isinstance(label, str) or not label:
            mistakes.add(f"{place}.label", f"must be a text that names it, but got {label!r}")
        elif label in labels:
            mistakes.add(f"{place}.label", f"must differ from the others, but got {label!r} again")
        labels.append(label)
        options = _options(entry, place, params, mistakes, of_task)
        own = _own_clock(options, clock, place, mistakes, of_task)
        rest = {key: value for key, value in entry.items() if key != "task"}
        read = partial(_read, str(label), rest, place, params, mistakes)
        first, more = own if "file" in entry else clock, as_params(options)
        baseline = read({**fixed_on(first), **more}, first)
        if baseline is not None and own != clock:  # its values are in the study's, as all are
            laid_out = read({**fixed_on(own), **more}, own)
            if laid_out is not None:
                baseline = baseline._replace(schedule=laid_out.schedule, rule=laid_out.rule)
        if baseline is not None:
            baselines.append(baseline._replace(options=options, clock=own))
    return tuple(baselines)


def _options(
    entry: Mapping[str, Any],
    place: str,
    params: Mapping[str, Param],
    mistakes: Mistakes,
    of_task: OptionsOfTask,
) -> dict[str, Any]:
    """Return the sampled options as a baseline has them: its own, its file's, or the task's."""
    place, sampled = f"{place}.task", options_in(params)
    in_file = options_of_file(entry)
    found = {
        name: {**of_task.own, **in_file}[name]
        for name in sampled
        if name in of_task.own or name in in_file
    }
    for name, value in mistakes.table(entry.get("task", {}), place).items():
        if name not in sampled:
            text = f"no option that the space samples; {did_you_mean(name, sampled)}"
            mistakes.add(f"{place}.{name}", text)
            continue
        try:
            found[name] = plain_option(value)
        except ScheduleError as error:
            mistakes.add(f"{place}.{name}", str(error))
    return found


def _own_clock(
    options: Mapping[str, Any],
    clock: Clock,
    place: str,
    mistakes: Mistakes,
    of_task: OptionsOfTask,
) -> Clock:
    """Return the clock of the task with a baseline's options, or note why there is none."""
    if all(of_task.own.get(name) == value for name, value in options.items()):
        return clock
    try:
        return of_task.clock_of(options)
    except TaskError as error:
        mistakes.add(f"{place}.task", str(error))
        return clock


def _read(
    label: str,
    entry: Mapping[str, Any],
    place: str,
    params: Mapping[str, Param],
    mistakes: Mistakes,
    fixed: Mapping[str, Any],
    clock: Clock,
) -> Baseline | None:
    """Read one baseline: its schedule, and what the space would have sampled for it."""
    if "file" in entry:
        found = read_file_baseline(entry, place, params, clock, mistakes)
        return Baseline(label, *found) if found else None
    family = entry.get("family", fixed.get("family"))
    problem = MISSING if family is None else family_problem(family)
    if problem is not None:
        mistakes.add(f"{place}.family", problem)
        return None
    known = {*_WORDS, *names_for(family)}
    published = entry.get("published", "")
    if not isinstance(published, str):
        mistakes.add(f"{place}.published", f"must be a text, but got {published!r}")
    given: dict[str, Any] = {"family": family}
    for name, value in entry.items():
        if name not in known:
            text = f"no parameter of {family}; {did_you_mean(name, known)}"
            mistakes.add(f"{place}.{name}", text)
        elif name not in _WORDS:
            try:
                given[name] = plain_value(name, value, clock)
            except ScheduleError as error:
                mistakes.add(f"{place}.{name}", str(error))
    values = _values(params, {**fixed, **given}, entry, place, mistakes)
    if mistakes.found:
        return None
    # What is given as a ratio wins over what is fixed as itself, and the other way round.
    fields = {*map(field_of, given)}
    others = {name: value for name, value in fixed.items() if field_of(name) not in fields}
    if MOMENTUM.keys() & params.keys() and not MOMENTUM.keys() & given.keys():
        # Without one of its own, it is trained with the optimizer's.
        others = {name: value for name, value in others.items() if name not in MOMENTUM}
    try:
        made = build({**others, **given}, clock, place="the baseline")
    except ScheduleError as error:
        mistakes.add(place, str(error))
        return None
    rule = made if isinstance(made, Plateau) else None
    return Baseline(label, values, known_schedule(made, clock), published, rule)


def _values(
    params: Mapping[str, Param],
    given: Mapping[str, Any],
    entry: Mapping[str, Any],
    place: str,
    mistakes: Mistakes,
) -> dict[str, Any]:
    """Return what the space would have sampled for a baseline; nothing if it never would have."""
    values: dict[str, Any] = {}
    is_inside, names = True, names_for(given["family"])
    for name, param in params.items():
        if not param.applies({"family": given["family"], **values}):
            continue
        value = _value(name, given)
        if value is not None:
            values[name] = value
            is_inside = is_inside and param.has(value)
        elif field_of(name) in given or name not in names or name in MOMENTUM:
            is_inside = False
        elif name not in entry:
            text = "is required, because the space samples it, but missing"
            mistakes.add(f"{place}.{name}", text)
    return values if is_inside else {}


def _value(name: str, given: Mapping[str, Any]) -> Any:
    """Return the value of a parameter: as given, or a ratio of the rates that are."""
    if name not in given and name.endswith(RATIO) and field_of(name) in given:
        base_lr = given.get("base_lr")
        return given[field_of(name)] / base_lr if base_lr else None
    return given.get(name)
