"""A comparison in words: its rows as the chapter prints them, and a sentence about them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple

from tuner.repeats import Comparison, Repeat
from tuner.report.confirmed import difference, some
from tuner.report.sentences import count, mean_sd

_DECIMALS = 3  # of accuracies, as in the chapter


class ComparedLine(NamedTuple):
    """A schedule of a comparison, in words; means ± standard deviations over ``n`` seeds.

    ``behind`` is its difference to the best one, seed by seed.
    """

    label: str
    n: int
    train_loss: str
    train_accuracy: str
    value: str
    published: str
    note: str
    behind: str


class Curves(NamedTuple):
    """The trainings of a schedule, epoch by epoch: the means over those that were completed."""

    epochs: tuple[int, ...]
    train_loss: tuple[float, ...]
    train_accuracy: tuple[float, ...]
    value: tuple[float, ...]


def compared_lines(comparison: Comparison) -> list[ComparedLine]:
    """Return the rows of a comparison."""
    return [
        ComparedLine(
            label=each.label,
            n=each.value.n if each.value else 0,
            train_loss=mean_sd(each.train_loss, "train loss", _DECIMALS),
            train_accuracy=mean_sd(each.train_accuracy, "train accuracy", _DECIMALS),
            value=mean_sd(each.value, comparison.judged_by, _DECIMALS),
            published=each.published,
            note=each.note,
            behind=difference(comparison.behind(each), comparison.judged_by, len(each.values)),
        )
        for each in comparison.schedules
    ]


def measures_training(comparison: Comparison) -> bool:
    """Tell whether the trainings say how they do on what they train on, as a function's do not."""
    return any(each.train_loss or each.train_accuracy for each in comparison.schedules)


def comparison_sentence(comparison: Comparison) -> str:
    """Return which schedule did best on how many seeds, and how far the comparison is."""
    ranked = comparison.ranked
    if not ranked:
        return "No training is over yet."
    best, which = ranked[0], "lowest" if comparison.minimized else "highest"
    metric = comparison.judged_by
    assert best.value is not None, "ranked by it"
    found = mean_sd(best.value, metric, _DECIMALS)
    if math.isfinite(best.value.mean):
        text = (
            f"Of {count(len(comparison.schedules), 'schedule')}, “{best.label}” has the {which}"
            f" mean {metric}: {found}, n = {best.value.n}"
            f"{_ties(comparison) if best.value.n > 1 else ''}."
        )
    else:
        text = f"No schedule survived: even the {which} mean {metric} is {found}."
    if comparison.missing:
        known = comparison.trained + comparison.missing
        text += f" Unfinished: {comparison.trained} of {known} trainings are over."
    return text


def _ties(comparison: Comparison) -> str:
    """Return which schedules the seeds do not separate from the best one."""
    if ties := [f"“{each.label}”" for each in comparison.ties]:
        return f"; the seeds do not separate it from {some(ties)}"
    others = [*map(comparison.behind, comparison.ranked[1:])]
    return "; the seeds separate it from all others" if others and all(others) else ""


def short(judged_by: str) -> str:
    """Return a metric as the chapter calls it above its numbers.

    Example:
        >>> short("test accuracy"), short("test loss")
        ('test acc', 'test loss')
    """
    return judged_by.replace("accuracy", "acc")


def curves(repeats: Sequence[Repeat]) -> Curves:
    """Return the mean curves of trainings, over those that got to their last epoch."""
    complete = [repeat for repeat in repeats if repeat.is_complete and repeat.records]
    first = complete[0].records if complete else ()
    return Curves(
        epochs=tuple(record.epoch for record in first),
        train_loss=_means([[r.train_loss for r in each.records] for each in complete]),
        train_accuracy=_means([[r.train_accuracy for r in each.records] for each in complete]),
        value=_means([each.values for each in complete]),
    )


def _means(trainings: Sequence[Sequence[float | None]]) -> tuple[float, ...]:
    """Return the mean of every epoch; nothing if the task does not measure it."""
    means = []
    for epoch in zip(*trainings, strict=True):
        values = [value for value in epoch if value is not None]
        if len(values) < len(epoch):
            return ()
        means.append(statistics.fmean(values))
    return tuple(means)
