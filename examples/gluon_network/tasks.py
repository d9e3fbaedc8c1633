"""A Gluon network of one's own on images, as a task: what `study.toml` names."""

import os

import numpy as np

import tuner
from tuner.tasks import GluonTask
from tuner.tasks.fashion_mnist import load_fashion_mnist

mx = tuner.import_mxnet()
nn = mx.gluon.nn
SHARE = float(os.environ.get("EXAMPLE_SHARE", "1"))  # of the data; the tests use less


def images(count, kind):
    """Return the first images (n, 1, 28, 28) and labels of a set: any arrays would do."""
    found = load_fashion_mnist()
    count = round(count * SHARE)
    inputs = getattr(found, f"{kind}_images")[:count, np.newaxis] / np.float32(255)
    return inputs, getattr(found, f"{kind}_labels")[:count]


def make_task(channels, dropout=0.0, optimizer="sgd", momentum=0.9):
    """Return the task. The arguments are the options of the study's `[task]` table."""

    def network():
        net = nn.HybridSequential()
        for _ in range(2):
            net.add(nn.Conv2D(channels, kernel_size=3, padding=1, use_bias=False))
            net.add(nn.BatchNorm(), nn.Activation("relu"), nn.MaxPool2D(2))
        net.add(nn.Dense(64, activation="relu"), nn.Dropout(dropout), nn.Dense(10))
        return net

    return GluonTask(
        net=network,
        train_data=images(8000, "train"),
        test_data=images(2000, "test"),
        optimizer=optimizer,
        optimizer_params={"momentum": momentum},
        batch_size=64,
    )
