"""Schedules for MXNet: its own scheduler objects, and the options of a Gluon trainer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tuner.adapters.mxnet_import import import_mxnet
from tuner.schedules import Constant, Cosine, Factor, MultiFactor, Poly, Schedule


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
        ``multi_factor``, ``poly`` and ``cosine``, and the schedule itself for all others, and
        for a warmup that MXNet does not have.

    Raises:
        TaskError: If MXNet is needed and not installed.
    """
    make = _NATIVE.get(type(schedule))
    if make is None or schedule.warmup_mode not in ("linear", "constant"):
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
        The ``optimizer_params`` of a ``gluon.Trainer``.

    Example:
        >>> from tuner.schedules import Constant
        >>> schedule = Constant(base_lr=0.1, horizon=10)
        >>> params = optimizer_params(schedule, momentum=0.9)
        >>> params["lr_scheduler"] is schedule, params["learning_rate"], params["momentum"]
        (True, 0.1, 0.9)
    """
    return {"lr_scheduler": schedule, "learning_rate": schedule.base_lr, **options}


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
