"""Where an exported schedule comes from."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from tuner.definition import StudySpec, finite
from tuner.repeats import Confirmation, plain_winner
from tuner.search import TrialRow
from tuner.studies.shown import plain_task


def provenance(row: TrialRow, spec: StudySpec, confirmed: Confirmation | None) -> dict[str, Any]:
    """Return where a trial's schedule comes from, as plain data.

    Args:
        row: The trial.
        spec: The definition of its study.
        confirmed: What fresh seeds say of its winner; None if there is none.
    """
    winner = confirmed.winner if confirmed else None
    on_test_set = spec.objective.for_test_set()
    confirm = (
        {"confirm": {**plain_winner(confirmed), "evaluate_on": on_test_set.judged_on}}
        if confirmed and winner and row.is_of(winner.key)
        else {}
    )
    return {
        "study": spec.name,
        "trial": row.number,
        "baseline": row.baseline,
        "params": row.params,
        **({"found_by": repr(row.rule)} if row.rule else {}),
        **({"options": dict(row.options)} if row.options else {}),
        "fingerprint": spec.fingerprint(),
        "objective": {
            "metric": spec.objective.metric,
            "direction": spec.objective.optuna_direction,
            "evaluate_on": spec.objective.judged_on,
            "value": finite(row.value),
            "state": row.state,
            spec.unit.words: spec.unit.count(row.epochs),
            "n": 1,
        },
        **confirm,
        "task": _task(row, spec),
        "versions": dict(row.versions),
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }


def _task(row: TrialRow, spec: StudySpec) -> dict[str, Any]:
    """Return what decided a trial beside schedule and seed, with the options that it had."""
    found = plain_task(spec)
    if not row.options:
        return found
    sizes = {"updates_per_epoch": row.updates_per_epoch, "batch_size": row.batch_size}
    known = {name: size for name, size in sizes.items() if name in found and size}
    params = {"params": {**found["params"], **row.options}} if "params" in found else {}
    options = {"options": {**found.get("options", {}), **row.options}}
    return {**found, **known, **params, **options}
