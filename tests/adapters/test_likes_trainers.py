"""What `like` gives is equal to Hugging Face's and Keras's own at every update."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import keras
import pytest
import torch
import transformers

from tuner.schedules.likes import keras as keras_likes
from tuner.schedules.likes import transformers as hugging_face

from . import likes

pytestmark = pytest.mark.usefixtures("trainers")


@pytest.mark.parametrize(("name", "arguments"), likes.TRANSFORMERS)
def test_hugging_face(name: str, arguments: dict[str, Any]) -> None:
    """In double precision."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=arguments["lr"])
    given = likes.ours(arguments)
    usual = {key: given.pop(key, None) for key in ("num_warmup_steps", "num_training_steps")}
    scheduler = transformers.get_scheduler(
        name, optimizer, **usual, scheduler_specific_kwargs=given
    )
    rates = []
    for _ in range(likes.UPDATES):
        rates += scheduler.get_last_lr()
        optimizer.step()
        scheduler.step()
    assert likes.difference(rates, f"transformers.{name}", arguments, 1e-3) <= 1e-12


@pytest.mark.parametrize(("name", "arguments"), likes.KERAS)
def test_keras(name: str, arguments: dict[str, Any]) -> None:
    """In single precision, as Keras computes; a rate near 0 has few digits of it."""
    theirs = getattr(keras.optimizers.schedules, name)(**likes.ours(arguments))
    rates = jax.vmap(theirs)(jnp.arange(likes.UPDATES)).tolist()
    assert likes.difference(rates, f"keras.{name}", arguments, 1.0) <= 1e-6


def test_every_name_of_hugging_face_is_known_or_follows_a_metric() -> None:
    """And so are the functions that it is the name of."""
    made = transformers.optimization.TYPE_TO_SCHEDULER_FUNCTION
    names = {name.value: function.__name__ for name, function in made.items()}
    assert set(names) == {*hugging_face.LIKES, *hugging_face.NONE}
    assert {names[name]: name for name in hugging_face.LIKES} == hugging_face.FUNCTIONS


def test_every_schedule_of_keras_is_known() -> None:
    found = {
        name for name, value in vars(keras.optimizers.schedules).items() if isinstance(value, type)
    }
    assert found == {*keras_likes.LIKES, *keras_likes.NONE}
