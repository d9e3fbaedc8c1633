"""What searches over recorded trainings came to: regret, epochs, good schedules pruned."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import mean, stdev
from typing import Any, NamedTuple

from search_replay import Ended


class Repetition(NamedTuple):
    """What one search came to.

    ``regret[i]`` is that of the schedule that it would hand over when ``epochs[i]`` are spent:
    the best true accuracy of the table minus the true one of the best complete trial.
    """

    epochs: list[int]
    regret: list[float | None]
    share: float  # epochs spent, of those that its trials would have taken unpruned
    good: int  # trials that got one of the best tenth of the schedules
    good_pruned: int
    good_schedules: int  # how many different ones they got
    good_missed: int  # those of them that no trial completed


def judge(trials: list[Ended], true: dict[int, float], whole: int) -> Repetition:
    """Return what a search came to.

    Args:
        trials: Its trials in their order.
        true: The true accuracy of every recorded schedule.
        whole: Epochs of a full training.

    Example:
        >>> trials = [Ended(0, 1, True, None), Ended(1, 3, False, 0.8), Ended(0, 3, False, 0.9)]
        >>> judge(trials, {0: 0.875, 1: 0.75}, whole=3)
        Repetition(epochs=[1, 4, 7], regret=[None, 0.125, 0.0], share=0.7777777777777778, good=2, \
good_pruned=1, good_schedules=1, good_missed=0)
    """
    ranked = sorted(true, key=lambda number: -true[number])
    best, tenth = true[ranked[0]], set(ranked[: max(1, round(len(ranked) / 10))])
    spent, chosen = 0, None
    epochs: list[int] = []
    regret: list[float | None] = []
    for trial in trials:
        spent += trial.epochs
        if trial.value is not None and (chosen is None or trial.value > chosen.value):
            chosen = trial
        epochs.append(spent)
        regret.append(best - true[chosen.recorded] if chosen else None)
    good = [trial for trial in trials if trial.recorded in tenth]
    drawn = {trial.recorded for trial in good}
    return Repetition(
        epochs=epochs,
        regret=regret,
        share=spent / (whole * len(trials)),
        good=len(good),
        good_pruned=sum(trial.pruned for trial in good),
        good_schedules=len(drawn),
        good_missed=len(drawn - {trial.recorded for trial in good if not trial.pruned}),
    )


def at(epochs: float, run: Repetition) -> float | None:
    """Return the regret when so many epochs are spent; None before a trial is complete."""
    known = [
        regret for spent, regret in zip(run.epochs, run.regret, strict=True) if spent <= epochs
    ]
    return known[-1] if known else None


def curve(runs: Sequence[Repetition], grid: Sequence[float]) -> list[float | None]:
    """Return the mean regret over the epochs; None while a repetition has no complete trial."""
    points = [[at(epochs, run) for run in runs] for epochs in grid]
    return [None if None in values else mean(values) for values in points]


def plain(run: Repetition, grid: Sequence[float]) -> dict[str, Any]:
    """Return a search for the results' file, its regret at the points of the grid alone."""
    regret = [at(epochs, run) for epochs in grid]
    return {**run._asdict(), "epochs": run.epochs[-1], "trials": len(run.epochs), "regret": regret}


def spread(values: Sequence[float], digits: int = 2, factor: float = 100) -> str:
    """Return mean ± standard error, as a percentage or in points.

    Example:
        >>> spread([0.01, 0.03])
        '2.00 ± 1.00'
    """
    if not values:
        return "-"
    error = stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return f"{factor * mean(values):.{digits}f} ± {factor * error:.{digits}f}"


def row(name: str, runs: Sequence[Repetition], target: float, grid: Sequence[float]) -> list[str]:
    """Return a line of the table."""
    means = curve(runs, grid)
    reached = next(
        (e for e, m in zip(grid, means, strict=True) if m is not None and m <= target), None
    )
    regrets = [regret for run in runs if (regret := at(grid[-1], run)) is not None]
    false = [run.good_pruned / run.good for run in runs if run.good]
    missed = [run.good_missed / run.good_schedules for run in runs if run.good]
    return [
        name, str(len(runs)),
        spread(regrets) + ("" if len(regrets) == len(runs) else f" (n = {len(regrets)})"),
        "never" if reached is None else f"{100 * reached / grid[-1]:.0f} %",
        f"{spread(false, 1)} (n = {len(false)})", spread(missed, 1),
        spread([run.share for run in runs], 1),
    ]  # fmt: skip


HEADINGS = [
    "search", "n", "regret at the end, points", "epochs to random's regret",
    "trials with best tenth pruned, %", "best tenth never completed, %", "epochs of unpruned, %",
]  # fmt: skip
