"""Checks of scheduler objects before a training: ours, MXNet's, PyTorch's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tuner.errors import ScheduleError
from tuner.linting.checks.multiplied import MULTIPLIED
from tuner.linting.checks.prepared import PREPARED
from tuner.linting.finding import Finding
from tuner.linting.lengths import Length, Training, drops, judge
from tuner.linting.source.known import OWN_LEARNING_RATE, USUAL_BASE
from tuner.linting.training import changes
from tuner.schedules import Schedule

# Where PyTorch's schedulers keep their length. LinearLR and ConstantLR are parts, and others have
# none.
_TORCH_LENGTHS = {
    "CosineAnnealingLR": "T_max",
    "PolynomialLR": "total_iters",
    "OneCycleLR": "total_steps",
    "MultiStepLR": "milestones",
}
_NO_FLOOR = 1e-8  # MXNet's default, which stops nothing


def check_object(scheduler: Any, training: Training) -> Iterator[Finding]:
    """Find the mistakes of a scheduler object, or of what has one: a Gluon trainer, an optimizer.

    Raises:
        ScheduleError: If it is no scheduler that is known here.
    """
    if isinstance(scheduler, Schedule):
        yield from judge(_ours(scheduler), training)
    elif _is(scheduler, "mxnet.lr_scheduler", "LRScheduler"):
        yield from _mxnet(scheduler, training)
    elif _is(scheduler, "tuner.adapters.torch", "ScheduleLR"):
        yield from judge(_ours(scheduler.schedule), training)
        yield from _stepped(scheduler)
    elif _is(scheduler, "tuner.adapters.mxnet", "DrivingScheduler"):
        yield from judge(_ours(scheduler.schedule), training)
    elif _is(scheduler, "accelerate.scheduler", "AcceleratedScheduler"):
        yield from _prepared(scheduler)
        yield from check_object(scheduler.scheduler, training)
    elif _is(scheduler, "torch.optim.lr_scheduler", "LRScheduler"):
        yield from _torch(scheduler, training)
    elif _is(scheduler, "mxnet.gluon.trainer", "Trainer"):
        yield from check_object(scheduler._optimizer, training)
    elif _is(scheduler, "mxnet.optimizer.optimizer", "Optimizer") and scheduler.lr_scheduler:
        yield from _no_effect(scheduler)
        yield from check_object(scheduler.lr_scheduler, training)
    else:
        raise ScheduleError(
            "a schedule of this package, a scheduler of MXNet or PyTorch, or a Gluon trainer or"
            f" optimizer that has one is needed, but got {scheduler!r}."
        )


def _is(thing: Any, module: str, name: str) -> bool:
    """Tell whether it is an instance of a class, without importing that."""
    return any((cls.__module__, cls.__name__) == (module, name) for cls in type(thing).__mro__)


def _ours(schedule: Schedule) -> Length:
    # Where nothing changes, the horizon is no matter.
    horizon = schedule.horizon if changes(schedule, 0, schedule.horizon) else None
    return Length(schedule.family, "horizon", horizon, warmup=float(schedule.warmup_steps))


def _mxnet(scheduler: Any, training: Training) -> Iterator[Finding]:
    what = type(scheduler).__name__
    name = "max_update" if hasattr(scheduler, "max_update") else "step"
    step = getattr(scheduler, "step", None)
    asked = getattr(scheduler, "count", 0) or getattr(scheduler, "cur_step_ind", 0)
    # The cosine and the polynomial compute from what they began with, so asking does no harm.
    pure = name == "max_update"
    horizon = scheduler.max_update if pure else max(step) if isinstance(step, list) else None
    yield from judge(Length(what, name, horizon, warmup=float(scheduler.warmup_steps)), training)
    if isinstance(step, int) and scheduler.base_lr and training.asks:  # of 0, nothing is lost
        stop = scheduler.stop_factor_lr
        floor = stop / scheduler.base_lr if stop != _NO_FLOOR else 0.0
        yield from drops(what, "step", step, scheduler.factor, floor, training.asks)
    if pure:
        return
    if asked:
        yield Finding(
            "used-before",
            f"this {what} was asked about updates up to {asked} or later and has dropped to"
            f" {scheduler.base_lr:.6g}. MXNet's change when they are asked: make a new one for the"
            " training.",
        )
    elif scheduler.base_lr != scheduler.warmup_final_lr and _matters(scheduler):
        yield Finding(
            "learning-rate-beside",
            f"base_lr of this {what} was {scheduler.warmup_final_lr:.6g} and was overwritten with"
            f" {scheduler.base_lr:.6g}: by the optimizer's learning_rate, which adam and others"
            " have by default. Pass the scheduler's own as learning_rate.",
        )


def _matters(scheduler: Any) -> bool:
    """Tell whether somebody wrote a base_lr, or a warmup goes to it, before it was overwritten."""
    return bool(scheduler.warmup_final_lr != USUAL_BASE or scheduler.warmup_steps)


def _no_effect(optimizer: Any) -> Iterator[Finding]:
    """Find a learning rate that a cosine or polynomial, which keep their own, ignore."""
    scheduler, rate = optimizer.lr_scheduler, optimizer.lr
    kept = getattr(scheduler, "base_lr_orig", rate)
    # Every optimizer has one that nobody wrote.
    if rate not in (None, kept) and rate not in {USUAL_BASE, *OWN_LEARNING_RATE.values()}:
        what = type(scheduler).__name__
        yield Finding(
            "learning-rate-beside",
            f"the optimizer's learning_rate={rate:.6g} has no effect: this {what} keeps its own"
            f" `base_lr={kept:.6g}`. Write base_lr={rate:.6g} in it, or leave learning_rate out.",
        )


def _prepared(scheduler: Any) -> Iterator[Finding]:
    """Find a schedule that Accelerate steps once for every process."""
    each = scheduler.step_with_optimizer and not scheduler.split_batches
    schedule = getattr(scheduler.scheduler, "schedule", None)
    if each and isinstance(schedule, Schedule):
        yield Finding("prepared", PREPARED.format(name=schedule.family))


def _torch(scheduler: Any, training: Training) -> Iterator[Finding]:
    yield from _stepped(scheduler)
    yield from _torch_length(scheduler, training)


def _torch_length(scheduler: Any, training: Training) -> Iterator[Finding]:
    what = type(scheduler).__name__
    name = _TORCH_LENGTHS.get(what)
    if what == "ChainedScheduler":  # all of them at once
        parts = scheduler._schedulers
        for part in parts:
            if _is(part, "tuner.adapters.torch", "ScheduleLR"):
                yield from judge(_ours(part.schedule), training)
                if len(parts) > 1:
                    yield Finding("multiplied", MULTIPLIED.format(name=part.schedule.family))
            else:
                yield from _torch_length(part, training)
    elif what == "SequentialLR":
        begun, last = max(scheduler._milestones, default=0), scheduler._schedulers[-1]
        name = _TORCH_LENGTHS.get(type(last).__name__)
        if name and name != "milestones":
            yield from judge(Length(what, name, begun + getattr(last, name)), training)
    elif what == "StepLR":
        if training.asks:
            step, factor = scheduler.step_size, scheduler.gamma
            yield from drops(what, "step_size", step, factor, 0.0, training.asks)
    elif what == "ExponentialLR":
        if training.asks:
            yield from drops(what, "", 1, scheduler.gamma, 0.0, training.asks)
    elif name:
        value = getattr(scheduler, name)
        horizon = max(value, default=None) if name == "milestones" else value
        yield from judge(Length(what, name, horizon), training)


def _stepped(scheduler: Any) -> Iterator[Finding]:
    # A ChainedScheduler steps all of its own and does not count itself.
    counting = scheduler if hasattr(scheduler, "last_epoch") else scheduler._schedulers[0]
    if counting.last_epoch > 0:
        yield Finding(
            "used-before",
            f"this {type(scheduler).__name__} was stepped {counting.last_epoch} times and has"
            f" changed its optimizer's learning rate to {scheduler.get_last_lr()}. Make a new"
            " optimizer and scheduler for the training, or load a saved state into both.",
        )
