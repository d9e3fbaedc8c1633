"""Gradients that are accumulated: a scheduler counts updates, or batches, but not both."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tuner.linting.finding import Finding
from tuner.linting.lengths import Training
from tuner.linting.source.amounts import ACCUMULATED, BATCHES, UPDATES
from tuner.linting.source.program import Program
from tuner.linting.source.values import Scheduler, Step

_SYNCHRONISED = re.compile("sync_gradients|accum")


def check(program: Program, training: Training) -> Iterator[Finding]:
    """Yield `accumulation`: stepped after every batch, but laid out for updates, or vice versa."""
    for scheduler in program.schedulers:
        for step in scheduler.steps:
            message = _message(scheduler, step)
            if message:
                yield Finding("accumulation", message).at(step.place)


def _message(scheduler: Scheduler, step: Step) -> str | None:
    update = _update(step)
    if update is None or step.purpose() != UPDATES or scheduler.prepared:
        return None
    counted = (scheduler.made_of or scheduler).horizon
    by_update = any(_synchronises(condition) for condition in step.conditions)
    # A file's horizon counts updates.
    in_updates = ACCUMULATED in counted.marks or (
        scheduler.ours and counted.unit == UPDATES and not counted.text
    )
    if in_updates and not by_update:
        return (
            f"this {scheduler.name} is stepped after every batch, but counts updates, and"
            f" {update}: it runs that many times too fast. Step it where the optimizer makes an"
            " update."
        )
    part = scheduler.maker is not None and scheduler.maker.part
    if BATCHES in counted.marks and by_update and not part:
        return (
            f"this {scheduler.name} is stepped after every update, but `{counted.text}` counts"
            f" batches, and {update}: it never gets to its end. Divide by the batches of an"
            " update."
        )
    return None


def _update(step: Step) -> str | None:
    """Say of how many batches an update is, if of several."""
    if step.frame is None:
        return None
    for conditions in step.frame.updated:
        for condition in conditions:
            if _synchronises(condition):
                return f"the optimizer steps only if {ast.unparse(condition.test)}"
    for part in ast.walk(step.frame.node):
        if isinstance(part, ast.withitem) and ".accumulate(" in ast.unparse(part.context_expr):
            return "accelerator.accumulate makes an update of several batches"
    return None


def _synchronises(condition: ast.If) -> bool:
    test = condition.test
    modulo = any(isinstance(part, ast.Mod) for part in ast.walk(test))
    return bool(_SYNCHRONISED.search(ast.unparse(test))) or modulo
