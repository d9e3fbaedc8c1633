"""The task that is a function of one's own which calls: it is given a trial, and reports to it."""

from __future__ import annotations

import contextlib
import copy
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from tuner.errors import TaskError, said
from tuner.schedules import Schedule
from tuner.tasks.base import Epoch, State
from tuner.tasks.beside import Beside
from tuner.tasks.declared import Declared
from tuner.tasks.digests import code_version, content_digest, software
from tuner.tasks.generators import seed_own
from tuner.tasks.options import BATCH_SIZE, updates_with
from tuner.tasks.randomness import seed_generators
from tuner.tasks.trial import Trial, TrialOver


class TrialTask:
    """A training of one's own: a function that is given a trial, and reports a number to it.

    It may do what it likes between two reports: call a ``Trainer.fit``, whose callback reports. It
    is called anew for every trial, and ends when its last report was made. It goes on after an
    interruption with what it gave to :meth:`tuner.Trial.restore` or :meth:`tuner.Trial.save`.

    Args:
        train: The function, of one argument.
        updates_per_epoch: Optimizer updates in one epoch.
        report_every: Updates between two reports, for a training that has no epochs.
        batch_size: Examples in one update, for the record.
        params: Options of the function, ``trial.params``.
        metric: What the study is judged by, ``trial.metric``.

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
        updates_per_epoch: int | None = None,
        report_every: int | None = None,
        batch_size: int = 1,
        params: Mapping[str, Any] = MappingProxyType({}),
        metric: str = "",
    ) -> None:
        _refuse_another_form(train)
        name = str(getattr(train, "__qualname__", type(train).__name__))
        size = updates_per_epoch if report_every is None else report_every
        if size is None or None not in (updates_per_epoch, report_every):
            got = f"(updates_per_epoch={updates_per_epoch!r}, report_every={report_every!r})"
            raise TaskError(
                f"{name} must have `updates_per_epoch`, or `report_every` if it has no epochs, but"
                f" got {got}."
            )
        self._declared = Declared(name, size, batch_size, has_epochs=report_every is None)
        self.function, self.params, self.metric = train, dict(params), metric
        self.updates_per_epoch, self.batch_size = size, batch_size
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

    def with_holdout(self, size: int, *, on_test_set: bool = False) -> TrialTask:
        """Return this task; there is no holdout."""
        return self

    def with_options(self, values: Mapping[str, Any]) -> TrialTask:
        """Return the same task with other ``params``.

        A ``batch_size`` among them is also that of the task: the updates between two reports are
        then those that have the same examples.

        Raises:
            TaskError: If it is no batch size, or larger than the examples of an epoch.

        Example:
            >>> task = TrialTask(print, updates_per_epoch=10, batch_size=64)
            >>> task.with_options({"batch_size": 32, "width": 8}).updates_per_epoch
            20
        """
        other = copy.copy(self)
        other.params = {**self.params, **values}
        if BATCH_SIZE in values:
            size = values[BATCH_SIZE]
            if size != self.batch_size:
                other.updates_per_epoch = updates_with(
                    self.updates_per_epoch, self.batch_size, size
                )
            other.batch_size = size
            other._declared = self._declared.sized(other.updates_per_epoch, size)
        return other

    def own_options(self, names: Iterable[str]) -> dict[str, Any]:
        """Return the values of options that it has."""
        known = {**self.params, BATCH_SIZE: self.batch_size}
        return {name: known[name] for name in names if name in known}

    def without_values(self, names: Iterable[str]) -> list[str]:
        """Return the options that it has no value of, all of which the function may ask for."""
        return [name for name in names if name not in self.params and name != BATCH_SIZE]

    def judged_by(self, metric: str) -> TrialTask:
        """Return the same task, whose trials know the metric, if they know none."""
        other = copy.copy(self)
        other.metric = self.metric or metric
        return other

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
        done, had_torch = start.epoch if start else 0, "torch" in sys.modules
        measured = self._declared.begin(schedule, seed, epochs=epochs, done=done)
        call = Beside(lambda: self._call(trial))
        trial = Trial(
            measured.schedule, seed, epochs=epochs, updates_per_epoch=self.updates_per_epoch,
            start=start, tell=call.tell, params=self.params, metric=self.metric,
        )  # fmt: skip
        parts = self.function, _globals_of(self.function)
        seed_generators(seed)
        seed_own(seed, done + 1, *parts)
        try:
            for epoch in range(done + 1, epochs + 1):
                measured.begin_epoch()
                report = call.go_on(True)
                if epoch == done + 1 and "torch" in sys.modules and not had_torch:
                    break
                if report is None:
                    unit = self._declared.unit
                    raise TaskError(
                        f"{self._declared.name} must report {unit.times(epochs)}, but ended after"
                        f" {epoch - 1}. Call trial.report(value) after {unit.each}."
                    )
                record = measured.end_epoch(report.value, **report.measured)
                self._warn_of_no_states(trial)
                seed_own(seed, epoch + 1, *parts)  # before it is kept
                yield Epoch(record, trial.state)
            else:
                had_torch = True
        finally:
            if call.is_waiting:
                call.go_on(False)
            trial.close()
        if not had_torch:
            # The function imported it, after the generators were seeded. It begins again, so that
            # each training begins with the same numbers.
            yield from self.train(schedule, seed=seed, epochs=epochs, start=start)

    def identity(self) -> dict[str, Any]:
        """Return the updates of an epoch and the options."""
        options = {"params": self.params} if self.params else {}
        sizes = {"updates_per_epoch": self.updates_per_epoch, "batch_size": self.batch_size}
        return {**sizes, **options}

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
        # A callback reports another number of the same training for another metric.
        metric = {"metric": self.metric} if self.metric else {}
        return {"task": "TrialTask", "source": self._content, **self.identity(), **metric}

    def _call(self, trial: Trial) -> None:
        with contextlib.suppress(TrialOver):
            self.function(trial)

    def _warn_of_no_states(self, trial: Trial) -> None:
        if trial.keeps and self._content is None:
            self._declared.warn(
                "'s states are not kept, so a trial that is interrupted starts over: its code must"
                " be in a file, and what it was made with be numbers, texts or arrays. Write it in"
                " a module, not in a notebook or at a prompt."
            )


def _globals_of(function: Any) -> list[Any]:
    """Return what a function names of its module, such as a loader that has a generator."""
    code, known = getattr(function, "__code__", None), getattr(function, "__globals__", {})
    return [known[name] for name in code.co_names if name in known] if code else []


def _refuse_another_form(train: object) -> None:
    """Make sure that something is a function of one argument that does its work when called."""
    if not callable(train):
        raise TaskError(f"`train` must be a function of a trial, but got {train!r}.")
    name = getattr(train, "__qualname__", type(train).__name__)
    if inspect.isgeneratorfunction(train):
        raise TaskError(
            f"{name} must call trial.report(value) after each epoch, but yields. Of a generator"
            " function, tuner.tasks.FunctionTask makes a task."
        )
    if inspect.iscoroutinefunction(train):
        raise TaskError(f"{name} must be a plain function, but is asynchronous.")
    try:
        inspect.signature(train).bind(None)
    except ValueError:  # it is written in C
        return
    except TypeError as error:
        raise TaskError(f"{name} must take one argument, the trial, but: {said(error)}.") from None
