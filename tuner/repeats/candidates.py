"""What is trained in repeats: as candidates, as their study keeps them, and of each training."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial

from tuner.repeats.confirmation import Candidate
from tuner.schedules import Schedule, rule_to_dict, schedule_from_dict, schedule_to_dict
from tuner.search import RULE, SCHEDULE, Key, key_of, options_of, rule_in

# The user attribute of the study of repeats that has them.
CANDIDATES = "candidates"


def candidates_of(study: Study) -> list[Candidate]:
    """Return what is trained in repeats, without any result; empty before they are begun."""
    minimized = study.direction == StudyDirection.MINIMIZE
    return [
        Candidate(
            entry["label"],
            schedule_from_dict(entry["schedule"]),
            entry["trial"],
            {},
            minimized=minimized,
            rule=rule_in(entry),
            options=entry.get("options", {}),
        )
        for entry in study.user_attrs.get(CANDIDATES, [])
    ]


def distinct(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return the candidates without those whose schedule or rule, and options, one before has."""
    found: dict[Key, Candidate] = {}
    for candidate in candidates:
        found.setdefault(candidate.key, candidate)
    return [*found.values()]


def candidate_to_dict(candidate: Candidate) -> dict[str, Any]:
    """Return a candidate without its results, as plain data that JSON can hold."""
    schedule = schedule_to_dict(candidate.schedule)
    rule = {RULE: rule_to_dict(candidate.rule)} if candidate.rule else {}
    options = {"options": dict(candidate.options)} if candidate.options else {}
    found = {"label": candidate.label, "trial": candidate.trial, SCHEDULE: schedule}
    return {**found, **rule, **options}


def schedule_of(trial: FrozenTrial) -> Schedule:
    """Return the schedule of a trial of repeats; of one with a rule, what that has found."""
    return schedule_from_dict(trial.user_attrs[SCHEDULE])


def key_of_trial(trial: FrozenTrial) -> Key:
    """Return the key of the candidate that a trial of repeats was enqueued for."""
    given = rule_in(trial.user_attrs) or schedule_of(trial)
    return key_of(given, options_of(trial.user_attrs))
