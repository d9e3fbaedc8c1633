"""Fields of schedules that follow from numbers of parts: drops, cycles, knots."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tuner.errors import ScheduleError

# Every combination of the ends of their ranges is tried before a study: more would take minutes.
MOST_KNOTS = 5
KNOTS = {
    f"knot_{number}_{part}": part
    for number in range(1, MOST_KNOTS + 1)
    for part in ("at", "level")
}


def even_milestones(number: int, given: Mapping[str, Any]) -> tuple[int, ...]:
    """Return drops at equal distances between the end of the warmup and the horizon."""
    warmup, horizon = given.get("warmup_steps", 0), given["horizon"]
    return tuple(
        round(warmup + (horizon - warmup) * k / (number + 1)) for k in range(1, number + 1)
    )


def falling_knots(values: Mapping[str, Any], given: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return knots from the end of the warmup on, each at most as high as the one before.

    Raises:
        ScheduleError: If a level is missing, a value is no share, or there is no room.
    """
    parts = [name for name in KNOTS if name in values]
    number = max(int(name.split("_")[1]) for name in parts)
    for name in (f"knot_{n}_level" for n in range(1, number + 1)):
        if name not in values:
            raise ScheduleError(f"Piecewise needs `{name}` as well, for it has `{parts[-1]}`.")
    for name in parts:
        if not 0 <= values[name] <= 1:
            raise ScheduleError(
                f"`0 <= {name} <= 1` must hold, but got ({name}={values[name]!r})."
            )
    at, level, horizon = given.get("warmup_steps", 0), 1.0, given["horizon"]
    if horizon - at < number:
        raise ScheduleError(
            f"`knot_{number}_level` needs {number} updates after the warmup,"
            f" but got {horizon - at}."
        )
    knots = [(at, level)]
    for n in range(1, number + 1):
        after = number - n
        share = values.get(f"knot_{n}_at", 1 / (after + 1))  # what is left, in equal parts
        at = min(max(at + round(share * (horizon - at)), at + 1), horizon - after)
        level *= values[f"knot_{n}_level"]
        knots.append((at, level))
    return tuple(knots)


def first_cycle(number: int, growth: float, given: Mapping[str, Any]) -> int:
    """Return the first cycle's updates, such that the last cycle ends at the horizon.

    Rounded up, because one that ended before it would be followed by a new peak. So the last is
    cut short, the more so the fewer updates a cycle has.

    Raises:
        ScheduleError: If the last cycle would not even begin.
    """
    span: int = given["horizon"] - given.get("warmup_steps", 0)
    before_last, total = 0.0, 0.0
    for cycle in range(number):
        if total >= span > 0:  # already with a first cycle of one update
            break
        before_last, total = total, total + growth**cycle
    else:
        first = math.ceil(span / total)
        if first * before_last < span or span < 1:  # a warmup that is too long is said elsewhere
            return first
    raise ScheduleError(
        "`the last of n_cycles begins before the horizon` must hold, but got"
        f" (n_cycles={number}, cycle_factor={growth!r}) in {span} updates after the warmup, where"
        " each cycle is whole updates. Take fewer cycles or a longer training."
    )
