"""Schedules for Keras 3, on any of its backends.

::

    model.compile(optimizer=keras.optimizers.SGD(learning_rate=schedule.to_keras()), loss=...)

A saved model holds the family and its parameters. Whoever loads it imports this module first,
``import tuner.adapters.keras``, or Keras does not know what ``tuner>KerasSchedule`` is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy

from tuner.adapters.callers import caller
from tuner.adapters.keras_quantities import take_over
from tuner.schedules import Schedule, schedule_from_dict, schedule_to_dict


@keras.saving.register_keras_serializable(package="tuner")
class KerasSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule as a function of Keras's count of updates made, 0 at the first.

    It looks the learning rate up in a table of ``schedule(1)`` to ``schedule(horizon)``, in
    float32 whatever the precision of the training, as Optax's does and for the same reasons: see
    :class:`tuner.adapters.optax.CountedSchedule`.

    Keras counts batches rather than updates where an optimizer has
    ``gradient_accumulation_steps``. Asked by such an optimizer, it counts the updates.

    Of :class:`~tuner.Schedules` the optimizer that asks gets the others, too, or an error says in
    its first step what it has not: :mod:`tuner.adapters.keras_quantities`.

    Args:
        schedule: A schedule of a known family, with a horizon that a table can have.

    Raises:
        ScheduleError: If its horizon is too long for a table.

    Example:
        >>> from tuner.schedules import Linear
        >>> counted = Linear(base_lr=0.5, horizon=4).to_keras()
        >>> [float(counted(iterations)) for iterations in range(6)]
        [0.375, 0.25, 0.125, 0.0, 0.0, 0.0]
        >>> type(counted).from_config(counted.get_config()).schedule
        Linear(base_lr=0.5, horizon=4, warmup_steps=0, warmup_begin_lr=0.0, \
warmup_mode='linear', final_lr=0.0)
    """

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self._rates = numpy.array(schedule.learning_rates(), dtype="float32")

    def __call__(self, step: Any) -> Any:
        """Return the learning rate of the update after ``step`` others."""
        if isinstance(step, keras.Variable):  # an optimizer's own count, and it tells no one whose
            optimizer = caller(keras.optimizers.Optimizer)
            if optimizer is not None:
                take_over(optimizer, self.schedule, lambda curve: KerasSchedule(curve).due)
                return self.due(optimizer, step)
        return self._at(step)

    def due(self, optimizer: Any, step: Any = None) -> Any:
        """Return the value of the update that an optimizer makes next."""
        step = optimizer.iterations if step is None else step
        return self._at(step // (getattr(optimizer, "gradient_accumulation_steps", None) or 1))

    def _at(self, step: Any) -> Any:
        place = keras.ops.clip(keras.ops.cast(step, "int32"), 0, len(self._rates) - 1)
        return keras.ops.take(keras.ops.convert_to_tensor(self._rates), place)

    def get_config(self) -> dict[str, Any]:
        """Return the schedule as plain data."""
        return schedule_to_dict(self.schedule)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> KerasSchedule:
        """Build it from what :meth:`get_config` returned.

        Raises:
            ScheduleError: If the family or a parameter is unknown or out of range.
        """
        return cls(schedule_from_dict(dict(config)))
