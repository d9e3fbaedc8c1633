"""What the parameter groups of a PyTorch optimizer get of a schedule, update by update.

Of one with a learning rate alone, each gets it in its ratio: :mod:`tuner.adapters.groups`. Of
:class:`~tuner.Schedules`, each gets momentum and weight decay as well, and a group that is named
there its own factor or curves:

- ``momentum`` is the first of ``group["betas"]``, or where there are none ``group["momentum"]``,
  as PyTorch's ``OneCycleLR`` has it.
- ``weight_decay`` is ``group["weight_decay"]``.
- Groups are known by ``group["name"]``, or by their order where the schedule has a list. A factor
  is the group's ratio to the learning rate. A group with a curve of its own has no ratio.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tuner.adapters.groups import RATIO, ratio_of_later_group, ratios_of_groups
from tuner.errors import ScheduleError
from tuner.schedules import QUANTITIES, Schedule, Schedules

# As good as none, and above 0: at 0 optimizers leave the state of their momentum as it was, and
# would go on with it where the momentum is above 0 again.
NO_MOMENTUM = 1e-30
_FIELDS = {"momentum": ("betas", "momentum"), "weight_decay": ("weight_decay",)}


def claim_groups(optimizer: Any, schedule: Schedule) -> list[float]:
    """Make sure that a schedule can drive an optimizer; return the ratio of each group to it.

    Raises:
        ScheduleError: If the optimizer lacks a group or a quantity that the schedule has, all
            named at once; or if it is not clear which group has the schedule's learning rate.
    """
    if isinstance(schedule, Schedules):
        groups = [*enumerate(optimizer.param_groups)]
        _refuse(optimizer, [*_missing_groups(optimizer, schedule), *_missing(schedule, groups)])
        for place, group in groups:
            _note_ratio(schedule, place, group)
    return ratios_of_groups(optimizer)


def claim_later_groups(optimizer: Any, schedule: Schedule, ratios: list[float]) -> None:
    """Append the ratios of the groups that were added since.

    Raises:
        ScheduleError: As :func:`claim_groups`, and if the learning rate of the moment is 0.
    """
    groups = [*enumerate(optimizer.param_groups)][len(ratios) :]
    if groups and isinstance(schedule, Schedules):
        if not schedule.by_name:
            _refuse(optimizer, [*_missing_groups(optimizer, schedule)])
        _refuse(optimizer, [*_missing(schedule, groups)])
        for place, group in groups:
            _note_ratio(schedule, place, group)
    for _, group in groups:
        # A group with a curve of its own tells nothing of the ratio of another one.
        known = [
            0.0 if _own_curve(schedule, place, each) else ratio
            for place, (each, ratio) in enumerate(
                zip(optimizer.param_groups, ratios, strict=False)
            )
        ]
        ratios.append(ratio_of_later_group(optimizer, group, known))


def give_quantities(
    optimizer: Any, schedule: Schedule, update: int, ratios: Sequence[float]
) -> list[float]:
    """Give each group its momentum and weight decay, and return its learning rate.

    Args:
        optimizer: The optimizer, whose groups were claimed.
        schedule: The schedule.
        update: The update that is made next; the first one is 1.
        ratios: That of each group to the learning rate.
    """
    lr = schedule(update)
    rates = [lr * ratio for ratio in ratios]
    if isinstance(schedule, Schedules):
        for place, group in enumerate(optimizer.param_groups[: len(rates)]):
            curves = schedule.group(_key(schedule, place, group))
            if isinstance(curves.lr, Schedule):
                rates[place] = curves.lr(update)
            if curves.momentum is not None:
                _set_momentum(group, curves.momentum(update))
            if curves.weight_decay is not None:
                group["weight_decay"] = curves.weight_decay(update)
    return rates


def _set_momentum(group: dict[str, Any], value: float) -> None:
    if "betas" in group:
        group["betas"] = (value, *group["betas"][1:])
    else:
        group["momentum"] = max(value, NO_MOMENTUM)


def _key(schedule: Schedules, place: int, group: dict[str, Any]) -> Any:
    return group.get("name") if schedule.by_name else place


def _own_curve(schedule: Schedule, place: int, group: dict[str, Any]) -> bool:
    if not isinstance(schedule, Schedules):
        return False
    return isinstance(schedule.group(_key(schedule, place, group)).lr, Schedule)


def _note_ratio(schedule: Schedules, place: int, group: dict[str, Any]) -> None:
    lr = schedule.group(_key(schedule, place, group)).lr
    if lr is not None:
        group[RATIO] = 1.0 if isinstance(lr, Schedule) else lr


def _missing_groups(optimizer: Any, schedule: Schedules) -> Iterator[str]:
    """Yield what the optimizer must have of groups, and what it has instead."""
    wanted = [key for key, _ in schedule.own_groups()]
    names = [group.get("name") for group in optimizer.param_groups]
    if not schedule.by_name:
        if len(wanted) != len(names):
            yield f"{len(wanted)} parameter groups, as the schedule has, but has {len(names)}"
    elif missing := [key for key in wanted if key not in names]:
        yield (
            f"parameter groups of the names {missing}, {{'params': ..., 'name': {missing[0]!r}}},"
            f" but its groups are {names}"
        )


def _missing(schedule: Schedules, groups: Sequence[tuple[int, Any]]) -> Iterator[str]:
    """Yield which quantities groups must have, and do not."""
    for quantity in QUANTITIES:
        lacking = [
            place if group.get("name") is None else group["name"]
            for place, group in groups
            if getattr(schedule.group(_key(schedule, place, group)), quantity) is not None
            and not any(field in group for field in _FIELDS[quantity])
        ]
        if lacking:
            fields = " or ".join(map(repr, _FIELDS[quantity]))
            yield f"{quantity}, {fields}, in its parameter groups, but {lacking} have none"


def _refuse(optimizer: Any, wrong: Sequence[str]) -> None:
    if wrong:
        raise ScheduleError(
            f"{type(optimizer).__name__} must have {'; and must have '.join(wrong)}. Take another"
            " optimizer, or leave that out of the schedule."
        )
