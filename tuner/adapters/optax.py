"""Schedules for Optax and any other training in JAX.

::

    optimizer = optax.sgd(learning_rate=schedule.to_optax(), momentum=0.9)

:class:`~tuner.Schedules` make the optimizer, with all that they have::

    optimizer = schedules.to_optax(optax.sgd, nesterov=True)

Optax's count of the first update is 0, and the schedule's is 1. Its own schedules are schedules as
well: ``tuner.schedules.like("optax.exponential_decay", ...)``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import jax.numpy as jnp
import numpy

from tuner.adapters import refuse_several
from tuner.errors import ScheduleError
from tuner.schedules import QUANTITIES, Schedule, Schedules

# What Optax's optimizers call the quantities.
_NAMES = {
    "lr": ("learning_rate",), "momentum": ("momentum", "b1"), "weight_decay": ("weight_decay",)
}  # fmt: skip
_OTHERS = "default"


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
        ScheduleError: If its horizon is too long for a table, or it has more than a learning
            rate.

    Example:
        >>> import jax
        >>> from tuner.schedules import Linear
        >>> counted = Linear(base_lr=0.5, horizon=4).to_optax()
        >>> [float(jax.jit(counted)(count)) for count in range(6)]
        [0.375, 0.25, 0.125, 0.0, 0.0, 0.0]
    """

    def __init__(self, schedule: Schedule) -> None:
        refuse_several(
            schedule, "A function of Optax's count", "Write schedule.to_optax(optax.sgd)."
        )
        self.schedule = schedule
        self._rates = numpy.array(schedule.learning_rates())

    def __call__(self, count: Any) -> Any:
        """Return the learning rate of the update after ``count`` others; traced or not."""
        place = jnp.clip(jnp.asarray(count), 0, len(self._rates) - 1).astype(int)
        return jnp.asarray(self._rates)[place]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.schedule!r})"


def driven(
    schedule: Schedule, make: Callable[..., Any], labels: Any, options: Mapping[str, Any]
) -> Any:
    """Return an Optax optimizer that follows all curves, by ``optax.inject_hyperparams``.

    ``momentum`` is its argument of this name, or ``b1``. Parameter groups are the labels of
    ``optax.multi_transform``; what is in none of the schedule's has the label ``"default"``.

    Args:
        schedule: The schedule.
        make: What makes the optimizer, such as ``optax.adamw``.
        labels: The label of each parameter, a tree or a function of the parameters; needed if the
            schedule has groups.
        options: The optimizer's other arguments.

    Raises:
        ScheduleError: If the optimizer has no such argument, or there are groups without labels.

    Example:
        >>> import optax
        >>> from tuner.schedules import Inverse, Linear, Schedules
        >>> lr = Linear(base_lr=0.5, horizon=4)
        >>> schedules = Schedules(lr=lr, momentum=Inverse(of=lr, low=0.5, high=0.9))
        >>> optimizer = schedules.to_optax(optax.sgd)
        >>> state = optimizer.init({"weight": jnp.zeros(1)})
        >>> sorted(state.hyperparams)
        ['learning_rate', 'momentum']
    """
    if not isinstance(schedule, Schedules):
        return _injected({"lr": CountedSchedule(schedule)}, make, options)
    if not schedule.groups:
        return _injected(_counted(schedule, None), make, options)
    if labels is None or not schedule.by_name:
        raise ScheduleError(
            "Optax must be told the group of each parameter by its name, but got"
            f" {'no labels' if schedule.by_name else 'groups in order'}. Give the schedule"
            " groups by name, and write schedule.to_optax(optax.adamw, labels=...) as for"
            f" optax.multi_transform; what is in no group has the label {_OTHERS!r}."
        )
    from optax import multi_transform

    keys = [_OTHERS, *(key for key, _ in schedule.own_groups())]
    groups = {key: _injected(_counted(schedule, key), make, options) for key in keys}
    return multi_transform(groups, labels)


def _counted(schedule: Schedules, group: str | None) -> dict[str, Any]:
    """Return the quantities of a group as functions of Optax's count."""
    lr, *others = schedule.group(group)
    whole = CountedSchedule(lr if isinstance(lr, Schedule) else schedule.lr)
    found: dict[str, Any] = {"lr": whole}
    if isinstance(lr, float):
        found["lr"] = lambda count: whole(count) * lr
    for quantity, curve in zip(QUANTITIES, others, strict=True):
        if isinstance(curve, Schedule):
            found[quantity] = CountedSchedule(curve)
    return found


def _injected(
    counted: Mapping[str, Any], make: Callable[..., Any], options: Mapping[str, Any]
) -> Any:
    known = inspect.signature(make).parameters
    names = {
        quantity: next((name for name in _NAMES[quantity] if name in known), "")
        for quantity in counted
    }
    lacking = [
        f"{quantity} ({' or '.join(map(repr, _NAMES[quantity]))})"
        for quantity, name in names.items()
        if not name
    ]
    if lacking:
        raise ScheduleError(
            f"{getattr(make, '__name__', make)} must have {' and '.join(lacking)} among its"
            f" arguments to follow the schedule, but has {', '.join(known)}."
        )
    from optax import inject_hyperparams

    # Another function among the arguments, as a mask, is no schedule.
    static = [name for name, value in options.items() if callable(value)]
    given = {names[quantity]: function for quantity, function in counted.items()}
    return inject_hyperparams(make, static_args=static)(**given, **options)
