"""The task that is a generator function of one's own, in whatever framework."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tuner.errors import TaskError
from tuner.schedules import Schedule
from tuner.tasks.base import Epoch, State
from tuner.tasks.declared import Declared
from tuner.tasks.digests import code_version, content_digest, software
from tuner.tasks.yielded import HOW, Arrays, arrays_of, parts_of


class FunctionTask:
    """A training of one's own: a generator function that yields a number after each epoch.

    The number is the study's metric, whatever its name: an accuracy, a loss, a BLEU score. One
    that is not finite ends the trial. The function is called anew for every trial; it trains
    until nobody asks for its next epoch. ``schedule(update)`` is the learning rate of an update,
    the first one of a training being 1, and everything random must follow from ``seed``.

    A training goes on from a state, rather than from its beginning, if the function yields states:
    ``yield accuracy, state`` with a mapping of names to arrays, everything that the next epoch
    needs. They are copied before the function goes on. What NumPy cannot hold as numbers or text,
    such as a dictionary, is an error. The function is then started again with ``start``, a
    :class:`~tuner.tasks.State` with ``epoch`` and ``arrays``, and must give the same numbers as if
    it had never stopped. One that yields numbers alone gets ``start=None`` always.

    A function that has a parameter ``epochs`` is told how many it will be asked for at most. What
    it trains must not depend on it, for states are found without it.

    What the function asks of the schedule is held against ``updates_per_epoch``. Clearly too few
    or too many updates end the trial; a few, or a schedule that was never asked, are warned of.

    Args:
        train: The generator function.
        updates_per_epoch: Optimizer updates in one epoch.
        batch_size: Examples in one update, for the record.

    Example:
        >>> from tuner import Constant
        >>> def train(schedule, seed, start):
        ...     weight, epoch = 1.0 + seed, 0
        ...     while True:
        ...         for update in range(10 * epoch + 1, 10 * epoch + 11):
        ...             weight -= schedule(update) * weight
        ...         epoch += 1
        ...         yield weight
        >>> task = FunctionTask(train, updates_per_epoch=10)
        >>> schedule = Constant(base_lr=0.1, horizon=20)
        >>> [round(e.record.value, 3) for e in task.train(schedule, seed=0, epochs=2)]
        [0.349, 0.122]
    """

    def __init__(
        self,
        train: Callable[[Schedule, int, State | None], Iterator[Any]],
        *,
        updates_per_epoch: int,
        batch_size: int = 1,
    ) -> None:
        name = str(getattr(train, "__qualname__", type(train).__name__))
        self._declared = Declared(name, updates_per_epoch, batch_size)
        self.function = train
        self.updates_per_epoch, self.batch_size = updates_per_epoch, batch_size
        # Of the code that is running, so before the file is edited.
        self._content = content_digest(train)
        self._code = code_version(train)

    def mistakes(
        self, *, seed: int, epochs: int, held_out: int, metric: str = "test_accuracy"
    ) -> dict[str, str]:
        """Return what is wrong with the holdout: there is none."""
        if not held_out:
            return {}
        text = "must be 'test', for the function judges on examples of its own, but got 'holdout'"
        return {"objective.evaluate_on": text}

    def with_holdout(self, size: int, *, on_test_set: bool = False) -> FunctionTask:
        """Return this task; there is no holdout."""
        return self

    def check(self) -> None:
        """Do nothing: what the function needs shows when it is called."""

    def train(
        self, schedule: Schedule, *, seed: int, epochs: int, start: State | None = None
    ) -> Iterator[Epoch]:
        """Call the function and take one number after the other.

        Args:
            schedule: The learning rate of every update.
            seed: What everything random must follow from.
            epochs: The last epoch to train.
            start: The state after an epoch of the same training, to go on from.

        Yields:
            Each epoch as it ends.

        Raises:
            TaskError: If the function yields something else, also in a state, or ends too early;
                or if it has other updates in an epoch than it says, or does not use its schedule.
            TrainingCollapsed: If a number is not finite, or too large to be compared.
        """
        done = start.epoch if start else 0
        name = self._declared.name
        measured = self._declared.begin(schedule, seed, epochs=epochs, done=done)
        more = {"epochs": epochs} if _takes_epochs(self.function) else {}
        training = self.function(measured.schedule, seed, start, **more)
        if not hasattr(training, "__next__"):
            raise TaskError(f"{name} must be a generator function. {HOW}")
        for epoch in range(done + 1, epochs + 1):
            measured.begin_epoch()
            try:
                value, state = parts_of(name, next(training))
            except StopIteration:
                raise TaskError(
                    f"{name} must yield after each of {epochs} epochs, but ended after"
                    f" {epoch - 1}. Let it go on for as long as it is asked."
                ) from None
            record = measured.end_epoch(value)
            # What cannot be kept is an error now, whether or not anybody asks for a copy.
            arrays = None if state is None else arrays_of(name, state)
            if arrays is not None and self._content is None:
                self._declared.warn(
                    "'s states are not kept, so a trial that is interrupted starts over: its code"
                    " must be in a file, and what it was made with be numbers, texts or arrays."
                    " Write it in a module, not in a notebook or at a prompt."
                )
            yield Epoch(record, functools.partial(_state, epoch, arrays))

    def identity(self) -> dict[str, Any]:
        """Return the updates of an epoch; what else decides a result is among the options."""
        return {"updates_per_epoch": self.updates_per_epoch, "batch_size": self.batch_size}

    def versions(self) -> dict[str, str]:
        """Return the versions of NumPy, of the function, and of the frameworks that are loaded."""
        return software(self._code)

    def training_identity(self) -> dict[str, Any] | None:
        """Return the sizes, and the file of the function with all that it was made with.

        None if there is no file, or if the function was made with something whose content cannot
        be told.
        """
        if self._content is None:
            return None
        return {"task": "FunctionTask", "source": self._content, **self.identity()}


def _takes_epochs(function: Callable[..., Any]) -> bool:
    """Tell whether a function has a parameter for the number of epochs, and no value for it."""
    if isinstance(function, functools.partial) and "epochs" in function.keywords:
        return False
    try:
        parameter = inspect.signature(function).parameters.get("epochs")
    except (TypeError, ValueError):  # written in C
        return False
    return parameter is not None and parameter.kind in (
        parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY,
    )  # fmt: skip


def _state(epoch: int, arrays: Arrays | None) -> State | None:
    if arrays is None:
        return None
    return State(epoch, {name: np.array(array) for name, array in arrays.items()})
