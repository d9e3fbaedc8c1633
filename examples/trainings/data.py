"""The data of these trainings: a part of Fashion-MNIST, and a text that comes with Python."""

import pydoc_data.topics

import numpy as np

from tuner.tasks.fashion_mnist import load_fashion_mnist


def fashion_mnist(train=1600, test=500):
    """Return images of 28 x 28 values from 0 to 1, and labels: of training and of test."""
    images = load_fashion_mnist()
    return (
        images.train_images[:train] / np.float32(255),
        images.train_labels[:train].astype(np.int64),
        images.test_images[:test] / np.float32(255),
        images.test_labels[:test].astype(np.int64),
    )


def text():
    """Return what Python's `help` says of its topics, half a million characters."""
    return "\n".join(pydoc_data.topics.topics.values())
