"""What a PyTorch training is made of, kept and put back: the averaged weights among it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from tuner.errors import TaskError
from tuner.tasks.averaging import Average
from tuner.tasks.base import State

# The name of a state's only array: the bytes of `torch.save`.
_STATE = "torch"


class TorchAverage(Average):
    """The running average of a network's weights, by the same rule."""

    def add(self, update: int) -> None:
        """Take the weights after an update into the average, if it is its turn."""
        with torch.no_grad():
            super().add(update)

    def _trained(self, parameters: Sequence[Any]) -> list[Any]:
        return [parameter for parameter in parameters if parameter.requires_grad]

    def _copy(self, weight: Any) -> Any:
        return weight.detach().clone()

    def _set(self, weight: Any, value: Any) -> None:
        with torch.no_grad():
            weight.copy_(value)


def take_state(
    net: Any, optimizer: Any, scaler: Any | None, average: TorchAverage, epoch: int
) -> State:
    """Return a copy of a training as it stands after an epoch."""
    content = io.BytesIO()
    parts = {
        "net": net.state_dict(),
        "optimizer": optimizer.state_dict(),
        "average": dict(average.arrays()),
    }
    if scaler is not None:
        parts["scaler"] = scaler.state_dict()
    torch.save(parts, content)
    return State(epoch, {_STATE: np.frombuffer(content.getvalue(), np.uint8)})


def put_state(
    net: Any, optimizer: Any, scaler: Any | None, average: TorchAverage, start: State
) -> None:
    """Put a training back to where a state was taken.

    Raises:
        TaskError: If the state is of another network or optimizer.
    """
    content = io.BytesIO(start.arrays[_STATE].tobytes())
    try:
        parts = torch.load(content, map_location="cpu", weights_only=True)  # runs no code
        net.load_state_dict(parts["net"])
        optimizer.load_state_dict(parts["optimizer"])
        if scaler is not None:
            scaler.load_state_dict(parts["scaler"])
        with torch.no_grad():
            for name, array in average.arrays():
                array.copy_(parts["average"][name])
    except (KeyError, ValueError, RuntimeError) as error:
        raise TaskError(
            f"The state must be of this network and optimizer, but: {error}"
        ) from error
