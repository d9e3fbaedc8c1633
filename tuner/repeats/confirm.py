"""Confirm: whose schedules are trained on fresh seeds to find a study's winner."""

from __future__ import annotations

from collections.abc import Sequence

from optuna.storages import BaseStorage
from optuna.study import Study

from tuner.definition import CONFIRM, Confirm, StudySpec
from tuner.errors import StudyError
from tuner.repeats.candidates import distinct
from tuner.repeats.confirmation import Candidate
from tuner.repeats.study import find_repeats, prepare_repeats, read_repeats
from tuner.search import TrialRow, key_of, ranking


def prepare_confirm(
    spec: StudySpec, storage: BaseStorage, rows: Sequence[TrialRow], settings: Confirm
) -> Study:
    """Make a study's confirm, or add to it what is new in the study.

    Candidates are the best ``top`` complete trials that are no baselines, and all baselines; each
    schedule once. Of a trial or baseline that finds its schedule while it trains it is what was
    found. Who was one before stays one, but a trial whose schedule has collapsed from a
    fresh seed takes none of these places: the next best has it. Under a high learning rate the
    best value of one seed often is that of a schedule that others do not survive.

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
    baselines = [b for b in (_found(b, rows) for b in baselines_of(spec)) if b is not None]
    known = {c.key for c in baselines}
    sampled = distinct(
        Candidate(f"trial {row.number}", row.schedule, row.number, {}, options=row.options)
        for row in ranking(rows)
        if row.schedule is not None and key_of(row.schedule, row.options) not in known
    )
    before = find_confirm(storage, spec.name)
    collapsed = {
        c.key for c in (read_repeats(before, spec).candidates if before else ()) if c.collapsed
    }
    steady = [c for c in sampled if c.key not in collapsed]
    finalists = [*steady[: settings.top], *baselines]
    return prepare_repeats(spec, storage, CONFIRM, finalists, settings)


def find_confirm(storage: BaseStorage, name: str) -> Study | None:
    """Return the confirm of the study ``name``, None if it was never begun."""
    return find_repeats(storage, name, CONFIRM)


def baselines_of(spec: StudySpec) -> list[Candidate]:
    """Return a study's baselines as candidates."""
    return [
        Candidate(b.label, b.schedule, None, {}, rule=b.rule, options=b.options)
        for b in spec.space.baselines
    ]


def _found(baseline: Candidate, rows: Sequence[TrialRow]) -> Candidate | None:
    """Return a baseline as it can be exported: with the schedule that its trial found.

    None if it is to find one, and has not.
    """
    if baseline.rule is None:
        return baseline
    own = (row for row in ranking(rows) if row.baseline == baseline.label)
    found = next((row.schedule for row in own if row.schedule is not None), None)
    return baseline._replace(schedule=found, rule=None) if found else None
