"""Examples of one's own, as arrays, a dataset or a loader, whatever the framework."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tuner.errors import TaskError


class Examples(NamedTuple):
    """Examples in one of three forms.

    A pair of arrays, inputs and labels; a dataset, which has ``len`` and gives an example for
    every index; or a loader, which gives batches in an order of its own. Of arrays and datasets it
    may be a part, from ``start`` to before ``stop``.
    """

    data: Any
    form: str
    start: int
    stop: int

    @classmethod
    def of(cls, data: Any, name: str) -> Examples:
        """Return examples in whichever form they are.

        Args:
            data: The examples.
            name: What to call them in messages.

        Raises:
            TaskError: If they are in none of the forms.
        """
        if isinstance(data, (tuple, list)) and len(data) == 2 and hasattr(data[0], "shape"):
            inputs, labels = len(data[0]), len(data[1])
            if inputs != labels or not inputs:
                raise TaskError(
                    f"`{name}` must have as many inputs as labels, and one at least, but has"
                    f" {inputs} and {labels}."
                )
            return cls((data[0], data[1]), "arrays", 0, inputs)
        if _length(data) and not isinstance(data, (tuple, list)) and not hasattr(data, "keys"):
            if hasattr(data, "__getitem__"):
                return cls(data, "dataset", 0, len(data))
            if hasattr(data, "__iter__"):
                return cls(data, "loader", 0, 0)
        raise TaskError(
            f"`{name}` must be a pair of arrays (inputs, labels), a dataset or a loader, with a"
            f" length above 0, but got {type(data).__name__}."
        )

    @property
    def is_loader(self) -> bool:
        """Whether the batches are of its own making."""
        return self.form == "loader"

    @property
    def is_dataset(self) -> bool:
        """Whether it gives a pair for every index."""
        return self.form == "dataset"

    @property
    def size(self) -> int:
        """How many examples; 0 if a loader knows."""
        return self.stop - self.start

    def updates(self, batch_size: int) -> int:
        """Return how many batches it makes."""
        return len(self.data) if self.is_loader else math.ceil(self.size / batch_size)

    def part(self, start: int, stop: int) -> Examples:
        """Return some of the examples, counted from the first of these."""
        return self._replace(start=self.start + start, stop=self.start + stop)

    def mapped(self, change: Callable[[Any], Any]) -> Examples:
        """Return them with arrays, cut to their part, changed; others as they are."""
        if self.form != "arrays":
            return self
        arrays = tuple(change(array[self.start : self.stop]) for array in self.data)
        return Examples(arrays, "arrays", 0, self.size)

    def order(self, seed: int, epoch: int) -> npt.NDArray[np.int64]:
        """Return the order of the examples in an epoch."""
        return np.random.default_rng((seed, epoch)).permutation(self.size)

    def chosen(
        self, order: npt.NDArray[np.int64] | None, batch_size: int
    ) -> Sequence[Sequence[int]]:
        """Return the indices of each batch; without an order, one after the other."""
        order = np.arange(self.size) if order is None else order
        rows = (order + self.start).tolist()
        return [rows[first : first + batch_size] for first in range(0, len(rows), batch_size)]

    def digest(self) -> str:
        """Return a digest of arrays; of others what they say of themselves, their length."""
        if self.form != "arrays":
            return f"{self.form} of {len(self.data)}, {self.start}..{self.stop}"
        content = hashlib.sha256()
        for array in self.data:
            whole = array[self.start : self.stop]
            plain = np.ascontiguousarray(
                whole.asnumpy() if hasattr(whole, "asnumpy") else np.asarray(whole)
            )
            content.update(f"{plain.dtype}{plain.shape}".encode())
            content.update(plain.tobytes())
        return "sha256:" + content.hexdigest()


def _length(data: Any) -> int:
    """Return a length; 0 if there is none, as of a loader over a stream."""
    try:
        return len(data)
    except TypeError:
        return 0


def pair(batch: Any, or_else: str = "") -> tuple[Any, Any]:
    """Return the inputs and labels of a batch.

    Args:
        batch: The batch.
        or_else: What to say to who has another one.

    Raises:
        TaskError: If it is something else.
    """
    if isinstance(batch, (tuple, list)) and len(batch) == 2:
        return batch[0], batch[1]
    got = f"{len(batch)} parts" if isinstance(batch, (tuple, list)) else type(batch).__name__
    raise TaskError(f"A batch must be a pair of inputs and labels, but got {got}.{or_else}")


def count(batch: Any) -> int:
    """Return how many examples a batch of any kind has: the length of the first array in it.

    Returns:
        The number; 0 if there is no array.

    Example:
        >>> count({"texts": ["a", "b"], "inputs": (np.zeros((2, 5)), np.zeros(7))}), count("ab")
        (2, 0)
    """
    shape = getattr(batch, "shape", None)
    if shape is not None:
        return int(shape[0]) if len(shape) else 0
    if not isinstance(batch, (Mapping, list, tuple)):
        return 0
    parts = batch.values() if isinstance(batch, Mapping) else batch
    return next(filter(None, map(count, parts)), 0)


def check_batches(given: int, expected: int) -> None:
    """Make sure that a loader gave as many batches as it says it has.

    Raises:
        TaskError: If not: schedules are laid out over that number.
    """
    if given != expected:
        raise TaskError(
            f"A loader must give as many batches as its len() says, but gave {given} in an epoch,"
            f" not {expected}."
        )
