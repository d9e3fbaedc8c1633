"""The running average of the weights, against an independent one in NumPy."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from tuner import Cosine, import_mxnet
from tuner.tasks.averaging import Average
from tuner.tasks.gluon import train
from tuner.tasks.gluon_data import Data, evaluate

mx = import_mxnet()
EXAMPLES, BATCH, EPOCHS = 400, 4, 3  # 100 updates an epoch


class Seen(Average):
    """Also keeps the weights after every update."""

    def __init__(self, parameters: list[Any]) -> None:
        super().__init__(parameters)
        self.parameters = parameters
        self.weights = [self.now()]

    def now(self) -> list[np.ndarray]:
        return [parameter.data().asnumpy() for parameter in self.parameters]

    def add(self, update: int) -> None:
        super().add(update)
        self.weights.append(self.now())


class Nothing(Average):
    """Averages nothing."""

    def add(self, update: int) -> None:
        pass

    @contextlib.contextmanager
    def applied(self, update: int) -> Iterator[None]:
        yield


def run(make_average: Any) -> tuple[Data, list[tuple[Any, dict[str, np.ndarray]]]]:
    chance = np.random.default_rng(0)
    inputs = chance.normal(size=(EXAMPLES, 5)).astype(np.float32)
    labels = (inputs.sum(axis=1) + chance.normal(size=EXAMPLES) > 0).astype(np.float32)
    data = Data(*(mx.nd.array(array) for array in (inputs, labels, inputs, labels)))
    epochs = train(
        network(), data, Cosine(base_lr=0.5, horizon=EPOCHS * 100), optimizer="sgd",
        optimizer_params={}, batch_size=BATCH, seed=3, epochs=EPOCHS, make_average=make_average,
    )  # fmt: skip
    return data, [(epoch.record, epoch.state().arrays) for epoch in epochs]


def network() -> Any:
    net = mx.gluon.nn.HybridSequential()
    net.add(mx.gluon.nn.Dense(8, activation="relu"), mx.gluon.nn.Dense(2))
    return net


def test_the_average_is_that_of_the_formula_and_is_judged() -> None:
    made: list[Seen] = []

    def make(parameters: list[Any]) -> Seen:
        made.append(Seen(parameters))
        return made[0]

    data, epochs = run(make)
    weights = [[w.astype(np.float64) for w in each] for each in made[0].weights]
    average = weights[0]
    for update in range(1, len(weights)):
        if update % 10 == 0:
            rate = min(1.0, 10 / (0.1 * update))
            average = [a + rate * (w - a) for a, w in zip(average, weights[update], strict=True)]
        if update % 100 == 0:
            record, arrays = epochs[update // 100 - 1]
            for index, expected in enumerate(average):
                np.testing.assert_allclose(arrays[f"average.{index}"], expected, 1e-5, 1e-6)
            # The accuracy is that of a network with these weights.
            net = network()
            net.initialize()
            net(data.test_inputs)
            for index, parameter in enumerate(net.collect_params().values()):
                parameter.set_data(mx.nd.array(arrays[f"average.{index}"]))
            judged = evaluate(net, data.test_inputs, data.test_labels.asnumpy())
            assert record.averaged_accuracy == judged.accuracy
            np.testing.assert_allclose(record.averaged_loss, judged.loss, 1e-6)
    # It matters: without it the last weights would be judged.
    assert epochs[-1][0].averaged_loss != epochs[-1][0].test_loss


def test_averaging_changes_no_bit_of_the_training() -> None:
    _, with_it = run(Average)
    _, without = run(Nothing)
    for (record, arrays), (other, others) in zip(with_it, without, strict=True):
        same = {"seconds": 0.0, "averaged_accuracy": None, "averaged_loss": None}
        assert record._replace(**same) == other._replace(**same)
        for name in arrays:
            if name.startswith("weight."):
                assert arrays[name].tobytes() == others[name].tobytes()


def test_the_loss_of_an_evaluation_is_the_cross_entropy() -> None:
    net = network()
    net.initialize(mx.init.Normal(3))
    inputs = mx.nd.array(np.random.default_rng(1).normal(size=(33, 5)))
    labels = np.arange(33, dtype=np.float32) % 2
    found = evaluate(net, inputs, labels)
    losses = mx.gluon.loss.SoftmaxCrossEntropyLoss()(net(inputs), mx.nd.array(labels))
    np.testing.assert_allclose(found.loss, losses.asnumpy().mean(), 1e-5)
    assert found.accuracy == (net(inputs).asnumpy().argmax(axis=1) == labels).mean()


def test_the_average_of_the_first_updates_is_the_weights() -> None:
    data, _ = run(Average)
    epochs = train(
        network(), data, Cosine(base_lr=0.5, horizon=20), optimizer="sgd", optimizer_params={},
        batch_size=100, seed=3, epochs=2,
    )  # fmt: skip
    for epoch in epochs:
        assert epoch.record.averaged_loss == epoch.record.test_loss
