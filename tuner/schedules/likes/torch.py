"""PyTorch's schedulers, ``torch.optim.lr_scheduler``, as schedules.

``lr`` is the learning rate that the optimizer was made with. A scheduler counts how often its
``step()`` was called; at the first update that is 0. Without ``updates_per_epoch`` it is called
after every update, with it after so many.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

from tuner.errors import ScheduleError
from tuner.schedules.base import Schedule
from tuner.schedules.cosine import Cosine
from tuner.schedules.cosine_restarts import CosineRestarts
from tuner.schedules.cyclic import Cyclic
from tuner.schedules.factor import Factor
from tuner.schedules.likes.parts import dropping, few, lines, lines_of, no_equal, stairs, started
from tuner.schedules.one_cycle import OneCycle
from tuner.schedules.poly import Poly


def _step(lr: float, step_size: int, horizon: int, gamma: float = 0.1) -> Schedule:
    return Factor(base_lr=lr, decay_factor=gamma, decay_interval=step_size, horizon=horizon)


def _multi_step(lr: float, milestones: list[int], horizon: int, gamma: float = 0.1) -> Schedule:
    return dropping(gamma, sorted(milestones), horizon, {"base_lr": lr})


def _constant(
    lr: float, factor: float = 1 / 3, total_iters: int = 5, horizon: int | None = None
) -> Schedule:
    return stairs([(0, lr * factor), (total_iters, lr)], horizon)


def _linear(
    lr: float,
    start_factor: float = 1 / 3,
    end_factor: float = 1.0,
    total_iters: int = 5,
    horizon: int | None = None,
) -> Schedule:
    return lines([(0, lr * start_factor), (total_iters, lr * end_factor)], horizon)


def _exponential(lr: float, gamma: float, horizon: int) -> Schedule:
    return Factor(base_lr=lr, decay_factor=gamma, decay_interval=1, horizon=horizon)


def _polynomial(lr: float, total_iters: int = 5, power: float = 1.0) -> Schedule:
    return Poly(power=power, horizon=total_iters + 1, **started(lr))


# Up to T_max: after it PyTorch's rises again.
def _cosine(lr: float, T_max: int, eta_min: float = 0.0) -> Schedule:
    return Cosine(final_lr=eta_min, horizon=T_max + 1, **started(lr))


def _restarts(
    lr: float,
    T_0: int,
    horizon: int,
    T_mult: int = 1,
    eta_min: float = 0.0,
) -> Schedule:
    def laid_out(updates: int) -> CosineRestarts:
        return CosineRestarts(
            cycle_steps=T_0, cycle_factor=T_mult, final_lr=eta_min, horizon=updates, **started(lr)
        )

    # At the very end of a cycle ours stays; PyTorch's restarts, as ours does a little before it.
    return laid_out(horizon + 1) if laid_out(horizon).ends_a_cycle else laid_out(horizon)


def _cyclic(
    base_lr: float,
    max_lr: float,
    horizon: int,
    step_size_up: int = 2000,
    step_size_down: int | None = None,
    mode: str = "triangular",
    gamma: float = 1.0,
) -> Schedule:
    down = step_size_up if step_size_down is None else step_size_down
    if mode not in ("triangular", "triangular2"):
        raise no_equal(
            f"mode={mode!r} multiplies each update's height by `gamma`",
            "mode='triangular2', which halves the height in each cycle",
        )
    factor, length = (0.5 if mode == "triangular2" else 1.0), step_size_up + down
    if down == step_size_up:
        common = started(max_lr) | {"warmup_begin_lr": base_lr}
        return Cyclic(
            begin_lr=base_lr, cycle_steps=length, decay_factor=factor, horizon=horizon, **common
        )

    def rate(count: float) -> float:
        cycle, into = divmod(count, length)
        share = into / step_size_up if into <= step_size_up else (length - into) / down
        return base_lr + (max_lr - base_lr) * math.pow(factor, cycle) * share

    starts = few(range(0, horizon + length, length))
    corners = [count for start in starts for count in (start, start + step_size_up)]
    return lines_of(rate, corners, max(corners) + 1)


def _one_cycle(
    max_lr: float,
    total_steps: int | None = None,
    epochs: int | None = None,
    steps_per_epoch: int | None = None,
    pct_start: float = 0.3,
    anneal_strategy: str = "cos",
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
    three_phase: bool = False,
) -> Schedule:
    if total_steps is None and epochs is not None and steps_per_epoch is not None:
        total_steps = epochs * steps_per_epoch
    if total_steps is None:
        raise ScheduleError("`total_steps`, or `epochs` and `steps_per_epoch`, must be given.")
    begin, rise = max_lr / div_factor, pct_start * total_steps - 1
    final, end = begin / final_div_factor, total_steps - 1
    if abs(rise - round(rise)) < 1e-9 * total_steps:
        rise = round(rise)
    if anneal_strategy == "linear":
        middle = [(2 * rise, begin)] if three_phase else []
        points = [(0.0, begin), (rise, max_lr), *middle, (float(end), final)]
        return lines_of(_between(points), [count for count, _ in points])
    if three_phase or rise != round(rise):
        what = "three phases of cosines" if three_phase else f"a peak between updates, {rise + 1}"
        nearest = f"total_steps={total_steps}, pct_start={(math.ceil(rise) + 1) / total_steps!r}"
        raise no_equal(f"it has {what}", f"{nearest}, or anneal_strategy='linear'")
    return OneCycle(
        begin_lr=begin, rise_steps=int(rise), final_lr=final, horizon=total_steps,
        **started(max_lr) | {"warmup_begin_lr": begin},
    )  # fmt: skip


def _between(points: list[tuple[float, float]]) -> Callable[[float], float]:
    def rate(count: float) -> float:
        for (begin, low), (end, high) in itertools.pairwise(points):
            if count <= end:
                return low + (high - low) * (count - begin) / (end - begin)
        return points[-1][1]

    return rate


LIKES: dict[str, Callable[..., Schedule]] = {
    "StepLR": _step,
    "MultiStepLR": _multi_step,
    "ConstantLR": _constant,
    "LinearLR": _linear,
    "ExponentialLR": _exponential,
    "PolynomialLR": _polynomial,
    "CosineAnnealingLR": _cosine,
    "CosineAnnealingWarmRestarts": _restarts,
    "CyclicLR": _cyclic,
    "OneCycleLR": _one_cycle,
}

_OTHERS = "its schedulers one by one, or a Piecewise through their learning rates"
NONE: dict[str, str] = {
    "ReduceLROnPlateau": "it follows a metric, so that no update number says its learning rate",
    "LambdaLR": "it is a function of your own; register it as a family",
    "MultiplicativeLR": "it is a function of your own; register it as a family",
    "SequentialLR": f"it is made of other schedulers; take {_OTHERS}",
    "ChainedScheduler": f"it is made of other schedulers; take {_OTHERS}",
    "SWALR": "it begins at whatever learning rate it finds",
}
