"""The training loop for Gluon networks: the chapter's, fed from memory and reproducible.

Nothing random is carried from epoch to epoch: MXNet's generator is seeded anew, and the order of
the examples drawn anew, from (seed, epoch).
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import gc
import math
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from tuner.adapters import import_mxnet
from tuner.adapters.mxnet import optimizer_params as with_schedule
from tuner.errors import TaskError
from tuner.schedules import Schedule, Schedules
from tuner.tasks.averaging import Average
from tuner.tasks.base import Epoch, EpochRecord, State, TrainingCollapsed
from tuner.tasks.examples import check_batches
from tuner.tasks.gluon_data import TrainingData, derive, gives_classes, hits, total
from tuner.tasks.gluon_state import put_state, take_state
from tuner.tasks.within import tell_share

mx = import_mxnet()

# Raised with every change of this loop, of a network or of how data is prepared that gives other
# bits: training states of before are then no longer found.
TRAINING_VERSION = 5

# Updates between looks at the loss. A look waits for the computation to catch up, which also
# bounds the memory of batches that were gathered ahead.
_LOOK_EVERY = 50


def device(name: str) -> Any:
    """Return MXNet's context: ``"cpu"``, ``"gpu"``, ``"gpu:1"``, or ``"auto"``, a GPU if any.

    Raises:
        TaskError: If there is no such GPU.
    """
    gpus = mx.context.num_gpus()
    if name == "cpu" or (name == "auto" and gpus == 0):
        return mx.cpu()
    number = int(name.partition(":")[2] or 0)
    if number >= gpus:
        raise TaskError(
            f"device = {name!r} must exist, but MXNet sees {gpus} GPUs."
            ' Write device = "auto" or "cpu", or install an MXNet build for your GPU.'
        )
    return mx.gpu(number)


def check_optimizer(name: str, params: Mapping[str, Any]) -> None:
    """Make an optimizer and drop it.

    Raises:
        TaskError: If MXNet has no such optimizer or it does not take the parameters.
    """
    try:
        mx.optimizer.create(name, **params)
    except (TypeError, ValueError, AssertionError) as error:
        raise TaskError(
            f"MXNet's optimizer {name!r} must take optimizer_params = {dict(params)}, but: {error}"
        ) from error


def check_driven(name: str, params: Mapping[str, Any], schedule: Schedule) -> None:
    """Have an optimizer follow a schedule, and drop it.

    Raises:
        ScheduleError: If the optimizer lacks what the schedule has.
    """
    schedule.to_mxnet(mx.optimizer.create(name, **params))


def train(
    net: Any,
    data: TrainingData,
    schedule: Schedule,
    *,
    optimizer: str,
    optimizer_params: Mapping[str, Any],
    batch_size: int,
    seed: int,
    epochs: int,
    start: State | None = None,
    loss: Any = None,
    initializer: Any = None,
    keep_weights: bool = False,
    hybridize: bool = True,
    faster: tuple[Any, Any] | None = None,
    make_average: Callable[[list[Any]], Average] = Average,
) -> Iterator[Epoch]:
    """Train a network from new weights or from a state, epoch by epoch.

    Args:
        net: A Gluon network.
        data: What to train and test on.
        schedule: The learning rate of every update; the first update is 1.
        optimizer: MXNet's name of the optimizer.
        optimizer_params: Its parameters, without a learning rate.
        batch_size: Examples in an update; the last one of an epoch has what is left.
        seed: Decides weights, order and every other random number.
        epochs: The last epoch to train.
        start: The state after an epoch of the same training, to go on from.
        loss: Gives a loss for each example; softmax cross-entropy by default.
        initializer: Of the new weights; Xavier by default.
        keep_weights: Whether weights that the network brings along are kept.
        hybridize: Whether the network can be, into one static graph.
        faster: Two networks that compute the same function of the same parameters, for training
            and for evaluation.
        make_average: Makes the running average of the parameters' weights.

    Yields:
        Each epoch as it ends.

    Raises:
        TaskError: If ``start`` is of another network or optimizer.
        ScheduleError: If the optimizer has not what the schedule drives.
        TrainingCollapsed: If the loss is not finite (within 50 updates), or the network is dead
            at the end of an epoch: its answer is the same whatever it is shown.
    """
    _give_memory_back()
    mx.random.seed(derive(seed, 0))
    _initialize(net, initializer or mx.init.Xavier(), data.on, keep_weights)
    training_net, evaluation_net = faster or (net, net)
    loss_of = loss or mx.gluon.loss.SoftmaxCrossEntropyLoss()
    if hybridize:
        blocks = (training_net, evaluation_net, loss_of)
        for each in (block for block in blocks if isinstance(block, mx.gluon.Block)):
            each.hybridize(static_alloc=True, static_shape=True)
    net(data.first())  # shapes are inferred, and so weights made, at the first call
    # As a list, for a dictionary is sorted by names, which count the layers that the process has
    # made: dense10 comes before dense9. Some optimizers give other bits in another order.
    parameters = list(net.collect_params().values())
    trainer = mx.gluon.Trainer(
        parameters, optimizer, with_schedule(schedule, **optimizer_params), kvstore=None
    )
    if isinstance(schedule, Schedules):
        schedule.to_mxnet(trainer)
    per_epoch = data.updates(batch_size)

    average = make_average(parameters)
    trained = 0
    if start is not None:
        trained = start.epoch
        put_state(trainer, average, start.arrays, trained * per_epoch)

    for epoch in range(trained + 1, epochs + 1):
        started = time.perf_counter()
        mx.random.seed(derive(seed, epoch))
        losses, right = [], []
        examples = labelled = update = 0
        batches = data.batches(seed, epoch, batch_size)
        for update, (inputs, labels) in enumerate(batches, start=1):
            with mx.autograd.record():
                outputs = training_net(inputs)
                batch_losses = loss_of(outputs, labels)
            batch_losses.backward()
            trainer.step(inputs.shape[0])
            average.add((epoch - 1) * per_epoch + update)
            examples += inputs.shape[0]
            losses.append(batch_losses.sum())
            if gives_classes(outputs, labels):
                right.append(hits(outputs, labels))
                labelled += labels.size
            if update % _LOOK_EVERY == 0 or update == per_epoch:
                value = float(losses[-1].asscalar())
                if not math.isfinite(value):
                    where = f"the loss is {value} at its update {update}"
                    reason = f"diverged in epoch {epoch}: {where}"
                    with np.errstate(all="ignore"):
                        test = data.evaluate(evaluation_net, loss_of)
                    raise TrainingCollapsed(epoch, reason, *test.of_collapse)
                tell_share(update / per_epoch)
        check_batches(update, per_epoch)
        test = data.evaluate(evaluation_net, loss_of)
        if test.is_dead:
            reason = f"collapsed in epoch {epoch}: the network gives one answer to everything"
            raise TrainingCollapsed(epoch, reason, *test.of_collapse)
        done = epoch * per_epoch
        with average.applied(done):
            averaged = data.evaluate(evaluation_net, loss_of)
        record = EpochRecord(
            epoch=epoch,
            train_loss=total(losses) / examples,
            train_accuracy=total(right) / labelled if labelled else None,
            test_accuracy=test.accuracy,
            lr_begin=schedule(done - per_epoch + 1),
            lr_end=schedule(done),
            seconds=time.perf_counter() - started,
            test_loss=test.loss,
            averaged_accuracy=averaged.accuracy,
            averaged_loss=averaged.loss,
        )
        yield Epoch(record, functools.partial(_state, trainer, average, epoch))


def _initialize(net: Any, initializer: Any, on: Any, keep_weights: bool) -> None:
    if not keep_weights:
        net.initialize(initializer, ctx=on, force_reinit=True)
        return
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Parameter .* is already initialized")
        net.initialize(initializer, ctx=on)
    net.collect_params().reset_ctx(on)


def _give_memory_back() -> None:
    """Free what earlier trainings left: else a process grows by 60 MB with every one.

    Their networks are in reference cycles, and glibc keeps the holes between what is still used.
    """
    gc.collect()
    with contextlib.suppress(AttributeError, OSError, TypeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)


def _state(trainer: Any, average: Average, epoch: int) -> State:
    return State(epoch, take_state(trainer, average))
