"""The tables of ``beside.py``: what both kinds of search hand over, and what options are worth."""

from __future__ import annotations

import re
from collections.abc import Mapping
from statistics import fmean
from typing import Any

import tuner
from tuner.reading import options_told
from tuner.repeats import Candidate, Difference, difference, spread
from tuner.report.sentences import mean_sd

SCHEDULE, BESIDE = "schedule alone", "with options"


def candidate(label: str, accuracies: Mapping[str, float]) -> Candidate:
    """Return accuracies by seed as what differences are made of."""
    constant = tuner.Constant(base_lr=1.0, horizon=1)  # which plays no part
    return Candidate(label, constant, None, {int(s): value for s, value in accuracies.items()})


def averaged(searches: list[dict[str, Any]], kind: str) -> dict[str, float]:
    """Return by seed the mean accuracy of the winners of several searches."""
    by_search = [each[kind]["test_accuracy"] for each in searches]
    return {seed: fmean(each[seed] for each in by_search) for seed in by_search[0]}


def gain(searches: list[dict[str, Any]], less: str = SCHEDULE) -> Difference:
    """Return the mean difference that the options make, seed by seed."""
    found = difference(*(candidate(kind, averaged(searches, kind)) for kind in (BESIDE, less)))
    assert found is not None
    return found


def table(results: dict[str, Any]) -> list[str]:
    """Return the lines of the tables: what was found, and what it is worth."""
    head = ("", "search", "trials", "its winner", "test accuracy", "updates", "seconds")
    lines = [told(*head), "|---" * len(head) + "|"]
    gains = [told("", "search", "options − schedule alone, points", "95 % interval")]
    gains.append("|---|---|---|---|")
    for title, searches in results["trainings"].items():
        for number, each in enumerate(searches, start=1):
            for kind, one in each.items():
                who = kind if kind == "baseline" else f"{number}, {kind}"
                [rate] = re.findall(r"\bbase_lr=([^,)]+)", one["schedule"])
                winner = f"{one['family']}, {float(rate):.3g}"
                if one["options"]:
                    winner += f"; {options_told(one['options'])}"
                found = mean_sd(spread([*one["test_accuracy"].values()]))
                cost = one["updates_of_an_epoch"], f"{one['seconds_of_an_epoch']:.2f}"
                lines.append(told(title, who, one.get("trials", ""), winner, found, *cost))
            gains.append(gain_told(title, str(number), gain([each])))
        gains.append(gain_told(title, "mean", gain(searches)))
    return [*lines, "", *gains]


def told(*cells: object) -> str:
    """Return a row of a table."""
    return "".join(f"| {cell} " if cell != "" else "| " for cell in cells) + "|"


def gain_told(title: str, who: str, found: Difference) -> str:
    """Return a row of the second table."""
    mean, low, high = (100 * each for each in (found.mean, found.low, found.high))
    return told(title, who, f"{mean:+.2f}", f"{low:+.2f} to {high:+.2f}")
