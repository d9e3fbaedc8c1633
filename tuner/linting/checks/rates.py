"""A learning rate beside a scheduler of MXNet: one of the two has no effect."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tuner.linting.finding import Finding
from tuner.linting.lengths import Training
from tuner.linting.source.amounts import Amount
from tuner.linting.source.known import OWN_LEARNING_RATE, USUAL_BASE
from tuner.linting.source.program import Program
from tuner.linting.source.values import Options, Scheduler


def check(program: Program, training: Training) -> Iterator[Finding]:
    """Yield `learning-rate-beside`."""
    for options in program.options:
        for scheduler in options.schedulers:
            for message in _messages(options, scheduler):
                yield Finding("learning-rate-beside", message).at(options.place)


def _messages(options: Options, scheduler: Scheduler) -> Iterator[str]:
    rate, base, name = options.rate, scheduler.base, scheduler.name
    if scheduler.maker and scheduler.maker.base is None:
        return  # PyTorch's and others: MXNet overwrites what has a base_lr of its own
    if rate is None:
        own = OWN_LEARNING_RATE.get(options.optimizer)
        overwritten = scheduler.changes and scheduler.maker and base.text and base.value != own
        if own is not None and overwritten:
            yield (
                f"{options.optimizer} overwrites `base_lr={base.text}` of the {name} with its own"
                f" learning rate, {own}. Pass the scheduler's as well: 'learning_rate':"
                " scheduler.base_lr."
            )
        return
    if _same(rate, base):
        return
    if scheduler.ours:
        yield (
            f"learning_rate={rate.text} beside lr_scheduler: MXNet overwrites base_lr with it,"
            f" which a {name} refuses. Leave it out, or pass 'learning_rate': schedule.base_lr."
        )
    elif scheduler.maker and not scheduler.changes:
        written = base.text or f"{USUAL_BASE}, its default"
        yield (
            f"learning_rate={rate.text} has no effect beside lr_scheduler: a {name} keeps its own"
            f" `base_lr={written}`. Write base_lr={rate.text} in it, or leave learning_rate out."
        )
    elif base.text and not _derived(rate, base):
        yield (
            f"learning_rate={rate.text} beside lr_scheduler: MXNet overwrites"
            f" `base_lr={base.text}` of the {name} with it. Leave one of the two out."
        )
    elif scheduler.maker and scheduler.warmup.text and scheduler.warmup.value != 0:
        yield (
            f"this {name} warms up to its default `base_lr={USUAL_BASE}` and then jumps to"
            f" learning_rate={rate.text}, which MXNet gives it. Write base_lr={rate.text} in it."
        )


def _same(rate: Amount, base: Amount) -> bool:
    if rate.text.endswith(".base_lr") or (rate.value is not None and rate.value == base.value):
        return True
    return bool({rate.text, rate.alias} & {base.text, base.alias} - {""})


def _derived(rate: Amount, base: Amount) -> bool:
    """Tell whether a learning rate is computed from the other, and may well be the same."""
    return bool(re.search(rf"\b{re.escape(base.text)}\b", f"{rate.text} {rate.alias}"))
