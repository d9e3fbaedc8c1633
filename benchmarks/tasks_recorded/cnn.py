"""A small convolutional network, as image classifiers are trained: momentum, weight decay, noise.

Batch normalisation, SGD with Nesterov's momentum 0.9 and weight decay 5e-4; 4 000 images of
Fashion-MNIST, cropped after padding by 2 and mirrored at random, in batches of 64.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from tasks_recorded.base import RecordedTask, in_torch
from tuner.tasks import TorchTask, load_fashion_mnist

TRAIN, TEST, BATCH, PAD = 4000, 3000, 64, 2


class Augmented:
    """Batches of images in a new order, each moved and mirrored at random.

    What it draws comes from PyTorch's generator, which is seeded for every epoch.
    """

    def __init__(self, images: torch.Tensor, labels: torch.Tensor) -> None:
        self._images = functional.pad(images, (PAD,) * 4)
        self._labels = labels

    def __len__(self) -> int:
        return -(-len(self._labels) // BATCH)

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        pixels = torch.arange(28)
        for rows in torch.randperm(len(self._labels)).split(BATCH):
            down, right = torch.randint(2 * PAD + 1, (2, len(rows), 1))
            across = pixels + right
            mirrored = torch.rand(len(rows)) < 0.5
            across[mirrored] = across[mirrored].flip(1)
            index = rows[:, None, None], 0, (pixels + down)[:, :, None], across[:, None, :]
            yield self._images[index][:, None], self._labels[rows]


def network() -> nn.Module:
    """Return three convolutions with batch normalisation, and a linear layer of their means."""

    def block(inputs: int, outputs: int) -> list[nn.Module]:
        convolution = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False)
        return [convolution, nn.BatchNorm2d(outputs), nn.ReLU()]

    return nn.Sequential(
        *block(1, 16), *block(16, 32), *block(32, 64),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10),
    )  # fmt: skip


def images(pixels: Any) -> torch.Tensor:
    """Return images of shape (n, 28, 28) for a network: (n, 1, 28, 28), around 0."""
    return ((torch.tensor(pixels)[:, None] / 255) - 0.286) / 0.353


def task() -> RecordedTask:
    """Return the task."""
    data = load_fashion_mnist()
    labels = torch.tensor(data.train_labels[:TRAIN]).long()
    sgd = functools.partial(torch.optim.SGD, momentum=0.9, nesterov=True, weight_decay=5e-4)
    torch_task = TorchTask(
        net=network,
        train_data=Augmented(images(data.train_images[:TRAIN]), labels),
        test_data=(images(data.test_images[:TEST]), torch.tensor(data.test_labels[:TEST]).long()),
        optimizer=sgd, device="cpu",
    )  # fmt: skip
    about = {
        "data": "Fashion-MNIST", "train_examples": TRAIN, "augmentation": "crop, flip",
        "optimizer": "sgd",
        "optimizer_params": {"momentum": 0.9, "nesterov": True, "weight_decay": 5e-4},
    }  # fmt: skip
    return in_torch(torch_task, about, lr_scale=2.0, chance=0.1)
