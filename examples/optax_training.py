"""A JAX training with Optax under a schedule file.

python examples/optax_training.py             # under examples/schedule.json
python examples/optax_training.py best.json   # under one that `tuner run` exported
"""

import os
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax

import tuner
from tuner.tasks.fashion_mnist import load_fashion_mnist

SHARE = float(os.environ.get("EXAMPLE_SHARE", "1"))  # of the data; the tests use less
EPOCHS, BATCH = 3, 64

images = load_fashion_mnist()
batches = round(8000 * SHARE) // BATCH
inputs = images.train_images[: batches * BATCH].reshape(-1, 784) / np.float32(255)
labels = images.train_labels[: batches * BATCH].astype(np.int32)
test_inputs = images.test_images[:2000].reshape(-1, 784) / np.float32(255)
test_labels = images.test_labels[:2000]

path = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_name("schedule.json")
schedule = tuner.load_schedule(path)
# The file's schedule may be laid out for another number of updates than this training has.
schedule = schedule.with_horizon(EPOCHS * batches)
optimizer = optax.sgd(learning_rate=schedule.to_optax(), momentum=0.9)


def scores(weights, x):
    """Return the scores of a network with one hidden layer."""
    return jax.nn.relu(x @ weights["in"]) @ weights["out"]


def loss_of(weights, x, y):
    """Return the mean cross-entropy of a batch."""
    return optax.softmax_cross_entropy_with_integer_labels(scores(weights, x), y).mean()


@jax.jit
def step(weights, state, x, y):
    """Make one update."""
    changes, state = optimizer.update(jax.grad(loss_of)(weights, x, y), state)
    return optax.apply_updates(weights, changes), state


first, second = jax.random.split(jax.random.key(0))
weights = {
    "in": jax.random.normal(first, (784, 64)) * 0.05,
    "out": jax.random.normal(second, (64, 10)) * 0.1,
}
state = optimizer.init(weights)
for epoch in range(1, EPOCHS + 1):
    order = np.random.default_rng(epoch).permutation(len(labels))
    for chosen in order.reshape(batches, BATCH):
        weights, state = step(weights, state, inputs[chosen], labels[chosen])
    right = jnp.mean(scores(weights, test_inputs).argmax(axis=1) == test_labels)
    print(f"epoch {epoch}: LR {schedule(epoch * batches):.5f}, test accuracy {right:.4f}")
