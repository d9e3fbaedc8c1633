"""Schedules that the program asks, and counts from 0."""

from __future__ import annotations

from collections.abc import Iterator

from tuner.linting.finding import Finding
from tuner.linting.lengths import Training
from tuner.linting.source.program import Program


def check(program: Program, training: Training) -> Iterator[Finding]:
    """Yield `counts-from-0`: update 1 is the first of a schedule of this package."""
    for scheduler in program.schedulers:
        for asking in scheduler.set_as if scheduler.ours else ():
            if asking.from_0:
                yield Finding(
                    "counts-from-0",
                    f"`{asking.about}` begins at 0, but the first update of this {scheduler.name}"
                    f" is 1: all comes one late, and the last never. Write {asking.about} + 1.",
                ).at(asking.place)
