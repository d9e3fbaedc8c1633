"""Several quantities in a Keras optimizer: what its step asks for is that of the update.

Keras reads ``beta_1`` and ``weight_decay`` of an optimizer in each step, or when it compiles one,
and they are numbers. So an optimizer that asks for its learning rate is made one of a subclass,
where they are tables, as the learning rate is, at the optimizer's own count of updates. A saved
model has the numbers, and the schedule in its learning rate, which takes the loaded one over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras

from tuner.errors import ScheduleError
from tuner.schedules import Schedule, Schedules

# Of an object itself, whatever its class says that it is.
_CLASS: Any = vars(object)["__class__"]
_FIELDS = {"momentum": "beta_1", "weight_decay": "weight_decay"}


def take_over(
    optimizer: Any, schedule: Schedule, counted: Callable[[Schedule], Callable[[Any], Any]]
) -> None:
    """Have an optimizer follow what a schedule has beside its learning rate, if anything.

    Args:
        optimizer: A Keras optimizer that follows the learning rate.
        schedule: The schedule.
        counted: Makes of a curve what gives its value for the update that an optimizer makes next.

    Raises:
        ScheduleError: If the optimizer has not what the schedule drives.
    """
    kind = type(optimizer)
    followed, plain = vars(kind).get("_followed"), vars(kind).get("_plain", kind)
    if followed == schedule or (followed is None and not isinstance(schedule, Schedules)):
        return
    if not isinstance(schedule, Schedules):  # another one, which has nothing else
        _CLASS.__set__(optimizer, plain)
        return
    wrong = [*_lacking(optimizer, schedule)]
    if wrong:
        raise ScheduleError(
            f"Keras's {plain.__name__} must have {'; and must have '.join(wrong)}."
            " `schedule.lr` is the learning rate by itself."
        )
    fields = {
        field: property(counted(curve))
        for quantity, field in _FIELDS.items()
        if (curve := getattr(schedule, quantity)) is not None
    }

    def get_config(self: Any) -> dict[str, Any]:
        return {**plain.get_config(self), **{field: vars(self)[field] for field in fields}}

    # To Keras, which saves it by its class, it is what it was.
    own = {"__class__": property(lambda _: plain), "_plain": plain, "_followed": schedule}
    driven = type(plain.__name__, (plain,), {**fields, **own, "get_config": get_config})
    _CLASS.__set__(optimizer, driven)


def _lacking(optimizer: Any, schedule: Schedules) -> Iterator[str]:
    """Yield what an optimizer must have to follow the schedule, and has not."""
    if schedule.groups:
        yield "parameter groups to follow the schedule's, but no optimizer of Keras has"
    if schedule.momentum is not None and not hasattr(optimizer, "beta_1"):
        yield (
            "a beta_1 to follow the schedule's momentum, as Adam has, but its momentum, if any, is"
            " a constant of the step that Keras compiles"
        )
    if schedule.weight_decay is not None and optimizer.weight_decay is None:
        yield "weight_decay to follow the schedule's, whatever it is: make it with one"
    elif schedule.weight_decay is not None and keras.backend.backend() == "torch":
        yield "another backend to follow the schedule's weight decay: torch reads it too early"
