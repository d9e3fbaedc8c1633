"""Drives the optimizer of an unchanged Keras 3 script, on any of its backends.

Keras asks an optimizer for its learning rate when it applies gradients, also in a training step
that it compiles. Here that is a table of the schedule, at the optimizer's own count of updates. So
what callbacks set is without effect.
"""

from __future__ import annotations

import atexit
import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from keras.src.optimizers.base_optimizer import BaseOptimizer

from tuner.adapters.driving import Driven
from tuner.errors import ScheduleError


def drive(package: Callable[[], AbstractContextManager[None]]) -> None:
    """Drive the optimizer that is used from now on."""
    driver = _Driver(Driven("keras"), package)
    before = BaseOptimizer._get_current_learning_rate

    def learning_rate(self: Any) -> Any:
        return driver.rate(self) if driver.drives(self) else before(self)

    BaseOptimizer._get_current_learning_rate = learning_rate
    atexit.register(driver.count)


class _Driver:
    """Knows the learning rate of one optimizer."""

    def __init__(
        self, driven: Driven, package: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self.drives = driven.drives
        self._driven, self._package = driven, package
        self._counted: Any = None
        self._optimizer: weakref.ref[Any] | None = None

    def rate(self, optimizer: Any) -> Any:
        """Return the learning rate of the update that is due."""
        if self._counted is None:  # now that Keras is whole
            with self._package():
                from tuner.adapters.keras import KerasSchedule

                try:
                    self._counted = KerasSchedule(self._driven.schedule)
                except ScheduleError as error:  # it has more than a learning rate
                    self._driven.fail(str(error))
        self._optimizer = weakref.ref(optimizer)
        return self._counted(optimizer.iterations)

    def count(self) -> None:
        """Tell at the end how many updates were made: a compiled training cannot tell before."""
        optimizer = self._optimizer() if self._optimizer else None
        if optimizer is not None:
            self._driven.updates = int(optimizer.iterations)
