"""Schedules for matplotlib: drawn into axes, or as a PNG file."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

from tuner.adapters import importing
from tuner.errors import ScheduleError
from tuner.schedules import Schedule, curves_of, grid, in_words, write_whole

# More than a picture has columns.
_POINTS = 4000


def plot(schedule: Schedule, ax: Any = None, *, updates_per_epoch: int | None = None) -> Any:
    """Draw the learning rates of a schedule from update 1 to its horizon.

    Args:
        schedule: The schedule.
        ax: Matplotlib's axes to draw into; without them, those of a new figure. Of several
            quantities, as many of them.
        updates_per_epoch: Updates in an epoch; with it, time is in epochs.

    Returns:
        The axes.

    Raises:
        TaskError: If matplotlib is not installed.
        ScheduleError: If there are not as many axes as curves.

    Example:
        >>> from matplotlib.figure import Figure
        >>> from tuner import Cosine
        >>> cosine = Cosine(base_lr=0.3, horizon=7050)
        >>> axes = plot(cosine, Figure().subplots(), updates_per_epoch=235)
        >>> axes.get_xlabel()
        'time (epochs trained)'
    """
    curves = curves_of(schedule)
    if ax is None:
        with importing("matplotlib", "'schedule-tuner[plot]'"):
            from matplotlib import pyplot

        ax = pyplot.subplots(len(curves), sharex=True)[1]
    axes = [ax] if len(curves) == 1 else [*ax]
    if len(axes) != len(curves):
        raise ScheduleError(
            f"`ax` must be {len(curves)} axes, one for each of {', '.join(curves)}, but got"
            f" {len(axes)}."
        )
    updates = grid(max(curve.horizon for curve in curves.values()), _POINTS)
    times = [update / (updates_per_epoch or 1) for update in updates]
    for (name, curve), each in zip(curves.items(), axes, strict=True):
        each.plot(times, curve(updates), label=curve.family)
        each.set_ylabel(in_words(name))
        each.set_ylim(bottom=0)
    axes[-1].set_xlabel(f"time ({'epochs' if updates_per_epoch else 'updates'} trained)")
    return ax


def save_png(
    schedule: Schedule, path: str | os.PathLike[str], *, updates_per_epoch: int | None = None
) -> Path:
    """Write the picture of a schedule, whole or not at all.

    Args:
        schedule: The schedule.
        path: Where to. An existing file is replaced.
        updates_per_epoch: As for :func:`plot`.

    Returns:
        The path.

    Raises:
        TaskError: If matplotlib is not installed.
        OSError: If the file cannot be written.
    """
    with importing("matplotlib", "'schedule-tuner[plot]'"):
        from matplotlib.figure import Figure

    count = len(curves_of(schedule))
    figure = Figure(figsize=(8, 3.6 * count), layout="constrained")
    plot(schedule, figure.subplots(count), updates_per_epoch=updates_per_epoch)
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=150)
    write_whole(content.getvalue(), os.fsdecode(path))
    return Path(path)
