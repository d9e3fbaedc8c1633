"""A PyTorch optimizer under a schedule, whoever calls it and whatever else sets its rates."""

from __future__ import annotations

from typing import Any

from torch.optim import Optimizer

from tuner.adapters.groups import set_rate
from tuner.adapters.quantities import claim_groups, claim_later_groups, give_quantities
from tuner.schedules import Schedule


class Driven:
    """Gives an optimizer what the schedule has for each step, before that is made.

    PyTorch itself calls it at the beginning of each ``step()``. So an update counts when it is
    made: not for each batch that is accumulated, nor where a gradient scaler skips one. Parameter
    groups keep their ratios, see :mod:`tuner.adapters.groups`.

    Args:
        optimizer: A PyTorch optimizer, or what holds one as Accelerate does.
        schedule: The learning rate of every update.
        updates: Updates that were made before.

    Attributes:
        updates: Updates made.
        rate: The learning rate of the last one.

    Example:
        >>> import torch
        >>> from tuner.schedules import Linear
        >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.8)
        >>> driven = Driven(optimizer, Linear(base_lr=0.8, horizon=4))
        >>> optimizer.step()
        >>> driven.updates, round(optimizer.param_groups[0]["lr"], 6)
        (1, 0.6)
    """

    def __init__(self, optimizer: Any, schedule: Schedule, updates: int = 0) -> None:
        made: Optimizer = getattr(optimizer, "optimizer", optimizer)
        self._schedule, self._ratios = schedule, claim_groups(made, schedule)
        for group in made.param_groups:  # what groups that are added later are compared with
            group.setdefault("initial_lr", float(group["lr"]))
        self.updates, self.rate = updates, schedule(updates)
        self._hook = made.register_step_pre_hook(self._set_rates)

    def release(self) -> None:
        """Leave the optimizer alone from now on."""
        self._hook.remove()

    def _set_rates(self, optimizer: Optimizer, *_: Any) -> None:
        claim_later_groups(optimizer, self._schedule, self._ratios)
        self.updates += 1
        self.rate = self._schedule(self.updates)
        rates = give_quantities(optimizer, self._schedule, self.updates, self._ratios)
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            set_rate(group, rate)
