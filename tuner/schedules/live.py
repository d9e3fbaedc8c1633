"""The schedule of a training that finds it: known up to the next report, and no further."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, ClassVar, Literal, NoReturn

from tuner.errors import UndecidedError
from tuner.schedules.base import Schedule, sealed
from tuner.schedules.multi_factor import MultiFactor
from tuner.schedules.plateau import Plateau


@dataclasses.dataclass
class _Known:
    """What is known so far; the copies of a schedule in one process share it."""

    found: MultiFactor
    reports: int = 0


@sealed
class LiveSchedule(Schedule):
    """What a training under a rule asks for its learning rates while it finds them.

    It never gives two answers for one update: what reports to come decide is an error, in words.
    So a training asks for each update when it comes, rather than for a table in advance. What it
    found is a schedule like any other, :attr:`found`; this object is in no file.

    Args:
        rule: What decides.
        updates_per_report: Updates between two reports.
        mode: ``"min"`` if smaller reports are better, ``"max"`` if larger ones are.

    Example:
        >>> rule = Plateau(base_lr=0.8, horizon=30, decay_factor=0.5, patience=0)
        >>> live = LiveSchedule(rule, updates_per_report=10, mode="min")
        >>> live(10)
        0.8
        >>> live.tell([2.0, 2.5])
        >>> live([10, 20, 21]), live.found.milestones
        ([0.8, 0.8, 0.4], (20,))
    """

    family: ClassVar[str] = Plateau.family
    formula: ClassVar[str] = Plateau.formula
    _has_table: ClassVar[bool] = False

    def __init__(
        self, rule: Plateau, *, updates_per_report: int, mode: Literal["min", "max"]
    ) -> None:
        found = rule.after((), updates_per_report=updates_per_report, mode=mode)
        own = {field.name: getattr(rule, field.name) for field in dataclasses.fields(self)}
        own |= {"rule": rule, "_size": updates_per_report, "_mode": mode, "_known": _Known(found)}
        for name, value in own.items():
            object.__setattr__(self, name, value)

    rule: Plateau
    _size: int
    _mode: Literal["min", "max"]
    _known: _Known

    @property
    def found(self) -> MultiFactor:
        """The schedule as it is known so far, constant from there on."""
        return self._known.found

    @property
    def known_reports(self) -> int:
        """How many reports it was told."""
        return self._known.reports

    @property
    def known_updates(self) -> int:
        """The last update whose learning rate is decided."""
        decided = (self._known.reports + 1) * self._size
        return decided if decided < self.horizon else 2**53

    def tell(self, values: Sequence[float]) -> None:
        """Decide on from all reports of the training so far; fewer than before change nothing."""
        if len(values) > self._known.reports:
            self._known.found = self.rule.after(
                values, updates_per_report=self._size, mode=self._mode
            )
            self._known.reports = len(values)

    def as_of(self, updates: int) -> MultiFactor:
        """Return the schedule as it was known when so many updates were made."""
        made = tuple(each for each in self.found.milestones if each <= updates)
        return dataclasses.replace(self.found, milestones=made or (self.horizon,))

    def _lr(self, update: float) -> float:
        if update > self.known_updates:
            last = self._known.reports * self._size
            raise UndecidedError(
                f"the learning rate of update {update:g} is not decided yet: the report after"
                f" update {last + self._size} decides, by family {self.family!r}. Ask for each"
                " update when it comes."
            )
        return self.found(update)

    def _after_warmup(self, update: float) -> float:
        return self.found(update)

    # --- what needs all learning rates in advance ---

    def learning_rates(self) -> list[float]:
        """Refuse: they are not known.

        Raises:
            ScheduleError: Always.
        """
        self._refuse("be made a table, as Optax, Keras and files of rates need one")

    def to_python(self) -> str:
        """Refuse, as :meth:`learning_rates` does."""
        self._refuse("be written as a program")

    def with_horizon(self, horizon: int) -> LiveSchedule:
        """Refuse, as :meth:`learning_rates` does."""
        self._refuse("be laid out anew")

    def scaled(self, factor: float) -> LiveSchedule:
        """Refuse, as :meth:`learning_rates` does."""
        self._refuse("be scaled; multiply what schedule(update) gives")

    def _refuse(self, what: str) -> NoReturn:
        raise UndecidedError(
            f"a schedule of family {self.family!r} is found while it trains, so it cannot {what}."
            " Ask schedule(update) before each update, or sample other families."
        )

    # --- the same one in other objects ---

    def __getstate__(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in ("rule", "_size", "_mode", "_known")}
        return {**super().__getstate__(), **own}

    def __repr__(self) -> str:
        return repr(self.rule)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._told() == other._told()

    def __hash__(self) -> int:
        return hash(self._told())

    def _told(self) -> tuple[Plateau, int, str]:
        return self.rule, self._size, self._mode


def as_of(schedule: Schedule, updates: int) -> Schedule:
    """Return a schedule as it is known when so many updates were made: most are from the start.

    Example:
        >>> rule = Plateau(base_lr=0.8, horizon=30, decay_factor=0.5, patience=0)
        >>> as_of(LiveSchedule(rule, updates_per_report=10, mode="min"), 0).family
        'multi_factor'
    """
    return schedule.as_of(updates) if isinstance(schedule, LiveSchedule) else schedule
