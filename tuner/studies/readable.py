"""What a study and its trials say of themselves to a person, where a database has plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tuner.errors import ScheduleError
from tuner.search import (
    OPTIONS,
    RULE,
    SCHEDULE,
    records_of,
    rule_in,
    schedule_in,
)
from tuner.studies.result import StudyResult
from tuner.studies.shown import lines

# Of a study file's tables; where the database is, whoever looks knows, and its password is none
# of their business.
_TABLES = ("task", "objective", "budget", "sampler", "pruner", "confirm", "workers")
_RECORDS, _VERSIONS = "records", "versions"


def study_attributes(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return a study's user attributes, each a number or a text that can be read.

    Example:
        >>> study_attributes({"definition": {"study": {"budget": {"trials": 8}}}, "owner": "me"})
        {'owner': 'me', 'budget': 'trials 8'}
    """
    found = dict(stored)
    definition = found.pop("definition", None)
    candidates = found.pop("candidates", None)
    found = {name: _told(value) for name, value in found.items()}
    if isinstance(definition, Mapping):
        study, space = definition.get("study", {}), definition.get("space", {})
        found |= {name: _told(study[name]) for name in _TABLES if study.get(name)}
        found |= {"search_space": space["name"]} if "name" in space else {}
    if candidates:
        found["candidates"] = "; ".join(str(each["label"]) for each in candidates)
    return found


def trial_attributes(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return a trial's user attributes, each a number or a text that can be read.

    Of its records that is the last one: what a trial was worth after each has a chart.

    Example:
        >>> trial_attributes({"versions": {"tuner": "0.1.0", "numpy": "2.1"}, "epochs_given": 0})
        {'epochs_given': 0, 'versions': 'tuner 0.1.0, numpy 2.1'}
    """
    shapes = (SCHEDULE, RULE, OPTIONS, _RECORDS, _VERSIONS)
    found = {name: value for name, value in stored.items() if name not in shapes and value != ""}
    try:
        shape, rule = schedule_in(stored), rule_in(stored)
    except ScheduleError:  # of a package that is not here
        shape, rule = None, None
    found |= {SCHEDULE: repr(shape)} if shape else {}
    found |= {RULE: repr(rule)} if rule else {}
    if records := records_of(stored):
        measured = {k: v for k, v in records[-1]._asdict().items() if v is not None}
        found["last_report"] = _told(measured)
    return found | {name: _told(stored[name]) for name in (OPTIONS, _VERSIONS) if name in stored}


def verdict(found: StudyResult) -> str:
    """Return where a study stands, in Markdown."""
    said = lines(found.summary, found.spec, found.ended, found.confirmed)
    rows: list[list[str]] = []
    for heading, text in said:
        if heading:
            rows.append([heading, text])
        elif rows:
            rows[-1][1] += f"; {text}"
    return "\n".join(f"- **{heading}**: {text}" for heading, text in rows)


def _told(value: Any) -> Any:
    """Return a table or a list in words, and everything else as it is."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_told(each)}" for name, each in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return " ".join(str(_told(each)) for each in value)
    return f"{value:.4g}" if isinstance(value, float) else value
