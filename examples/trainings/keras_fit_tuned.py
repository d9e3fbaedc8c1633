"""A classifier in Keras: `compile` and `fit`, on any backend."""

import argparse

import keras
from data import fashion_mnist

import tuner

parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=0)
options = parser.parse_args()

keras.utils.set_random_seed(options.seed)
x_train, y_train, x_test, y_test = fashion_mnist()
model = keras.Sequential(
    [
        keras.Input((28, 28)),
        keras.layers.Flatten(),
        keras.layers.Dense(48, activation="relu"),
        keras.layers.Dropout(0.2),
        keras.layers.Dense(10),
    ]
)
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(keras.optimizers.Adam(1e-3), loss, metrics=["accuracy"])
model.fit(
    x_train,
    y_train,
    batch_size=40,
    epochs=4,
    validation_data=(x_test, y_test),
    verbose=2,
    callbacks=[tuner.trial().keras()],
)
