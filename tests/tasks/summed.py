"""A task of one's own that is a function, which can go on from a state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tuner.schedules import Schedule
from tuner.tasks import FunctionTask, State


def summed(schedule: Schedule, seed: int, start: State | None) -> Iterator[Any]:
    """Yield how near the sum of the LRs is to 3, a little less for each seed, and a state."""
    total = float(start.arrays["total"]) if start else 0.0
    for epoch in range(start.epoch if start else 0, 100):
        total += sum(schedule(range(epoch * 10 + 1, epoch * 10 + 11)))
        yield abs(total - 3.0 + seed / 1000), {"total": total}


SUMMED = FunctionTask(summed, updates_per_epoch=10)
