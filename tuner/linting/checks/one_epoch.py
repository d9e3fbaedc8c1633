"""A schedule of one epoch in a training of several."""

from __future__ import annotations

from collections.abc import Iterator

from tuner.linting.finding import Finding
from tuner.linting.lengths import Training
from tuner.linting.source.amounts import ONE_EPOCH, UPDATES
from tuner.linting.source.loops import Frame
from tuner.linting.source.program import Program
from tuner.linting.source.values import Scheduler


def check(program: Program, training: Training) -> Iterator[Finding]:
    """Yield `one-epoch`: `T_max=len(loader)`, stepped after every update of several epochs."""
    for scheduler in program.schedulers:
        maker, horizon = scheduler.maker, scheduler.horizon
        if maker is None or maker.horizon is None or maker.part or scheduler.whole:
            continue
        if ONE_EPOCH not in horizon.marks or program.counts(scheduler) != UPDATES:
            continue
        epochs = training.epochs or program.epochs_of(scheduler)
        if _in_epochs(scheduler.frame) or not _several(scheduler, epochs):
            continue
        of = f" of {epochs}" if epochs else ""
        yield Finding(
            "one-epoch",
            f"`{maker.horizon[0]}={horizon.text}` of this {scheduler.name} is one epoch: it is"
            f" over after the first{of}. Write epochs * {horizon.text}.",
        ).at(scheduler.place)


def _several(scheduler: Scheduler, epochs: int | None) -> bool:
    if epochs is not None:
        return epochs > 1
    return any(_in_epochs(step.frame) for step in scheduler.all_steps())


def _in_epochs(frame: Frame | None) -> bool:
    """Tell whether a loop over epochs is around."""
    while frame is not None:
        if frame.over_epochs:
            return True
        frame = frame.outer
    return False
