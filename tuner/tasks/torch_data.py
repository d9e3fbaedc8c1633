"""Data for the PyTorch loop, batch by batch, and how a network does on them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from tuner.tasks.base import DEAD, Evaluation
from tuner.tasks.examples import Examples

_EVALUATION_BATCH = 250


class Batches:
    """Arrays, a dataset or a loader, brought to a device.

    Args:
        examples: The examples.
        on: The device.
        prepare: Changes the inputs of a batch as it is taken.
    """

    def __init__(
        self,
        examples: Examples,
        on: torch.device,
        prepare: Callable[[Any], Any] = lambda inputs: inputs,
    ) -> None:
        self._examples, self._on = examples.mapped(lambda array: _tensor(array).to(on)), on
        self._prepare = prepare

    @property
    def parts(self) -> Any:
        """What may draw random numbers: the loader or dataset."""
        return self._examples.data

    def in_order(self) -> Iterator[tuple[Any, Any]]:
        """Yield all examples, for evaluation."""
        return self._batches(None, _EVALUATION_BATCH)

    def of_epoch(self, seed: int, epoch: int, batch_size: int) -> Iterator[tuple[Any, Any]]:
        """Yield an epoch's batches; all that a loader or dataset draws follows from the seed."""
        seed_all(seed, epoch)
        return self._batches(self._examples.order(seed, epoch), batch_size)

    def _batches(
        self, order: npt.NDArray[np.int64] | None, batch_size: int
    ) -> Iterator[tuple[Any, Any]]:
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
        for inputs, labels in map(examples.pair, found):
            yield self._prepare(inputs.to(self._on)), labels.to(self._on)


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


def hits(outputs: Any, labels: Any) -> int | None:
    """Return how many labels have the largest score; None if the outputs are no such scores.

    The scores of classes are along the second axis, as PyTorch's own cross-entropy has them.
    """
    if outputs.ndim != labels.ndim + 1 or outputs.shape[1] < 2 or labels.is_floating_point():
        return None
    return int((outputs.argmax(dim=1) == labels).sum())


def judge(
    net: Any,
    batches: Iterable[tuple[Any, Any]],
    loss_of: Callable[[Any, Any], Any],
    *,
    may_die: bool = False,
) -> Evaluation:
    """Return accuracy and loss of a network on batches of examples.

    Args:
        net: The network, which is left in the mode for training.
        batches: Inputs and labels.
        loss_of: Gives the mean loss of a batch.
        may_die: Whether it counts as dead if it gives one answer, of (n, classes), to everything.
    """
    net.eval()
    loss, right, examples, labelled = 0.0, 0, 0, 0
    answers = []
    with torch.no_grad():
        for inputs, labels in batches:
            outputs = net(inputs)
            loss += float(loss_of(outputs, labels)) * len(inputs)
            examples += len(inputs)
            found = hits(outputs, labels)
            if found is not None:
                right, labelled = right + found, labelled + labels.numel()
            if may_die:
                answers.append(outputs.cpu().numpy())
    net.train()
    is_dead = may_die and examples > 1 and np.concatenate(answers).std(0).max() < DEAD
    return Evaluation(right / labelled if labelled else None, loss / examples, bool(is_dead))
