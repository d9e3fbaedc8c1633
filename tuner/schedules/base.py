"""What every schedule has: the fields, warmup, purity, vectorisation, another horizon.

A family is a frozen dataclass in a file of its own that adds its parameters and the learning
rate after warmup. Nothing here or in the families imports more than the standard library.
"""

from __future__ import annotations

import dataclasses
import math
import numbers
import operator
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, TypeVar, overload

from tuner.errors import FrozenScheduleError, ScheduleError

WARMUP_MODES = ("linear", "constant")

F = TypeVar("F", bound="type[Schedule]")
_REQUIRED = dataclasses.MISSING


# --- fields -------------------------------------------------------------------------------
# The kind of a field says how its value is normalised, stretched to another horizon, written in
# a search space and shown. A family's fields are made with these functions alone.


def rate(default: Any = _REQUIRED) -> Any:
    """A learning rate."""
    return dataclasses.field(default=default, metadata={"kind": "rate"})


def updates(default: Any = _REQUIRED) -> Any:
    """A duration in updates."""
    return dataclasses.field(default=default, metadata={"kind": "updates"})


def update_list(default: Any = _REQUIRED) -> Any:
    """Several durations in updates."""
    return dataclasses.field(default=default, metadata={"kind": "update_list"})


def number(default: Any = _REQUIRED) -> Any:
    """A number without a unit."""
    return dataclasses.field(default=default, metadata={"kind": "number"})


def count(default: Any = _REQUIRED) -> Any:
    """A whole number that is not a duration."""
    return dataclasses.field(default=default, metadata={"kind": "count"})


def choice(*choices: str, default: str) -> Any:
    """One of a few words."""
    return dataclasses.field(default=default, metadata={"kind": "choice", "choices": choices})


def knots(default: Any = _REQUIRED) -> Any:
    """Pairs of (update, multiplier of ``base_lr``)."""
    return dataclasses.field(default=default, metadata={"kind": "knots"})


def sealed(cls: F) -> F:
    """Finish a family: assigning to an attribute of its objects explains itself.

    MXNet's optimizers overwrite ``lr_scheduler.base_lr`` when they are given a
    ``learning_rate``, and Adam and others give themselves one, so the plain message of a frozen
    dataclass would leave its reader puzzled.
    """
    cls.__setattr__ = _refuse_change  # type: ignore[method-assign, assignment]
    cls.__delattr__ = _refuse_change  # type: ignore[method-assign, assignment]
    return cls


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


# --- the schedule -------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, kw_only=True)
class Schedule(ABC):
    r"""A learning rate for every update: an immutable function of the update number alone.

    With warmup :math:`W`, horizon :math:`T` and the LR :math:`s` at which the family starts
    (``base_lr``, unless the family says otherwise), the learning rate of update :math:`u` is

    .. math::
        \begin{cases}
          w + (s - w)\,u / W  & u < W \text{, linear warmup from } w \\
          w                   & u < W \text{, constant warmup} \\
          \text{the family's} & W \le u \le T \\
          \text{that of } T   & u > T
        \end{cases}

    Update 1 is the first of a training, as MXNet counts; update 0 is defined as well.

    Args:
        base_lr: The LR after warmup, and the largest one of the schedule. Above 0.
        horizon: Updates that the schedule is laid out for, warmup included.
        warmup_steps: Updates of warmup. ``0 <= warmup_steps < horizon``.
        warmup_begin_lr: LR at update 0, if there is a warmup.
        warmup_mode: ``"linear"`` rises to the start LR, ``"constant"`` stays at the begin LR.

    Raises:
        ScheduleError: If a parameter is out of range; all of them are named at once.
    """

    family: ClassVar[str]
    formula: ClassVar[str]

    base_lr: float = rate()
    horizon: int = updates()
    warmup_steps: int = updates(0)
    warmup_begin_lr: float = rate(0.0)
    warmup_mode: str = choice(*WARMUP_MODES, default="linear")

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
            A float for a number, an array of the same shape for a NumPy array, and a list for
            any other sequence.

        Raises:
            ScheduleError: If an update is negative or not a number.
        """
        if isinstance(update, (int, float)):
            return self._lr(update)
        if getattr(update, "shape", None):
            # A NumPy array, which is so handled without importing NumPy.
            rates = update.astype("float64")
            rates.flat = [self._lr(u) for u in update.ravel().tolist()]
            return rates
        if isinstance(update, Iterable) and not hasattr(update, "shape"):
            return [self(u) for u in update]
        return self._lr(float(update))

    def with_horizon(self, horizon: int) -> Schedule:
        """Lay the same shape out over another number of updates.

        The rule: every duration (warmup, intervals, milestones, knots) is multiplied by
        ``horizon / self.horizon`` and rounded to the nearest update; every learning rate, factor
        and count stays.

        Args:
            horizon: The new horizon in updates.

        Returns:
            A new schedule of the same family.

        Raises:
            ScheduleError: If a duration would vanish or two milestones would fall together.
        """
        horizon = operator.index(horizon)
        changed: dict[str, Any] = {}
        for field in dataclasses.fields(self):
            value, kind = getattr(self, field.name), field.metadata["kind"]
            if kind == "updates":
                changed[field.name] = self._stretch(field.name, value, horizon)
            elif kind == "update_list":
                changed[field.name] = tuple(self._stretch(field.name, v, horizon) for v in value)
            elif kind == "knots":
                changed[field.name] = tuple(
                    (self._stretch(field.name, u, horizon), ratio) for u, ratio in value
                )
        return dataclasses.replace(self, **{**changed, "horizon": horizon})

    def to_mxnet(self) -> Any:
        """Return MXNet's own scheduler object for this schedule.

        See :func:`tuner.adapters.mxnet.to_mxnet`. Where MXNet has no such family the schedule
        itself is returned, which a ``gluon.Trainer`` accepts as ``lr_scheduler``.
        """
        from tuner.adapters.mxnet import to_mxnet

        return to_mxnet(self)

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

    @property
    def _span(self) -> int:
        """Updates between the end of warmup and the horizon."""
        return self.horizon - self.warmup_steps

    def _lr(self, update: float) -> float:
        if not update >= 0:
            raise ScheduleError(f"`update >= 0` must hold, but got (update={update!r}).")
        if update < self.warmup_steps:
            begin = self.warmup_begin_lr
            if self.warmup_mode == "constant":
                return begin
            # In MXNet's order of operations, so that the values are equal to the last bit.
            return begin + (self._start_lr() - begin) * float(update) / self.warmup_steps
        return self._after_warmup(update if update < self.horizon else self.horizon)

    def _common_conditions(self) -> Iterator[tuple[bool, str]]:
        yield self.base_lr > 0, "base_lr > 0"
        yield self.horizon >= 1, "horizon >= 1"
        yield self.warmup_steps >= 0, "warmup_steps >= 0"
        yield self.warmup_steps < self.horizon, "warmup_steps < horizon"
        yield (
            0 <= self.warmup_begin_lr <= self.base_lr,
            "0 <= warmup_begin_lr <= base_lr",
        )

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
            plain = _PLAIN[field.metadata["kind"]](value, field)
        except (TypeError, ValueError) as error:
            return f"`{field.name}` must be {error}, but got {value!r}"
        object.__setattr__(self, field.name, plain)
        return None

    def _stretch(self, name: str, duration: int, horizon: int) -> int:
        stretched = round(duration * horizon / self.horizon)
        if duration > 0 and stretched == 0:
            raise ScheduleError(
                f"{type(self).__name__}: {duration} of {self.horizon} updates ({name}) would"
                f" vanish over a horizon of {horizon}. Set `{name}` by hand:"
                f" dataclasses.replace(schedule, horizon={horizon}, {name}=...)."
            )
        return stretched


def _plain_number(value: object, _: object = None) -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError("a finite number")
    if not math.isfinite(value):
        raise ValueError("a finite number")
    return float(value)


def _plain_count(value: object, _: object = None) -> int:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError("a whole number (int)")
    return int(value)


def _plain_counts(value: object, _: object = None) -> tuple[int, ...]:
    if not isinstance(value, Iterable) or isinstance(value, str):
        raise TypeError("a sequence of whole numbers of updates")
    return tuple(_plain_count(item) for item in value)


def _plain_knots(value: object, _: object = None) -> tuple[tuple[int, float], ...]:
    expected = "a sequence of pairs (update, multiplier of base_lr)"
    if not isinstance(value, Iterable) or isinstance(value, str):
        raise TypeError(expected)
    pairs = [tuple(item) if isinstance(item, Iterable) else () for item in value]
    if any(len(pair) != 2 for pair in pairs):
        raise TypeError(expected)
    return tuple((_plain_count(at), _plain_number(ratio)) for at, ratio in pairs)


def _plain_choice(value: object, field: dataclasses.Field[Any]) -> str:
    choices: tuple[str, ...] = field.metadata["choices"]
    if value not in choices:
        raise ValueError(f"one of {', '.join(map(repr, choices))}")
    return str(value)


_PLAIN: dict[str, Any] = {
    "rate": _plain_number,
    "number": _plain_number,
    "updates": _plain_count,
    "count": _plain_count,
    "update_list": _plain_counts,
    "knots": _plain_knots,
    "choice": _plain_choice,
}
