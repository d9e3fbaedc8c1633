"""The checks of what was read of a source file: one file and one line here for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tuner.linting.checks import (
    accumulation,
    counting,
    decays,
    lengths,
    multiplied,
    one_epoch,
    prepared,
    rates,
    used_before,
)
from tuner.linting.finding import Finding
from tuner.linting.lengths import Training
from tuner.linting.source import Program, read_source

CHECKS: tuple[Callable[[Program, Training], Iterable[Finding]], ...] = (
    lengths.check,
    one_epoch.check,
    decays.check,
    used_before.check,
    rates.check,
    counting.check,
    accumulation.check,
    prepared.check,
    multiplied.check,
)


def check_source(text: str, training: Training, file: str | None = None) -> list[Finding]:
    """Find the mistakes of a source text.

    Args:
        text: A Python module, or a notebook if that is how the file is called.
        training: What is known of its training beside what it says.
        file: Its path.

    Returns:
        What is wrong, in the order of the lines.

    Raises:
        ScheduleError: If it is not Python.
    """
    program, broken = read_source(text, file)
    found = broken + check_program(program, training)
    found.sort(key=lambda each: (each.file or file or "", each.line or 0))
    return [each.settled(file) for each in found]


def check_program(program: Program, training: Training) -> list[Finding]:
    """Run all checks on what was read; a mistake is said once, however often its line is run."""
    found = [finding for check in CHECKS for finding in check(program, training)]
    once = {(each.rule, each.file, each.line): each for each in reversed(found)}
    return list(once.values())
