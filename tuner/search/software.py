"""Trials that other software has trained than what would train them now, one's own code included.

The definition does not tell: a function can be edited, and a package replaced, under a study that
goes on. A change need not matter, so it is said and not refused.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import optuna
from optuna.study import Study

from tuner.definition import StudySpec, name_of_study
from tuner.search.results import TrialRow, trial_rows
from tuner.storage import storage_of

_log = logging.getLogger("tuner")
# What this process has said: every round of a confirm has a worker that would say it again.
_TOLD: set[tuple[str, ...]] = set()


def warn_of_other_software(study: Study, spec: StudySpec) -> None:
    """Log it if trials of a study were trained by other code or packages than there are now.

    Args:
        study: The study. Of repeats, also the one that they are of is looked at.
        spec: Its definition, with the task that would train its trials now.
    """
    _warn(study, spec)
    if spec.repeats:
        name = name_of_study(spec.name)
        _warn(optuna.load_study(study_name=name, storage=storage_of(study)), spec)


def _warn(study: Study, spec: StudySpec) -> None:
    rows = [row for row in trial_rows(study) if row.records]
    differences = _differences(rows, spec.task.versions())
    told = spec.storage_url, study.study_name, *differences
    if differences and told not in _TOLD:
        _TOLD.add(told)
        others = sorted({number for numbers in differences.values() for number in numbers})
        _log.warning(
            "study %s: %d of %d trials were trained by other code or packages than there are now"
            " (%s). If these train in another way, the values do not compare: give the study"
            " another name to start anew.",
            study.study_name, len(others), len(rows), ", ".join(differences),
        )  # fmt: skip


def _differences(rows: Sequence[TrialRow], now: Mapping[str, str]) -> dict[str, list[int]]:
    """Return the trials of every other version, by that in words; what is unknown is the same."""
    found: dict[str, list[int]] = {}
    for row in rows:
        for name, version in now.items():
            then = row.versions.get(name, version)
            if then != version:
                found.setdefault(f"{name} {then} -> {version}", []).append(row.number)
    return found
