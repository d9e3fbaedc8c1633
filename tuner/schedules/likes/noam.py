"""The schedule of "Attention is all you need", which many call Noam."""

from __future__ import annotations

from collections.abc import Callable

from tuner.schedules.base import Schedule
from tuner.schedules.square_root import SquareRoot


# Of update u: factor * d_model^-0.5 * min(u^-0.5, u * warmup_steps^-1.5). It counts from 1, as
# schedules do.
def _noam(d_model: int, warmup_steps: int, horizon: int, factor: float = 1.0) -> Schedule:
    return SquareRoot(
        base_lr=factor * (d_model * warmup_steps) ** -0.5,
        warmup_steps=warmup_steps,
        decay_interval=warmup_steps,
        horizon=horizon,
    )


LIKES: dict[str, Callable[..., Schedule]] = {"noam": _noam}
