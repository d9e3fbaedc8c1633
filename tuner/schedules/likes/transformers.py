"""Hugging Face's schedulers, by the names that ``get_scheduler`` and ``Trainer`` give them.

The functions that make them, ``get_cosine_schedule_with_warmup`` and others, are names too.

``lr`` is the learning rate that the optimizer was made with. The count of the first update is 0,
and so a warmup begins at a learning rate of 0, except that of ``cosine_warmup_with_min_lr``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tuner.errors import ScheduleError
from tuner.schedules.base import Schedule
from tuner.schedules.constant import Constant
from tuner.schedules.cosine import Cosine
from tuner.schedules.cosine_restarts import CosineRestarts
from tuner.schedules.likes.parts import no_equal, warmed
from tuner.schedules.linear import Linear
from tuner.schedules.poly import Poly
from tuner.schedules.square_root import SquareRoot
from tuner.schedules.wsd import WSD


def _constant(lr: float, horizon: int) -> Schedule:
    return Constant(base_lr=lr, horizon=horizon)


def _constant_with_warmup(lr: float, num_warmup_steps: int, horizon: int) -> Schedule:
    return Constant(horizon=horizon, **warmed(lr, num_warmup_steps))


def _linear(lr: float, num_warmup_steps: int, num_training_steps: int) -> Schedule:
    return Linear(horizon=num_training_steps + 1, **warmed(lr, num_warmup_steps))


def _cosine(
    lr: float, num_warmup_steps: int, num_training_steps: int, num_cycles: float = 0.5
) -> Schedule:
    _half_a_wave(num_cycles)
    return Cosine(horizon=num_training_steps + 1, **warmed(lr, num_warmup_steps))


def _cosine_with_restarts(
    lr: float, num_warmup_steps: int, num_training_steps: int, num_cycles: int = 1
) -> Schedule:
    length, rest = divmod(num_training_steps - num_warmup_steps, num_cycles)
    if rest:
        raise no_equal(
            f"{num_training_steps - num_warmup_steps} updates after the warmup make"
            f" num_cycles={num_cycles} of parts of an update",
            f"num_training_steps={num_training_steps - rest}",
        )
    return CosineRestarts(
        cycle_steps=length, horizon=num_training_steps + 1, **warmed(lr, num_warmup_steps)
    )


def _polynomial(
    lr: float,
    num_warmup_steps: int,
    num_training_steps: int,
    lr_end: float = 1e-7,
    power: float = 1.0,
) -> Schedule:
    fields = warmed(lr, num_warmup_steps)
    return Poly(power=power, final_lr=lr_end, horizon=num_training_steps + 1, **fields)


def _inverse_sqrt(
    lr: float, num_warmup_steps: int, horizon: int, timescale: int | None = None
) -> Schedule:
    if timescale is None:
        timescale = num_warmup_steps or 10_000
    return SquareRoot(decay_interval=timescale, horizon=horizon, **warmed(lr, num_warmup_steps))


def _cosine_with_min_lr(
    lr: float,
    num_warmup_steps: int,
    num_training_steps: int,
    num_cycles: float = 0.5,
    min_lr: float | None = None,
    min_lr_rate: float | None = None,
) -> Schedule:
    _half_a_wave(num_cycles)
    return Cosine(
        final_lr=_least(lr, min_lr, min_lr_rate),
        horizon=num_training_steps + 1,
        **warmed(lr, num_warmup_steps),
    )


# Its warmup and its decay are a count ahead of the others'. After num_training_steps it rises.
def _cosine_warmup_with_min_lr(
    lr: float,
    num_warmup_steps: int,
    num_training_steps: int,
    num_cycles: float = 0.5,
    min_lr: float | None = None,
    min_lr_rate: float | None = None,
    warmup_lr_rate: float | None = None,
) -> Schedule:
    _half_a_wave(num_cycles)
    final_lr = _least(lr, min_lr, min_lr_rate)
    if warmup_lr_rate is None or num_warmup_steps == 0:
        fields: dict[str, Any] = {"base_lr": lr, "warmup_steps": num_warmup_steps}
    elif num_warmup_steps == 1:  # the one update of warmup is in the decay's place
        fields = warmed(lr, 1, warmup_lr_rate * lr, overlap=True)
    else:
        fields = warmed(lr, num_warmup_steps - 1, warmup_lr_rate * lr)
    return Cosine(final_lr=final_lr, horizon=num_training_steps, **fields)


def _warmup_stable_decay(
    lr: float,
    num_warmup_steps: int,
    num_decay_steps: int,
    num_training_steps: int | None = None,
    num_stable_steps: int | None = None,
    warmup_type: str = "linear",
    decay_type: str = "cosine",
    min_lr_ratio: float = 0.0,
    num_cycles: float = 0.5,
) -> Schedule:
    if num_stable_steps is None:
        if num_training_steps is None:
            raise ScheduleError("`num_training_steps` or `num_stable_steps` must be given.")
        num_stable_steps = num_training_steps - num_warmup_steps - num_decay_steps
    if decay_type == "cosine":
        _half_a_wave(num_cycles)
    if warmup_type != "linear" and num_warmup_steps:
        raise no_equal(f"it warms up as {warmup_type!r}", "warmup_type='linear'")
    return WSD(
        decay_steps=num_decay_steps,
        decay_shape=decay_type,
        final_lr=min_lr_ratio * lr,
        horizon=num_warmup_steps + num_stable_steps + num_decay_steps + 1,
        **warmed(lr, num_warmup_steps, min_lr_ratio * lr),
    )


def _half_a_wave(num_cycles: float) -> None:
    if num_cycles != 0.5:
        nearest = "num_cycles=0.5, or cosine_with_restarts"
        raise no_equal(f"num_cycles={num_cycles!r} goes up and down as the wave does", nearest)


def _least(lr: float, min_lr: float | None, min_lr_rate: float | None) -> float:
    if (min_lr is None) == (min_lr_rate is None):
        raise ScheduleError("one of `min_lr` and `min_lr_rate` must be given.")
    return min_lr if min_lr is not None else lr * (min_lr_rate or 0.0)


LIKES: dict[str, Callable[..., Schedule]] = {
    "constant": _constant,
    "constant_with_warmup": _constant_with_warmup,
    "linear": _linear,
    "cosine": _cosine,
    "cosine_with_restarts": _cosine_with_restarts,
    "polynomial": _polynomial,
    "inverse_sqrt": _inverse_sqrt,
    "cosine_with_min_lr": _cosine_with_min_lr,
    "cosine_warmup_with_min_lr": _cosine_warmup_with_min_lr,
    "warmup_stable_decay": _warmup_stable_decay,
}

# The functions that `get_scheduler` calls.
FUNCTIONS: dict[str, str] = {
    "get_constant_schedule": "constant",
    "get_constant_schedule_with_warmup": "constant_with_warmup",
    "get_linear_schedule_with_warmup": "linear",
    "get_cosine_schedule_with_warmup": "cosine",
    "get_cosine_with_hard_restarts_schedule_with_warmup": "cosine_with_restarts",
    "get_polynomial_decay_schedule_with_warmup": "polynomial",
    "get_inverse_sqrt_schedule": "inverse_sqrt",
    "get_cosine_with_min_lr_schedule_with_warmup": "cosine_with_min_lr",
    "get_cosine_with_min_lr_schedule_with_warmup_lr_rate": "cosine_warmup_with_min_lr",
    "get_wsd_schedule": "warmup_stable_decay",
}

_METRIC = "it follows a metric, so that no update number says its learning rate"
NONE: dict[str, str] = {"reduce_lr_on_plateau": _METRIC, "greedy": _METRIC}
