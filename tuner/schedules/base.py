"""What every schedule has: the fields, warmup, purity, vectorisation.

A family is a frozen dataclass in a file of its own that adds its parameters and the learning
rate after warmup. Nothing here or in the families imports more than the standard library.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import numbers
import re
from abc import ABC, abstractmethod
from array import array
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, TypeVar, overload

from tuner.errors import FrozenScheduleError, ScheduleError
from tuner.schedules.fields import choice, plain, rate, updates
from tuner.schedules.handover import HandedOver
from tuner.schedules.transfer import Transferable

WARMUP_MODES = ("linear", "constant", "from_first", "overlap")

# A schedule that is asked as often as a training does keeps its learning rates in a table, if
# they are not too many: looked up faster than MXNet's objects compute theirs.
_TABLE_AFTER, TABLE_LIMIT = 500, 100_000

F = TypeVar("F", bound="type[Schedule]")


def sealed(cls: F) -> F:
    """Finish a family: assigning to an attribute of its objects explains itself.

    MXNet's optimizers overwrite ``lr_scheduler.base_lr`` when they are given a
    ``learning_rate``, and Adam and others give themselves one, so the plain message of a frozen
    dataclass would leave its reader puzzled.
    """
    for method in ("__setattr__", "__delattr__"):
        setattr(cls, method, _refuse_change)
    return cls


def is_sealed(cls: type[Schedule]) -> bool:
    """Tell whether a family was finished by :func:`sealed`."""
    return cls.__dict__.get("__setattr__") is _refuse_change


def _refuse_change(self: Schedule, name: str, value: object = None) -> None:
    if name == "base_lr":
        raise FrozenScheduleError(
            f"base_lr of a schedule is fixed ({self.base_lr!r}), but got {value!r}. An MXNet"
            " optimizer sets it to its own learning_rate (Adam and others have a default one)."
            " Pass the schedule's: {'lr_scheduler': schedule, 'learning_rate': schedule.base_lr}."
        )
    raise FrozenScheduleError(
        f"a schedule never changes, but got a new value for `{name}`."
        f" Make another one: dataclasses.replace(schedule, {name}=...)."
    )


def remaining(shape: str, progress: float) -> float:
    """Return what is left of a decay, from 1 at its start to 0 at its end.

    Args:
        shape: ``"linear"``, ``"cosine"`` or ``"1-sqrt"``.
        progress: How much of the decay is over, from 0 to 1.
    """
    if shape == "cosine":
        return (1 + math.cos(math.pi * progress)) / 2
    return 1 - (math.sqrt(progress) if shape == "1-sqrt" else progress)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Schedule(Transferable, HandedOver, ABC):
    r"""A learning rate for every update: an immutable function of the update number alone.

    With warmup :math:`W`, horizon :math:`T` and the LR :math:`s` at which the family starts
    (``base_lr``, unless the family says otherwise), the learning rate of update :math:`u` is

    .. math::
        \begin{cases}
          w + (s - w)\,u / W  & u < W \text{, linear warmup from } w \\
          w                   & u < W \text{, constant warmup} \\
          w + (s - w)\,\max(u - 1, 0) / (W - 1) & u < W \text{, from first and overlap} \\
          \text{the family's} & W \le u \le T \\
          \text{that of } T   & u > T
        \end{cases}

    Update 1 is the first of a training, as MXNet counts; update 0 is defined as well. A linear
    warmup starts at update 0, as MXNet's does, so that the first update already has more than
    :math:`w`. Other frameworks count the first update as 0 and give it :math:`w` itself:
    ``"from_first"``. ``"overlap"`` is timm's way: the same line, while the decay counts from
    update 1, not from :math:`W`, and so has begun when the warmup ends.

    Args:
        base_lr: The LR after warmup, and the largest one of the schedule. Above 0.
        horizon: Updates that the schedule is laid out for, warmup included. At least 1.
        warmup_steps: Updates of warmup. ``0 <= warmup_steps < horizon``.
        warmup_begin_lr: LR at update 0, if there is a warmup.
        warmup_mode: ``"linear"`` rises to the start LR, ``"constant"`` stays at the begin LR,
            ``"from_first"`` rises from update 1 on, ``"overlap"`` lies over the decay's begin.

    Raises:
        ScheduleError: If a parameter is out of range; all of them are named at once.
    """

    family: ClassVar[str]
    formula: ClassVar[str]
    # Whether the decay counts from `_origin`, which a warmup that overlaps it moves.
    overlaps: ClassVar[bool] = False

    base_lr: float = rate()
    horizon: int = updates()
    warmup_steps: int = updates(0)
    warmup_begin_lr: float = rate(0.0)
    warmup_mode: str = choice(*WARMUP_MODES, default="linear")

    # No fields: they change nothing but the time that an answer takes.
    _asked: ClassVar[int] = 0
    _rates: ClassVar[dict[float, float]] = {}

    def __post_init__(self) -> None:
        wrong = [text for text in map(self._normalise, dataclasses.fields(self)) if text]
        if not wrong:
            wrong = [
                f"`{condition}` must hold, but got ({self._values_in(condition)})"
                for holds, condition in (*self._common_conditions(), *self._conditions())
                if not holds
            ]
        if wrong:
            raise ScheduleError(f"{type(self).__name__}: {'; '.join(wrong)}.")

    @overload
    def __call__(self, update: float) -> float: ...

    @overload
    def __call__(self, update: Iterable[float]) -> Any: ...

    def __call__(self, update: Any) -> Any:
        """Return the learning rate of one update or of many.

        Args:
            update: A number of 0 or more, or a sequence or array of them.

        Returns:
            A float for a number, a NumPy array of the same shape for an array, and a list for any
            other sequence.

        Raises:
            ScheduleError: If an update is negative or not a number.
        """
        try:
            return self._rates[update]
        except (KeyError, TypeError):  # not in the table, or an array
            pass
        if isinstance(update, (int, float)):
            self._count(1)
            return self._lr(update)
        if getattr(update, "shape", None):
            return self._lr_of_array(update)
        if isinstance(update, numbers.Real) or hasattr(update, "shape"):
            return self._lr(float(update))
        if isinstance(update, Iterable) and not isinstance(update, (str, bytes)):
            return [self(u) for u in update]
        raise ScheduleError(f"`update` must be a number or several, but got {update!r}.")

    # --- what a family provides ---

    @abstractmethod
    def _after_warmup(self, update: float) -> float:
        """Return the LR of ``update``, where ``warmup_steps <= update <= horizon``."""

    def _conditions(self) -> Iterator[tuple[bool, str]]:
        """Yield (does it hold, the condition in terms of the field names)."""
        yield from ()

    def _start_lr(self) -> float:
        """Return the LR that a linear warmup rises to."""
        return self.base_lr

    # --- the rest ---

    def _leaves(self) -> None:
        """Tell who notices what is asked that it is copied, or handed over as another object."""
        leaves = getattr(self._rates, "leaves", None)
        if leaves is not None:
            leaves()

    @functools.cached_property
    def _origin(self) -> int:
        """The update that a decay counts from: the end of warmup, or 1 under one that overlaps."""
        return min(self.warmup_steps, 1) if self.warmup_mode == "overlap" else self.warmup_steps

    @property
    def decays_from(self) -> str:
        """What the W of ``formula`` is, in words."""
        overlap = self.warmup_mode == "overlap"
        return "1 (the warmup overlaps the decay)" if overlap else "warmup_steps"

    @functools.cached_property
    def _span(self) -> int:
        """Updates between the origin of the decay and the horizon."""
        return self.horizon - self._origin

    def _lr(self, update: float) -> float:
        if not update >= 0:
            raise ScheduleError(f"`update >= 0` must hold, but got (update={update!r}).")
        # Cut off before the conversion, which an enormous int would not survive.
        update = float(update if update < self.horizon else self.horizon)
        if update >= self.warmup_steps:
            lr = self._after_warmup(update)
        elif self.warmup_mode == "constant":
            lr = self.warmup_begin_lr
        else:
            first = 0 if self.warmup_mode == "linear" else 1
            into, steps = max(update - first, 0), max(self.warmup_steps - first, 1)
            # In MXNet's order of operations, so that the values are equal to the last bit.
            begin = self.warmup_begin_lr
            lr = begin + (self._start_lr() - begin) * into / steps
        # Rounding may lift f + (b - f) above b by one bit.
        return lr if lr < self.base_lr else self.base_lr

    def _lr_of_array(self, updates: Any) -> Any:
        # An array turns itself into one of NumPy's, which so need not be imported here.
        updates = updates.__array__()
        self._count(updates.size)
        if self._rates and updates.dtype.kind in "iu" and (updates >= 0).all():
            rates = array("d", self._rates.values())
            table = type(updates)(len(rates), dtype="float64", buffer=rates)
            return table[updates.clip(max=self.horizon)]
        rates = updates.astype("float64")
        rates.flat = [self._lr(u) for u in rates.ravel().tolist()]
        return rates

    def _count(self, asked: int) -> None:
        """Make the table once it pays."""
        object.__setattr__(self, "_asked", self._asked + asked)
        if self._asked >= _TABLE_AFTER and not self._rates and self.horizon < TABLE_LIMIT:
            rates = {update: self._lr(update) for update in range(self.horizon + 1)}
            object.__setattr__(self, "_rates", rates)

    def __getstate__(self) -> dict[str, Any]:
        self._leaves()
        state = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return state | ({"_derivation": self._derivation} if self._derivation else {})

    def _common_conditions(self) -> Iterator[tuple[bool, str]]:
        # The upper limits are far from any use, and keep every intermediate result finite and
        # every update number exact.
        yield 0 < self.base_lr <= 1e100, "0 < base_lr <= 1e100"
        yield 1 <= self.horizon <= 2**53, "1 <= horizon <= 2**53"
        yield self.warmup_steps >= 0, "warmup_steps >= 0"
        yield self.warmup_steps < self.horizon, "warmup_steps < horizon"
        yield (
            0 <= self.warmup_begin_lr <= self.base_lr,
            "0 <= warmup_begin_lr <= base_lr",
        )
        yield self.overlaps or self.warmup_mode != "overlap", "warmup_mode != 'overlap'"

    def _values_in(self, condition: str) -> str:
        named = set(re.findall(r"\w+", condition))
        return ", ".join(
            f"{field.name}={getattr(self, field.name)!r}"
            for field in dataclasses.fields(self)
            if field.name in named
        )

    def _normalise(self, field: dataclasses.Field[Any]) -> str | None:
        """Make the field's value plain data, or say why it cannot be."""
        value = getattr(self, field.name)
        try:
            object.__setattr__(self, field.name, plain(value, field))
        except (TypeError, ValueError) as error:
            return f"`{field.name}` must be {error}, but got {value!r}"
        return None
