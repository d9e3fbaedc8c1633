"""A study over any training at all: a generator function that yields a number after each epoch.

Here it is a softmax regression in NumPy. It also yields its state, so that an interrupted trial
goes on where it was rather than from its beginning.

    python examples/any_training.py [FOLDER]   # for the study's files; examples/any_training
"""

import os
import sys
from pathlib import Path

import numpy as np

import tuner
from tuner.tasks import FunctionTask
from tuner.tasks.fashion_mnist import load_fashion_mnist

SHARE = float(os.environ.get("EXAMPLE_SHARE", "1"))  # of the data; the tests use less
COUNT, BATCH = round(10_000 * SHARE), 50
HERE = Path(__file__).parent
STUDY = f"""
format = "tuner.study/1"
name = "any_training"
search_space = "{HERE / "space.toml"}"
task = {{ epochs = 4 }}
objective = {{ metric = "cross_entropy", direction = "minimize" }}
budget = {{ trials = 12 }}
confirm = {{ enabled = false }}
"""

images = load_fashion_mnist()
inputs = images.train_images[:COUNT].reshape(COUNT, 784) / 255
labels = np.eye(10)[images.train_labels[:COUNT]]
test_inputs = images.test_images[:2000].reshape(2000, 784) / 255
test_labels = images.test_labels[:2000]


def softmax(scores):
    """Return the odds of each class."""
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def train(schedule, seed, start):
    """Train under a schedule; yield the test set's cross-entropy and a state after each epoch."""
    weights = start.arrays["weights"].copy() if start else np.zeros((784, 10))
    epoch = start.epoch if start else 0
    while True:
        update = epoch * len(range(0, COUNT, BATCH))
        epoch += 1
        order = np.random.default_rng((seed, epoch)).permutation(COUNT)
        for first in range(0, COUNT, BATCH):
            update += 1
            x, y = inputs[order[first : first + BATCH]], labels[order[first : first + BATCH]]
            weights -= schedule(update) * x.T @ (softmax(x @ weights) - y) / BATCH
        odds = softmax(test_inputs @ weights)[np.arange(2000), test_labels]
        yield -np.log(odds + 1e-12).mean(), {"weights": weights}


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "any_training"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.toml").write_text(STUDY)
    task = FunctionTask(train, updates_per_epoch=len(range(0, COUNT, BATCH)), batch_size=BATCH)
    result = tuner.run_study(folder / "study.toml", task=task, on_event=print)
    print(f"best: trial {result.best.number}, {result.best.value:.4f}, {result.best_schedule!r}")
