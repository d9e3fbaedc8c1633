"""The schedulers and options that a source file makes, and what it does with each of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import NamedTuple

from tuner.linting.amounts import EPOCHS, UNKNOWN, UPDATES, Amount
from tuner.linting.finding import Finding
from tuner.linting.known import OWN_LEARNING_RATE, Maker
from tuner.linting.lengths import FAR, Length, Training, judge, too_long
from tuner.linting.loops import TRAINING


@dataclasses.dataclass
class Scheduler:
    """A scheduler of a source file, from where it is made on."""

    name: str
    line: int
    maker: Maker | None = None  # None: a class of the file itself
    changes: bool = False
    horizon: Amount = UNKNOWN
    warmup: Amount = UNKNOWN
    base: Amount = UNKNOWN
    by_hand: bool = False  # the program itself sets what it says
    passed: bool = False  # it went elsewhere as a value
    whole: Scheduler | None = None  # that it is a piece of
    stepped: list[Scheduler] = dataclasses.field(default_factory=list)  # what to_torch() made
    # Lines where it is asked, with the unit of what it is asked about; where it is handed to a
    # trainer; where it is stepped, with the purpose of the loop.
    asked: list[tuple[int, str | None]] = dataclasses.field(default_factory=list)
    handed: list[int] = dataclasses.field(default_factory=list)
    steps: list[tuple[int, str | None]] = dataclasses.field(default_factory=list)

    def findings(self, training: Training) -> Iterator[Finding]:
        """Yield what is wrong with it, once the whole file was read."""
        if self.maker is None:
            yield from self._asked_in_epochs()
        else:
            for finding in self._lengths(self.maker, training):
                yield finding._replace(line=self.line)
        yield from self._used_before()

    def _counts(self, maker: Maker) -> str | None:
        """Return what its length counts in this file, or None if that is hard to tell."""
        if self.by_hand or (self.whole or self)._only_asked():
            return None
        steps = [*self.steps, *(step for each in self.stepped for step in each.steps)]
        purposes = {purpose for _, purpose in steps}
        if maker.counts == "updates" and not purposes.intersection(TRAINING):
            return UPDATES
        known = purposes & {UPDATES, EPOCHS}
        return known.pop() if len(known) == 1 else None

    def _only_asked(self) -> bool:
        """Tell whether the program alone asks it, about whatever it likes."""
        return bool(self.asked) and not (self.handed or self.passed or self.stepped)

    def _lengths(self, maker: Maker, training: Training) -> Iterator[Finding]:
        counts = self._counts(maker)
        name = maker.horizon[0] if maker.horizon else "length"
        warmup_name = maker.warmup[0] if maker.warmup else "warmup"
        in_epochs = [
            self._in_epochs(place, found, training)
            for place, found in ((name, self.horizon), (warmup_name, self.warmup))
            if counts == UPDATES and found.unit == EPOCHS
        ]
        if in_epochs:
            yield in_epochs[0]
            return
        length = Length(
            self.name,
            name,
            self.horizon.value,
            self.warmup.value,
            warmup_name,
            part=maker.part or self.whole is not None,
            once=maker.once or self.whole is not None,
        )
        if counts == EPOCHS:
            if self.horizon.unit == UPDATES:
                text = self.horizon.text
                place = f"`{name}={text}`" if text else "its horizon"
                yield Finding(
                    "horizon-in-updates",
                    f"this {self.name} is stepped once an epoch, but {place} counts"
                    " updates: it never gets anywhere. Step it after every update.",
                )
            elif training.epochs and (self.horizon.value or 0) >= FAR * training.epochs:
                yield too_long(length, training.epochs)
            training = Training()
        elif counts is None:
            training = Training()
        elif self.horizon.unit == UPDATES:
            # Written as updates, it is no number of epochs, however small.
            training = Training(updates=training.asks)
        yield from judge(length, training)
        if self.warmup.text and self.warmup.text == self.horizon.text and length.warmup is None:
            yield Finding(
                "warmup-past-horizon",
                f"`{warmup_name} < {name}` must hold, but both are {self.warmup.text}.",
            )

    def _in_epochs(self, name: str, found: Amount, training: Training) -> Finding:
        of = f" of {training.asks}" if training.asks else ""
        after = f"{found.value:g}" if found.value is not None else found.text
        return Finding(
            "horizon-in-epochs",
            f"`{name}={found.text}` of this {self.name} is in epochs, but updates are counted: it"
            f" is over after {after}{of} updates. Write {found.text} * updates_per_epoch.",
        )

    def _asked_in_epochs(self) -> Iterator[Finding]:
        lines = [line for line, unit in self.asked if unit == EPOCHS]
        if self.handed and lines:
            yield Finding(
                "horizon-in-epochs",
                f"this {self.name} is asked about epochs in line {lines[0]}, but a trainer asks"
                " its lr_scheduler about updates: it runs through in no time. Divide by the"
                " updates per epoch in it.",
                line=self.handed[0],
            )

    def _used_before(self) -> Iterator[Finding]:
        asked = [line for line, _ in self.asked if self.handed and line < self.handed[0]]
        if self.changes and asked:
            yield Finding(
                "used-before",
                f"this {self.name} is asked in line {asked[0]} and then handed to a trainer, but"
                " it changes whenever it is asked. Make a new one for the training.",
                line=self.handed[0],
            )
        training = [line for line, purpose in self.steps if purpose in TRAINING]
        looking = [line for line, purpose in self.steps if purpose == "looking"]
        if training and looking and looking[0] < training[0]:
            yield Finding(
                "used-before",
                f"this {self.name} is stepped here before the training steps it in line"
                f" {training[0]}, which so begins where this ends. Make a new optimizer and"
                " scheduler for the training.",
                line=looking[0],
            )


class Rate(NamedTuple):
    """What a scheduler said, when the program asked it."""

    scheduler: Scheduler


@dataclasses.dataclass
class Options:
    """The options of an optimizer, written as a dict or as the arguments of a call."""

    line: int
    scheduler: Scheduler | None = None
    rate: Amount | None = None  # learning_rate, if it is there
    optimizer: str = ""

    def findings(self) -> Iterator[Finding]:
        """Yield what is wrong with a learning rate beside a scheduler, or with none."""
        scheduler, rate = self.scheduler, self.rate
        if scheduler is None:
            return
        if rate is None:
            if scheduler.changes and scheduler.maker and self.optimizer in OWN_LEARNING_RATE:
                yield Finding(
                    "learning-rate-beside",
                    f"{self.optimizer} sets base_lr of the {scheduler.name} to its own learning"
                    f" rate, {OWN_LEARNING_RATE[self.optimizer]}. Pass the scheduler's as well:"
                    " 'learning_rate': scheduler.base_lr.",
                    line=self.line,
                )
            return
        if scheduler.maker and scheduler.maker.base is None:
            return  # PyTorch's and others: MXNet overwrites what has a base_lr of its own
        base = scheduler.base
        same_value = rate.value is not None and rate.value == base.value
        if rate.text.endswith(".base_lr") or rate.text == base.text or same_value:
            return
        yield Finding(
            "learning-rate-beside",
            f"learning_rate={rate.text} beside lr_scheduler: MXNet overwrites base_lr of the"
            f" {scheduler.name} with it. Leave it out, or pass the scheduler's:"
            " 'learning_rate': scheduler.base_lr.",
            line=self.line,
        )
