"""A classifier in JAX: a loop of one's own over a compiled step, with an optimizer of Optax's."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from data import fashion_mnist

EPOCHS, BATCHES = 4, 40
x_train, y_train, x_test, y_test = fashion_mnist()


def scores(params, x):
    """Return the scores of a network with one hidden layer."""
    return jax.nn.relu(x.reshape(-1, 784) @ params["in"]) @ params["out"]


def loss_of(params, x, y):
    """Return the mean cross-entropy of a batch."""
    return optax.softmax_cross_entropy_with_integer_labels(scores(params, x), y).mean()


def train(seed=0):
    """Train the classifier."""
    optimizer = optax.adam(optax.cosine_decay_schedule(3e-3, EPOCHS * BATCHES))
    first, second = jax.random.split(jax.random.key(seed))
    params = {
        "in": jax.random.normal(first, (784, 48)) * 0.05,
        "out": jax.random.normal(second, (48, 10)) * 0.1,
    }
    state = optimizer.init(params)

    @jax.jit
    def step(params, state, x, y):
        changes, state = optimizer.update(jax.grad(loss_of)(params, x, y), state)
        return optax.apply_updates(params, changes), state

    for epoch in range(EPOCHS):
        order = np.random.default_rng((seed, epoch)).permutation(len(x_train))
        for batch in order.reshape(BATCHES, -1):
            params, state = step(params, state, x_train[batch], y_train[batch])
        right = jnp.mean(scores(params, x_test).argmax(axis=1) == y_test)
        print(f"epoch {epoch + 1}: test accuracy {right:.4f}")
