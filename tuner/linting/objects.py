"""Checks of scheduler objects before a training: ours, MXNet's, PyTorch's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tuner.errors import ScheduleError
from tuner.linting.finding import Finding
from tuner.linting.lengths import FAR, Length, Training, judge
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
_GONE = 1e-6  # what is left of a learning rate that has dropped away


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
    elif _is(scheduler, "torch.optim.lr_scheduler", "LRScheduler"):
        yield from _torch(scheduler, training)
    elif _is(scheduler, "mxnet.gluon.trainer", "Trainer"):
        yield from check_object(scheduler._optimizer, training)
    elif _is(scheduler, "mxnet.optimizer.optimizer", "Optimizer") and scheduler.lr_scheduler:
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
    if isinstance(step, int) and scheduler.base_lr:  # of 0, nothing can be lost
        factor, rest = scheduler.factor, scheduler.stop_factor_lr / scheduler.base_lr
        yield from _drops(what, "step", step, factor, max(rest, 0.0), training)
    if not pure and asked:
        yield Finding(
            "used-before",
            f"this {what} was asked about updates up to {asked} or later and has dropped to"
            f" {scheduler.base_lr:.6g}. MXNet's change when they are asked: make a new one for the"
            " training.",
        )
    elif not pure and scheduler.base_lr != scheduler.warmup_final_lr:
        yield Finding(
            "learning-rate-beside",
            f"base_lr of this {what} was {scheduler.warmup_final_lr:.6g} and was overwritten with"
            f" {scheduler.base_lr:.6g}: by the optimizer's learning_rate, which adam and others"
            " have by default. Pass the scheduler's own as learning_rate.",
        )


def _torch(scheduler: Any, training: Training) -> Iterator[Finding]:
    yield from _stepped(scheduler)
    yield from _torch_length(scheduler, training)


def _torch_length(scheduler: Any, training: Training) -> Iterator[Finding]:
    what = type(scheduler).__name__
    name = _TORCH_LENGTHS.get(what)
    if what == "ChainedScheduler":  # all of them at once
        for part in scheduler._schedulers:
            yield from _torch_length(part, training)
    elif what == "SequentialLR":
        begun, last = max(scheduler._milestones, default=0), scheduler._schedulers[-1]
        name = _TORCH_LENGTHS.get(type(last).__name__)
        if name and name != "milestones":
            yield from judge(Length(what, name, begun + getattr(last, name)), training)
    elif what == "StepLR":
        yield from _drops(what, "step_size", scheduler.step_size, scheduler.gamma, 0.0, training)
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


def _drops(
    what: str, name: str, interval: int, factor: float, floor: float, training: Training
) -> Iterator[Finding]:
    """Find a drop every few updates, after which nothing is left of the learning rate."""
    asks = training.asks
    if asks is None or asks < FAR * interval:
        return
    left = max(factor ** (asks / interval), floor)
    if left < _GONE:
        yield Finding(
            "horizon-in-epochs",
            f"this {what} drops every {interval} updates, {asks // interval} times in {asks}:"
            f" {left:.1g} of the learning rate is left then. `{name}` counts updates here: if"
            f" {interval} are epochs, write {interval} * updates per epoch.",
        )
