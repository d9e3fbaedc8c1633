"""Data for the Gluon loop: what it trains on, batch by batch, and is judged on."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from tuner.adapters import import_mxnet
from tuner.tasks.base import DEAD, Evaluation
from tuner.tasks.examples import Examples, pair
from tuner.tasks.generators import seed_own

mx = import_mxnet()

_EVALUATION_BATCH = 250


class TrainingData(Protocol):
    """What the loop needs of its data."""

    @property
    def on(self) -> Any:
        """The device."""

    def updates(self, batch_size: int) -> int:
        """Return the updates of an epoch."""

    def first(self) -> Any:
        """Return some inputs, from which a network infers its shapes."""

    def batches(self, seed: int, epoch: int, batch_size: int) -> Iterator[tuple[Any, Any]]:
        """Yield the inputs and labels of an epoch's batches."""

    def evaluate(self, net: Any, loss_of: Any) -> Evaluation:
        """Return how a network does on the test examples."""


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
    is_dead = len(answers) > 1 and float(answers.std(axis=0).max()) < DEAD
    return Evaluation(float(hits.mean()), float(losses.mean()), is_dead)


class Data(NamedTuple):
    """Inputs (n, channels, height, width) and labels (n,), arrays on one device.

    Training inputs may be pixels in bytes, which are a quarter of the memory; a batch of them is
    scaled to 0..1 when it is taken. The other arrays are float32.
    """

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
        (train_inputs, train_labels), (test_inputs, test_labels) = (
            (
                mx.nd.array(images[:, np.newaxis], ctx=on, dtype="uint8"),
                mx.nd.array(labels, ctx=on, dtype="float32"),
            )
            for images, labels in (train, test)
        )
        found = cls(train_inputs, train_labels, scaled(test_inputs), test_labels)
        mx.nd.waitall()
        return found

    @property
    def on(self) -> Any:
        """The device."""
        return self.train_inputs.context

    def updates(self, batch_size: int) -> int:
        """Return the updates of an epoch; the last batch holds what is left."""
        size: int = self.train_inputs.shape[0]
        return math.ceil(size / batch_size)

    def first(self) -> Any:
        """Return an input, from which a network infers its shapes."""
        return scaled(self.train_inputs[:1])

    def batches(self, seed: int, epoch: int, batch_size: int) -> Iterator[tuple[Any, Any]]:
        """Yield an epoch's batches, in an order that follows from seed and epoch."""
        size = self.train_inputs.shape[0]
        order = np.random.default_rng((seed, epoch)).permutation(size).astype(np.int32)
        order = mx.nd.array(order, ctx=self.on, dtype="int32")
        for first in range(0, size, batch_size):
            chosen = order[first : first + batch_size]
            inputs = scaled(mx.nd.take(self.train_inputs, chosen))
            yield inputs, mx.nd.take(self.train_labels, chosen)

    def evaluate(self, net: Any, loss_of: Any) -> Evaluation:
        """Return how a classifier does on the test examples; its loss is softmax cross-entropy."""
        del loss_of  # which is that one
        return evaluate(net, self.test_inputs, self.test_labels.asnumpy())


def scaled(inputs: Any) -> Any:
    """Return pixels in bytes as numbers from 0 to 1; other inputs as they are."""
    return inputs.astype("float32") / 255 if inputs.dtype == np.uint8 else inputs


class OwnData:
    """Arrays, datasets or loaders of one's own, brought to a device.

    Args:
        train: What to train on.
        test: What to be judged on.
        on: The device.
    """

    def __init__(self, train: Examples, test: Examples, on: Any) -> None:
        self.on = on
        self._train, self._test = (
            each.mapped(lambda array: mx.nd.array(array, ctx=on, dtype="float32"))
            for each in (train, test)
        )

    def updates(self, batch_size: int) -> int:
        """Return the updates of an epoch."""
        return self._train.updates(batch_size)

    def first(self) -> Any:
        """Return some inputs, from which a network infers its shapes."""
        return next(self._batches(self._train, None, 2))[0]

    def batches(self, seed: int, epoch: int, batch_size: int) -> Iterator[tuple[Any, Any]]:
        """Yield an epoch's batches; all that a loader or dataset draws follows from the seed."""
        seed_all(seed, epoch)
        seed_own(seed, epoch, self._train.data, self._test.data)
        order = self._train.order(seed, epoch)
        return self._batches(self._train, order, batch_size)

    def evaluate(self, net: Any, loss_of: Any) -> Evaluation:
        """Return how a network does on the test examples."""
        return judge(net, self._batches(self._test, None, _EVALUATION_BATCH), loss_of)

    def _batches(
        self, examples: Examples, order: npt.NDArray[np.int64] | None, batch_size: int
    ) -> Iterator[tuple[Any, Any]]:
        if examples.is_loader:
            found: Iterable[Any] = examples.data
        else:
            chosen = examples.chosen(order, batch_size)
            if examples.is_dataset:
                found = mx.gluon.data.DataLoader(examples.data, batch_sampler=chosen)
            else:
                whole, answers = examples.data
                picks = (mx.nd.array(rows, ctx=self.on, dtype="int32") for rows in chosen)
                found = ((mx.nd.take(whole, rows), mx.nd.take(answers, rows)) for rows in picks)
        for inputs, labels in map(pair, found):
            yield inputs.as_in_context(self.on), labels.as_in_context(self.on)


def gives_classes(outputs: Any, labels: Any) -> bool:
    """Tell whether the outputs are scores of classes, along their last axis, for the labels."""
    return bool(outputs.ndim == labels.ndim + 1 and outputs.shape[-1] > 1)


def hits(outputs: Any, labels: Any) -> Any:
    """Return how many labels have the largest score, as an array that is not waited for."""
    return (outputs.argmax(axis=-1) == labels.astype(outputs.dtype, copy=False)).sum()


def judge(net: Any, batches: Iterable[tuple[Any, Any]], loss_of: Any) -> Evaluation:
    """Return accuracy and loss of a network on batches of examples.

    Args:
        net: The network.
        batches: Inputs and labels.
        loss_of: Gives a loss for each example.
    """
    losses, right, answers = [], [], []
    examples = labelled = 0
    for inputs, labels in batches:
        outputs = net(inputs)
        losses.append(loss_of(outputs, labels).sum())
        examples += inputs.shape[0]
        if gives_classes(outputs, labels):
            right.append(hits(outputs, labels))
            labelled += labels.size
            if outputs.ndim == 2:
                answers.append(outputs.asnumpy())
    loss = total(losses) / examples
    if not labelled:
        return Evaluation(None, loss, False)
    is_dead = examples > 1 and bool(answers) and np.concatenate(answers).std(0).max() < DEAD
    return Evaluation(total(right) / labelled, loss, bool(is_dead))


def total(scalars: list[Any]) -> float:
    """Add up many one-element arrays in double precision, fetched in one go."""
    return float(mx.nd.concat(*scalars, dim=0).asnumpy().sum(dtype=np.float64))


def seed_all(seed: int, epoch: int) -> None:
    """Seed every generator that a network or loader of one's own may draw from."""
    derived = derive(seed, epoch)
    mx.random.seed(derived)
    np.random.seed(derived)
    random.seed(derived)


def derive(seed: int, epoch: int) -> int:
    """Return a seed for MXNet, which takes 31 bits, that differs with both numbers."""
    return int(np.random.SeedSequence((seed, epoch)).generate_state(1)[0] >> 1)
