"""Confirm: finalists and baselines trained on fresh seeds, as trials of a second Optuna study.

It is in the database of the study and has its name with ``.confirm`` after it. Its trials are
enqueued with a schedule and a seed, so that any worker can run them; nothing is sampled. What the
race needs next follows from the trials that are over, whoever ran them in whatever order.

Every training that ends counts: one that collapsed with the value it had then, which is chance;
a loss that was no number then is infinite. One that failed, which says nothing about its
schedule, has no value and is not repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import optuna
from optuna.storages import BaseStorage
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from tuner.confirmation import Candidate, Confirmation, fresh_seeds, race
from tuner.errors import StudyError
from tuner.objective import Objective
from tuner.results import TrialRow, ranking
from tuner.schedules import Schedule, schedule_from_dict, schedule_to_dict
from tuner.search.study import store_definition
from tuner.search.trial import BASELINE, LABEL, REASON, SCHEDULE, SEED, records_of
from tuner.spec import Confirm, StudySpec
from tuner.spec_sections import CONFIRM

# The user attributes of a confirm, beside its study's definition; plain JSON.
_SETTINGS = "confirm"
_CANDIDATES = "candidates"


def find_confirm(storage: BaseStorage, name: str) -> Study | None:
    """Return the confirm of the study ``name``, None if it was never begun."""
    full = name.removesuffix(CONFIRM) + CONFIRM
    if full not in [study.study_name for study in storage.get_all_studies()]:
        return None
    study = optuna.load_study(study_name=full, storage=storage)
    return study if _CANDIDATES in study.user_attrs else None


def settings_of(study: Study) -> Confirm:
    """Return the settings with which a confirm was last begun."""
    return Confirm(**study.user_attrs[_SETTINGS])


def prepare_confirm(
    spec: StudySpec, storage: BaseStorage, rows: Sequence[TrialRow], settings: Confirm
) -> Study:
    """Make a study's confirm, or add to it what is new in the study.

    Candidates are the best ``top`` complete trials that are no baselines, and all baselines; each
    schedule once. Who was one before stays one, so that no result is forgotten.

    Args:
        spec: The study's definition.
        storage: Its storage.
        rows: Its trials.
        settings: How many finalists and seeds.

    Raises:
        StudyError: If no trial of the study is complete.
    """
    if not ranking(rows):
        raise StudyError(
            f"Study {spec.name!r} must have a complete trial to confirm, but has none yet. Run it"
            " on."
        )
    study = optuna.create_study(
        study_name=spec.name + CONFIRM,
        storage=storage,
        direction=spec.objective.optuna_direction,
        load_if_exists=True,
    )
    store_definition(study, spec)
    before = _candidates(study)
    baselines = [Candidate(b.label, b.schedule, None, {}) for b in spec.space.baselines]
    sampled = [
        Candidate(f"trial {row.number}", row.schedule, row.number, {})
        for row in ranking(rows)
        if row.schedule is not None and row.schedule not in {c.schedule for c in baselines}
    ]
    found = _distinct([*before, *_distinct(sampled)[: settings.top], *baselines])
    _store(study, _SETTINGS, settings.model_dump())
    # The last one: with it, it is a confirm that can be read and continued.
    _store(study, _CANDIDATES, [_to_dict(candidate) for candidate in found])
    return study


def enqueue(study: Study, spec: StudySpec) -> int:
    """Enqueue the trainings that the race needs next and that are not there yet.

    To be called by one process at a time.

    Returns:
        How many trials the confirm then has; a worker's budget.
    """
    trials = study.get_trials(deepcopy=False)
    there = {(_schedule(t), t.user_attrs[SEED]) for t in trials if SCHEDULE in t.user_attrs}
    # Trials that two workers asked for when only one was left; see `Worker`.
    strays = [t for t in trials if SCHEDULE not in t.user_attrs and not t.state.is_finished()]
    for candidate, seed in read_confirm(study, spec).missing:
        if (candidate.schedule, seed) in there:
            continue
        attributes = {LABEL: candidate.label, SEED: seed}
        if candidate.is_baseline:
            attributes[BASELINE] = candidate.label
        attributes[SCHEDULE] = schedule_to_dict(candidate.schedule)  # the last, which makes it one
        if not strays:
            study.enqueue_trial({}, user_attrs=attributes)
            continue
        stray = strays.pop(0)
        for name, value in attributes.items():
            study._storage.set_trial_user_attr(stray._trial_id, name, value)
    return planned(study)


def planned(study: Study) -> int:
    """Return how many trainings of a confirm are over or enqueued."""
    return sum(SCHEDULE in trial.user_attrs for trial in study.get_trials(deepcopy=False))


def read_confirm(study: Study, spec: StudySpec) -> Confirmation:
    """Return what a confirm has found so far, and what is missing.

    Args:
        study: The confirm's study.
        spec: The definition of the study that it is of, or its own.
    """
    settings = settings_of(study)
    candidates = {candidate.schedule: candidate for candidate in _candidates(study)}
    for trial in study.get_trials(deepcopy=False):
        if not trial.state.is_finished() or SCHEDULE not in trial.user_attrs:
            continue
        candidate = candidates[_schedule(trial)]
        seed: int = trial.user_attrs[SEED]
        complete = trial.state == TrialState.COMPLETE
        collapsed = (seed,) if complete and REASON in trial.user_attrs else ()
        averaged = _averaged(trial, spec.objective) if complete and not collapsed else ()
        candidates[candidate.schedule] = candidate._replace(
            accuracies={**candidate.accuracies, seed: trial.value if complete else None},
            collapsed=candidate.collapsed + collapsed,
            averaged=candidate.averaged + averaged,
        )
    seeds = fresh_seeds(settings.seed, settings.max_seeds, training_seed=spec.training.seed)
    found = [*candidates.values()]
    return Confirmation(tuple(found), tuple(race(found, seeds, settings.seeds)))


def _distinct(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates without those whose schedule an earlier one has."""
    by_schedule: dict[Schedule, Candidate] = {}
    for candidate in candidates:
        by_schedule.setdefault(candidate.schedule, candidate)
    return [*by_schedule.values()]


def _candidates(study: Study) -> list[Candidate]:
    minimized = study.direction == StudyDirection.MINIMIZE
    return [
        Candidate(
            entry["label"],
            schedule_from_dict(entry["schedule"]),
            entry["trial"],
            {},
            minimized=minimized,
        )
        for entry in study.user_attrs.get(_CANDIDATES, [])
    ]


def _to_dict(candidate: Candidate) -> dict[str, Any]:
    schedule = schedule_to_dict(candidate.schedule)
    return {"label": candidate.label, "trial": candidate.trial, "schedule": schedule}


def _schedule(trial: FrozenTrial) -> Schedule:
    return schedule_from_dict(trial.user_attrs[SCHEDULE])


def _averaged(trial: FrozenTrial, objective: Objective) -> tuple[float, ...]:
    """Return what the averaged weights are worth at the end, nothing if there are none."""
    found = [*map(objective.averaged_value, records_of(trial.user_attrs)[-1:])]
    return tuple(value for value in found if value is not None)


def _store(study: Study, name: str, value: Any) -> None:
    if study.user_attrs.get(name) != value:
        study.set_user_attr(name, value)
