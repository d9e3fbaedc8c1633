"""What searches over recorded trainings came to: regret, epochs, good schedules pruned."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from statistics import mean, median, stdev
from typing import Any, NamedTuple

from search_replay import Ended


class Repetition(NamedTuple):
    """What one search came to.

    ``regret[i]`` is that of the schedule that it would hand over when ``epochs[i]`` are spent:
    the best true accuracy of the table minus the true one of the best complete trial, or of the
    best of several that were confirmed.
    """

    epochs: list[int]
    regret: list[float | None]
    share: float  # epochs spent, of those that its trials would have taken unpruned
    good: int  # trials that got one of the best tenth of the schedules
    good_pruned: int
    good_schedules: int  # how many different ones they got
    good_missed: int  # those of them that no trial completed


def judge(
    trials: list[Ended],
    true: dict[int, float],
    whole: int,
    confirm: tuple[int, int] = (1, 0),
    collapsing: Collection[int] = (),
) -> Repetition:
    """Return what a search came to.

    Args:
        trials: Its trials in their order.
        true: The true accuracy of every recorded schedule.
        whole: Epochs of a full training.
        confirm: How many of the best schedules are compared before one is handed over, by their
            true accuracies, and from how many fresh seeds each of them is trained for it.
        collapsing: Schedules that collapse from some seed. Where there is a confirm, each of them
            that comes first is trained for it, as long as a steady one, and passed over.

    Example:
        >>> trials = [Ended(0, 1, True, None), Ended(1, 3, False, 0.8), Ended(0, 3, False, 0.9)]
        >>> judge(trials, {0: 0.875, 1: 0.75}, whole=3)
        Repetition(epochs=[1, 4, 7], regret=[None, 0.125, 0.0], share=0.7777777777777778, good=2, \
good_pruned=1, good_schedules=1, good_missed=0)
        >>> confirmed = judge(trials, {0: 0.875, 1: 0.75}, whole=3, confirm=(2, 1))
        >>> confirmed.epochs, confirmed.regret
        ([1, 7, 13], [None, 0.125, 0.0])
        >>> judge(trials, {0: 0.875, 1: 0.75}, whole=3, confirm=(1, 1), collapsing=[0]).regret
        [None, 0.125, 0.125]
    """
    ranked = sorted(true, key=lambda number: -true[number])
    best, tenth = true[ranked[0]], set(ranked[: max(1, round(len(ranked) / 10))])
    finalists, seeds = confirm
    spent = 0
    values: dict[int, float] = {}  # of the schedules that a trial completed
    epochs: list[int] = []
    regret: list[float | None] = []
    for trial in trials:
        spent += trial.epochs
        if trial.value is not None:
            values[trial.recorded] = trial.value
        best_first = sorted(values, key=lambda number: -values[number])
        steady = [number for number in best_first if not (seeds and number in collapsing)]
        last = steady[min(finalists, len(steady)) - 1] if steady else None
        confirmed = best_first.index(last) + 1 if last is not None else len(best_first)
        epochs.append(spent + confirmed * seeds * whole)
        regret.append(min((best - true[number] for number in steady[:finalists]), default=None))
    good = [trial for trial in trials if trial.recorded in tenth]
    drawn = {trial.recorded for trial in good}
    return Repetition(
        epochs=epochs,
        regret=regret,
        share=sum(trial.epochs for trial in trials) / (whole * len(trials)),
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


def curve(
    runs: Sequence[Repetition],
    grid: Sequence[float],
    middle: Callable[[list[float]], float] = mean,
) -> list[float | None]:
    """Return the mean regret, or another middle, over the epochs; None before all have one."""
    points = [[at(epochs, run) for run in runs] for epochs in grid]
    known = [[value for value in values if value is not None] for values in points]
    return [middle(values) if len(values) == len(runs) else None for values in known]


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


def row(
    name: str,
    both: Sequence[tuple[Repetition, Repetition]],
    random: Sequence[Repetition],
    grid: Sequence[float],
) -> list[str]:
    """Return a line of the table, of searches without a confirm and with one."""
    runs, confirmed = [bare for bare, _ in both], [with_one for _, with_one in both]
    points = (grid[-1] / 4, grid[-1] / 2, grid[-1])
    false = [run.good_pruned / run.good for run in runs if run.good]
    missed = [run.good_missed / run.good_schedules for run in runs if run.good]
    return [
        name, str(len(runs)),
        ended(runs, grid[-1]), *(ended(confirmed, epochs) for epochs in points),
        " / ".join(reached(confirmed, random, grid, middle) for middle in (mean, median)),
        f"{spread(false, 1)} (n = {len(false)})", spread(missed, 1),
        spread([run.share for run in runs], 1),
    ]  # fmt: skip


def ended(runs: Sequence[Repetition], epochs: float) -> str:
    """Return the regret when so many epochs are spent, of the searches that have one."""
    regrets = [regret for run in runs if (regret := at(epochs, run)) is not None]
    return spread(regrets) + ("" if len(regrets) == len(runs) else f" (n = {len(regrets)})")


def reached(
    runs: Sequence[Repetition],
    random: Sequence[Repetition],
    grid: Sequence[float],
    middle: Callable[[list[float]], float],
) -> str:
    """Return after which share of the epochs the regret is what a random search ends with."""
    target = curve(random, grid, middle)[-1]
    assert target is not None, "an unpruned search has a complete trial"
    for epochs, regret in zip(grid, curve(runs, grid, middle), strict=True):
        if regret is not None and regret <= target:
            return f"{100 * epochs / grid[-1]:.0f} %"
    return "never"


HEADINGS = [
    "search", "n", "regret without a confirm, points", "with one, after a quarter of the epochs",
    "after half", "at the end", "epochs to random's regret, mean / median",
    "trials with best tenth pruned, %", "best tenth never completed, %", "epochs of unpruned, %",
]  # fmt: skip
