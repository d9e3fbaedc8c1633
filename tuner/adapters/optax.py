"""Schedules for Optax and any other training in JAX.

::

    optimizer = optax.sgd(learning_rate=schedule.to_optax(), momentum=0.9)

Optax's count of the first update is 0, and the schedule's is 1. Its own schedules are schedules as
well: ``tuner.schedules.like("optax.exponential_decay", ...)``.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy

from tuner.schedules import Schedule


class CountedSchedule:
    """A schedule as a function of Optax's count of updates made, 0 at the first.

    It looks the learning rate up in a table of ``schedule(1)`` to ``schedule(horizon)``; a later
    count has the last one. A table rather than a formula, because it is right for every family,
    safe under ``jit``, ``grad``, ``scan`` and ``vmap``, and exact to the last bit of JAX's
    float: in float32, a formula that ends near 0, as the cosine's, loses most of its digits there,
    and an update beyond 2**24 is not a number any more.

    Args:
        schedule: A schedule of any family, with a horizon that a table can have.

    Raises:
        ScheduleError: If its horizon is too long for a table.

    Example:
        >>> import jax
        >>> from tuner.schedules import Linear
        >>> counted = Linear(base_lr=0.5, horizon=4).to_optax()
        >>> [float(jax.jit(counted)(count)) for count in range(6)]
        [0.375, 0.25, 0.125, 0.0, 0.0, 0.0]
    """

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self._rates = numpy.array(schedule.learning_rates())

    def __call__(self, count: Any) -> Any:
        """Return the learning rate of the update after ``count`` others; traced or not."""
        place = jnp.clip(jnp.asarray(count), 0, len(self._rates) - 1).astype(int)
        return jnp.asarray(self._rates)[place]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.schedule!r})"
