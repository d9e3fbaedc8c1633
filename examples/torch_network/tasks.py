"""A PyTorch network of one's own on images, as a task: what `study.toml` names."""

import functools
import os

import torch
from torch import nn

from tuner.tasks import TorchTask
from tuner.tasks.fashion_mnist import load_fashion_mnist

SHARE = float(os.environ.get("EXAMPLE_SHARE", "1"))  # of the data; the tests use less


def images(count, kind):
    """Return the first images and labels of a set: any dataset or `DataLoader` would do."""
    found = load_fashion_mnist()
    count = round(count * SHARE)
    inputs = torch.tensor(getattr(found, f"{kind}_images")[:count], dtype=torch.float32) / 255
    labels = torch.tensor(getattr(found, f"{kind}_labels")[:count], dtype=torch.int64)
    return torch.utils.data.TensorDataset(inputs.unsqueeze(1), labels)


def network(channels):
    """Return a new network."""
    return nn.Sequential(
        nn.Conv2d(1, channels, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(channels, 2 * channels, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(2 * channels * 49, 64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip


def make_task(channels, momentum=0.9):
    """Return the task. The arguments are the options of the study's `[task]` table."""
    return TorchTask(
        net=functools.partial(network, channels),
        train_data=torch.utils.data.DataLoader(images(8000, "train"), 64, shuffle=True),
        test_data=torch.utils.data.DataLoader(images(2000, "test"), 500),
        loss=nn.CrossEntropyLoss(label_smoothing=0.05),
        optimizer=functools.partial(torch.optim.SGD, momentum=momentum, weight_decay=1e-4),
    )
