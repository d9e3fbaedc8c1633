"""Several quantities of one training: its learning rate, momentum, weight decay, by group.

Each has a curve, which is a schedule like any other: its ``base_lr`` is the largest value that the
quantity has. A curve that rises is a family with a warmup (``Constant(base_lr=0.95,
warmup_begin_lr=0.85, warmup_steps=300, horizon=...)``), a ``OneCycle``, a ``Piecewise``, or an
:class:`~tuner.schedules.inverse.Inverse`, another curve upside down.
"""

from __future__ import annotations

import contextlib
import dataclasses
import operator
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, ClassVar, NamedTuple, TypeAlias, TypeGuard, cast

from tuner.errors import ScheduleError
from tuner.schedules.base import Schedule, sealed
from tuner.schedules.fields import plain_number
from tuner.schedules.inverse import Follower, Inverse

# Beside the learning rate; what they are called by a framework, its adapter knows.
QUANTITIES = ("momentum", "weight_decay")
GROUPS = "parameter groups"
_LONGEST_NAME = 200

# What a group has: a factor of the learning rate, or curves of its own.
Group: TypeAlias = float | Schedule
Groups: TypeAlias = tuple[tuple[str, Group], ...] | tuple[Group, ...]


class Curves(NamedTuple):
    """What a parameter group gets: the learning rate as a curve, or as a factor of the common."""

    lr: Schedule | float | None
    momentum: Schedule | None
    weight_decay: Schedule | None


@sealed
@dataclasses.dataclass(frozen=True, kw_only=True)
class Schedules(Follower):
    """The curves of several quantities, which is the schedule of its learning rate as well.

    Called, asked for its horizon, or handed to what takes a schedule, it is its ``lr``. What
    drives an optimizer (``to_torch`` and others) drives all of them, or says what it cannot.

    Each curve has its own horizon and stays at its last value past it. ``with_horizon`` and
    ``for_training`` stretch all of them alike; ``scaled`` multiplies learning rates alone.

    Args:
        lr: The learning rate.
        momentum: The momentum, or where an optimizer has none, the first of its betas. Its
            largest value is below 1.
        weight_decay: The weight decay.
        groups: What parameter groups have of their own, by their names (``group["name"]``) or, as
            a list, in their order: a factor of the learning rate, or a schedule, or ``Schedules``
            without groups. What these do not have, and what is in none of them, is as for all.

    Raises:
        ScheduleError: If a parameter is none; all of them are named at once.

    Example:
        >>> from tuner.schedules import Constant, Linear
        >>> lr = Linear(base_lr=0.8, horizon=100)
        >>> schedules = Schedules(
        ...     lr=lr,
        ...     momentum=Inverse(of=lr, low=0.85, high=0.95),
        ...     groups={"embed": 0.1, "bias": Linear(base_lr=0.4, horizon=20)},
        ... )
        >>> schedules(50), schedules.momentum(100), schedules.group("bias").lr(10)
        (0.4, 0.95, 0.2)
        >>> longer = schedules.with_horizon(200)
        >>> longer.momentum.horizon, longer.group("bias").lr.horizon
        (200, 40)
    """

    # Those of the learning rate, by which messages and reports call it.
    family: ClassVar[str] = cast("str", property(operator.attrgetter("lr.family")))
    formula: ClassVar[str] = cast("str", property(operator.attrgetter("lr.formula")))

    lr: Schedule = dataclasses.field(metadata={"kind": "schedule"})
    momentum: Schedule | None = dataclasses.field(default=None, metadata={"kind": "schedule"})
    weight_decay: Schedule | None = dataclasses.field(default=None, metadata={"kind": "schedule"})
    groups: Groups | Mapping[str, Group] | Sequence[Group] = dataclasses.field(
        default=(), metadata={"kind": "groups"}
    )

    def __post_init__(self) -> None:
        wrong = [*self._mistakes()]
        try:
            object.__setattr__(self, "groups", _plain_groups(self.groups))
            wrong += self._mistakes_of_groups()
        except TypeError as error:
            wrong.append(f"`groups` must be {error}, but got {self.groups!r}")
        if wrong:
            raise ScheduleError(f"Schedules: {'; '.join(wrong)}.")
        self._follow(self.lr)

    def __call__(self, update: Any) -> Any:
        """Return the learning rate of one update or of many, as every schedule does.

        Raises:
            ScheduleError: Also if MXNet asks, which would drive the learning rate alone.
        """
        if str(sys._getframe(1).f_globals.get("__name__")).startswith("mxnet."):
            raise ScheduleError(
                "MXNet asks an lr_scheduler for the learning rate alone, but this one has"
                f" {' and '.join(self.others)} as well. Make the trainer with schedule.lr and"
                " write schedule.to_mxnet(trainer)."
            )
        return super().__call__(update)

    @property
    def others(self) -> list[str]:
        """What it drives beside the learning rate, in words."""
        found = [name for name in QUANTITIES if getattr(self, name) is not None]
        return found + ([GROUPS] if self.groups else [])

    @property
    def by_name(self) -> bool:
        """Whether its groups are those of these names, rather than those in this order."""
        return _is_pairs(self.groups)

    def own_groups(self) -> list[tuple[Any, Group]]:
        """Return what it has for groups, by their names, or by their places from 0 on."""
        return _pairs(self.groups)

    def group(self, key: str | int | None) -> Curves:
        """Return what a parameter group gets.

        Args:
            key: Its name, or its place if groups are given in order. One that is in none of the
                groups gets the momentum and weight decay of all.
        """
        found = dict(self.own_groups()).get(key)
        if isinstance(found, Schedules):
            momentum = found.momentum or self.momentum
            return Curves(found.lr, momentum, found.weight_decay or self.weight_decay)
        return Curves(found, self.momentum, self.weight_decay)

    def curves(self) -> dict[str, Schedule]:
        """Return all curves by what they are: ``"lr"``, ``"momentum"``, ``"groups.head.lr"``."""
        found = {"lr": self.lr}
        for name in QUANTITIES:
            if getattr(self, name) is not None:
                found[name] = getattr(self, name)
        for key, group in self.own_groups():
            if isinstance(group, Schedule):
                own = group.curves() if isinstance(group, Schedules) else {"lr": group}
                found |= {f"groups.{key}.{name}": curve for name, curve in own.items()}
        return found

    def factors(self) -> dict[str, float]:
        """Return the factors of the learning rate, ``"groups.embed.lr"``."""
        groups = self.own_groups()
        return {f"groups.{key}.lr": g for key, g in groups if not isinstance(g, Schedule)}

    def table(self, updates: Sequence[int]) -> dict[str, list[float]]:
        """Return the values of all curves, and of groups that have a factor, at some updates."""
        found: dict[str, list[float]] = {
            name: curve(updates) for name, curve in self.curves().items()
        }
        for name, factor in self.factors().items():
            found[name] = [factor * lr for lr in found["lr"]]
        return found

    def _columns(self) -> dict[str, list[float]]:
        lr = super()._columns()  # which refuses what is too long
        others = self.table(range(1, self.horizon + 1))
        return lr | {name: column for name, column in others.items() if name != "lr"}

    def with_horizon(self, horizon: int) -> Schedules:
        """Lay all curves out anew, each by the rule of a schedule.

        Each horizon is multiplied by ``horizon / self.horizon`` and rounded to whole updates.

        Raises:
            ScheduleError: As for each schedule.
        """
        horizon = self._whole_horizon(horizon)
        if horizon == self.horizon:
            return self

        def stretched(curve: Schedule) -> Schedule:
            own = round(Fraction(curve.horizon * horizon, self.horizon))
            return curve.with_horizon(max(1, own))

        new = self._changed(stretched, "lr", *QUANTITIES)
        return new._recorded(self, rule="with_horizon")

    def scaled(self, factor: float) -> Schedules:
        """Multiply every learning rate by a factor, as for another batch size; all else stays.

        Raises:
            ScheduleError: As for a schedule.
        """
        if self.lr.scaled(factor) is self.lr:
            return self
        new = self._changed(lambda lr: lr.scaled(factor), "lr")
        return new._recorded(self, rule="scaled", factor=plain_number(factor))

    def _lr(self, update: float) -> float:
        return self.lr._lr(update)

    def _changed(self, change: Callable[[Schedule], Schedule], *names: str) -> Schedules:
        """Return the same with the curves of these names changed, those of groups too."""
        new: dict[str, Any] = {
            name: change(getattr(self, name)) for name in names if getattr(self, name) is not None
        }
        groups = {
            key: group._changed(change, *names) if isinstance(group, Schedules)
            else change(group) if isinstance(group, Schedule) else group
            for key, group in self.own_groups()
        }  # fmt: skip
        new["groups"] = groups if self.by_name else [*groups.values()]
        return dataclasses.replace(self, **new)

    def _mistakes(self) -> Iterator[str]:
        if not _is_curve(self.lr, Inverse):
            yield f"`lr` must be a schedule of a family, but got {self.lr!r}"
        for name in QUANTITIES:
            curve = getattr(self, name)
            if curve is not None and not _is_curve(curve):
                yield (
                    f"`{name}` must be a schedule, for a constant is the optimizer's own, but got"
                    f" {curve!r}"
                )
        if _is_curve(self.momentum) and not self.momentum.base_lr < 1:
            yield (
                "`0 <= momentum < 1` must hold, but its largest value is"
                f" {self.momentum.base_lr!r}"
            )

    def _mistakes_of_groups(self) -> Iterator[str]:
        for key, group in self.own_groups():
            known = (
                group.groups == ()
                if isinstance(group, Schedules)
                else (_is_curve(group, Inverse) or (isinstance(group, float) and group >= 0))
            )
            if not known:
                yield (
                    f"the group {key!r} must have a factor of 0 or more, a schedule, or Schedules"
                    f" without groups, but got {group!r}"
                )
        if not self.others:
            yield "it must have more than `lr`, which is a schedule by itself"


def _is_curve(value: object, *but: type) -> TypeGuard[Schedule]:
    if not isinstance(value, Schedule) or isinstance(value, (Schedules, *but)):
        return False
    return value._has_table  # which one that is found while it trains has not


def _is_pairs(groups: object) -> bool:
    """Tell whether these are groups by name, as they are kept."""
    return isinstance(groups, tuple) and all(
        isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str) for pair in groups
    )


def _pairs(groups: Any) -> list[tuple[Any, Any]]:
    """Return groups by their name or place."""
    if isinstance(groups, Mapping):
        return [*groups.items()]
    return [*groups] if _is_pairs(groups) else [*enumerate(groups)]


def _plain_groups(groups: Any) -> Groups:
    """Return groups as they are kept.

    Raises:
        TypeError: If they are none. The message completes "it must be ...".
    """
    expected = "a mapping of names to what the groups have, or a list of that"
    if isinstance(groups, (str, bytes)) or not isinstance(groups, (Mapping, Sequence)):
        raise TypeError(expected)
    pairs = [(key, _plain_group(group)) for key, group in _pairs(groups)]
    if not isinstance(groups, Mapping) and not _is_pairs(groups):
        return tuple(group for _, group in pairs)
    if not all(isinstance(key, str) and 1 <= len(key) <= _LONGEST_NAME for key, _ in pairs):
        raise TypeError(f"{expected}; a name has 1 to {_LONGEST_NAME} letters")
    return tuple(sorted(pairs, key=operator.itemgetter(0)))


def _plain_group(group: Any) -> Any:
    with contextlib.suppress(TypeError, ValueError):  # told with all other mistakes
        return plain_number(group)
    return group
