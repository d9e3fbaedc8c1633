"""timm's schedulers, by their classes and by ``create_scheduler_v2``'s names.

``lr`` is the learning rate that the optimizer was made with. With ``t_in_epochs``, as by default,
a learning rate holds for an epoch, so that ``updates_per_epoch`` must be given, and the epoch of
the first update is 0. Without it, every update has its own, and the first is of count 0. A warmup
begins at ``warmup_lr_init``. Unless it is a ``warmup_prefix``, the decay counts from the first
update: the learning rate rises towards ``lr``, and falls at its end to where the decay is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tuner.errors import ScheduleError
from tuner.schedules.base import Schedule
from tuner.schedules.cosine import Cosine
from tuner.schedules.cosine_restarts import CosineRestarts
from tuner.schedules.factor import Factor
from tuner.schedules.likes.parts import dropping, few, held, no_equal, warmed
from tuner.schedules.poly import Poly
from tuner.schedules.tanh import Tanh


def _cosine(
    lr: float,
    t_initial: int,
    lr_min: float = 0.0,
    cycle_mul: float = 1.0,
    cycle_decay: float = 1.0,
    cycle_limit: int = 1,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    warmup_prefix: bool = False,
    t_in_epochs: bool = True,
    k_decay: float = 1.0,
    updates_per_epoch: int | None = None,
) -> Schedule:
    _no_k_decay(k_decay)
    fields = warmed(lr, warmup_t, warmup_lr_init, overlap=not warmup_prefix)
    begin = 1 + (warmup_t if warmup_prefix else 0)
    if cycle_limit == 1:
        schedule: Schedule = Cosine(final_lr=lr_min, horizon=begin + t_initial, **fields)
    else:
        cycles = few(range(cycle_limit))
        total = sum(t_initial * cycle_mul**cycle for cycle in cycles)
        if total != int(total):
            raise no_equal(f"its cycles end after {total!r} updates", "a whole cycle_mul")
        if lr * cycle_decay ** (cycle_limit - 1) < lr_min:
            raise no_equal(f"its last cycles are below lr_min={lr_min!r}", "a smaller lr_min")
        schedule = CosineRestarts(
            cycle_steps=t_initial,
            cycle_factor=cycle_mul,
            decay_factor=cycle_decay,
            final_lr=lr_min,
            horizon=begin + int(total),
            **fields,
        )
    return _timed(schedule, t_in_epochs, updates_per_epoch)


def _tanh(
    lr: float,
    t_initial: int,
    lb: float = -7.0,
    ub: float = 3.0,
    lr_min: float = 0.0,
    cycle_limit: int = 1,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    warmup_prefix: bool = False,
    t_in_epochs: bool = True,
    updates_per_epoch: int | None = None,
) -> Schedule:
    _one_cycle(cycle_limit)
    if warmup_t:
        fields = warmed(lr, warmup_t, warmup_lr_init, overlap=not warmup_prefix)
    else:  # the optimizer's own, before timm first sets it
        fields = warmed(lr, 1, lr, overlap=True)
    schedule = Tanh(
        tanh_begin=lb,
        tanh_end=ub,
        final_lr=lr_min,
        horizon=1 + t_initial + (warmup_t if warmup_prefix else 0),
        **fields,
    )
    return _timed(schedule, t_in_epochs, updates_per_epoch)


def _poly(
    lr: float,
    t_initial: int,
    power: float = 0.5,
    lr_min: float = 0.0,
    cycle_limit: int = 1,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    warmup_prefix: bool = False,
    t_in_epochs: bool = True,
    k_decay: float = 1.0,
    updates_per_epoch: int | None = None,
) -> Schedule:
    _no_k_decay(k_decay)
    _one_cycle(cycle_limit)
    schedule = Poly(
        power=power,
        final_lr=lr_min,
        horizon=1 + t_initial + (warmup_t if warmup_prefix else 0),
        **warmed(lr, warmup_t, warmup_lr_init, overlap=not warmup_prefix),
    )
    return _timed(schedule, t_in_epochs, updates_per_epoch)


def _step(
    lr: float,
    decay_t: int,
    horizon: int,
    decay_rate: float = 1.0,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    warmup_prefix: bool = True,
    t_in_epochs: bool = True,
    updates_per_epoch: int | None = None,
) -> Schedule:
    steps = _steps(horizon, t_in_epochs, updates_per_epoch)
    fields: dict[str, Any] = {"base_lr": lr}
    if warmup_t:
        fields = warmed(lr, warmup_t, warmup_lr_init)
    if warmup_t and warmup_prefix:
        counts = range(warmup_t + decay_t, steps, decay_t)
        schedule = dropping(decay_rate, counts, steps, fields)
    else:
        schedule = Factor(decay_factor=decay_rate, decay_interval=decay_t, horizon=steps, **fields)
    return _timed(schedule, t_in_epochs, updates_per_epoch, horizon)


# Its drops come a count before those of PyTorch's, but none in the very first.
def _multi_step(
    lr: float,
    decay_t: list[int],
    horizon: int,
    decay_rate: float = 1.0,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    warmup_prefix: bool = True,
    t_in_epochs: bool = True,
    updates_per_epoch: int | None = None,
) -> Schedule:
    steps = _steps(horizon, t_in_epochs, updates_per_epoch)
    fields = warmed(lr, warmup_t, warmup_lr_init) if warmup_t else {"base_lr": lr}
    begin = warmup_t if warmup_prefix else 0
    counts = [max(1, begin + count - 1) for count in sorted(decay_t)]
    schedule = dropping(decay_rate, counts, steps, fields)
    return _timed(schedule, t_in_epochs, updates_per_epoch, horizon)


def _steps(horizon: int, in_epochs: bool, updates_per_epoch: int | None) -> int:
    return -(-horizon // (updates_per_epoch or 1)) if in_epochs else horizon


def _timed(
    schedule: Schedule, in_epochs: bool, updates_per_epoch: int | None, horizon: int | None = None
) -> Schedule:
    if not in_epochs:
        return schedule
    if updates_per_epoch is None:
        raise ScheduleError(
            "`updates_per_epoch` must be given, for t_in_epochs=True counts epochs;"
            " t_in_epochs=False counts updates."
        )
    return held(schedule, updates_per_epoch, horizon)


def _one_cycle(cycle_limit: int) -> None:
    if cycle_limit != 1:
        raise no_equal(f"cycle_limit={cycle_limit} starts again", "CosineLRScheduler's cycles")


def _no_k_decay(k_decay: float) -> None:
    if k_decay != 1:
        raise no_equal(f"k_decay={k_decay!r} bends the time", "k_decay=1.0")


def _made_by_name(
    sched: str,
) -> Callable[..., Schedule]:
    """Return a function with the arguments of ``create_scheduler_v2``, which count epochs."""

    def make(
        lr: float,
        updates_per_epoch: int,
        num_epochs: int = 300,
        decay_epochs: int = 90,
        decay_milestones: list[int] = [90, 180, 270],  # noqa: B006 - never changed
        decay_rate: float = 0.1,
        min_lr: float = 0.0,
        warmup_lr: float = 1e-5,
        warmup_epochs: int = 0,
        warmup_prefix: bool = False,
        cycle_mul: float = 1.0,
        cycle_decay: float = 0.1,
        cycle_limit: int = 1,
        k_decay: float = 1.0,
        step_on_epochs: bool = True,
    ) -> Schedule:
        unit = 1 if step_on_epochs else updates_per_epoch
        common: dict[str, Any] = {
            "lr": lr,
            "warmup_t": warmup_epochs * unit,
            "warmup_lr_init": warmup_lr,
            "warmup_prefix": warmup_prefix,
            "t_in_epochs": step_on_epochs,
            "updates_per_epoch": updates_per_epoch,
        }
        decay: dict[str, Any] = {
            "t_initial": num_epochs * unit,
            "lr_min": min_lr,
            "cycle_limit": cycle_limit,
        }
        epochs = num_epochs + (warmup_epochs if warmup_prefix else 0)
        drops: dict[str, Any] = {"decay_rate": decay_rate, "horizon": epochs * updates_per_epoch}
        if sched == "cosine":
            cycles: dict[str, Any] = {"cycle_mul": cycle_mul, "cycle_decay": cycle_decay}
            return _cosine(k_decay=k_decay, **cycles, **decay, **common)
        if sched == "tanh":
            return _tanh(**decay, **common)
        if sched == "poly":  # timm takes the rate for the power
            return _poly(power=decay_rate, k_decay=k_decay, **decay, **common)
        if sched == "step":
            return _step(decay_t=decay_epochs * unit, **drops, **common)
        return _multi_step(decay_t=[m * unit for m in decay_milestones], **drops, **common)

    return make


LIKES: dict[str, Callable[..., Schedule]] = {
    "CosineLRScheduler": _cosine,
    "TanhLRScheduler": _tanh,
    "PolyLRScheduler": _poly,
    "StepLRScheduler": _step,
    "MultiStepLRScheduler": _multi_step,
    "cosine": _made_by_name("cosine"),
    "tanh": _made_by_name("tanh"),
    "poly": _made_by_name("poly"),
    "step": _made_by_name("step"),
    "multistep": _made_by_name("multistep"),
}

_METRIC = "it follows a metric, so that no update number says its learning rate"
NONE: dict[str, str] = {"PlateauLRScheduler": _METRIC, "plateau": _METRIC}
