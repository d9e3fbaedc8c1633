"""What schedules and rules are given: parameters that are plain data, checked all at once."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import Any, ClassVar

from tuner.errors import ScheduleError
from tuner.schedules.fields import choice, plain, rate, updates

WARMUP_MODES = ("linear", "constant", "from_first", "overlap")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Parameters:
    """Parameters of a training's learning rate: the base LR, the horizon, the warmup.

    Raises:
        ScheduleError: If a parameter is out of range; all of them are named at once.
    """

    family: ClassVar[str]
    formula: ClassVar[str]
    # Whether a warmup may lie over the begin of the decay.
    overlaps: ClassVar[bool] = False

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

    def _conditions(self) -> Iterator[tuple[bool, str]]:
        """Yield (does it hold, the condition in terms of the field names)."""
        yield from ()

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
