"""Tasks of one's own: named in a study as ``"module:function"``, or passed from Python.

A study's database has a task's name, its options and some facts about it. So a study can be looked
at where the module is not, and looking at one never imports anything; training does.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tuner.errors import DefinitionError, TaskError
from tuner.reading import Mistakes
from tuner.schedules import Schedule
from tuner.tasks import making
from tuner.tasks.base import Epoch, State, Task, end_training
from tuner.tasks.command_task import CommandTask
from tuner.tasks.making import REPORT_EVERY, in_folder, make_task
from tuner.tasks.options import own_options, with_options, wrong_options
from tuner.tasks.trial_task import TrialTask

# The name of a task that was passed from Python.
PASSED = "passed"
# The fact that is there only where options of the task are sampled.
_OPTIONS = "options"


class NamedTask:
    """A task of one's own, as a study has it: made when something is trained.

    Args:
        name: ``"module:function"``, or ``"passed"``.
        options: What the function is called with.
        folder: Where the module is looked for first.
        facts: What a database knows of the task; None to ask the task itself.
        task: The task, if it was made before.
    """

    def __init__(
        self,
        name: str,
        options: Mapping[str, Any],
        folder: str,
        facts: Mapping[str, Any] | None = None,
        task: Task | None = None,
    ) -> None:
        self.name, self.options, self.folder = name, dict(options), folder
        self._whole = task
        self._holdout = (0, False)
        self._metric = ""
        self._facts = dict(facts) if facts is not None else _facts(self._task())

    @property
    def is_passed(self) -> bool:
        """Whether it was passed from Python, so that its name makes it nowhere."""
        return self.name == PASSED

    @property
    def whole(self) -> Task | None:
        """The task itself without a holdout, if it was made or passed."""
        return self._whole

    @property
    def facts(self) -> dict[str, Any]:
        """What a database keeps of the task beside name and options."""
        return {"folder": self.folder, **self._facts}

    @property
    def updates_per_epoch(self) -> int:
        """Optimizer updates in one pass over the training set."""
        return int(self._facts["updates_per_epoch"])

    @property
    def batch_size(self) -> int:
        """Examples in one update."""
        return int(self._facts["batch_size"])

    def mistakes(
        self, *, seed: int, epochs: int, held_out: int, metric: str = "test_accuracy"
    ) -> dict[str, str]:
        """Return what of a study this task cannot do; of a stored study nothing."""
        if self._whole is None:
            return {}
        return self._whole.mistakes(seed=seed, epochs=epochs, held_out=held_out, metric=metric)

    def with_holdout(self, size: int, *, on_test_set: bool = False) -> NamedTask:
        """Return the same task with a holdout."""
        other = copy.copy(self)
        other._holdout = (size, on_test_set)
        if self._whole is not None:
            other._facts = {**self._facts, **_facts(other._task())}
        return other

    def with_options(self, values: Mapping[str, Any]) -> NamedTask:
        """Return the task that the function makes with other options.

        A function of a trial is given them as ``trial.params``, a task that was passed makes
        another one itself.

        Raises:
            TaskError: If it cannot be made with them.
        """
        base, options = self._base(), {**self.options, **values}
        if self._makes_itself():
            whole = with_options(base, values)
        else:
            whole = NamedTask(self.name, options, self.folder, self._facts)._made()
        whole = judged_by(whole, self._metric)
        other = NamedTask(self.name, options, self.folder, None, whole)
        other._holdout, other._metric = self._holdout, self._metric
        other._facts = _facts(other._task())
        return other

    def wrong_options(self, names: Iterable[str]) -> dict[str, str]:
        """Return by name why options are none of it; of a stored study nothing."""
        if self._whole is None:
            return {}
        if self.is_passed:
            return wrong_options(self._whole, names)
        return making.wrong_options(self.name, self.options, self.folder, names)

    def knowing(self, names: Iterable[str], values: Mapping[str, Any]) -> NamedTask:
        """Return the same task that knows of options in its facts, for where it is not made.

        Args:
            names: Those that are sampled.
            values: What it was given in the search space, or for lack of a value.
        """
        names = list(names)
        base = self._base()
        own = own_options(base, names) if self._makes_itself() else {}
        found = {**making.defaults(self.name, self.folder), **self.options, **own}
        other = copy.copy(self)
        known = {name: found[name] for name in names if name in found}
        other._facts = {**self._facts, _OPTIONS: {"values": dict(values), "own": known}}
        return other

    @property
    def given(self) -> dict[str, Any]:
        """The options that it was given: by the search space, or in the middle of their range."""
        return dict(self._facts.get(_OPTIONS, {}).get("values", {}))

    def own_options(self, names: Iterable[str]) -> dict[str, Any]:
        """Return the values of options that it has, as far as it was told to know."""
        own = self._facts.get(_OPTIONS, {}).get("own", {})
        return {name: own[name] for name in names if name in own}

    def sizes_with(self, values: Mapping[str, Any]) -> tuple[int, int]:
        """Return updates of an epoch and batch size with other options, and know them from now."""
        known = self._facts.setdefault(_OPTIONS, {}).setdefault("sizes", {})
        key = json.dumps([self._holdout[0], values], sort_keys=True)
        if key not in known:
            other = self.with_options(values)
            known[key] = [other.updates_per_epoch, other.batch_size]
        return known[key][0], known[key][1]

    def with_output(self, path: Path) -> NamedTask:
        """Return the same task; if it is a command, its output is added to a file."""
        if self._whole is None:
            return self
        other = copy.copy(self)
        other._whole = with_output(self._whole, path)
        return other

    def judged_by(self, metric: str) -> NamedTask:
        """Return the same task, which tells its trainings what the study is judged by."""
        other = copy.copy(self)
        other._metric = metric
        other._whole = None if self._whole is None else judged_by(self._whole, metric)
        return other

    def with_task(self, task: Task) -> NamedTask:
        """Return the same task, known by its facts alone before, as it is now passed again.

        Raises:
            TaskError: If it is another one.
        """
        other = copy.copy(self)
        other._whole = judged_by(with_options(task, self.given), self._metric)
        other._compare()
        return other

    def check(self) -> None:
        """Make the task, importing what its name says, and make sure that it can run here.

        Raises:
            TaskError: If it cannot be made, or is not what it was when the study began.
        """
        self._task().check()

    def check_driven(self, schedule: Schedule) -> None:
        """Make sure that the optimizer has what a schedule drives, as far as the task knows."""
        getattr(self._task(), "check_driven", lambda _: None)(schedule)

    def train(
        self, schedule: Schedule, *, seed: int, epochs: int, start: State | None = None
    ) -> Iterator[Epoch]:
        """Train it, in a current folder of its own: it may change that, and ours stays."""
        training = iter(self._task().train(schedule, seed=seed, epochs=epochs, start=start))
        folder = Path.cwd()
        try:
            while True:
                with in_folder(folder) as left:
                    epoch = next(training, None)
                if epoch is None:
                    return
                folder = left()
                yield epoch
        finally:
            with in_folder(folder):
                end_training(training)

    def identity(self) -> dict[str, Any]:
        """Return its options, and what the task says decides a training's result."""
        own = {key: value for key, value in self.options.items() if key != REPORT_EVERY}
        options = {"options": own} if own else {}
        return {**options, **self._facts["identity"]}

    def versions(self) -> dict[str, str]:
        """Return the versions of the software that trains here; of a stored study, that did."""
        return dict(self._facts["versions"] if self._whole is None else self._whole.versions())

    def training_identity(self) -> dict[str, Any] | None:
        """Return what decides a training's bits, the options included."""
        found = self._task().training_identity()
        return None if found is None else {**found, "named": [self.name, self.options]}

    def _base(self) -> Task:
        """Return the task without a holdout."""
        if self._whole is None:
            self._whole = self._made()
            self._compare()
        return self._whole

    def _makes_itself(self) -> bool:
        """Tell whether it is the task, not a function, that makes one with other options."""
        return self.is_passed or making.trains_itself(self.name, self.folder)

    def _task(self) -> Task:
        whole = self._base()
        size, on_test_set = self._holdout
        return whole.with_holdout(size, on_test_set=on_test_set) if size else whole

    def _made(self) -> Task:
        if self.is_passed:
            raise TaskError(
                "The study's task was passed from Python and is not in its database. Run the"
                " script again that called tuner.tune, or tuner.run_study(study, task=...)."
            )
        mistakes = Mistakes(f"the task {self.name!r}")
        task = make_task(self.name, self.options, self.folder, mistakes)
        try:
            mistakes.raise_if_any()
        except DefinitionError as error:
            raise TaskError(str(error)) from error
        assert task is not None, "what could not be made was a mistake"
        return judged_by(task, self._metric)

    def _compare(self) -> None:
        assert self._whole is not None
        size, _ = self._holdout
        now = _facts(self._whole.with_holdout(size) if size else self._whole)
        for fact in ("updates_per_epoch", "batch_size", "identity"):
            if now[fact] != self._facts[fact]:
                raise TaskError(
                    f"The task must be what it was when the study began, but its {fact} was"
                    f" {self._facts[fact]} and is {now[fact]}. Restore it, or start another study."
                )


def said_batch_size(task: Task) -> int | None:
    """Return the examples in an update; None of a task of one's own that says 1, as by default."""
    return None if isinstance(task, NamedTask) and task.batch_size == 1 else task.batch_size


def with_output(task: Task, path: Path) -> Task:
    """Return a task that adds the output of its command to a file; one without is the same."""
    if isinstance(task, (NamedTask, CommandTask)):
        return task.with_output(path)
    return task


def judged_by(task: Task, metric: str) -> Task:
    """Return a task whose trainings know what the study is judged by; others are the same."""
    if isinstance(task, (NamedTask, CommandTask, TrialTask)):
        return task.judged_by(metric)
    return task


def _facts(task: Task) -> dict[str, Any]:
    facts = {
        "updates_per_epoch": task.updates_per_epoch,
        "batch_size": task.batch_size,
        "identity": task.identity(),
        "versions": task.versions(),
    }
    plain: dict[str, Any] = json.loads(json.dumps(facts))  # as a database gives them back
    return plain
