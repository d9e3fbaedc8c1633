"""What the parameter groups of a PyTorch optimizer have of a schedule: each a ratio.

Their own learning rates count as ratios alone. Which of them stands for the schedule's own:

- Where all are the same, every group follows the schedule.
- Otherwise those follow that have the rate with which the optimizer was made, its ``lr=``.
- Where none has it, since each names its own, those with the largest follow.
- A rate that is also the default of the optimizer's class, as 0.001 is Adam's, may have been
  written or not: nobody can tell. If it is the largest, both readings are one. If it is not, the
  groups must name their ratios.

A group names its ratio as ``schedule_ratio``, ``{"params": body, "schedule_ratio": 0.1}``, and
has it there once a schedule drives it; so it is in the optimizer's state.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from tuner.errors import ScheduleError

RATIO = "schedule_ratio"
_NAME_THEM = 'Name their ratios: {"params": ..., "schedule_ratio": 0.1}, and 1 for the whole.'


def ratios_of_groups(optimizer: Any) -> list[float]:
    """Return the ratio to the schedule of each group, and note it in the group.

    Raises:
        ScheduleError: If no group has a learning rate above 0, or none of them can be told to be
            the schedule's.
    """
    _part(optimizer.param_groups)
    unnamed = [group for group in optimizer.param_groups if RATIO not in group]
    rates = [_first_rate(group) for group in unnamed]
    if unnamed:
        whole = _whole(optimizer, rates)
        for group, rate in zip(unnamed, rates, strict=True):
            group[RATIO] = rate / whole
    return [float(group[RATIO]) for group in optimizer.param_groups]


def ratio_of_later_group(optimizer: Any, group: dict[str, Any], known: Sequence[float]) -> float:
    """Return the ratio of a group that was added when a schedule drove the others already.

    With the optimizer's own ``lr``, as a group has that names none, it is what it would have been
    from the start. With another one, as Lightning's finetuning gives it, it goes on from that
    one: its ratio is that to the learning rate of the moment.

    Args:
        optimizer: The optimizer, with the learning rates of the moment.
        group: The new one.
        known: The ratios of the groups before.

    Raises:
        ScheduleError: If the learning rate of the moment is 0.
    """
    if RATIO in group:
        return float(group[RATIO])
    rate, default = float(group["lr"]), optimizer.defaults.get("lr")
    reference = "initial_lr" if default is not None and rate == float(default) else "lr"
    for other, ratio in zip(optimizer.param_groups, known, strict=False):
        if ratio > 0 and float(other.get(reference) or 0) > 0:
            return rate * ratio / float(other[reference])
    raise ScheduleError(
        "the schedule must be above 0 when a parameter group is added, for the group to have a"
        f" ratio to it, but it is at 0 and the group at {rate}. {_NAME_THEM}"
    )


def set_rate(group: dict[str, Any], rate: Any) -> None:
    """Give a group a learning rate, in the tensor where it is one, as of compiled optimizers."""
    if hasattr(group["lr"], "fill_"):
        group["lr"].fill_(rate)
    else:
        group["lr"] = float(rate)


def _part(groups: Sequence[dict[str, Any]]) -> None:
    """Give each group a tensor of its own: what is set in one would else be set in others."""
    rates: list[Any] = []
    for group in groups:
        rate: Any = group.get("lr")
        if hasattr(rate, "fill_") and any(rate is other for other in rates):
            group["lr"] = rate.clone()
        rates.append(rate)


def _first_rate(group: dict[str, Any]) -> float:
    """Return what a group began with; some optimizers have None, and then find one themselves."""
    return float(group.get("initial_lr", group.get("lr")) or 0)


def _whole(optimizer: Any, rates: Sequence[float]) -> float:
    """Return the learning rate that stands for the schedule's."""
    largest = max(rates)
    if not largest > 0:
        raise ScheduleError(
            "the optimizer must be made with a learning rate above 0, but got"
            f" {optimizer.defaults.get('lr')!r}. Pass lr=schedule.base_lr."
        )
    made_with = optimizer.defaults.get("lr")
    if made_with is None or float(made_with) not in rates or min(rates) == largest:
        return largest
    made_with = float(made_with)
    if made_with == largest or _surely_written(optimizer, made_with):
        return made_with
    raise ScheduleError(
        "it must be clear which parameter group has the schedule's learning rate, but they have"
        f" {', '.join(f'{rate:g}' for rate in rates)}, and {made_with:g} is what"
        f" {type(optimizer).__name__} takes if it is given none. {_NAME_THEM}"
    )


def _surely_written(optimizer: Any, rate: float) -> bool:
    """Tell whether a learning rate is another one than the default of the optimizer's class."""
    made = getattr(optimizer, "optimizer", optimizer)  # inside what Accelerate prepared
    for cls in type(made).__mro__:
        if "__init__" not in vars(cls):
            continue
        options = inspect.signature(vars(cls)["__init__"]).parameters
        if "lr" in options:
            default = options["lr"].default
            return not (isinstance(default, (int, float)) and float(default) == rate)
    return False
