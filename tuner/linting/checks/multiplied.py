"""Schedules of this package where PyTorch multiplies by them."""

from __future__ import annotations

from collections.abc import Iterator

from tuner.linting.finding import Finding
from tuner.linting.lengths import Training
from tuner.linting.source.program import Program

MULTIPLIED = (
    "a ChainedScheduler multiplies the learning rates of its schedulers, but this {name} sets its"
    " own: the others are lost, or multiplied again and again. Give the schedule a warmup, or"
    " write SequentialLR."
)
LAMBDA = (
    "a LambdaLR multiplies the optimizer's learning rate by its function, but a {name} returns"
    " learning rates, and is asked about update 0 first. Write schedule.to_torch(optimizer)."
)


def check(program: Program, training: Training) -> Iterator[Finding]:
    """Yield `multiplied`, in a ChainedScheduler or a LambdaLR."""
    for scheduler in program.schedulers:
        for by in scheduler.multiplied if scheduler.ours else ():
            message = LAMBDA if by.name == "LambdaLR" else MULTIPLIED
            yield Finding("multiplied", message.format(name=scheduler.name)).at(by.place)
