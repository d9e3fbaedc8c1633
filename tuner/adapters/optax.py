"""Schedules for Optax and any other training in JAX.

::

    optimizer = optax.sgd(learning_rate=schedule.to_optax(), momentum=0.9)

Optax's own schedules are these, with ``warmup_steps=1`` because Optax's count of the first update
is 0 and the schedule's is 1:

``cosine_decay_schedule(b, n, alpha)``
    ``Cosine(base_lr=b, final_lr=alpha * b, horizon=n + 1, warmup_steps=1)``. An ``exponent``
    other than 1 is no family's.
``polynomial_schedule(b, f, p, n, begin)``, ``f <= b``
    ``Poly(base_lr=b, final_lr=f, power=p, horizon=begin + n + 1, warmup_steps=begin + 1,
    warmup_begin_lr=b, warmup_mode="constant")``
``linear_schedule(b, f, n)``, ``f <= b``
    ``Linear(base_lr=b, final_lr=f, horizon=n + 1, warmup_steps=1)``
``cosine_onecycle_schedule(n, b, p, d, e)``
    ``OneCycle(base_lr=b, begin_lr=b / d, rise_steps=int(p * n), final_lr=b / (d * e),
    horizon=n + 1, warmup_steps=1)``
``linear_onecycle_schedule(n, b, p, q, d, e)``
    ``Piecewise(base_lr=b, horizon=n + 1, knots=((1, 1 / d), (int(p * n) + 1, 1.0),
    (int(q * n) + 1, 1 / d), (n + 1, 1 / (d * e))))``
``warmup_cosine_decay_schedule(s, b, w, n, f)``
    ``OneCycle(base_lr=b, begin_lr=s, rise_steps=w, anneal="linear-cosine", final_lr=f,
    horizon=n + 1, warmup_steps=1)``
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
