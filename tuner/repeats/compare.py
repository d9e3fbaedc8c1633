"""Compare: the schedules that somebody names, on the same seeds, side by side."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from optuna.storages import BaseStorage
from optuna.study import Study
from optuna.trial import TrialState

from tuner.definition import COMPARE, Confirm, StudySpec
from tuner.errors import StudyError
from tuner.repeats.candidates import candidates_of, key_of_trial, schedule_of
from tuner.repeats.comparison import Compared, Comparison, Repeat
from tuner.repeats.confirm import baselines_of
from tuner.repeats.confirmation import Candidate
from tuner.repeats.study import find_repeats, prepare_repeats, read_repeats, seeds_of
from tuner.schedules import read_schedule_file
from tuner.search import (
    REASON,
    SCHEDULE,
    SEED,
    UPDATES_PER_EPOCH,
    Key,
    key_of,
    records_of,
    state_told,
)

_ALSO = " = "  # between the names of one schedule


def rivals(spec: StudySpec, files: Iterable[str | Path]) -> list[Candidate]:
    """Return the schedules of files, or, if there are none, the study's baselines.

    Args:
        spec: The study's definition.
        files: Schedule files.

    Raises:
        ScheduleFileError: If one of them cannot be read or trusted.
        StudyError: If one was laid out for other trainings, or there is nothing to compare.
    """
    found = [_of_file(path, spec) for path in files] or baselines_of(spec)
    if not found:
        raise StudyError(
            f"Study {spec.name!r} must have baselines to compare, but its search space has none."
            " Name schedule files."
        )
    return found


def prepare_comparison(
    spec: StudySpec, storage: BaseStorage, candidates: list[Candidate], seeds: int
) -> Study:
    """Make a study's comparison, or add schedules and seeds to it; all have as many seeds.

    Args:
        spec: The study's definition.
        storage: Its storage.
        candidates: What is to be compared.
        seeds: How many seeds each of them gets.
    """
    first = spec.confirm.seed
    settings = Confirm(seeds=seeds, max_seeds=seeds, seed=first)  # a race that nobody leaves
    return prepare_repeats(spec, storage, COMPARE, candidates, settings, _merged)


def find_comparison(storage: BaseStorage, name: str) -> Study | None:
    """Return the comparison of the study ``name``, None if it was never begun."""
    return find_repeats(storage, name, COMPARE)


def read_comparison(study: Study, spec: StudySpec) -> Comparison:
    """Return what a comparison has found so far.

    Args:
        study: The comparison's study.
        spec: The definition of the study that it is of, or its own.
    """
    missing = len(read_repeats(study, spec).missing)
    published = {key_of(b.given, b.options): b.published for b in spec.space.baselines}
    seeds = seeds_of(study, spec)
    sizes: dict[Key, int | None] = {}
    repeats: dict[Key, list[Repeat]] = defaultdict(list)
    for trial in study.get_trials(deepcopy=False):
        if SCHEDULE in trial.user_attrs and trial.user_attrs[SEED] in seeds:
            reason: str = trial.user_attrs.get(REASON, "")
            state = state_told(trial.state, reason, repeated=True)
            records = tuple(records_of(trial.user_attrs))
            repeat = Repeat(
                seed=trial.user_attrs[SEED],
                state=state,
                records=records,
                values=tuple(spec.objective.value(record) for record in records),
                value=trial.value if trial.state == TrialState.COMPLETE else None,
                reason=reason,
                schedule=schedule_of(trial),
            )
            key = key_of_trial(trial)
            repeats[key].append(repeat)
            sizes[key] = trial.user_attrs.get(UPDATES_PER_EPOCH)
    return Comparison(
        schedules=tuple(
            _compared(c, repeats[c.key], published.get(c.key, ""), sizes.get(c.key))
            for c in candidates_of(study)
        ),
        missing=missing,
        judged_by=spec.objective.for_test_set().judged_by,
        minimized=spec.objective.minimized,
    )


def _compared(
    candidate: Candidate, repeats: list[Repeat], published: str, size: int | None
) -> Compared:
    found = tuple(sorted(repeats, key=lambda repeat: repeat.seed))
    schedule = candidate.schedule
    if candidate.rule and found:  # which finds one from every seed; the first one is drawn
        schedule = found[0].schedule or schedule
    return Compared(
        candidate.label, schedule, published, found, candidate.rule, candidate.options, size
    )


def _merged(before: list[Candidate], new: Sequence[Candidate]) -> list[Candidate]:
    """Return all candidates under names that say today's truth.

    A file may hold another schedule than when it was compared first, which then is "FILE
    (before)"; and it may hold one that is there under another name, which then has both.
    """
    names = {c.key: c.label.split(_ALSO) for c in before}
    for each in new:
        for key, own in names.items():
            if key != each.key and each.label in own:
                own[own.index(each.label)] = _outdated(each.label, names.values())
        own = names.setdefault(each.key, [])
        if each.label not in own:
            own.append(each.label)
    first = {c.key: c for c in reversed([*before, *new])}
    return [first[key]._replace(label=_ALSO.join(own)) for key, own in names.items()]


def _outdated(label: str, names: Iterable[list[str]]) -> str:
    taken = {name for own in names for name in own}
    numbered = (f"{label} (before, {number})" for number in itertools.count(2))
    return next(n for n in itertools.chain([f"{label} (before)"], numbered) if n not in taken)


def _of_file(path: str | Path, spec: StudySpec) -> Candidate:
    file = read_schedule_file(path)
    tuned = file.provenance.get("options")
    options = {
        name: value
        for name, value in (tuned if isinstance(tuned, Mapping) else {}).items()
        if name in spec.space.options
    }
    clock = spec.clock_with(options)
    per_epoch, horizon = clock.updates_per_epoch, clock.horizon
    if file.updates_per_epoch not in (None, per_epoch):
        raise StudyError(
            f"{path} must be for {per_epoch} updates an epoch, as the trainings of study"
            f" {spec.name!r} have, but is for {file.updates_per_epoch}. Lay it out for them:"
            f" tuner.save_schedule(tuner.load_schedule(...).with_horizon({horizon}), ...)."
        )
    if file.schedule.horizon > horizon:
        raise StudyError(
            f"The horizon of {path} must be <= {horizon}, the updates of a training of study"
            f" {spec.name!r}, but is {file.schedule.horizon}. Lay it out for them:"
            f" tuner.save_schedule(tuner.load_schedule(...).with_horizon({horizon}), ...)."
        )
    return Candidate(str(path), file.schedule, None, {}, options=options)
