"""One update of a PyTorch network: the gradients of some batches, clipped, under the schedule."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch

from tuner.adapters import set_rate
from tuner.adapters.quantities import claim_groups, give_quantities
from tuner.schedules import Schedule
from tuner.tasks.torch_forward import Forward, Given
from tuner.tasks.torch_options import UpdateOptions


class Updates:
    """Makes the updates of a training.

    With ``amp="float16"`` a gradient scaler of PyTorch's keeps small gradients above 0, and leaves
    out an update whose gradients are not finite. Such an update counts: the next one has the next
    learning rate, so that the schedule ends where the training does.

    Args:
        net: The network, on its device.
        optimizer: Its optimizer.
        schedule: The learning rate of every update. Parameter groups keep their ratios to it, and
            get what else it has.
        forward: Gives what the network gives for a batch.
        options: What makes an update of gradients.

    Raises:
        ScheduleError: If it is not clear which parameter group has the schedule's learning rate,
            or the optimizer has not what it drives.
    """

    def __init__(
        self,
        net: Any,
        optimizer: Any,
        schedule: Schedule,
        forward: Forward,
        options: UpdateOptions,
    ) -> None:
        self._net, self.optimizer, self._schedule = net, optimizer, schedule
        self._forward, self._options = forward, options
        self._ratios = claim_groups(optimizer, schedule)  # as to_torch() of the exported one does
        self.scaler: Any = None
        if options.amp == "float16":
            device = next(iter(net.parameters())).device
            self.scaler = torch.amp.GradScaler(device.type)

    def make(self, update: int, batches: Sequence[Any]) -> list[Given]:
        """Make one update, the mean of the batches' gradients, and return what they gave."""
        rates = give_quantities(self.optimizer, self._schedule, update, self._ratios)
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            set_rate(group, rate)
        self.optimizer.zero_grad()
        found = []
        for batch in batches:
            given = self._forward(self._net, batch)
            loss = given.loss if len(batches) == 1 else given.loss / len(batches)
            (loss if self.scaler is None else self.scaler.scale(loss)).backward()
            found.append(given._replace(loss=given.loss.detach(), outputs=None))
        self._clip()
        if self.scaler is None:
            self.optimizer.step()
        else:
            self.scaler.step(self.optimizer)
            self.scaler.update()
        return found

    def _clip(self) -> None:
        norm = self._options.clip_norm
        if norm is None:
            return
        if self.scaler is not None:
            self.scaler.unscale_(self.optimizer)
        groups = self.optimizer.param_groups
        torch.nn.utils.clip_grad_norm_([p for group in groups for p in group["params"]], norm)


def grouped(batches: Iterable[Any], count: int) -> Iterator[list[Any]]:
    """Yield so many batches at a time; at the end what is left."""
    left = iter(batches)
    while group := list(itertools.islice(left, count)):
        yield group
