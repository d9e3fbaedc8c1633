"""Drives the optimizer of an unchanged PyTorch script, by PyTorch's own hooks.

Before each of its steps every parameter group gets the learning rate that is due, in the ratio
that the script gave it, and what else the schedule has. So whatever schedulers the script has are
without effect, and real updates are counted: not batches that are accumulated, nor steps that a
gradient scaler skips.
"""

from __future__ import annotations

import weakref
from typing import Any

from torch.optim.optimizer import (
    Optimizer,
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)

from tuner.adapters.driving import Driven
from tuner.adapters.groups import set_rate
from tuner.adapters.quantities import claim_groups, claim_later_groups, give_quantities
from tuner.errors import ScheduleError


def drive(_package: object) -> None:
    """Drive the optimizer that steps from now on."""
    driver = _Driver(Driven("torch"))
    register_optimizer_step_pre_hook(driver.before)
    register_optimizer_step_post_hook(driver.after)


class _Driver:
    """Sets learning rates before steps, and counts those that were made."""

    def __init__(self, driven: Driven) -> None:
        self._driven = driven
        # The step that is under way: an optimizer may be made of others, which step within it.
        self._stepping: weakref.ref[Any] | None = None
        self._ratios: list[float] = []
        self._left: list[float] = []
        self._are_known = False

    def before(self, optimizer: Optimizer, *_: object) -> None:
        """Set the learning rates of an update."""
        outer = self._stepping() if self._stepping else None
        if outer is not None and outer is not optimizer:
            return
        self._stepping = weakref.ref(optimizer)
        if not self._driven.drives(optimizer):
            return
        try:
            self._find_ratios(optimizer)
        except ScheduleError as error:
            self._driven.fail(str(error))
        due = self._driven.updates + 1
        self._left = give_quantities(optimizer, self._driven.schedule, due, self._ratios)
        for group, each in zip(optimizer.param_groups, self._left, strict=True):
            set_rate(group, each)

    def after(self, optimizer: Optimizer, *_: object) -> None:
        """Count an update, unless a gradient scaler skipped it on the device."""
        if self._stepping is None or self._stepping() is not optimizer:
            return
        self._stepping = None
        skipped = getattr(optimizer, "found_inf", None)
        if self._driven.drives(optimizer) and not (skipped is not None and float(skipped)):
            self._driven.updates += 1

    def _find_ratios(self, optimizer: Optimizer) -> None:
        """Find the ratios of the groups: at the first step, or when the script leaves 0.

        A script that sets its rates itself, and begins at 0, shows them only then.
        """
        groups = optimizer.param_groups
        if not self._are_known:
            now = [float(group["lr"] or 0) for group in groups]
            begun = any(now) or any(group.get("initial_lr") for group in groups)
            self._are_known = bool(begun)
            if not self._left or now != self._left:
                self._ratios = (
                    claim_groups(optimizer, self._driven.schedule)
                    if begun
                    else [1.0] * len(groups)
                )
            for group, rate in zip(groups, now, strict=True):
                if begun:  # what the ratio of a later one refers to
                    group.setdefault("initial_lr", rate)
        claim_later_groups(optimizer, self._driven.schedule, self._ratios)
