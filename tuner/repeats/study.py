"""Repeats: schedules that are given, trained on fresh seeds as trials of a second Optuna study.

It is in the database of the study and has its name with an ending, such as ``.confirm``. Its
trials are enqueued with a schedule and a seed, so that any worker can run them; nothing is
sampled. What is needed next follows from the trials that are over, whoever ran them in whatever
order.

Every training that ends counts: one that collapsed with the value it had then, which is chance;
a loss that was no number then is infinite. One that failed, which says nothing about its
schedule, has no value; it is tried again when the repeats are begun the next time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import optuna
from optuna.storages import BaseStorage
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from tuner.definition import (
    Confirm,
    StudySpec,
    fresh_seeds,
    name_of_study,
    wrong_seed,
)
from tuner.errors import StudyError
from tuner.repeats.belonging import belong, set_aside
from tuner.repeats.candidates import (
    CANDIDATES,
    candidate_to_dict,
    candidates_of,
    distinct,
    key_of_trial,
)
from tuner.repeats.confirmation import Candidate, Confirmation
from tuner.repeats.racing import race
from tuner.repeats.seeds import ignores_seeds
from tuner.schedules import schedule_to_dict
from tuner.search import (
    BASELINE,
    LABEL,
    REASON,
    SCHEDULE,
    SEED,
    attributes_of,
    make_study,
    records_of,
    store_definition,
)
from tuner.storage import storage_of, trial_id

# The user attributes of repeats, beside their study's definition; plain JSON.
_SETTINGS = "confirm"


def find_repeats(storage: BaseStorage, name: str, ending: str) -> Study | None:
    """Return the repeats of the study ``name``, None if they were never begun.

    Those of a study that had its name before are not its own.
    """
    base = name_of_study(name)
    names = {study.study_name for study in storage.get_all_studies()}
    if not {base, base + ending} <= names:
        return None
    study = optuna.load_study(study_name=base + ending, storage=storage)
    if CANDIDATES not in study.user_attrs:
        return None
    of = optuna.load_study(study_name=base, storage=storage)
    return study if belong(study, of, candidates_of(study)) else None


def _added(before: list[Candidate], new: Sequence[Candidate]) -> list[Candidate]:
    return distinct([*before, *new])


def prepare_repeats(
    spec: StudySpec,
    storage: BaseStorage,
    ending: str,
    candidates: Sequence[Candidate],
    settings: Confirm,
    merge: Callable[[list[Candidate], Sequence[Candidate]], list[Candidate]] = _added,
) -> Study:
    """Make a study's repeats, or add to them what is new.

    Each schedule is trained once on each seed, whatever its labels. A candidate stays one, so
    that no result is forgotten; and there are never fewer seeds than some candidate was trained
    on, or who comes later would be judged on fewer than those whom it is compared with.

    Args:
        spec: The study's definition.
        storage: Its storage.
        ending: What the name of the study of the repeats ends in.
        candidates: What is to be trained.
        settings: How many seeds.
        merge: Adds the candidates to those that there were.

    Raises:
        StudyError: If the task cannot be trained from one of the seeds.
    """
    _make_room(storage, spec.name, ending)
    study = make_study(spec.name + ending, spec, storage)
    store_definition(study, spec)
    found = merge(candidates_of(study), candidates)
    if _SETTINGS in study.user_attrs:
        settings = _with_seeds_had(settings, study, spec)
    _check_seeds(spec, settings)
    _store(study, _SETTINGS, settings.model_dump())
    # The last one: with it, they can be read and continued.
    _store(study, CANDIDATES, [candidate_to_dict(candidate) for candidate in found])
    return study


def _make_room(storage: BaseStorage, name: str, ending: str) -> None:
    """Set repeats aside that are of another study, which had this name before."""
    names = {study.study_name for study in storage.get_all_studies()}
    if name + ending in names and find_repeats(storage, name, ending) is None:
        repeats = optuna.load_study(study_name=name + ending, storage=storage)
        if CANDIDATES in repeats.user_attrs:
            set_aside(repeats, storage)


def settings_of(study: Study) -> Confirm:
    """Return the settings with which repeats were last begun."""
    return Confirm(**study.user_attrs[_SETTINGS])


def seeds_of(study: Study, spec: StudySpec) -> list[int]:
    """Return the seeds of repeats, in their order."""
    return _seeds(settings_of(study), spec)


def enqueue(study: Study, spec: StudySpec) -> int:
    """Enqueue the trainings that are needed next and that are not there yet.

    To be called by one process at a time. Those that wait for a seed which is none any more are
    withdrawn.

    Returns:
        How many trials the repeats then have; a worker's budget.
    """
    trials = study.get_trials(deepcopy=False)
    there = {(key_of_trial(t), t.user_attrs[SEED]) for t in trials if SCHEDULE in t.user_attrs}
    # Trials that two workers asked for when only one was left; see `Worker`.
    strays = [t for t in trials if SCHEDULE not in t.user_attrs and not t.state.is_finished()]
    _withdraw([t for t in trials if SCHEDULE in t.user_attrs], study, seeds_of(study, spec))
    for candidate, seed in read_repeats(study, spec).missing:
        if (candidate.key, seed) in there:
            continue
        attributes: dict[str, Any] = {LABEL: candidate.label, SEED: seed}
        if candidate.is_baseline:
            attributes[BASELINE] = candidate.label
        clock = spec.clock_with(candidate.options)
        attributes |= attributes_of(candidate.options, clock, candidate.rule)
        attributes[SCHEDULE] = schedule_to_dict(candidate.schedule)  # the last, which makes it one
        if not strays:
            study.enqueue_trial({}, user_attrs=attributes)
            continue
        stray = strays.pop(0)
        for name, value in attributes.items():
            storage_of(study).set_trial_user_attr(trial_id(stray), name, value)
    return planned(study)


def _withdraw(trials: Sequence[FrozenTrial], study: Study, seeds: Sequence[int]) -> None:
    for trial in trials:
        seed: int = trial.user_attrs[SEED]
        if trial.state == TrialState.WAITING and seed not in seeds:
            reason = f"withdrawn: seed {seed} is none of its seeds any more"
            storage_of(study).set_trial_user_attr(trial_id(trial), REASON, reason)
            storage_of(study).set_trial_state_values(trial_id(trial), TrialState.FAIL)


def planned(study: Study) -> int:
    """Return below which number all trainings are that are over or enqueued."""
    trials = study.get_trials(deepcopy=False)
    return max((t.number + 1 for t in trials if SCHEDULE in t.user_attrs), default=0)


def failed_of(study: Study, spec: StudySpec) -> list[int]:
    """Return the identifiers of the trainings on the seeds of today that failed."""
    seeds = seeds_of(study, spec)
    failed = study.get_trials(deepcopy=False, states=(TrialState.FAIL,))
    return [trial_id(t) for t in failed if t.user_attrs.get(SEED) in seeds]


def read_repeats(study: Study, spec: StudySpec) -> Confirmation:
    """Return what repeats have found so far, and what is missing.

    Trainings on seeds that were others' before ``[confirm] seed`` was changed do not count.

    Args:
        study: The study of the repeats.
        spec: The definition of the study that they are of, or their own.
    """
    settings = settings_of(study)
    seeds = seeds_of(study, spec)
    candidates = {candidate.key: candidate for candidate in candidates_of(study)}
    for trial in study.get_trials(deepcopy=False):
        if not trial.state.is_finished() or SCHEDULE not in trial.user_attrs:
            continue
        candidate = candidates[key_of_trial(trial)]
        seed: int = trial.user_attrs[SEED]
        if seed not in seeds:
            continue
        complete = trial.state == TrialState.COMPLETE
        collapsed = (seed,) if complete and trial.user_attrs.get(REASON) else ()
        records = records_of(trial.user_attrs) if complete and not collapsed else []
        last = map(spec.objective.averaged_value, records[-1:])
        curve = tuple(map(spec.objective.value, records))
        candidates[candidate.key] = candidate._replace(
            accuracies={**candidate.accuracies, seed: trial.value if complete else None},
            collapsed=candidate.collapsed + collapsed,
            averaged=candidate.averaged + tuple(value for value in last if value is not None),
            curves=candidate.curves + ((curve,) if curve else ()),
        )
    found = [*candidates.values()]
    missing = tuple(race(found, seeds, settings.seeds))
    return Confirmation(tuple(found), missing, ignores_seeds(study, seeds))


def _with_seeds_had(settings: Confirm, study: Study, spec: StudySpec) -> Confirm:
    """Return settings with as many seeds as there were, if there are trainings on them."""
    before = settings_of(study)
    seeds = _seeds(settings.model_copy(update={"max_seeds": before.max_seeds}), spec)
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    trained = {trial.user_attrs.get(SEED) for trial in complete}
    had = max((place for place, seed in enumerate(seeds, start=1) if seed in trained), default=0)
    fewest = {
        "seeds": max(settings.seeds, min(before.seeds, had)),
        "max_seeds": max(settings.max_seeds, min(before.max_seeds, had)),
    }
    return settings.model_copy(update=fewest)


def _seeds(settings: Confirm, spec: StudySpec) -> list[int]:
    return fresh_seeds(settings.seed, settings.max_seeds, training_seed=spec.training.seed)


def _check_seeds(spec: StudySpec, settings: Confirm) -> None:
    wrong = wrong_seed(_seeds(settings, spec), spec.epochs, spec.task)
    if wrong:
        raise StudyError(
            f"Study {spec.name!r} must have {settings.max_seeds} fresh seeds from {settings.seed}"
            f" on, but {wrong}. Ask for fewer."
        )


def _store(study: Study, name: str, value: Any) -> None:
    if study.user_attrs.get(name) != value:
        study.set_user_attr(name, value)
