"""The length of a scheduler against that of a training, for objects and source alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tuner.linting.finding import Finding

# An epoch has ten updates and more, so that lengths in one and the other are that far apart.
FAR = 10
_GONE = 1e-5  # what is left of a learning rate that has dropped away


class Training(NamedTuple):
    """What is known of the training: how often it asks or steps its scheduler, and its epochs."""

    updates: int | None = None
    updates_per_epoch: int | None = None
    epochs: int | None = None

    @property
    def asks(self) -> int | None:
        """The updates of the training, given or computed."""
        if self.updates is None and self.epochs and self.updates_per_epoch:
            return self.epochs * self.updates_per_epoch
        return self.updates


class Length(NamedTuple):
    """A scheduler's length and warmup, and what they are called where they are set.

    The length of a ``part`` comes again, or another scheduler follows. What runs ``once`` ends
    and changes no more, as a warmup does.
    """

    what: str
    name: str
    horizon: float | None
    warmup: float | None = None
    warmup_name: str = "warmup_steps"
    part: bool = False
    once: bool = False


def judge(length: Length, training: Training) -> Iterator[Finding]:
    """Find a length that is not in the unit of the training, and a warmup that fills it."""
    horizon, asks = length.horizon, training.asks
    if horizon:
        if not length.once and _is_short(horizon, length.part, training):
            yield Finding("horizon-in-epochs", _too_short(length, horizon, training))
        elif asks and horizon >= FAR * asks:
            yield too_long(length, asks)
    if not length.warmup:
        return
    if horizon and length.warmup >= horizon and not length.part:
        yield _only_warmup(length, f"`{length.warmup_name} < {length.name}`", horizon)
    elif asks and length.warmup >= asks:
        yield _only_warmup(length, f"`{length.warmup_name}` < the training's updates", asks)


def too_long(length: Length, asks: int) -> Finding:
    """Say that a scheduler is asked too seldom to get anywhere."""
    return Finding(
        "horizon-in-updates",
        f"this {length.what} is laid out for {length.horizon:g} steps ({length.name}), but the"
        f" training makes {asks}: it never gets anywhere. Count both in the same unit.",
    )


def drops(
    what: str,
    name: str,
    interval: float,
    factor: float,
    floor: float,
    asks: int,
    exact: bool = True,
) -> Iterator[Finding]:
    """Find a drop every few updates, after which nothing is left of the learning rate.

    Args:
        what: The scheduler.
        name: What its interval is called, empty if it drops at every update.
        interval: The updates between drops.
        factor: What a drop multiplies by.
        floor: The share of the learning rate that it stops at.
        asks: The updates of the training.
        exact: Whether they are known, and not only that there are as many.
    """
    if not 0 < factor < 1 or asks < FAR * interval:
        return
    left = max(factor ** (asks / interval), floor)
    if left >= _GONE:
        return
    times = f"{asks / interval:.0f} times in {asks}" + ("" if exact else " or more")
    remedy = (
        f"`{name}` counts updates here: if {interval:g} are epochs, write {interval:g} * updates"
        " per epoch."
        if name
        else f"Step it once an epoch, or write {factor:g} ** (1 / updates_per_epoch)."
    )
    every = f"every {interval:g} updates" if interval != 1 else "at every update"
    yield Finding(
        "horizon-in-epochs",
        f"this {what} drops {every}, {times}: {left:.1g} of the learning rate is left then."
        f" {remedy}",
    )


def _is_short(horizon: float, part: bool, training: Training) -> bool:
    if part:  # a fraction of the training, but hardly less than an epoch
        return training.epochs is not None and horizon <= training.epochs
    if training.asks is not None:
        return horizon * FAR <= training.asks
    if training.updates_per_epoch is not None:
        return horizon <= training.updates_per_epoch
    return training.epochs is not None and horizon <= training.epochs


def _too_short(length: Length, horizon: float, training: Training) -> str:
    asks, per_epoch = training.asks, training.updates_per_epoch
    of, why = "", ""
    if asks is not None:
        of = f" of {asks}"
    elif per_epoch is not None:
        why = f", within the first epoch of {per_epoch}"
    else:
        why = f", but the training has {training.epochs} epochs"
    over = "begins anew" if length.part else "is over"
    product = f"{per_epoch} = {horizon * per_epoch:g}" if per_epoch else "updates_per_epoch"
    return (
        f"this {length.what} {over} after {horizon:g}{of} updates{why}. `{length.name}` counts"
        f" updates here: if {horizon:g} are epochs, write {horizon:g} * {product}."
    )


def _only_warmup(length: Length, condition: str, limit: float) -> Finding:
    return Finding(
        "warmup-past-horizon",
        f"{condition} must hold, but this {length.what} has a warmup of {length.warmup:g} of"
        f" {limit:g} updates: nothing comes after it.",
    )
