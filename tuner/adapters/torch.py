r"""Schedules for PyTorch, and with it for Lightning and Hugging Face's Trainer.

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

PyTorch's own schedulers are these schedules, with ``b`` the optimizer's learning rate.
``warmup_steps=1`` makes a family start at update 1, the first, rather than at 0:

``CosineAnnealingLR(T_max=n, eta_min=f)``
    ``Cosine(base_lr=b, final_lr=f, horizon=n + 1, warmup_steps=1)``. Past ``T_max`` PyTorch's
    rises again.
``LinearLR(start_factor=1.0, end_factor=f, total_iters=n)``, ``f <= 1``
    ``Linear(base_lr=b, final_lr=f * b, horizon=n + 1, warmup_steps=1)``
``LinearLR(start_factor=s, end_factor=1.0, total_iters=n)``
    ``Piecewise(base_lr=b, horizon=..., knots=((1, s), (n + 1, 1.0)))``
``PolynomialLR(total_iters=n, power=p)``
    ``Poly(base_lr=b, power=p, horizon=n + 1, warmup_steps=1)``
``OneCycleLR(max_lr=b, total_steps=n, pct_start=p, div_factor=d, final_div_factor=e)``
    ``OneCycle(base_lr=b, begin_lr=b / d, rise_steps=p * n - 1, final_lr=b / (d * e), horizon=n,
    warmup_steps=1)``. It peaks between two updates unless ``p * n`` is whole, which
    ``OneCycle`` does not. With ``three_phase=True`` and ``anneal_strategy="linear"`` it is a
    ``Piecewise``.
``MultiStepLR(milestones, gamma)``
    ``MultiFactor(base_lr=b, milestones=milestones, decay_factor=gamma, horizon=...)``
``StepLR(step_size, gamma)``
    ``Factor(base_lr=b, decay_interval=step_size, decay_factor=gamma, horizon=...)``
``ExponentialLR(gamma)``
    ``Factor(base_lr=b, decay_interval=1, decay_factor=gamma, horizon=...)``
``CosineAnnealingWarmRestarts(T_0, T_mult, eta_min=f)``
    ``CosineRestarts(base_lr=b, cycle_steps=T_0, cycle_factor=T_mult, final_lr=f, warmup_steps=1,
    horizon=...)``, the horizon inside a cycle.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from tuner.errors import ScheduleError
from tuner.schedules import Schedule


class ScheduleLR(LRScheduler):
    """PyTorch's scheduler object for a schedule: ``last_epoch`` counts the updates made.

    After construction the optimizer has the learning rate of the first update,
    ``schedule(last_epoch + 1)`` with ``last_epoch`` 0, and after each ``step()`` that of the next.

    Parameter groups keep their ratio to the learning rate that the optimizer was made with: in
    ``SGD([{"params": body, "lr": 0.01}, {"params": head}], lr=0.1)`` the head follows the schedule
    and the body is at a tenth of it. Where no group has that rate, since each names its own or a
    former training's state was loaded, the groups with the largest one follow the schedule.
    Otherwise the optimizer's own learning rates have no effect. The ratios are kept in the
    optimizer's state, as ``schedule_ratio`` of its groups.

    The state is plain data, which ``torch.load`` reads with ``weights_only=True``. It names the
    schedule, and another schedule refuses it.

    Args:
        optimizer: An optimizer with a learning rate above 0.
        schedule: A schedule of any family.
        last_epoch: To go on without a saved scheduler: the updates made, less one, as PyTorch
            counts. The optimizer's state must have been loaded before.

    Raises:
        ScheduleError: If no group has a learning rate above 0.

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

    def __init__(self, optimizer: Optimizer, schedule: Schedule, last_epoch: int = -1) -> None:
        default = optimizer.defaults.get("lr")
        # Some optimizers have None, and then find a rate of their own.
        rates = [float(g.get("initial_lr", g.get("lr")) or 0) for g in optimizer.param_groups]
        whole = float(default) if default in rates else max(rates)
        if not whole > 0:
            raise ScheduleError(
                "the optimizer must be made with a learning rate above 0, but got"
                f" {default!r}. Pass lr=schedule.base_lr."
            )
        self.schedule = schedule
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            # In the optimizer's state, for the optimizer of a later process may be made with
            # another learning rate than that with which the groups began.
            group.setdefault("schedule_ratio", rate / whole)
        self.ratios = [group["schedule_ratio"] for group in optimizer.param_groups]
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the learning rate of the next update for each parameter group."""
        lr = self.schedule(self.last_epoch + 1)
        return [lr * ratio for ratio in self.ratios]

    def state_dict(self) -> dict[str, Any]:
        """Return the state as plain data, the schedule as text."""
        return {**super().state_dict(), "schedule": repr(self.schedule)}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from a saved state: the next update has the learning rate that it is due.

        PyTorch's own schedulers leave that to the optimizer's state, and so the first update has
        the rate of update 1 if this object was made after that state was loaded.

        Raises:
            ScheduleError: If it was saved with another schedule.
        """
        saved = state_dict.get("schedule")
        if saved != repr(self.schedule):
            raise ScheduleError(
                f"the state must be that of {self.schedule!r}, but was saved with {saved}. To go"
                " on with another schedule, load the optimizer's state alone and write"
                f" schedule.to_torch(optimizer, last_epoch={state_dict.get('last_epoch', 0) - 1})."
            )
        super().load_state_dict({**state_dict, "schedule": self.schedule})
        for group, lr in zip(self.optimizer.param_groups, self.get_last_lr(), strict=True):
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(lr)
            else:
                group["lr"] = lr
