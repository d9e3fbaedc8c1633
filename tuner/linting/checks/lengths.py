"""Lengths in epochs where updates are counted, the other way round, and warmups that fill them."""

from __future__ import annotations

from collections.abc import Iterator

from tuner.linting.finding import Finding
from tuner.linting.lengths import FAR, Length, Training, judge, too_long
from tuner.linting.source.amounts import EPOCHS, UPDATES, Amount
from tuner.linting.source.program import Program
from tuner.linting.source.values import Scheduler


def check(program: Program, training: Training) -> Iterator[Finding]:
    """Yield `horizon-in-epochs`, `horizon-in-updates` and `warmup-past-horizon`."""
    for scheduler in program.schedulers:
        if scheduler.maker is not None:
            epochs = training.epochs or program.epochs_of(scheduler)
            known = training._replace(epochs=epochs)
            for finding in _findings(scheduler, program.counts(scheduler), known):
                yield finding.at(scheduler.place)


def _findings(scheduler: Scheduler, counts: str | None, training: Training) -> Iterator[Finding]:
    length, horizon, warmup = _length(scheduler), scheduler.horizon, scheduler.warmup
    if counts == UPDATES:
        for name, found in ((length.name, horizon), (length.warmup_name, warmup)):
            if found.unit == EPOCHS:
                yield _in_epochs(scheduler, name, found, training)
                return
    if counts == EPOCHS:
        yield from _stepped_by_epochs(scheduler, length, training)
    if counts != UPDATES:
        training = Training()
    elif horizon.unit == UPDATES:
        # Written as updates, it is no number of epochs, however small.
        training = Training(updates=training.asks)
    elif scheduler.factor.value is not None:
        length = length._replace(horizon=None)  # judged by what is left
    yield from judge(length, training)
    if warmup.text and warmup.text == horizon.text and warmup.value is None:
        yield Finding(
            "warmup-past-horizon",
            f"`{length.warmup_name} < {length.name}` must hold, but both are {warmup.text}.",
        )


def _length(scheduler: Scheduler) -> Length:
    maker, inside = scheduler.maker, scheduler.whole is not None
    assert maker is not None
    return Length(
        scheduler.name,
        maker.horizon[0] if maker.horizon else "length",
        scheduler.horizon.value,
        scheduler.warmup.value,
        maker.warmup[0] if maker.warmup else "warmup",
        part=maker.part or inside,
        once=maker.once or inside,
    )


def _stepped_by_epochs(
    scheduler: Scheduler, length: Length, training: Training
) -> Iterator[Finding]:
    horizon = scheduler.horizon
    if horizon.unit == UPDATES:
        text = horizon.text or (f"{horizon.value:g}" if horizon.value is not None else "")
        place = f"`{length.name}={text}`" if text else "its horizon"
        yield Finding(
            "horizon-in-updates",
            f"this {scheduler.name} is stepped once an epoch, but {place} counts updates: it never"
            " gets anywhere. Step it after every update.",
        )
    elif training.epochs and (horizon.value or 0) >= FAR * training.epochs:
        yield too_long(length, training.epochs)


def _in_epochs(scheduler: Scheduler, name: str, found: Amount, training: Training) -> Finding:
    of = f" of {training.asks}" if training.asks else ""
    after = f"{found.value:g}" if found.value is not None else found.text
    return Finding(
        "horizon-in-epochs",
        f"`{name}={found.text}` of this {scheduler.name} is in epochs, but updates are counted: it"
        f" is over after {after}{of} updates. Write {found.text} * updates_per_epoch.",
    )
