"""The training loop for PyTorch networks: that of the Gluon ones, with PyTorch's words.

Nothing random is carried from epoch to epoch: every generator is seeded anew from (seed, epoch).
"""

from __future__ import annotations

import contextlib
import functools
import io
import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch

from tuner.adapters import ratios_of_groups
from tuner.errors import TaskError
from tuner.schedules import Schedule
from tuner.tasks.averaging import Average
from tuner.tasks.base import Epoch, EpochRecord, State, TrainingCollapsed
from tuner.tasks.examples import check_batches
from tuner.tasks.generators import seed_own
from tuner.tasks.torch_data import Batches, hits, judge

# Raised with every change of this loop that gives other bits.
TRAINING_VERSION = 2
# Updates between looks at the loss.
_LOOK_EVERY = 50
# The name of a state's only array: the bytes of `torch.save`.
_STATE = "torch"


class TorchAverage(Average):
    """The running average of a network's weights, by the same rule."""

    def add(self, update: int) -> None:
        """Take the weights after an update into the average, if it is its turn."""
        with torch.no_grad():
            super().add(update)

    def _trained(self, parameters: Sequence[Any]) -> list[Any]:
        return [parameter for parameter in parameters if parameter.requires_grad]

    def _copy(self, weight: Any) -> Any:
        return weight.detach().clone()

    def _set(self, weight: Any, value: Any) -> None:
        with torch.no_grad():
            weight.copy_(value)


def device(name: str) -> torch.device:
    """Return PyTorch's device; ``"auto"`` is a GPU if there is any.

    Raises:
        TaskError: If there is no such device.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        reason = (str(error).splitlines() or [""])[0]
        raise TaskError(
            f"device = {name!r} must exist, but PyTorch says: {reason} Write 'auto' or 'cpu'."
        ) from error
    return torch.device(name)


def train(
    net: Any,
    train_data: Batches,
    test_data: Batches,
    schedule: Schedule,
    *,
    loss_of: Callable[[Any, Any], Any],
    make_optimizer: Callable[[Any], Any],
    batch_size: int,
    updates_per_epoch: int,
    seed: int,
    epochs: int,
    start: State | None = None,
    threads: int = 1,
    may_die: bool = False,
) -> Iterator[Epoch]:
    """Train a network as it is, or from a state, epoch by epoch.

    Args:
        net: The network, on its device.
        train_data: What to train on.
        test_data: What to be judged on.
        schedule: The learning rate of every update; the first update is 1. Parameter groups keep
            their ratios to it.
        loss_of: Gives the mean loss of a batch.
        make_optimizer: Makes the optimizer of some parameters.
        batch_size: Examples in an update, unless a loader makes the batches.
        updates_per_epoch: Updates in an epoch.
        seed: Decides the order and every other random number.
        epochs: The last epoch to train.
        start: The state after an epoch of the same training, to go on from.
        threads: Of the processor.
        may_die: Whether a network that gives one answer to everything ends the training.

    Yields:
        Each epoch as it ends.

    Raises:
        ScheduleError: If it is not clear which parameter group has the schedule's learning rate.
        TaskError: If ``start`` is of another network or optimizer.
        TrainingCollapsed: If the loss is not finite, or the network is dead.
    """
    optimizer = make_optimizer(net.parameters())
    ratios = ratios_of_groups(optimizer)  # as the exported schedule has them in to_torch()
    average = TorchAverage([*net.parameters()])
    trained = 0
    if start is not None:
        trained = start.epoch
        _put_state(net, optimizer, average, start)
    net.train()
    for epoch in range(trained + 1, epochs + 1):
        with _threads(threads):
            started = time.perf_counter()
            update = (epoch - 1) * updates_per_epoch
            losses: list[Any] = []
            right, examples, labelled = 0, 0, 0
            seed_own(seed, epoch, train_data.parts, test_data.parts, net, loss_of)
            for inputs, labels in train_data.of_epoch(seed, epoch, batch_size):
                update += 1
                rate = schedule(update)
                for group, ratio in zip(optimizer.param_groups, ratios, strict=True):
                    group["lr"] = rate * ratio
                optimizer.zero_grad()
                outputs = net(inputs)
                loss = loss_of(outputs, labels)
                loss.backward()
                optimizer.step()
                average.add(update)
                losses.append(loss.detach() * len(inputs))
                examples += len(inputs)
                found = hits(outputs, labels)
                if found is not None:
                    right, labelled = right + found, labelled + labels.numel()
                done = update - (epoch - 1) * updates_per_epoch
                if done % _LOOK_EVERY == 0 or done == updates_per_epoch:
                    value = float(loss.detach())
                    if not math.isfinite(value):
                        reason = f"the loss is {value} at its update {done}"
                        test = judge(net, test_data.in_order(), loss_of)
                        raise TrainingCollapsed(
                            epoch, f"diverged in epoch {epoch}: {reason}", *test.of_collapse
                        )
            check_batches(update - (epoch - 1) * updates_per_epoch, updates_per_epoch)
            test = judge(net, test_data.in_order(), loss_of, may_die=may_die)
            if test.is_dead:
                reason = f"collapsed in epoch {epoch}: the network gives one answer to everything"
                raise TrainingCollapsed(epoch, reason, *test.of_collapse)
            with average.applied(update):
                averaged = judge(net, test_data.in_order(), loss_of)
            record = EpochRecord(
                epoch=epoch,
                train_loss=float(torch.stack(losses).double().sum()) / examples,
                train_accuracy=right / labelled if labelled else None,
                test_accuracy=test.accuracy,
                lr_begin=schedule(update - updates_per_epoch + 1),
                lr_end=schedule(update),
                seconds=time.perf_counter() - started,
                test_loss=test.loss,
                averaged_accuracy=averaged.accuracy,
                averaged_loss=averaged.loss,
            )
        yield Epoch(record, functools.partial(_take_state, net, optimizer, average, epoch))


@contextlib.contextmanager
def _threads(count: int) -> Iterator[None]:
    """Use so many threads of the processor within the block: workers share it."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _take_state(net: Any, optimizer: Any, average: TorchAverage, epoch: int) -> State:
    content = io.BytesIO()
    parts = {
        "net": net.state_dict(),
        "optimizer": optimizer.state_dict(),
        "average": dict(average.arrays()),
    }
    torch.save(parts, content)
    return State(epoch, {_STATE: np.frombuffer(content.getvalue(), np.uint8)})


def _put_state(net: Any, optimizer: Any, average: TorchAverage, start: State) -> None:
    content = io.BytesIO(start.arrays[_STATE].tobytes())
    try:
        parts = torch.load(content, map_location="cpu", weights_only=True)  # runs no code
        net.load_state_dict(parts["net"])
        optimizer.load_state_dict(parts["optimizer"])
        with torch.no_grad():
            for name, array in average.arrays():
                array.copy_(parts["average"][name])
    except (KeyError, ValueError, RuntimeError) as error:
        raise TaskError(
            f"The state must be of this network and optimizer, but: {error}"
        ) from error
