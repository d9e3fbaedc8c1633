"""What a training measures epoch by epoch, as the charts of a training draw it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from tuner.definition import Objective
from tuner.report.figures.style import ACCENT, GREY
from tuner.tasks import EpochRecord


class Series(NamedTuple):
    """A line over the epochs: its name, the panel that it is in, its look and its values."""

    name: str
    panel: str
    line: Mapping[str, Any]
    of: Callable[[EpochRecord], float | None]


def measured(records: Sequence[EpochRecord], objective: Objective) -> tuple[Series, ...]:
    """Return what any of the records has; an accuracy of the training set only beside another.

    Args:
        records: Of one training, or of all that are drawn alike.
        objective: What judges.

    Example:
        >>> record = EpochRecord(1, 2.3, 0.1, None, 0.3, 0.3, 1.5, test_loss=2.2)
        >>> [series.name for series in measured([record], Objective(metric="test_loss"))]
        ['train loss', 'test loss']
    """
    train_accuracy = Series(
        "train accuracy",
        objective.noun,
        {"color": GREY, "width": 2, "dash": "dash"},
        lambda record: record.train_accuracy,
    )
    # Two accuracies share a panel, which then has the name of both.
    panel = objective.noun if objective.is_accuracy else objective.judged_by
    every = (
        Series(
            "train loss", "train loss", {"color": GREY, "width": 2},
            lambda record: record.train_loss,
        ),
        *([train_accuracy] if objective.is_accuracy else []),
        Series(objective.judged_by, panel, {"color": ACCENT, "width": 2.5}, objective.value),
        Series(
            "averaged weights", panel, {"color": ACCENT, "width": 2, "dash": "dot"},
            objective.averaged_value,
        ),
    )  # fmt: skip
    return tuple(s for s in every if any(s.of(record) is not None for record in records))


def panels(series: Sequence[Series]) -> tuple[str, ...]:
    """Return the panels of a training's chart, from its top: the learning rate's is the first."""
    return ("learning rate", *dict.fromkeys(each.panel for each in series))


def listed(names: Sequence[str]) -> str:
    """Return names as a sentence has them.

    Example:
        >>> listed(["learning rate", "train loss", "accuracy"]), listed(["learning rate"])
        ('learning rate, train loss and accuracy', 'learning rate')
    """
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def with_gaps(
    lines: Iterable[tuple[Sequence[float], Sequence[float | None]]],
) -> tuple[list[float | None], list[float | None]]:
    """Return many lines as one; a gap lies between two of them."""
    x: list[float | None] = []
    y: list[float | None] = []
    for across, up in lines:
        x += [*across, None]
        y += [*up, None]
    return x, y
