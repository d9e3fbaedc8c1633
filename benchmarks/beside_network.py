"""The PyTorch network of ``beside.py``: convolutions with batch norm, on Fashion-MNIST."""

from __future__ import annotations

import functools

import torch
from torch import nn

from tuner.tasks import TorchTask, load_fashion_mnist


def network() -> nn.Module:
    """Return a new network."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU(),
        nn.Conv2d(32, 64, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10),
    )  # fmt: skip


def make_task(
    train_size: int, momentum: float = 0.9, weight_decay: float = 5e-4, batch_size: int = 128
) -> TorchTask:
    """Return the task. The arguments are the options of the study's ``[task]`` table."""
    found = load_fashion_mnist()

    def tensors(images: object, labels: object) -> tuple[torch.Tensor, torch.Tensor]:
        inputs = torch.tensor(images, dtype=torch.float32).unsqueeze(1) / 255
        return inputs, torch.tensor(labels, dtype=torch.int64)

    return TorchTask(
        net=network,
        train_data=tensors(found.train_images[:train_size], found.train_labels[:train_size]),
        test_data=tensors(found.test_images, found.test_labels),
        optimizer=functools.partial(torch.optim.SGD, momentum=momentum, weight_decay=weight_decay),
        batch_size=batch_size,
        device="cpu",
    )
