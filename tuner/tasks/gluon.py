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
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tuner.adapters.mxnet import optimizer_params as with_schedule
from tuner.compat import import_mxnet
from tuner.errors import TaskError
from tuner.schedules import Schedule
from tuner.tasks.averaging import Average
from tuner.tasks.base import Epoch, EpochRecord, State, TrainingCollapsed
from tuner.tasks.gluon_state import put_state, take_state

mx = import_mxnet()

# Raised with every change of this loop, of a network or of how data is prepared that gives other
# bits: training states of before are then no longer found.
TRAINING_VERSION = 5

# Updates between looks at the loss. A look waits for the computation to catch up, which also
# bounds the memory of batches that were gathered ahead.
_LOOK_EVERY = 50
_EVALUATION_BATCH = 250
# The largest standard deviation of an output over the test examples. Measured on LeNet: 3e-5 or
# less once its ReLUs are dead, 0.05 or more for untrained weights and for slow beginnings.
_DEAD = 1e-3


class Data(NamedTuple):
    """Inputs (n, channels, height, width) and labels (n,), float32 arrays on one device."""

    train_inputs: Any
    train_labels: Any
    test_inputs: Any
    test_labels: Any

    @classmethod
    def of_images(
        cls,
        train: tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]],
        test: tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]],
        on: Any,
    ) -> Data:
        """Put grey images and labels on a device, pixels scaled to 0..1 as the chapter does."""
        arrays = []
        for images, labels in (train, test):
            inputs = mx.nd.empty((len(images), 1, *images.shape[1:]), ctx=on)
            # In pieces, for the whole in single precision is 188 MB.
            for first in range(0, len(images), 5000):
                piece = images[first : first + 5000, np.newaxis].astype(np.float32)
                inputs[first : first + len(piece)] = piece / np.float32(255)
                inputs.wait_to_read()  # or all pieces are there at once
            arrays += [inputs, mx.nd.array(labels, ctx=on, dtype="float32")]
        mx.nd.waitall()
        return cls(*arrays)


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


def train(
    net: Any,
    data: Data,
    schedule: Schedule,
    *,
    optimizer: str,
    optimizer_params: Mapping[str, Any],
    batch_size: int,
    seed: int,
    epochs: int,
    start: State | None = None,
    faster: tuple[Any, Any] | None = None,
    make_average: Callable[[list[Any]], Average] = Average,
) -> Iterator[Epoch]:
    """Train a network from new weights (Xavier) or from a state, epoch by epoch.

    The loss is softmax cross-entropy. The last batch of an epoch holds what is left.

    Args:
        net: A hybridizable Gluon network.
        data: What to train and test on.
        schedule: The learning rate of every update; the first update is 1.
        optimizer: MXNet's name of the optimizer.
        optimizer_params: Its parameters, without a learning rate.
        batch_size: Examples in an update.
        seed: Decides weights, order and every other random number.
        epochs: The last epoch to train.
        start: The state after an epoch of the same training, to go on from.
        faster: Two networks that compute the same function of the same parameters, for training
            and for evaluation.
        make_average: Makes the running average of the parameters' weights.

    Yields:
        Each epoch as it ends.

    Raises:
        TaskError: If ``start`` is of another network or optimizer.
        TrainingCollapsed: If the loss is not finite (within 50 updates), or the network is dead
            at the end of an epoch: its answer is the same whatever it is shown.
    """
    _give_memory_back()
    on = data.train_inputs.context
    mx.random.seed(_derive(seed, 0))
    net.initialize(mx.init.Xavier(), ctx=on, force_reinit=True)
    training_net, evaluation_net = faster or (net, net)
    for each in (training_net, evaluation_net):
        each.hybridize(static_alloc=True, static_shape=True)
    net(data.train_inputs[:1])  # shapes are inferred, and so weights made, at the first call
    loss_of = mx.gluon.loss.SoftmaxCrossEntropyLoss()
    loss_of.hybridize(static_alloc=True, static_shape=True)
    # As a list, for a dictionary is sorted by names, which count the layers that the process has
    # made: dense10 comes before dense9. Some optimizers give other bits in another order.
    parameters = list(net.collect_params().values())
    trainer = mx.gluon.Trainer(
        parameters, optimizer, with_schedule(schedule, **optimizer_params), kvstore=None
    )
    test_labels = data.test_labels.asnumpy()
    size = data.train_inputs.shape[0]
    per_epoch = math.ceil(size / batch_size)

    average = make_average(parameters)
    trained = 0
    if start is not None:
        trained = start.epoch
        put_state(trainer, average, start.arrays, trained * per_epoch)

    for epoch in range(trained + 1, epochs + 1):
        started = time.perf_counter()
        mx.random.seed(_derive(seed, epoch))
        order = np.random.default_rng((seed, epoch)).permutation(size).astype(np.int32)
        order = mx.nd.array(order, ctx=on, dtype="int32")
        losses, hits = [], []
        for update, first in enumerate(range(0, size, batch_size), start=1):
            chosen = order[first : first + batch_size]
            inputs = mx.nd.take(data.train_inputs, chosen)
            labels = mx.nd.take(data.train_labels, chosen)
            with mx.autograd.record():
                outputs = training_net(inputs)
                loss = loss_of(outputs, labels)
            loss.backward()
            trainer.step(inputs.shape[0])
            average.add((epoch - 1) * per_epoch + update)
            losses.append(loss.sum())
            hits.append((outputs.argmax(axis=1) == labels).sum())
            if update % _LOOK_EVERY == 0 or update == per_epoch:
                value = float(losses[-1].asscalar())
                if not math.isfinite(value):
                    where = f"the loss is {value} at its update {update}"
                    reason = f"diverged in epoch {epoch}: {where}"
                    with np.errstate(all="ignore"):
                        test = evaluate(evaluation_net, data.test_inputs, test_labels)
                    raise TrainingCollapsed(epoch, reason, test.accuracy, test.loss)
        test = evaluate(evaluation_net, data.test_inputs, test_labels)
        if test.is_dead:
            reason = f"collapsed in epoch {epoch}: the network gives one answer to everything"
            raise TrainingCollapsed(epoch, reason, test.accuracy, test.loss)
        done = epoch * per_epoch
        with average.applied(done):
            averaged = evaluate(evaluation_net, data.test_inputs, test_labels)
        record = EpochRecord(
            epoch=epoch,
            train_loss=_total(losses) / size,
            train_accuracy=_total(hits) / size,
            test_accuracy=test.accuracy,
            lr_begin=schedule(done - per_epoch + 1),
            lr_end=schedule(done),
            seconds=time.perf_counter() - started,
            test_loss=test.loss,
            averaged_accuracy=averaged.accuracy,
            averaged_loss=averaged.loss,
        )
        yield Epoch(record, functools.partial(_state, trainer, average, epoch))


def _give_memory_back() -> None:
    """Free what earlier trainings left: else a process grows by 60 MB with every one.

    Their networks are in reference cycles, and glibc keeps the holes between what is still used.
    """
    gc.collect()
    with contextlib.suppress(AttributeError, OSError, TypeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)


def _state(trainer: Any, average: Average, epoch: int) -> State:
    return State(epoch, take_state(trainer, average))


def _derive(seed: int, epoch: int) -> int:
    """Return a seed for MXNet, which takes 31 bits, that differs with both numbers."""
    return int(np.random.SeedSequence((seed, epoch)).generate_state(1)[0] >> 1)


class Evaluation(NamedTuple):
    """How a network does on examples; dead if it gives one answer to all of them."""

    accuracy: float
    loss: float
    is_dead: bool


def evaluate(net: Any, inputs: Any, labels: npt.NDArray[np.float32]) -> Evaluation:
    """Return accuracy and softmax cross-entropy of a network.

    Args:
        net: The network.
        inputs: The examples, on its device.
        labels: Their classes.
    """
    batches = range(0, inputs.shape[0], _EVALUATION_BATCH)
    outputs = [net(inputs[i : i + _EVALUATION_BATCH]) for i in batches]
    answers = mx.nd.concat(*outputs, dim=0).asnumpy()
    hits = answers.argmax(axis=1) == labels
    excess = answers.astype(np.float64) - answers.max(axis=1, keepdims=True)
    right = excess[np.arange(len(labels)), labels.astype(np.intp)]
    losses = np.log(np.exp(excess).sum(axis=1)) - right
    is_dead = len(answers) > 1 and float(answers.std(axis=0).max()) < _DEAD
    return Evaluation(float(hits.mean()), float(losses.mean()), is_dead)


def _total(scalars: list[Any]) -> float:
    """Add up many one-element arrays in double precision, fetched in one go."""
    return float(mx.nd.concat(*scalars, dim=0).asnumpy().sum(dtype=np.float64))
