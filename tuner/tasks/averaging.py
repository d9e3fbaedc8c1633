"""The running average of a network's weights, by which a training is judged before its end.

Under a high learning rate the weights circle around a better place than any they are at. Their
average is near it, so its test accuracy tells early what the raw one tells only after the decay.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

# Updates between the weights that are averaged: neighbours are almost the same.
EVERY = 10
# The share of the updates so far over which the average reaches back.
SHARE = 0.1


class Average:
    """An average of the weights along a training, over a share of the updates so far.

    After update ``u``, every ``EVERY`` updates, ``average += rate * (weights - average)`` with
    ``rate = min(1, EVERY / (share * u))``: an exponential average whose window grows with the
    training. It depends on the number of the update alone, not on the horizon, so that trainings
    that begin alike have the same average. While the window is shorter than ``EVERY``, the
    average is the weights.

    Args:
        parameters: The network's parameters on one device, initialised. Those that are not trained
            stay as they are.
        share: The window, as a share of the updates so far.

    Source:
        Polynomial-decay averaging, Shamir and Zhang 2013 (arXiv:1212.1824), section 4.
    """

    def __init__(self, parameters: Sequence[Any], share: float = SHARE) -> None:
        self._share = share
        self._weights = self._trained(parameters)
        self._averages = [self._copy(weight) for weight in self._weights]

    def add(self, update: int) -> None:
        """Take the weights after an update into the average, if it is its turn."""
        if update % EVERY:
            return
        rate = self._rate(update)
        for weight, average in zip(self._weights, self._averages, strict=True):
            average += (weight - average) * rate

    @contextlib.contextmanager
    def applied(self, update: int) -> Iterator[None]:
        """Give the network the average after an update within the block, then its own weights."""
        if self._rate(update) == 1.0:
            yield
            return
        own = [self._copy(weight) for weight in self._weights]
        self._put(self._averages)
        try:
            yield
        finally:
            self._put(own)

    def arrays(self) -> list[tuple[str, Any]]:
        """Return the averages with their names in a training state."""
        return [(f"average.{index}", array) for index, array in enumerate(self._averages)]

    def _rate(self, update: int) -> float:
        return min(1.0, EVERY / (self._share * update))

    def _put(self, values: Sequence[Any]) -> None:
        for value, weight in zip(values, self._weights, strict=True):
            self._set(weight, value)

    # What is MXNet's; other frameworks have other words for it.

    def _trained(self, parameters: Sequence[Any]) -> list[Any]:
        # Running means of batch normalisation are averages already.
        return [p.data() for p in parameters if p.grad_req != "null"]

    def _copy(self, weight: Any) -> Any:
        return weight.copy()

    def _set(self, weight: Any, value: Any) -> None:
        value.copyto(weight)
