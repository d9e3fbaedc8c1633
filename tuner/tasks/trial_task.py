"""The task that is a function of one's own which calls: it is given a trial, and reports to it."""

from __future__ import annotations

import contextlib
import contextvars
import functools
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from greenlet import greenlet

from tuner.errors import TaskError
from tuner.schedules import Schedule
from tuner.tasks.base import Epoch, State
from tuner.tasks.declared import Declared
from tuner.tasks.digests import content_digest
from tuner.tasks.keeping import seed_generators
from tuner.tasks.trial import Report, Trial, TrialOver

_HOW = "Call trial.report(value) after each epoch."


class TrialTask:
    """A training of one's own: a function that is given a trial, and reports a number to it.

    It may do what it likes between two reports: call a ``Trainer.fit``, whose callback reports. It
    is called anew for every trial, and ends when its last report was made. It goes on after an
    interruption with what it gave to :meth:`~tuner.tasks.trial.Trial.restore` or
    :meth:`~tuner.tasks.trial.Trial.save`.

    Args:
        train: The function, of one argument.
        updates_per_epoch: Optimizer updates in one epoch, or between two reports.
        batch_size: Examples in one update, for the record.
        params: Options of the function, ``trial.params``.

    Example:
        >>> def train(trial):
        ...     for epoch in trial.epochs():
        ...         trial.report(sum(map(trial.schedule, trial.updates_of(epoch))))
        >>> from tuner import Constant
        >>> task = TrialTask(train, updates_per_epoch=10)
        >>> trained = task.train(Constant(base_lr=0.1, horizon=20), seed=0, epochs=2)
        >>> [round(epoch.record.value, 3) for epoch in trained]
        [1.0, 1.0]
    """

    def __init__(
        self,
        train: Callable[[Trial], object],
        *,
        updates_per_epoch: int,
        batch_size: int = 1,
        params: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        if not callable(train):
            raise TaskError(f"`train` must be a function of a trial, but got {train!r}.")
        name = str(getattr(train, "__qualname__", type(train).__name__))
        self._declared = Declared(name, updates_per_epoch, batch_size)
        self.function, self.params = train, dict(params)
        self.updates_per_epoch, self.batch_size = updates_per_epoch, batch_size
        # Of the code that is running, so before the file is edited.
        self._content = content_digest(train)

    def mistakes(
        self, *, seed: int, epochs: int, held_out: int, metric: str = "test_accuracy"
    ) -> dict[str, str]:
        """Return what is wrong with the holdout: there is none."""
        if not held_out:
            return {}
        text = "must be 'test', for the function judges on examples of its own, but got 'holdout'"
        return {"objective.evaluate_on": text}

    def with_holdout(self, size: int, *, on_test_set: bool = False) -> TrialTask:
        """Return this task; there is no holdout."""
        return self

    def check(self) -> None:
        """Do nothing: what the function needs shows when it is called."""

    def train(
        self, schedule: Schedule, *, seed: int, epochs: int, start: State | None = None
    ) -> Iterator[Epoch]:
        """Call the function, and take one report after the other.

        Args:
            schedule: The learning rate of every update.
            seed: What everything random must follow from.
            epochs: The last epoch to train.
            start: The state after an epoch of the same training, to go on from.

        Yields:
            Each epoch as it is reported. Closed before the last one, it ends the function there.

        Raises:
            TaskError: If the function ends too early, or has other updates in an epoch than it
                says.
            TrainingCollapsed: If a number is not finite, or too large to be compared.
        """
        done, size = start.epoch if start else 0, self.updates_per_epoch
        measured = self._declared.begin(schedule, seed, epochs=epochs, done=done)
        # The function runs beside this generator, on the same thread: it is there when it trains,
        # and here when it has reported. So the frameworks see one thread, and whoever takes the
        # epochs raises nothing into the function.
        training = greenlet(self._call)
        training.gr_context = contextvars.copy_context()
        trial = Trial(
            measured.schedule, seed, epochs=epochs, updates_per_epoch=size, start=start,
            tell=training.parent.switch, params=self.params,
        )  # fmt: skip
        seed_generators(seed)
        answer: Any = trial
        try:
            for epoch in range(done + 1, epochs + 1):
                measured.begin_epoch()
                report = training.switch(answer)
                if not isinstance(report, Report):
                    raise TaskError(
                        f"{self._declared.name} must report after each of {epochs} epochs, but"
                        f" ended after {epoch - 1}. {_HOW}"
                    )
                record = measured.end_epoch(report.value, **report.measured)
                yield Epoch(record, functools.partial(self._state, trial))
                answer = True
        finally:
            if training:  # it waits in a report
                training.switch(False)
            trial.close()

    def identity(self) -> dict[str, Any]:
        """Return the updates of an epoch and the options."""
        options = {"params": self.params} if self.params else {}
        sizes = {"updates_per_epoch": self.updates_per_epoch, "batch_size": self.batch_size}
        return {**sizes, **options}

    def versions(self) -> dict[str, str]:
        """Return NumPy's version: what the function trains with it alone knows."""
        return {"numpy": np.__version__}

    def training_identity(self) -> dict[str, Any] | None:
        """Return the sizes, and the file of the function with all that it was made with.

        None if there is no file, or if the function was made with something whose content cannot
        be told.
        """
        if self._content is None:
            return None
        return {"task": "TrialTask", "source": self._content, **self.identity()}

    def _call(self, trial: Trial) -> None:
        with contextlib.suppress(TrialOver):
            self.function(trial)

    def _state(self, trial: Trial) -> State | None:
        state = trial.state()
        if state is not None and self._content is None:
            self._declared.warn(
                "'s states are not kept, so a trial that is interrupted starts over: its code must"
                " be in a file, and what it was made with be numbers, texts or arrays. Write it in"
                " a module, not in a notebook or at a prompt."
            )
        return state
