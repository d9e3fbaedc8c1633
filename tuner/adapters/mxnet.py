"""Schedules for MXNet: its own scheduler objects, and the options of a Gluon trainer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tuner.adapters import refuse_several
from tuner.adapters.mxnet_import import import_mxnet
from tuner.adapters.quantities import NO_MOMENTUM
from tuner.errors import ScheduleError
from tuner.schedules import Constant, Cosine, Factor, MultiFactor, Poly, Schedule, Schedules

_WEIGHT_DECAY_FIRST = ("AdaDelta", "Ftrl")


def to_mxnet(schedule: Schedule) -> Any:
    """Return MXNet's own scheduler object for a schedule, where MXNet has the family.

    The object gives the schedule's values for updates 1, 2, ... up to the horizon asked in
    order. Elsewhere it is MXNet's: asking it about a later update changes what it says about an
    earlier one, ``FactorScheduler`` goes on dropping past the horizon, a *fresh*
    ``CosineScheduler`` or ``PolyScheduler`` is at ``base_lr`` there, and optimizers with a
    learning rate of their own (Adam's is 0.001) overwrite its ``base_lr`` unless they are passed
    the schedule's. The schedule itself has none of this and is accepted by a ``gluon.Trainer``
    just as well: see :func:`optimizer_params`.

    Args:
        schedule: A schedule of any family.

    Returns:
        A new ``mxnet.lr_scheduler`` object for the families ``constant``, ``factor``,
        ``multi_factor`` without a floor, ``poly`` and ``cosine``, and the schedule itself for all
        others, and for a warmup that MXNet does not have.

    Raises:
        TaskError: If MXNet is needed and not installed.
        ScheduleError: If it has more than a learning rate.
    """
    refuse_several(schedule, "MXNet's scheduler object", "Write schedule.to_mxnet(trainer).")
    make = _NATIVE.get(type(schedule))
    has_floor = isinstance(schedule, MultiFactor) and schedule.stop_factor_lr > 0
    if make is None or has_floor or schedule.warmup_mode not in ("linear", "constant"):
        return schedule
    scheduler_class, options = make(schedule)
    return getattr(import_mxnet().lr_scheduler, scheduler_class)(
        base_lr=schedule.base_lr,
        warmup_steps=schedule.warmup_steps,
        warmup_begin_lr=schedule.warmup_begin_lr,
        warmup_mode=schedule.warmup_mode,
        **options,
    )


def optimizer_params(schedule: Schedule, **options: Any) -> dict[str, Any]:
    """Return the options with which any MXNet optimizer follows the schedule.

    Some optimizers have a learning rate of their own by default and would overwrite that of the
    schedule, which refuses; so both are passed.

    Args:
        schedule: A schedule of any family.
        options: The optimizer's other options, such as ``momentum=0.9``.

    Returns:
        The ``optimizer_params`` of a ``gluon.Trainer``. Of :class:`~tuner.Schedules` they have the
        learning rate alone: :func:`drive` the trainer that is made with them.

    Example:
        >>> from tuner.schedules import Constant
        >>> schedule = Constant(base_lr=0.1, horizon=10)
        >>> params = optimizer_params(schedule, momentum=0.9)
        >>> params["lr_scheduler"] is schedule, params["learning_rate"], params["momentum"]
        (True, 0.1, 0.9)
    """
    lr = schedule.lr if isinstance(schedule, Schedules) else schedule
    return {"lr_scheduler": lr, "learning_rate": schedule.base_lr, **options}


class DrivingScheduler:
    """What an optimizer asks for its learning rate, which gives it all else at that moment.

    MXNet's optimizers ask for the learning rate of an update before they use anything else.

    Args:
        schedule: The schedule.
        optimizer: The optimizer that asks.
    """

    def __init__(self, schedule: Schedules, optimizer: Any) -> None:
        self.schedule, self._optimizer = schedule, optimizer
        self._momentum = _momentum_of(optimizer)
        self.base_lr = schedule.base_lr

    def __call__(self, update: int) -> float:
        """Return the learning rate of an update, and set momentum and weight decay."""
        own = self.schedule
        if own.momentum is not None:
            value = max(own.momentum(update), NO_MOMENTUM)
            setattr(self._optimizer, self._momentum, value)
        if own.weight_decay is not None:
            self._optimizer.wd = own.weight_decay(update)
        return float(own(update))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.schedule!r})"


def drive(trainer: Any, schedule: Schedule) -> Any:
    """Have a trainer follow a schedule, with all that it has.

    ``momentum`` is the optimizer's ``momentum`` or ``beta1``, ``weight_decay`` its ``wd``. What it
    sets is in the states that the trainer saves, and comes back with them.

    Args:
        trainer: A ``gluon.Trainer``, or an optimizer.
        schedule: The schedule.

    Returns:
        The optimizer's ``lr_scheduler`` from now on.

    Raises:
        ScheduleError: If the optimizer lacks what the schedule has.

    Example:
        >>> from tuner.schedules import Inverse, Linear, Schedules
        >>> mx = import_mxnet()
        >>> lr = Linear(base_lr=0.4, horizon=4)
        >>> schedules = Schedules(lr=lr, momentum=Inverse(of=lr, low=0.5, high=0.9))
        >>> optimizer = mx.optimizer.create("sgd", momentum=0.9)
        >>> schedules.to_mxnet(optimizer)(2), optimizer.momentum
        (0.2, 0.7)
    """
    optimizer = getattr(trainer, "optimizer", trainer)
    scheduler: Any = schedule
    if isinstance(schedule, Schedules):
        wrong = [*_lacking(optimizer, schedule)]
        if wrong:
            raise ScheduleError(
                f"MXNet's {type(optimizer).__name__} must have {'; and must have '.join(wrong)}."
            )
        scheduler = DrivingScheduler(schedule, optimizer)
    optimizer.lr_scheduler = scheduler
    return scheduler


def _momentum_of(optimizer: Any) -> str:
    return next((name for name in ("momentum", "beta1") if hasattr(optimizer, name)), "")


def _lacking(optimizer: Any, schedule: Schedules) -> Iterator[str]:
    """Yield what an optimizer must have to follow the schedule, and has not."""
    if schedule.groups:
        yield (
            "parameter groups to follow the schedule's, but no trainer of MXNet has: set lr_mult"
            " of the parameters, and leave them out of the schedule"
        )
    name = _momentum_of(optimizer)
    if schedule.momentum is not None and not name:
        yield "momentum or beta1 to follow the schedule's, but has none"
    elif schedule.momentum is not None and not getattr(optimizer, name) > 0:
        yield f"a state for its momentum: make it with {name} above 0, whatever it is"
    if schedule.weight_decay is not None and type(optimizer).__name__ in _WEIGHT_DECAY_FIRST:
        yield "weight decay of the same update as its learning rate, but looks at it before"


def _constant(schedule: Constant) -> tuple[str, dict[str, Any]]:
    # MXNet's default stop_factor_lr would lift a base_lr below 1e-8.
    return "FactorScheduler", {"step": schedule.horizon, "factor": 1.0, "stop_factor_lr": 0.0}


def _factor(schedule: Factor) -> tuple[str, dict[str, Any]]:
    return "FactorScheduler", {
        "step": schedule.decay_interval,
        "factor": schedule.decay_factor,
        "stop_factor_lr": schedule.stop_factor_lr,
    }


def _multi_factor(schedule: MultiFactor) -> tuple[str, dict[str, Any]]:
    # A milestone at the horizon never shows in a schedule; in MXNet it would past the horizon.
    shown = [milestone for milestone in schedule.milestones if milestone < schedule.horizon]
    if not shown:
        return "MultiFactorScheduler", {"step": [schedule.horizon], "factor": 1.0}
    return "MultiFactorScheduler", {"step": shown, "factor": schedule.decay_factor}


def _poly(schedule: Poly) -> tuple[str, dict[str, Any]]:
    return "PolyScheduler", {
        "max_update": schedule.horizon,
        "pwr": schedule.power,
        "final_lr": schedule.final_lr,
    }


def _cosine(schedule: Cosine) -> tuple[str, dict[str, Any]]:
    return "CosineScheduler", {"max_update": schedule.horizon, "final_lr": schedule.final_lr}


_NATIVE: dict[type[Schedule], Callable[[Any], tuple[str, dict[str, Any]]]] = {
    Constant: _constant,
    Factor: _factor,
    MultiFactor: _multi_factor,
    Poly: _poly,
    Cosine: _cosine,
}
