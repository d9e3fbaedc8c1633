"""What a study holds, as plain data: what the released version saw, and what this one sees."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator
from typing import Any

import tuner

# Two processors may differ in the last bit of a cosine or a logarithm.
PRECISION = 1e-12


def snapshot(result: tuner.StudyResult) -> dict[str, Any]:
    """Return everything of a study that does not depend on the time it took."""
    states = dict(result.summary.states)
    if collapsed := states.pop("collapsed", 0):  # which are pruned to Optuna, and were to 0.1.0
        states["pruned"] = states.get("pruned", 0) + collapsed
    found = {
        "summary": {
            **{
                name: getattr(result.summary, name)
                for name in ("name", "budget", "finished", "epochs_trained", "epochs_given")
            },
            "states": states,
        },
        "trials": [_trial(row) for row in result.trials],
        "best": result.best.number,
        "confirmation": _confirmation(result.confirmation),
        "comparison": _comparison(result.comparison),
    }
    plain: dict[str, Any] = json.loads(json.dumps(found))
    return plain


def _trial(row: Any) -> dict[str, Any]:
    return {
        **{
            name: getattr(row, name)
            for name in (
                "number", "value", "baseline", "params", "reason", "epochs_given",
                "is_control", "spared", "minimized", "is_collapsed",
            )
        },
        "state": "pruned" if row.is_collapsed else row.state,
        "schedule": row.schedule and _schedule(row.schedule),
        "records": [_record(record) for record in row.records],
    }  # fmt: skip


def _record(record: Any) -> dict[str, Any]:
    numbers: dict[str, Any] = record._asdict()
    return {key: n for key, n in numbers.items() if key != "seconds" and n is not None}


def _schedule(schedule: tuner.Schedule) -> dict[str, Any]:
    return {"family": schedule.family, **dataclasses.asdict(schedule)}


def _confirmation(found: Any) -> dict[str, Any] | None:
    return found and {
        "candidates": [
            {
                "label": candidate.label,
                "trial": candidate.trial,
                "schedule": _schedule(candidate.schedule),
                "accuracies": {str(seed): v for seed, v in candidate.accuracies.items()},
                "collapsed": candidate.collapsed,
            }
            for candidate in found.candidates
        ],
        "missing": [[training.candidate.label, training.seed] for training in found.missing],
        "winner": found.winner and found.winner.label,
        "tie_set": [candidate.label for candidate in found.tie_set],
    }


def _comparison(found: Any) -> dict[str, Any] | None:
    return found and {
        "schedules": [
            {
                "label": compared.label,
                "schedule": _schedule(compared.schedule),
                "repeats": [
                    {
                        "seed": r.seed,
                        "state": "complete" if r.is_collapsed else r.state,
                        "value": r.value,
                        "values": r.values,
                    }
                    for r in compared.repeats
                ],
            }
            for compared in found.schedules
        ],
        "missing": found.missing,
        "judged_by": found.judged_by,
    }


def differences(found: Any, expected: Any, place: str = "") -> Iterator[str]:
    """Yield where plain data are not what is expected; they may hold more than that.

    Example:
        >>> [*differences({"a": [1.0, 2], "b": 3}, {"a": [1.0 + 1e-15, 4]})]
        ['a.1 is 2, not 4']
    """
    before = f"{place}." if place else ""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key, value in expected.items():
            if key in found:
                yield from differences(found[key], value, f"{before}{key}")
            else:
                yield f"{before}{key} is missing"
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for number, pair in enumerate(zip(found, expected, strict=True)):
            yield from differences(*pair, f"{before}{number}")
    elif isinstance(expected, float) and isinstance(found, float):
        if not math.isclose(found, expected, rel_tol=PRECISION):
            yield f"{place} is {found!r}, not {expected!r}"
    elif found != expected:
        yield f"{place} is {found!r}, not {expected!r}"
