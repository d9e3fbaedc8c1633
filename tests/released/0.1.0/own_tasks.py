"""The tasks of one's own that the studies in this folder name.

Never edit this file: the training states beside it are found by its content.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import inf
from typing import Any

from tuner.tasks import FunctionTask, TorchTask

UPDATES = 10
_CURVATURES = (0.3, 1.2, 6.0)


def descend(noise: float, schedule: Any, seed: int, start: Any) -> Iterator[Any]:
    """Descend a noisy valley; nothing but sums and products, which every machine does alike."""
    place = [float(x) for x in start.arrays["place"]] if start else [1.0, -1.0, 0.5]
    epoch = start.epoch if start else 0
    while True:
        for update in range(epoch * UPDATES + 1, (epoch + 1) * UPDATES + 1):
            rate = schedule(update)
            for axis, curvature in enumerate(_CURVATURES):
                draw = ((seed * 31 + update) * 7919 + axis * 104729) % 1009 / 1009 - 0.5
                place[axis] -= rate * (curvature * place[axis] + noise * draw)
        epoch += 1
        loss = sum(c * x * x for c, x in zip(_CURVATURES, place, strict=True))
        yield loss if loss < 1e6 else inf, {"place": place}


def make_valley(noise: float = 0.5) -> FunctionTask:
    """Return the task of the studies `tpe`, `halving` and `median`."""
    return FunctionTask(partial(descend, noise), updates_per_epoch=UPDATES, batch_size=4)


def network() -> Any:
    """Return a new network."""
    import torch

    return torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))


def make_torch() -> TorchTask:
    """Return the task of the study `torch`: which of two numbers is the larger one."""
    import numpy as np

    grid = np.linspace(-1, 1, 9, dtype=np.float32)
    pairs = np.array([(x, y) for x in grid for y in grid if x != y])
    labels = (pairs[:, 0] < pairs[:, 1]).astype(np.int64)
    return TorchTask(
        net=network,
        train_data=(pairs[::2], labels[::2]),
        test_data=(pairs[1::2], labels[1::2]),
        batch_size=6,
        device="cpu",
    )
