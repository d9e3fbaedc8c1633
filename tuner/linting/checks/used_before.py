"""Schedulers that were asked or stepped before the training, and are not what they were."""

from __future__ import annotations

from collections.abc import Iterator

from tuner.linting.finding import Finding
from tuner.linting.lengths import Training
from tuner.linting.source.amounts import EPOCHS
from tuner.linting.source.loops import TRAINING
from tuner.linting.source.program import Program
from tuner.linting.source.values import Scheduler


def check(program: Program, training: Training) -> Iterator[Finding]:
    """Yield `used-before`, and `horizon-in-epochs` of a class that is asked about epochs."""
    for scheduler in program.schedulers:
        if scheduler.handed:
            yield from _asked(scheduler)
        yield from _stepped(scheduler)


def _asked(scheduler: Scheduler) -> Iterator[Finding]:
    handed = scheduler.handed[0]
    in_epochs = [asking for asking in scheduler.asked if asking.unit == EPOCHS]
    if scheduler.maker is None and in_epochs:
        yield Finding(
            "horizon-in-epochs",
            f"this {scheduler.name} is asked about epochs in line"
            f" {in_epochs[0].place.seen_from(handed)}, but a trainer asks its lr_scheduler about"
            " updates: it runs through in no time. Divide by the updates per epoch in it.",
        ).at(handed)
    if scheduler.changes and scheduler.asked_before:
        yield Finding(
            "used-before",
            f"this {scheduler.name} is asked in line"
            f" {scheduler.asked_before[0].place.seen_from(handed)} and then handed to a trainer,"
            " but it changes whenever it is asked. Make a new one for the training.",
        ).at(handed)


def _stepped(scheduler: Scheduler) -> Iterator[Finding]:
    looking = None
    for step in scheduler.steps:
        purpose = step.purpose()
        if purpose == "looking":
            looking = looking or step
        elif purpose in TRAINING and looking is not None:
            yield Finding(
                "used-before",
                f"this {scheduler.name} is stepped here before the training steps it in line"
                f" {step.place.seen_from(looking.place)}, which so begins where this ends. Make a"
                " new optimizer and scheduler for the training.",
            ).at(looking.place)
            return
