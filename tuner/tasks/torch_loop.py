"""The training loop for PyTorch networks: that of the Gluon ones, with PyTorch's words.

Nothing random is carried from epoch to epoch: every generator is seeded anew from (seed, epoch).
"""

from __future__ import annotations

import contextlib
import functools
import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch

from tuner.schedules import Schedule
from tuner.tasks.base import Epoch, EpochRecord, State, TrainingCollapsed
from tuner.tasks.examples import check_batches
from tuner.tasks.generators import seed_own
from tuner.tasks.torch_data import Batches
from tuner.tasks.torch_forward import Evaluate, Forward, mean_loss, share_right
from tuner.tasks.torch_judge import hopeless, judge, judge_by
from tuner.tasks.torch_options import UpdateOptions
from tuner.tasks.torch_state import TorchAverage, put_state, take_state
from tuner.tasks.torch_update import Updates, grouped
from tuner.tasks.within import tell_share

# Raised with every change of this loop that gives other bits.
TRAINING_VERSION = 2
# Updates between looks at the loss.
_LOOK_EVERY = 50
_PLAIN = UpdateOptions()


def train(
    net: Any,
    train_data: Batches,
    test_data: Batches,
    schedule: Schedule,
    *,
    forward: Forward,
    make_optimizer: Callable[[Any], Any],
    batch_size: int,
    updates_per_epoch: int,
    seed: int,
    epochs: int,
    start: State | None = None,
    options: UpdateOptions = _PLAIN,
    evaluate: Evaluate | None = None,
    threads: int = 1,
    may_die: bool = False,
) -> Iterator[Epoch]:
    """Train a network as it is, or from a state, epoch by epoch.

    Args:
        net: The network, on its device.
        train_data: What to train on.
        test_data: What to be judged on.
        schedule: The learning rate of every update; the first update is 1. Parameter groups keep
            their ratios to it, and get what else it has.
        forward: Gives what the network gives for a batch.
        make_optimizer: Makes the optimizer of the network.
        batch_size: Examples in a batch, unless a loader makes the batches.
        updates_per_epoch: Updates in an epoch.
        seed: Decides the order and every other random number.
        epochs: The last epoch to train.
        start: The state after an epoch of the same training, to go on from.
        options: What makes an update of the gradients of batches.
        evaluate: Says how good a network is on data, in place of its loss on them.
        threads: Of the processor.
        may_die: Whether a network that gives one answer to everything ends the training.

    Yields:
        Each epoch as it ends.

    Raises:
        ScheduleError: If it is not clear which parameter group has the schedule's learning rate.
        TaskError: If ``start`` is of another network or optimizer.
        TrainingCollapsed: If the loss is not finite, or what ``evaluate`` gives, or the network is
            dead.
    """
    optimizer = make_optimizer(net)
    updates = Updates(net, optimizer, schedule, forward, options)
    average = TorchAverage([*net.parameters()])
    parts = net, optimizer, updates.scaler, average
    if evaluate is None:
        look = functools.partial(judge, net, test_data, forward)
    else:
        look = functools.partial(judge_by, evaluate, net, test_data)
    if start is not None:
        put_state(*parts, start)
    net.train()
    for epoch in range(start.epoch + 1 if start else 1, epochs + 1):
        with _threads(threads):
            started = time.perf_counter()
            begun = update = (epoch - 1) * updates_per_epoch
            given = []
            drawing = train_data.parts, test_data.parts, net, forward, evaluate, optimizer
            seed_own(seed, epoch, *drawing)
            for batches in grouped(
                train_data.of_epoch(seed, epoch, batch_size), options.accumulate
            ):
                update += 1
                given += updates.make(update, batches)
                average.add(update)
                done = update - begun
                if done % _LOOK_EVERY == 0 or done == updates_per_epoch:
                    loss = float(given[-1].loss)
                    if not math.isfinite(loss):
                        reason = f"the loss is {loss} at its update {done}"
                        # What `evaluate` does with such a network is not known.
                        left = look().of_collapse if evaluate is None else ()
                        raise TrainingCollapsed(
                            epoch, f"diverged in epoch {epoch}: {reason}", *left
                        )
                    tell_share(done / updates_per_epoch)
            check_batches(len(given), train_data.count(batch_size))
            test = look(may_die=True) if may_die else look()
            reason = hopeless(test, epoch, own=evaluate is not None)
            if reason:
                raise TrainingCollapsed(epoch, reason, *test.of_collapse)
            with average.applied(update):
                averaged = look()
            record = EpochRecord(
                epoch=epoch,
                train_loss=mean_loss(given),
                train_accuracy=share_right(given),
                test_accuracy=test.accuracy,
                lr_begin=schedule(update - updates_per_epoch + 1),
                lr_end=schedule(update),
                seconds=time.perf_counter() - started,
                test_loss=test.loss,
                averaged_accuracy=averaged.accuracy,
                averaged_loss=averaged.loss,
                value=test.value,
                averaged_value=averaged.value,
            )
        yield Epoch(record, functools.partial(take_state, *parts, epoch))


@contextlib.contextmanager
def _threads(count: int) -> Iterator[None]:
    """Use so many threads of the processor within the block: workers share it."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
