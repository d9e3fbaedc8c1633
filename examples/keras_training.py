"""A study over a training in Keras: `model.fit` gets a callback.

KERAS_BACKEND=jax python examples/keras_training.py [FOLDER]   # or torch, or tensorflow
"""

import os
import sys
from pathlib import Path

import keras

import tuner
from tuner.tasks import load_fashion_mnist

SHARE = float(os.environ.get("EXAMPLE_SHARE", "1"))  # of the data; the tests use less
EPOCHS, BATCH, COUNT, TRIALS = 3, 64, round(8000 * SHARE), max(3, round(10 * SHARE))

images = load_fashion_mnist()
x_train, y_train = images.train_images[:COUNT] / 255, images.train_labels[:COUNT]
x_test, y_test = images.test_images[:1000] / 255, images.test_labels[:1000]


def train(trial):
    """Train as before, in the hands of a trial."""
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-3), loss, metrics=["accuracy"])
    model.fit(
        x_train, y_train, batch_size=BATCH, epochs=EPOCHS, verbose=0,
        validation_data=(x_test, y_test),
        callbacks=[trial.keras()],  # changed
    )  # fmt: skip


if __name__ == "__main__":
    result = tuner.tune(
        train, epochs=EPOCHS, updates_per_epoch=-(-COUNT // BATCH), metric="accuracy",
        base_lr=1e-3, trials=TRIALS, name="keras", confirm=False, on_event=print,
        folder=sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_name("studies"),
    )  # fmt: skip
    print(f"best: trial {result.best.number}, {result.best.value:.4f}, {result.best_schedule!r}")
