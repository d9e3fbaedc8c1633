"""Data for the PyTorch loop, batch by batch, on the device that trains."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from tuner.tasks.examples import Examples

_EVALUATION_BATCH = 250


class Batches:
    """Arrays, a dataset or a loader, brought to a device.

    Gone over, it gives all batches, for evaluation, as often as one likes.

    Args:
        examples: The examples.
        on: The device.
        prepare: Changes a batch as it is taken.
    """

    def __init__(
        self,
        examples: Examples,
        on: torch.device,
        prepare: Callable[[Any], Any] = lambda batch: batch,
    ) -> None:
        self._examples, self._on = examples.mapped(lambda array: _tensor(array).to(on)), on
        self._prepare = prepare

    @property
    def parts(self) -> Any:
        """What may draw random numbers: the loader or dataset."""
        return self._examples.data

    def __iter__(self) -> Iterator[Any]:
        """Yield all examples in their order, for evaluation."""
        return self._batches(None, _EVALUATION_BATCH)

    def __len__(self) -> int:
        """Return how many batches that are."""
        return self.count(_EVALUATION_BATCH)

    def count(self, batch_size: int) -> int:
        """Return how many batches an epoch has."""
        return self._examples.updates(batch_size)

    def of_epoch(self, seed: int, epoch: int, batch_size: int) -> Iterator[Any]:
        """Yield an epoch's batches; all that a loader or dataset draws follows from the seed."""
        seed_all(seed, epoch)
        return self._batches(self._examples.order(seed, epoch), batch_size)

    def _batches(self, order: npt.NDArray[np.int64] | None, batch_size: int) -> Iterator[Any]:
        examples = self._examples
        if examples.is_loader:
            found: Iterable[Any] = examples.data
        else:
            chosen = examples.chosen(order, batch_size)
            if examples.is_dataset:
                found = torch.utils.data.DataLoader(examples.data, batch_sampler=chosen)
            else:
                whole, answers = examples.data
                found = ((whole[rows], answers[rows]) for rows in chosen)
        for batch in found:
            yield self._prepare(moved(batch, self._on))


def moved(batch: Any, on: torch.device) -> Any:
    """Return a batch with all its tensors on a device, in mappings, lists and tuples too.

    What has a method ``to`` of its own, as batches of Hugging Face have, moves itself.

    Example:
        >>> moved({"inputs": [torch.zeros(1)], "text": "a"}, torch.device("meta"))
        {'inputs': [tensor(..., device='meta', size=(1,))], 'text': 'a'}
    """
    if callable(getattr(batch, "to", None)):
        return batch.to(on)
    if isinstance(batch, Mapping):
        return {name: moved(part, on) for name, part in batch.items()}
    if not isinstance(batch, (list, tuple)):
        return batch
    parts = [moved(part, on) for part in batch]
    if hasattr(batch, "_fields"):  # a named tuple
        return type(batch)(*parts)
    return parts if isinstance(batch, list) else tuple(parts)


def _tensor(array: Any) -> Any:
    """Return an array as a tensor: numbers with a point in single precision."""
    found = torch.as_tensor(array)
    return found.float() if found.is_floating_point() else found


def seed_all(seed: int, epoch: int) -> None:
    """Seed every generator that a network or loader of one's own may draw from."""
    derived = int(np.random.SeedSequence((seed, epoch)).generate_state(1)[0])
    torch.manual_seed(derived)
    np.random.seed(derived)
    random.seed(derived)
