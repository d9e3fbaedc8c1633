"""The state of a Gluon trainer as plain arrays, and a new trainer put into it.

MXNet's own ``Trainer.save_states`` pickles the optimizer, schedule included. Here the arrays are
taken out by their position: parameters in the order in which the trainer was given them, and what
the optimizer keeps for each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tuner.adapters import import_mxnet
from tuner.errors import TaskError
from tuner.tasks.averaging import Average

# MXNet's optimizers whose trainings cannot go on from a state, and why.
NOT_RESUMABLE = {
    "lbsgd": "its first parameter takes the learning rate of the update before, and the"
    " gradients that it collects may be those that the network is about to overwrite",
}
# What optimizers carry from update to update beside arrays: nadam's product of momentum factors,
# and the learning rate before, by which lars corrects its momentum.
_NUMBERS = ("m_schedule", "cur_lr")

Arrays = dict[str, npt.NDArray[np.generic]]


def take_state(trainer: Any, average: Average) -> Arrays:
    """Return copies of the weights, of their average and of what the optimizer keeps.

    The counts of updates are not among them, for they follow from the epoch.

    Args:
        trainer: A ``gluon.Trainer`` on one device, without a key-value store.
        average: The running average of its weights.
    """
    arrays: Arrays = {name: array.asnumpy() for name, array in _arrays(trainer, average)}
    for name in _NUMBERS:
        value = getattr(trainer._optimizer, name, None)
        if value is not None:
            arrays[f"optimizer.{name}"] = np.array(value, np.float64)
    return arrays


def put_state(
    trainer: Any, average: Average, arrays: Mapping[str, npt.NDArray[np.generic]], updates: int
) -> None:
    """Put a trainer that has not trained yet where another one was.

    Args:
        trainer: A new trainer of a network of the same shapes, with the same optimizer.
        average: The running average of its weights.
        arrays: What was taken from the other one.
        updates: How many updates it had made.

    Raises:
        TaskError: If they are not of such a trainer.
    """
    make = import_mxnet().nd.array
    optimizer, [updater] = trainer._optimizer, trainer._updaters
    for index, parameter in enumerate(trainer._params):
        if parameter.grad_req == "null":
            continue  # it is no business of the optimizer
        weight = parameter.data()
        optimizer._set_current_context(weight.context.device_id)
        optimizer._index_update_count[index] = updates
        updater.states[index] = optimizer.create_state_multi_precision(index, weight)
        updater.states_synced[index] = True
    optimizer.num_update = updates
    numbers = {f"optimizer.{name}": name for name in _NUMBERS}
    slots = dict(_arrays(trainer, average))
    here = {name: slot.shape for name, slot in slots.items()}
    there = {name: array.shape for name, array in arrays.items() if name not in numbers}
    if here != there:
        raise TaskError(f"The state must hold arrays of the shapes {here}, but has {there}.")
    for name, array in arrays.items():
        if name in numbers:
            setattr(optimizer, numbers[name], float(array))
        else:
            # Not `slot[:] = array`, which MKLDNN's own layouts of weights do not take.
            make(array).copyto(slots[name])


def _arrays(trainer: Any, average: Average) -> Iterator[tuple[str, Any]]:
    yield from average.arrays()
    [updater] = trainer._updaters
    for index, parameter in enumerate(trainer._params):
        yield f"weight.{index}", parameter.data()
        yield from _parts(f"optimizer.{index}", updater.states.get(index))


def _parts(name: str, state: Any) -> Iterator[tuple[str, Any]]:
    """Yield the arrays in what an optimizer keeps for a weight: nothing, one, or nested tuples."""
    if isinstance(state, (tuple, list)):
        for index, part in enumerate(state):
            yield from _parts(f"{name}.{index}", part)
    elif state is not None:
        yield name, state
