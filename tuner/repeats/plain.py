"""Confirm and comparison as plain data, for programs: in JSON, and in the winner's file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tuner.definition import finite
from tuner.repeats.better import Better, better_than_winner
from tuner.repeats.comparison import Compared, Comparison, Repeat
from tuner.repeats.confirmation import Confirmation, Row
from tuner.repeats.paired import Difference, Spread, spread
from tuner.schedules import rule_to_dict, schedule_to_dict


def plain_confirm(confirmation: Confirmation) -> dict[str, Any]:
    """Return how far a confirm is, its winner, its candidates, and what does better than it."""
    winner = confirmation.winner
    return {
        "done": not confirmation.missing,
        "trained": confirmation.trained,
        "winner": winner.label if winner else None,
        "candidates": plain_rows(confirmation),
        "better_than_winner": _better(confirmation),
    }


def plain_rows(confirmation: Confirmation) -> list[dict[str, Any]]:
    """Return a row for each candidate, the leader first, with all its numbers."""
    better = better_than_winner(confirmation)
    return [_row(row, better) for row in confirmation.rows]


def plain_winner(confirmation: Confirmation) -> dict[str, Any]:
    """Return on what evidence a winner is one.

    Args:
        confirmation: A confirm that has a winner.
    """
    first, baseline = confirmation.rows[0], confirmation.best_baseline
    against = None
    if first.against is not None and baseline is not None:
        against = {"baseline": baseline.label, **_difference(first.against)}
    return {
        **plain_spread(first.spread),
        "seeds": sorted(first.candidate.values),
        "against": against,
        "tie_set": [candidate.label for candidate in confirmation.tie_set],
        "better_than_winner": _better(confirmation),
    }


def plain_comparison(comparison: Comparison) -> list[dict[str, Any]]:
    """Return the schedules of a comparison with all their numbers and their trainings."""
    return [_compared(each, comparison.behind(each)) for each in comparison.schedules]


def _compared(compared: Compared, behind: Difference | None) -> dict[str, Any]:
    spreads = {
        "train_loss": compared.train_loss,
        "train_accuracy": compared.train_accuracy,
        "value": compared.value,
    }
    found, value = {}, plain_spread(compared.value)
    for name, each in spreads.items():
        found[f"{name}_mean"] = finite(each.mean) if each else None
        found[f"{name}_sd"] = each.sd if each else None
    return {
        "label": compared.label,
        "family": compared.given.family,
        "n": compared.value.n if compared.value else 0,
        **found,
        **{f"value_{name}": value[name] for name in ("se", "mean_low", "mean_high")},
        **{f"to_best_{name}": number for name, number in _difference(behind).items()},
        "published": compared.published,
        "collapsed": len(compared.collapsed),
        "failed": len(compared.failed),
        "note": compared.note,
        "schedule": schedule_to_dict(compared.schedule),
        **({"rule": rule_to_dict(compared.rule)} if compared.rule else {}),
        **_options(compared.options),
        "trainings": [
            {
                "seed": repeat.seed,
                "state": repeat.state,
                "value": finite(repeat.value),
                "reason": repeat.reason,
                **_found(compared, repeat),
                "records": [record._asdict() for record in repeat.records],
            }
            for repeat in compared.repeats
        ],
    }


def _found(compared: Compared, repeat: Repeat) -> dict[str, Any]:
    """Return the schedule that a training found, where each finds its own."""
    if compared.rule is None or repeat.schedule is None:
        return {}
    return {"schedule": schedule_to_dict(repeat.schedule)}


def plain_spread(found: Spread | None) -> dict[str, Any]:
    """Return n, mean, standard deviation and error, and the 95 % interval of the mean.

    Example:
        >>> plain_spread(Spread(n=3, mean=0.0, sd=2.0, se=1.0))
        {'n': 3, 'mean': 0.0, 'sd': 2.0, 'se': 1.0, 'mean_low': -4.303, 'mean_high': 4.303}
    """
    low, high = (found and found.interval) or (None, None)
    return {
        "n": found.n if found else 0,
        "mean": finite(found.mean) if found else None,
        "sd": found.sd if found else None,
        "se": found.se if found else None,
        "mean_low": low,
        "mean_high": high,
    }


def _row(row: Row, better: tuple[Better, ...]) -> dict[str, Any]:
    candidate = row.candidate
    own, averaged = plain_spread(row.spread), plain_spread(spread(candidate.averaged))
    ends = [own.pop("mean_low"), own.pop("mean_high")]
    versus = _difference(row.against)
    del versus["n"]  # as many as both have; the row's n is its own
    mine = [found.is_averaged for found in better if found.candidate is candidate]
    return {
        "label": candidate.label,
        "family": candidate.schedule.family,
        "trial": candidate.trial,
        **own,
        **versus,
        "winner": row.is_winner,
        "tie": row.is_tied,
        "collapsed": len(candidate.collapsed),
        "baseline": candidate.is_baseline,
        "mean_low": ends[0],
        "mean_high": ends[1],
        **{f"to_winner_{name}": n for name, n in _difference(row.to_leader).items()},
        **{f"averaged_{name.removeprefix('mean_')}": value for name, value in averaged.items()},
        "beats_winner": False in mine,
        "averaged_beats_winner": True in mine,
        "accuracies": {str(seed): finite(value) for seed, value in candidate.accuracies.items()},
        "schedule": schedule_to_dict(candidate.schedule),
        **_options(candidate.options),
    }


def _options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of the task, where there are any."""
    return {"options": dict(options)} if options else {}


def _better(confirmation: Confirmation) -> list[dict[str, Any]]:
    return [
        {
            "label": found.candidate.label,
            "trial": found.candidate.trial,
            "baseline": found.candidate.is_baseline,
            "weights": "averaged" if found.is_averaged else "own",
            **plain_spread(found.spread),
            "against": _difference(found.against),
        }
        for found in better_than_winner(confirmation)
    ]


def _difference(found: Difference | None) -> dict[str, Any]:
    """Return a difference; with one seed its interval has no end, which JSON does not have."""
    ends = (found.low, found.high) if found and math.isfinite(found.low) else (None, None)
    return {
        "difference": finite(found.mean) if found else None,
        "low": ends[0],
        "high": ends[1],
        "n": found.n if found else 0,
    }
