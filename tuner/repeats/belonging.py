"""Whose repeats they are: a study can be deleted and begun anew, and its repeats stay.

They have its name alone. So they are a study's only if they train the same task on the same
objective, and if everybody that they train because of a trial or baseline is still that of it.
Schedules of files belong to every study of that task. Nothing is stored for it.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Sequence
from typing import Any

import optuna
from optuna.storages import BaseStorage
from optuna.study import Study
from optuna.trial import FrozenTrial

from tuner.definition import CONFIRM, StudySpec, name_of_study
from tuner.errors import StudyError
from tuner.repeats.confirmation import Candidate
from tuner.schedules import schedule_from_dict
from tuner.search import BASELINE, RULE, SCHEDULE, Key, key_of, options_of, stored_spec
from tuner.storage import storage_of, url_of

_log = logging.getLogger("tuner")


def belong(repeats: Study, study: Study, candidates: list[Candidate]) -> bool:
    """Tell whether repeats are of a study, not of one that had its name before.

    Args:
        repeats: The study of the repeats.
        study: The study that they should be of.
        candidates: What they train.
    """
    ending = repeats.study_name.removeprefix(name_of_study(repeats.study_name))
    url = url_of(storage_of(study))
    try:
        now, then = stored_spec(study, url), stored_spec(repeats, url)
    except StudyError:  # of another version, which cannot be read
        return False
    if _training(then) != _training(now.for_repeats(ending)):
        return False
    if ending != CONFIRM:
        return True
    trials = study.get_trials(deepcopy=False)
    # Some find their schedules while they train.
    finding = (t for t in trials if BASELINE in t.user_attrs and RULE in t.user_attrs)
    found = (_key_of(trials, trial.number) for trial in finding)
    given = (key_of(each.schedule, each.options) for each in now.space.baselines)
    baselines = {*given, *found}
    return all(
        candidate.key in baselines
        if candidate.trial is None
        else candidate.key == _key_of(trials, candidate.trial)
        for candidate in candidates
    )


def set_aside(repeats: Study, storage: BaseStorage) -> None:
    """Give repeats whose study is gone another name; what they have found is kept.

    Args:
        repeats: The study of the repeats.
        storage: Where it is.
    """
    name = name_of_study(repeats.study_name)
    ending = repeats.study_name.removeprefix(name)
    taken = {study.study_name for study in storage.get_all_studies()}
    names = (f"{name}.before-{number}{ending}" for number in itertools.count(1))
    free = next(each for each in names if each not in taken)
    optuna.copy_study(
        from_study_name=repeats.study_name,
        from_storage=storage,
        to_storage=storage,
        to_study_name=free,
    )
    optuna.delete_study(study_name=repeats.study_name, storage=storage)
    _log.warning(
        "%s is of another study that had the name %s, and is kept as %s",
        repeats.study_name, name, free,
    )  # fmt: skip


def _training(spec: StudySpec) -> dict[str, Any]:
    """Return what decides the value of a given schedule."""
    parts = ("task.", "objective.")
    return {key: value for key, value in spec.decisive().items() if key.startswith(parts)}


def _key_of(trials: Sequence[FrozenTrial], number: int) -> Key | None:
    attributes = trials[number].user_attrs if number < len(trials) else {}
    stored = attributes.get(SCHEDULE)
    return key_of(schedule_from_dict(stored), options_of(attributes)) if stored else None
