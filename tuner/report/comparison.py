"""A comparison in words: its rows as the chapter prints them, and a sentence about them."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import NamedTuple

from tuner.comparison import Compared, Comparison, Repeat
from tuner.confirmation import Spread


class ComparedLine(NamedTuple):
    """A schedule of a comparison, in words; means ± standard deviations over ``n`` seeds."""

    label: str
    n: int
    train_loss: str
    train_accuracy: str
    test_accuracy: str
    published: str
    note: str


class Curves(NamedTuple):
    """The trainings of a schedule, epoch by epoch: the means over those that were completed."""

    epochs: tuple[int, ...]
    train_loss: tuple[float, ...]
    train_accuracy: tuple[float, ...]
    test_accuracy: tuple[float, ...]


def compared_lines(comparison: Comparison) -> list[ComparedLine]:
    """Return the rows of a comparison."""
    return [
        ComparedLine(
            label=each.label,
            n=each.test_accuracy.n if each.test_accuracy else 0,
            train_loss=mean_sd(each.train_loss),
            train_accuracy=mean_sd(each.train_accuracy),
            test_accuracy=mean_sd(each.test_accuracy),
            published=each.published,
            note=each.note,
        )
        for each in comparison.schedules
    ]


def comparison_sentence(comparison: Comparison) -> str:
    """Return which schedule did best on how many seeds, and how far the comparison is."""
    ranked = ranked_by_accuracy(comparison)
    if not ranked:
        return "No training is over yet."
    best = ranked[0]
    assert best.test_accuracy is not None, "ranked by it"
    text = (
        f"Of {len(comparison.schedules)} schedules, “{best.label}” has the highest mean test"
        f" accuracy: {mean_sd(best.test_accuracy)}, n = {best.test_accuracy.n}."
    )
    if comparison.missing:
        known = comparison.trained + comparison.missing
        text += f" Unfinished: {comparison.trained} of {known} trainings are over."
    return text


def ranked_by_accuracy(comparison: Comparison) -> list[Compared]:
    """Return the schedules that have a test accuracy, the best mean first."""
    means = {id(c): c.test_accuracy.mean for c in comparison.schedules if c.test_accuracy}
    return sorted((c for c in comparison.schedules if id(c) in means), key=lambda c: -means[id(c)])


def curves(repeats: Sequence[Repeat]) -> Curves:
    """Return the mean curves of trainings, over those that got to their last epoch."""
    complete = [repeat.records for repeat in repeats if repeat.is_complete and repeat.records]
    by_epoch = list(zip(*complete, strict=True))
    return Curves(
        epochs=tuple(records[0].epoch for records in by_epoch),
        train_loss=tuple(statistics.fmean(r.train_loss for r in each) for each in by_epoch),
        train_accuracy=tuple(
            statistics.fmean(r.train_accuracy for r in each) for each in by_epoch
        ),
        test_accuracy=tuple(statistics.fmean(r.test_accuracy for r in each) for each in by_epoch),
    )


def mean_sd(found: Spread | None) -> str:
    """Return a mean and its standard deviation, as the chapter rounds.

    Example:
        >>> mean_sd(Spread(n=5, mean=0.89912, sd=0.00481, se=0.00215))
        '0.899 ± 0.005'
    """
    if found is None:
        return "–"
    return f"{found.mean:.3f}" + (f" ± {found.sd:.3f}" if found.sd is not None else "")
