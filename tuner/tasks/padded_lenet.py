"""LeNet in forms that a CPU computes faster: the same function of the same parameters.

A vector of the CPU holds 8 or 16 numbers, and oneDNN's fast convolutions work on as many channels
at once. The chapter's first convolution has 1 channel in and 6 out, for which it falls back to
slow general code. Here an image gets 8, whose last two have constant zeros as weights, and in
training two images make the 16: their pixels are the two channels of one, of which each half of
the weights sees its own. The second convolution takes the images apart again.

ReLU comes after pooling, on a quarter of the numbers: the largest of some numbers, cut at 0, is
the largest of the numbers cut at 0. It is `Activation`, which works on oneDNN's own memory layout;
`relu` would have the numbers brought into the plain one and back.
"""

from __future__ import annotations

from typing import Any

from tuner.adapters import import_mxnet

_nn: Any = import_mxnet().gluon.nn
_HybridBlock: Any = _nn.HybridBlock
_Block: Any = _nn.Block

# Of an image, between the convolutions: 6 of the chapter's, the others zeros.
_CHANNELS = 8


class TrainingLeNet(_Block):
    """The chapter's LeNet in its fastest form for training: images in pairs where they are even.

    Args:
        net: The chapter's network, from :func:`tuner.tasks.lenet.lenet`.
    """

    def __init__(self, net: Any) -> None:
        super().__init__()
        self.pairs, self.singles = PaddedLeNet(net, together=2), PaddedLeNet(net)

    def forward(self, images: Any) -> Any:
        """Return the outputs (n, 10) for images (n, 1, 28, 28)."""
        return self.singles(images) if images.shape[0] % 2 else self.pairs(images)


class PaddedLeNet(_HybridBlock):
    """The chapter's LeNet with its convolutions padded by channels of zeros.

    Outputs and gradients equal the chapter's network's to float32 rounding. The parameters are
    that network's own, in its shapes.

    Args:
        net: The chapter's network, from :func:`tuner.tasks.lenet.lenet`.
        together: How many images the first convolution takes as one; a divisor of their number.
    """

    def __init__(self, net: Any, together: int = 1) -> None:
        super().__init__()
        first, _, second, _, *dense = net
        self._together = together
        self.first_weight, self.first_bias = first.weight, first.bias
        self.second_weight, self.second_bias = second.weight, second.bias
        self.params.update(first.params)
        self.params.update(second.params)
        self.dense = _nn.HybridSequential()
        self.dense.add(*dense)

    def hybrid_forward(
        self,
        ops: Any,
        images: Any,
        first_weight: Any,
        first_bias: Any,
        second_weight: Any,
        second_bias: Any,
    ) -> Any:
        """Return the outputs (n, 10) for images (n, 1, 28, 28), computed by ``ops``.

        That is ``mxnet.nd``, or ``mxnet.sym`` while Gluon makes the static graph.
        """
        together, more = self._together, _CHANNELS - 6
        weight = ops.concat(_flat(ops, first_weight), ops.zeros((more, 1, 25)), dim=0)
        bias = ops.concat(first_bias, ops.zeros((more,)), dim=0)
        if together > 1:
            images = ops.reshape(images, shape=(-1, together, 28, 28))
            weight, bias = _diagonal(ops, weight, together), ops.concat(*[bias] * together, dim=0)
        weight = ops.reshape(weight, shape=(0, 0, 5, 5))
        found = ops.Convolution(
            images, weight, bias, kernel=(5, 5), pad=(2, 2), num_filter=together * _CHANNELS
        )
        found = ops.Activation(_halved(ops, found), act_type="relu")
        if together > 1:
            found = ops.reshape(found, shape=(-1, _CHANNELS, 14, 14))
        weight = ops.concat(_flat(ops, second_weight), ops.zeros((16, more, 25)), dim=1)
        weight = ops.reshape(weight, shape=(0, 0, 5, 5))
        found = ops.Convolution(found, weight, second_bias, kernel=(5, 5), num_filter=16)
        found = ops.Activation(_halved(ops, found), act_type="relu")
        return self.dense(found)


def _flat(ops: Any, weight: Any) -> Any:
    """Return the weight in three dimensions: joining those of four, MXNet 1.9.1 loses memory.

    At every update, in the concat of oneDNN, which takes arrays of two and four dimensions.
    """
    return ops.reshape(weight, shape=(0, 0, -1))


def _diagonal(ops: Any, weight: Any, size: int) -> Any:
    """Return the weight for as many channels, each of which is seen by a copy of its own."""
    zero = ops.zeros((_CHANNELS, 1, 25))
    rows = [
        ops.concat(*[weight if column == row else zero for column in range(size)], dim=1)
        for row in range(size)
    ]
    return ops.concat(*rows, dim=0)


def _halved(ops: Any, found: Any) -> Any:
    return ops.Pooling(found, kernel=(2, 2), stride=(2, 2), pool_type="max")
