"""A schedule as a picture: an SVG made by hand, so that it needs the standard library alone."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING

from tuner.errors import ScheduleError

if TYPE_CHECKING:
    from tuner.schedules.base import Schedule

# Legible on white and on black.
_INK, _LINE = "#808080", "#e0652b"
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 14, 12, 44
_MOST_STEPS = 5
# A learning rate below this is none.
_LEAST = 1e-300


def svg(
    schedule: Schedule,
    *,
    updates_per_epoch: int | None = None,
    width: int = 640,
    height: int = 260,
) -> str:
    """Return the learning rates from update 1 to the horizon as an SVG picture.

    Args:
        schedule: The schedule; of several quantities each has a chart below the others.
        updates_per_epoch: Updates in an epoch; with it, time is in epochs.
        width: Of the picture, in pixels.
        height: Of a chart, in pixels.

    Returns:
        An ``svg`` element, which is a whole file as well.

    Raises:
        ScheduleError: If an epoch has no updates.

    Example:
        >>> from tuner.schedules import Constant
        >>> svg(Constant(base_lr=0.3, horizon=100)).startswith("<svg xmlns=")
        True
    """
    if updates_per_epoch is not None and not 1 <= updates_per_epoch <= 2**53:
        raise ScheduleError(
            "`1 <= updates_per_epoch <= 2**53` must hold, but got"
            f" (updates_per_epoch={updates_per_epoch!r})."
        )
    curves = schedule.curves() if hasattr(schedule, "curves") else {"": schedule}
    horizon = max(curve.horizon for curve in curves.values())
    charts = [
        _chart(curve, name, horizon, updates_per_epoch, width, height)
        for name, curve in curves.items()
    ]
    span = horizon / (updates_per_epoch or 1)
    unit, whole = "epochs" if updates_per_epoch else "updates", height * len(charts)
    placed = "".join(
        f'<g transform="translate(0,{height * place})">{chart}</g>' if place else chart
        for place, chart in enumerate(charts)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {whole}" width="{width}"'
        f' height="{whole}" role="img" style="max-width:100%;height:auto"'
        f' font-family="system-ui, sans-serif" font-size="12" fill="{_INK}">'
        f"<title>Learning rate of {schedule.family} over {span:g} {unit}</title>{placed}</svg>"
    )


def _chart(
    schedule: Schedule,
    name: str,
    horizon: int,
    updates_per_epoch: int | None,
    width: int,
    height: int,
) -> str:
    """Return a curve with its axes, from update 1 to the horizon of all."""
    right, bottom = width - _RIGHT, height - _BOTTOM
    updates = grid(horizon, points=right - _LEFT)
    rates = [schedule(update) for update in updates]
    span = horizon / (updates_per_epoch or 1)
    highest = ticks(max(rates))[-1]

    def across(time: float) -> float:
        return round(_LEFT + (right - _LEFT) * time / span, 2)

    def up(rate: float) -> float:
        return round(bottom - (bottom - _TOP) * rate / highest, 2)

    parts = [
        f'<line x1="{_LEFT}" y1="{up(rate)}" x2="{right}" y2="{up(rate)}"'
        f' stroke="{_INK}" stroke-opacity="0.3"/>'
        f'<text x="{_LEFT - 8}" y="{up(rate) + 4}" text-anchor="end">{rate:g}</text>'
        for rate in ticks(max(rates))
    ]
    parts += [
        f'<text x="{across(time)}" y="{bottom + 18}" text-anchor="middle">{time:g}</text>'
        for time in ticks(span)
        if time <= span
    ]
    line = " ".join(
        f"{across(update / (updates_per_epoch or 1))},{up(rate)}"
        for update, rate in zip(updates, rates, strict=True)
    )
    unit, middle = "epochs" if updates_per_epoch else "updates", (_LEFT + right) / 2
    label = html.escape(in_words(name))
    return (
        f"{''.join(parts)}"
        f'<text x="{middle}" y="{height - 6}" text-anchor="middle">time ({unit} trained)</text>'
        f'<text x="14" y="{(_TOP + bottom) / 2}" text-anchor="middle"'
        f' transform="rotate(-90 14 {(_TOP + bottom) / 2})">{label}</text>'
        f'<polyline points="{line}" fill="none" stroke="{_LINE}" stroke-width="2"/>'
    )


def in_words(curve: str) -> str:
    """Return the name of a curve as people read it; of a schedule alone it is the learning rate.

    Example:
        >>> in_words("lr"), in_words("groups.head.weight_decay")
        ('learning rate', 'weight decay of head')
    """
    group, _, name = curve.rpartition(".")
    said = "learning rate" if name in ("", "lr") else name.replace("_", " ")
    return f"{said} of {group.partition('.')[2]}" if group else said


def grid(horizon: int, points: int) -> list[int]:
    """Return updates from 1 to the horizon, evenly spaced and not more than so many.

    Example:
        >>> grid(9, points=5), grid(3, points=100)
        ([1, 3, 5, 7, 9], [1, 2, 3])
    """
    steps = max(points - 1, 1)
    return sorted({1 + round((horizon - 1) * step / steps) for step in range(steps + 1)})


def ticks(highest: float) -> list[float]:
    """Return round numbers from 0 on, the last one the first that is not below the highest.

    Example:
        >>> ticks(0.3), ticks(7050)
        ([0.0, 0.1, 0.2, 0.3], [0.0, 2000.0, 4000.0, 6000.0, 8000.0])
    """
    if highest < _LEAST:
        return [0.0, 1.0]
    raw = highest / _MOST_STEPS
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(f * power for f in (1, 2, 5, 10) if f * power >= raw * (1 - 1e-9))
    count = math.ceil(round(highest / step, 9))
    return [float(f"{step * tick:.6g}") for tick in range(count + 1)]
