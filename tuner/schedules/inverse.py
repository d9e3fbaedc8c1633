"""A curve upside down, for momentum that is low where the learning rate is high."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

from tuner.errors import ScheduleError
from tuner.schedules.base import Schedule, sealed
from tuner.schedules.fields import rate


def _followed() -> Any:
    """A field that is that of the schedule inside."""
    metadata = {"kind": "followed"}
    return dataclasses.field(init=False, repr=False, compare=False, metadata=metadata)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Follower(Schedule):
    """A schedule that is made of others, and has the fields of one of them."""

    base_lr: float = _followed()
    horizon: int = _followed()
    warmup_steps: int = _followed()
    warmup_begin_lr: float = _followed()
    warmup_mode: str = _followed()

    def _follow(self, schedule: Schedule, **other: Any) -> None:
        for field in dataclasses.fields(Follower):
            value = other.get(field.name, getattr(schedule, field.name))
            object.__setattr__(self, field.name, value)

    def _after_warmup(self, update: float) -> float:
        return self._lr(update)


@sealed
@dataclasses.dataclass(frozen=True, kw_only=True)
class Inverse(Follower):
    r"""A curve that is low where another one is high, as momentum is in a one-cycle.

    With the other schedule :math:`s` and its largest value :math:`b`, the value of update
    :math:`u` is

    .. math:: l\,\frac{s(u)}{b} + h\,\Big(1 - \frac{s(u)}{b}\Big)

    So it is at ``low`` where the other one is at its ``base_lr``, and at ``high`` where it is 0.

    PyTorch's ``OneCycleLR`` has ``max_momentum`` at its begin and end, whatever the learning rate
    is there: that is a cycle from and to 0, ``Inverse(of=dataclasses.replace(lr, begin_lr=0,
    final_lr=0), low=base_momentum, high=max_momentum)``.

    Args:
        of: The schedule that it mirrors; its horizon is that of both.
        low: The value where ``of`` is highest. 0 or more.
        high: The value where ``of`` is 0. Above ``low``.

    Raises:
        ScheduleError: If a parameter is out of range.

    Example:
        >>> from tuner.schedules import Linear
        >>> momentum = Inverse(of=Linear(base_lr=0.4, horizon=100), low=0.5, high=1.0)
        >>> momentum([0, 50, 100, 10_000])
        [0.5, 0.75, 1.0, 1.0]

    Source:
        Smith 2018, arXiv:1803.09820, for momentum that falls where the learning rate rises.
    """

    family: ClassVar[str] = "inverse"
    formula: ClassVar[str] = "low * s + high * (1 - s), s = of(u) / (its base_lr)"

    of: Schedule = dataclasses.field(metadata={"kind": "schedule"})
    low: float = rate()
    high: float = rate()

    def __post_init__(self) -> None:
        wrong = [text for text in map(self._wrong, dataclasses.fields(self)) if text]
        if not (wrong or 0 <= self.low < self.high <= 1e100):
            values = f"(low={self.low!r}, high={self.high!r})"
            wrong = [f"`0 <= low < high <= 1e100` must hold, but got {values}"]
        if wrong:
            raise ScheduleError(f"Inverse: {'; '.join(wrong)}.")
        self._follow(self.of, base_lr=self.high, warmup_begin_lr=self._lr(0))

    def _wrong(self, field: dataclasses.Field[Any]) -> str | None:
        if field.name == "of" and not (
            isinstance(self.of, Schedule)
            and not isinstance(self.of, Follower)
            and self.of._has_table
        ):
            return f"`of` must be a schedule of a family, but got {self.of!r}"
        return self._normalise(field) if field.init and field.name != "of" else None

    def _lr(self, update: float) -> float:
        share = self.of._lr(update) / self.of.base_lr
        # Weighted so that both ends are exact.
        return self.low * share + self.high * (1 - share)

    def with_horizon(self, horizon: int) -> Inverse:
        """Lay out the same shape over another number of updates: that of the one it mirrors."""
        of = self.of.with_horizon(horizon)
        return self if of is self.of else dataclasses.replace(self, of=of)
