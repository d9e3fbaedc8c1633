"""The faster forms of LeNet against the chapter's network, written as the chapter writes it."""

from __future__ import annotations

from typing import Any

import numpy as np
import psutil
import pytest

from tuner import Constant, import_mxnet
from tuner.tasks import LeNetFashionMNIST
from tuner.tasks.lenet import faster_forms, lenet

mx = import_mxnet()
CHANCE = np.random.default_rng(0)
# Half of the pixels are black, as in the data set, where pooling sees equal numbers.
IMAGES = CHANCE.random((37, 1, 28, 28)) * (CHANCE.random((37, 1, 28, 28)) > 0.5)
LABELS = CHANCE.integers(0, 10, 37)


def gradients(net: Any, parameters: list[Any], n: int) -> tuple[np.ndarray, list[np.ndarray]]:
    loss_of = mx.gluon.loss.SoftmaxCrossEntropyLoss()
    with mx.autograd.record():
        outputs = net(mx.nd.array(IMAGES[:n]))
        loss = loss_of(outputs, mx.nd.array(LABELS[:n]))
    loss.backward()
    return outputs.asnumpy(), [p.grad().asnumpy() for p in parameters]


@pytest.mark.parametrize("hybridize", [False, True])
@pytest.mark.parametrize("n", [1, 36, 37])  # even ones are trained in pairs
@pytest.mark.parametrize("seed", [0, 1])
def test_outputs_and_gradients_are_the_chapters(seed: int, n: int, hybridize: bool) -> None:
    mx.random.seed(seed)
    net = lenet()
    net.initialize(mx.init.Xavier())
    net(mx.nd.array(IMAGES[:1]))
    parameters = list(net.collect_params().values())
    for bias in parameters[1::2]:
        bias.set_data(mx.nd.random.normal(scale=0.1, shape=bias.shape))
    outputs, expected = gradients(net, parameters, n)
    for form in faster_forms(net):
        if hybridize:
            form.hybridize(static_alloc=True, static_shape=True)
        found_outputs, found = gradients(form, parameters, n)
        np.testing.assert_allclose(found_outputs, outputs, 1e-5, 1e-5)
        for a, b in zip(found, expected, strict=True):
            assert abs(a - b).max() <= 1e-4 * abs(b).max()


def test_the_parameters_are_the_chapters_own() -> None:
    net = lenet()
    net.initialize(mx.init.Xavier())
    net(mx.nd.array(IMAGES[:1]))
    own = net.collect_params()
    shapes = [p.shape for p in own.values()]
    assert shapes == [
        (6, 1, 5, 5), (6,), (16, 6, 5, 5), (16,), (120, 400), (120,), (84, 120), (84,),
        (10, 84), (10,),
    ]  # fmt: skip
    for form in faster_forms(net):
        assert {id(p) for p in form.collect_params().values()} == {id(p) for p in own.values()}


@pytest.mark.usefixtures("seconds")
def test_no_update_keeps_memory() -> None:
    """Joining arrays of four dimensions does, in MXNet 1.9.1."""
    held = []
    task = LeNetFashionMNIST(train_size=2000, test_size=100, batch_size=2)
    for _ in task.train(Constant(base_lr=0.001, horizon=3000), seed=0, epochs=3):
        held.append(psutil.Process().memory_info().rss)
    assert held[2] - held[0] < 6e6  # in 2000 updates
