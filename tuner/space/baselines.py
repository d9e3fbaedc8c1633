"""The baselines of a search space: schedules that every study runs first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tuner.errors import ScheduleError
from tuner.reading import MISSING, Clock, Mistakes, did_you_mean
from tuner.schedules import Schedule
from tuner.space.params import Param
from tuner.space.schedule_files import read_file_baseline
from tuner.space.values import (
    MOMENTUM,
    RATIO,
    build_schedule,
    family_problem,
    field_of,
    names_for,
    plain_value,
)

# The keys of a baseline that are no parameters of its schedule.
_WORDS = ("label", "family", "published")


class Baseline(NamedTuple):
    """A fixed schedule that every study runs first.

    ``values`` are its values of the space's parameters, as Optuna stores them; none if it lies
    outside what the space samples. ``schedule`` is what is trained, which may differ from them in
    what the space does not sample. ``published`` is what others report of it, as text to be shown
    beside the results.
    """

    label: str
    values: dict[str, Any]
    schedule: Schedule
    published: str = ""


def read_baselines(
    entries: object,
    params: Mapping[str, Param],
    fixed: Mapping[str, Any],
    clock: Clock,
    mistakes: Mistakes,
) -> tuple[Baseline, ...]:
    """Return the baselines without mistakes, and note those of the others.

    Args:
        entries: The file's ``[[baseline]]`` tables.
        params: The space's parameters.
        fixed: Its fixed values.
        clock: What durations are resolved with.
        mistakes: Takes the notes.
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
        baseline = _read(str(label), entry, place, params, fixed, clock, mistakes)
        if baseline is not None:
            baselines.append(baseline)
    return tuple(baselines)


def _read(
    label: str,
    entry: Mapping[str, Any],
    place: str,
    params: Mapping[str, Param],
    fixed: Mapping[str, Any],
    clock: Clock,
    mistakes: Mistakes,
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
        schedule = build_schedule({**others, **given}, clock, place="the baseline")
    except ScheduleError as error:
        mistakes.add(place, str(error))
        return None
    return Baseline(label, values, schedule, published)


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
