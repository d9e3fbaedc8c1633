"""LeNet in a form that a CPU computes faster: the same function of the same parameters.

A vector of the CPU holds 8 or 16 numbers, and oneDNN's fast convolutions work on as many channels
at once. The chapter's first convolution has 1 channel in and 6 out, for which it falls back to
slow general code. Here it has more, whose weights are constant zeros, and so has the input of the
second one. ReLU comes after pooling, on a quarter of the numbers: the largest of some numbers,
cut at 0, is the largest of the numbers cut at 0. It is `Activation`, which works on oneDNN's own
memory layout; `relu` would have the numbers brought into the plain one and back.
"""

from __future__ import annotations

from typing import Any

from tuner.compat import import_mxnet

_HybridBlock: Any = import_mxnet().gluon.HybridBlock

# What is fastest with AVX-512 and oneDNN in MXNet 1.9.1.
TRAINING_CHANNELS, EVALUATION_CHANNELS = 16, 8


class PaddedLeNet(_HybridBlock):  # type: ignore[misc]
    """The chapter's LeNet with its convolutions padded by channels of zeros.

    Outputs and gradients equal the chapter's network's to float32 rounding. The parameters are
    that network's own, in its shapes.

    Args:
        net: The chapter's network, from :func:`tuner.tasks.lenet.lenet`.
        channels: How many channels there are between the convolutions, at least 6.
    """

    def __init__(self, net: Any, channels: int) -> None:
        super().__init__()
        first, _, second, _, *dense = net
        self._more = channels - 6
        self.first_weight, self.first_bias = first.weight, first.bias
        self.second_weight, self.second_bias = second.weight, second.bias
        self.params.update(first.params)
        self.params.update(second.params)
        self.dense = import_mxnet().gluon.nn.HybridSequential()
        self.dense.add(*dense)

    def hybrid_forward(
        self,
        F: Any,  # noqa: N803 - Gluon's name
        images: Any,
        first_weight: Any,
        first_bias: Any,
        second_weight: Any,
        second_bias: Any,
    ) -> Any:
        """Return the outputs (n, 10) for images (n, 1, 28, 28)."""
        more = self._more
        weight = F.concat(first_weight, F.zeros((more, 1, 5, 5)), dim=0)
        bias = F.concat(first_bias, F.zeros((more,)), dim=0)
        found = F.Convolution(images, weight, bias, kernel=(5, 5), pad=(2, 2), num_filter=6 + more)
        found = F.Activation(_halved(F, found), act_type="relu")
        weight = F.concat(second_weight, F.zeros((16, more, 5, 5)), dim=1)
        found = F.Convolution(found, weight, second_bias, kernel=(5, 5), num_filter=16)
        found = F.Activation(_halved(F, found), act_type="relu")
        return self.dense(found)


def _halved(F: Any, found: Any) -> Any:  # noqa: N803
    return F.Pooling(found, kernel=(2, 2), stride=(2, 2), pool_type="max")
