"""Schedules for PyTorch, and with it for Lightning and Hugging Face's Trainer.

PyTorch::

    optimizer = torch.optim.SGD(model.parameters(), lr=schedule.base_lr)
    scheduler = schedule.to_torch(optimizer)
    for batch in loader:
        ...
        optimizer.step()
        scheduler.step()      # after every update, not after every epoch

Lightning calls a scheduler once an epoch unless it is told otherwise::

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=schedule.base_lr)
        scheduler = schedule.to_torch(optimizer)
        return {"optimizer": optimizer,
                "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

Hugging Face's Trainer calls it after every update, so after ``gradient_accumulation_steps``
batches; ``schedule.horizon`` counts such updates::

    Trainer(model, args, train_dataset=..., optimizers=(optimizer, schedule.to_torch(optimizer)))

Accelerate's ``prepare`` is not for it: see the guide on loading a schedule.

PyTorch's own schedulers are schedules as well: ``tuner.schedules.like("torch.StepLR", ...)``.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping
from typing import Any

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from tuner.adapters import ScheduleWarning
from tuner.adapters.callers import caller
from tuner.adapters.groups import RATIO, set_rate
from tuner.adapters.quantities import claim_groups, claim_later_groups, give_quantities
from tuner.errors import ScheduleError, UndecidedError
from tuner.schedules import LiveSchedule, Schedule

# What a state of PyTorch's own schedulers does not have.
_NOT_KEPT = ("replaces", "_told", "_is_undecided")


class ScheduleLR(LRScheduler):
    """PyTorch's scheduler object for a schedule: ``last_epoch`` counts the updates made.

    After construction the optimizer has the learning rate of the first update,
    ``schedule(last_epoch + 1)`` with ``last_epoch`` 0, and after each ``step()`` that of the next.

    Of :class:`~tuner.Schedules` the groups get momentum and weight decay as well, and those that
    it names their own: :mod:`tuner.adapters.quantities`.

    Parameter groups keep their ratios, and otherwise the optimizer's own learning rates have no
    effect. In ``SGD([{"params": body, "lr": 0.01}, {"params": head}], lr=0.1)`` the head follows
    the schedule and the body is at a tenth of it. Which group it is that follows, also of groups
    that are added later, and how to name the ratios: :mod:`tuner.adapters.groups`. A
    :class:`~tuner.tasks.TorchTask` has the same ratios.

    It sets the learning rate of every update, whatever it was. So in a ``ChainedScheduler``, and
    beside a ``ReduceLROnPlateau``, the other one has no effect or a wrong one, and a
    :class:`~tuner.linting.ScheduleWarning` says so. A ``SequentialLR`` is fine.

    The state is plain data, which ``torch.load`` reads with ``weights_only=True``. It names the
    schedule, and another schedule refuses it, unless it says that it ``replaces`` that one.

    Args:
        optimizer: An optimizer with a learning rate above 0.
        schedule: A schedule of any family.
        last_epoch: To go on without a saved scheduler: the updates made, less one, as PyTorch
            counts. The optimizer's state must have been loaded before.
        replaces: The schedule of the training so far, whose state is to be loaded, the
            optimizer's before it. The next update has this schedule's learning rate.

    Raises:
        ScheduleError: If no group has a learning rate above 0, or none of them can be told to be
            the schedule's; or if the optimizer has not what the schedule drives.

    Example:
        >>> import torch
        >>> from tuner.schedules import Linear
        >>> schedule = Linear(base_lr=0.8, horizon=4)
        >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=schedule.base_lr)
        >>> scheduler = schedule.to_torch(optimizer)
        >>> rates = []
        >>> for update in range(1, 6):
        ...     rates.append(optimizer.param_groups[0]["lr"])
        ...     optimizer.step()
        ...     scheduler.step()
        >>> rates == schedule([1, 2, 3, 4, 5])
        True
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedule: Schedule,
        last_epoch: int = -1,
        *,
        replaces: Schedule | None = None,
    ) -> None:
        self.schedule, self.replaces = schedule, replaces
        self.ratios = claim_groups(optimizer, schedule)
        self._told = self._is_undecided = False
        super().__init__(optimizer, last_epoch)
        if isinstance(schedule, LiveSchedule):
            optimizer.register_step_pre_hook(self._decide)

    def step(self, epoch: int | None = None) -> None:
        """Give the optimizer the learning rate of the next update; call it after every update.

        Raises:
            ScheduleError: If Accelerate steps it once for each of several processes, or a
                parameter group was added while the schedule was at 0.
        """
        if self._step_count and epoch is None:  # neither PyTorch's own first, nor a jump
            _refuse_a_step_for_each_process()
            self._look_for_others()
        super().step(epoch)

    def get_lr(self) -> list[float]:
        """Return the learning rate of the next update for each parameter group.

        The groups get what else the schedule has, as PyTorch's ``OneCycleLR`` does it.
        """
        known = len(self.ratios)
        claim_later_groups(self.optimizer, self.schedule, self.ratios)
        for group, ratio in zip(
            self.optimizer.param_groups[known:], self.ratios[known:], strict=True
        ):
            group[RATIO] = ratio
            self.base_lrs.append(group.setdefault("initial_lr", float(group["lr"])))
        try:
            return give_quantities(self.optimizer, self.schedule, self.last_epoch + 1, self.ratios)
        except UndecidedError:  # the report that is due comes after the step() that asks this
            self._is_undecided = True
            return self._last_lr

    def _decide(self, *_: Any) -> None:
        """Set what was undecided before the update is made."""
        if self._is_undecided:
            self._last_lr = give_quantities(
                self.optimizer, self.schedule, self.last_epoch + 1, self.ratios
            )
            self._is_undecided = False
            for group, rate in zip(self.optimizer.param_groups, self._last_lr, strict=False):
                set_rate(group, rate)

    def state_dict(self) -> dict[str, Any]:
        """Return the state as plain data, the schedule as text."""
        state = {key: value for key, value in super().state_dict().items() if key not in _NOT_KEPT}
        return {**state, "schedule": repr(self.schedule), "in_charge": self._in_charge()}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from a saved state: the next update has the learning rate that it is due.

        PyTorch's own schedulers leave that to the optimizer's state, and so the first update has
        the rate of update 1 if this object was made after that state was loaded. Where another
        scheduler was in charge, as before or after this one's turn in a ``SequentialLR``, it is
        left to that state here as well.

        Raises:
            ScheduleError: If it was saved with another schedule, which this one does not replace.
        """
        saved = state_dict.get("schedule")
        # A study finds a training's states by the learning rates that led to them, whoever's.
        known = self.schedule._is_noticed
        if not known and saved not in (repr(self.schedule), repr(self.replaces)):
            raise ScheduleError(self._refusal(saved, int(state_dict.get("last_epoch", 0))))
        # A state of an earlier version does not say it; one that waits for its turn is at -1.
        in_charge = state_dict.get("in_charge", state_dict["last_epoch"] >= 0)
        kept = {key: value for key, value in state_dict.items() if key != "in_charge"}
        super().load_state_dict({**kept, "schedule": self.schedule})
        self._is_undecided = False
        if in_charge:
            rates = self.get_lr()  # which gives the groups what else there is
            if saved != repr(self.schedule) or isinstance(self.schedule, LiveSchedule):
                self._last_lr = rates
            for group, lr in zip(self.optimizer.param_groups, self._last_lr, strict=False):
                set_rate(group, lr)

    def _in_charge(self) -> bool:
        """Tell whether the optimizer's learning rates are those that this object gave it."""
        pairs = zip(self.optimizer.param_groups, self._last_lr, strict=False)
        return all(float(group["lr"]) == float(lr) for group, lr in pairs)

    def _look_for_others(self) -> None:
        """Warn once if something else has set the learning rate since."""
        # A tensor may be on an accelerator, where to look at it takes time.
        tensors = any(isinstance(lr, Tensor) for lr in self._last_lr)
        if self._told or tensors or self._in_charge():
            return
        self._told = True
        found = ", ".join(f"{float(group['lr']):g}" for group in self.optimizer.param_groups)
        left = ", ".join(f"{float(lr):g}" for lr in self._last_lr)
        warnings.warn(
            f"only the schedule must set the learning rate, but it is {found} where the schedule"
            f" had set {left}; it sets the next one whatever was there. Has something else set it:"
            " another scheduler in a ChainedScheduler, a ReduceLROnPlateau, a state that was"
            " loaded? A warmup belongs into the schedule (warmup_steps=), or before it in a"
            " SequentialLR. Load states of the optimizer before those of the scheduler.",
            ScheduleWarning,
            stacklevel=1,  # filters for PyTorch's modules, as Accelerate has one, are not for this
        )

    def _refusal(self, saved: str | None, updates: int) -> str:
        goes_on = (
            "load the optimizer's state alone and write"
            f" schedule.to_torch(optimizer, last_epoch={updates - 1})"
        )
        if saved is not None:
            goes_on = (
                f"write schedule.to_torch(optimizer, replaces=tuner.{saved}), also where Lightning"
                f" or Hugging Face loads the states; or {goes_on}"
            )
        return (
            f"the state must be that of {self.schedule!r}, but was saved with"
            f" {saved or 'another scheduler'}. To go on with another schedule, {goes_on}."
        )


def _refuse_a_step_for_each_process() -> None:
    """Raise where Accelerate would run the schedule as many times too fast as it has processes."""
    accelerate: Any = sys.modules.get("accelerate.scheduler")
    prepared = accelerate and caller(accelerate.AcceleratedScheduler)
    if not prepared or prepared.split_batches or not prepared.step_with_optimizer:
        return
    processes = accelerate.AcceleratorState().num_processes
    if processes > 1:
        raise ScheduleError(
            "the schedule must be stepped once for each update, but Accelerate steps what it has"
            f" prepared once for each of its {processes} processes. Leave the scheduler out of"
            " accelerator.prepare(), say accelerator.register_for_checkpointing(scheduler), and"
            " after optimizer.step(): if accelerator.sync_gradients: scheduler.step()."
        )
