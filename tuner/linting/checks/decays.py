"""Drops that come so often that nothing is left of the learning rate."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tuner.linting.finding import Finding
from tuner.linting.lengths import Training, drops
from tuner.linting.source.amounts import UPDATES
from tuner.linting.source.program import Program
from tuner.linting.source.values import Scheduler, Step

# Of an epoch, where nobody says how many it has: few trainings make fewer.
_UPDATES_OF_AN_EPOCH = 20
_RATE = re.compile(r"(^|\W|_)lr(_|\W|$)|learning_rate")
_NO_FLOOR = 1e-8  # MXNet's default, which stops nothing


def check(program: Program, training: Training) -> Iterator[Finding]:
    """Yield `horizon-in-epochs` of what drops by a factor after an interval."""
    for scheduler in program.schedulers:
        maker, factor = scheduler.maker, scheduler.factor.value
        asks, epochs = training.asks, training.epochs or program.epochs_of(scheduler)
        if asks is None and epochs:
            asks = epochs * (training.updates_per_epoch or _UPDATES_OF_AN_EPOCH)
        if maker is None or factor is None or asks is None or scheduler.whole:
            continue
        if any(_stops(step) for step in scheduler.all_steps()):
            continue
        # A length in words is judged by them.
        if scheduler.horizon.unit is not None or program.counts(scheduler) != UPDATES:
            continue
        interval = scheduler.horizon.value if maker.horizon else 1
        if interval:
            name = maker.horizon[0] if maker.horizon else ""
            exact = training.asks is not None
            for finding in drops(
                scheduler.name, name, interval, factor, _floor(scheduler), asks, exact
            ):
                yield finding.at(scheduler.place)


def _stops(step: Step) -> bool:
    """Tell whether it is stepped only as long as the learning rate is not too low."""
    return any(_RATE.search(ast.unparse(condition.test)) for condition in step.conditions)


def _floor(scheduler: Scheduler) -> float:
    """Return the share of the learning rate that it stops at; one that is unknown stops it."""
    floor, base = scheduler.floor, scheduler.base
    if not floor.text or floor.value == _NO_FLOOR or floor.text == "None":
        return 0.0
    if floor.value is None or not base.value:
        return 1.0
    return floor.value / base.value
