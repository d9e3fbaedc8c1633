"""Tasks of one's own: named in a study as ``"module:function"``, or passed from Python.

A study's database has a task's name, its options and some facts about it. So a study can be looked
at where the module is not, and looking at one never imports anything; training does.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tuner.errors import DefinitionError, TaskError, said
from tuner.reading import MISSING, Mistakes, did_you_mean
from tuner.schedules import Schedule
from tuner.tasks.base import Epoch, State, Task

# The name of a task that was passed from Python.
PASSED = "passed"
_METHODS = (
    "batch_size", "check", "identity", "mistakes", "train", "training_identity",
    "updates_per_epoch", "versions", "with_holdout",
)  # fmt: skip


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
        self._facts = dict(facts) if facts is not None else _facts(self._task())

    @property
    def is_passed(self) -> bool:
        """Whether it was passed from Python, so that no other process can make it."""
        return self.name == PASSED

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
        other = NamedTask(self.name, self.options, self.folder, self._facts, self._whole)
        other._holdout = (size, on_test_set)
        if self._whole is not None:
            other._facts = _facts(other._task())
        return other

    def with_task(self, task: Task) -> NamedTask:
        """Return the same task, known by its facts alone before, as it is now passed again.

        Raises:
            TaskError: If it is another one.
        """
        other = NamedTask(self.name, self.options, self.folder, self._facts, task)
        other._holdout = self._holdout
        other._compare()
        return other

    def check(self) -> None:
        """Make the task, importing what its name says, and make sure that it can run here.

        Raises:
            TaskError: If it cannot be made, or is not what it was when the study began.
        """
        self._task().check()

    def train(
        self, schedule: Schedule, *, seed: int, epochs: int, start: State | None = None
    ) -> Iterator[Epoch]:
        """Train it, in a current folder of its own: it may change that, and ours stays."""
        training = iter(self._task().train(schedule, seed=seed, epochs=epochs, start=start))
        folder = Path.cwd()
        while True:
            with _in_folder(folder) as left:
                epoch = next(training, None)
            if epoch is None:
                return
            yield epoch
            folder = left()

    def identity(self) -> dict[str, Any]:
        """Return its options, and what the task says decides a training's result."""
        options = {"options": self.options} if self.options else {}
        return {**options, **self._facts["identity"]}

    def versions(self) -> dict[str, str]:
        """Return the versions of the software that trains, or did when the study was begun."""
        return dict(self._facts["versions"])

    def training_identity(self) -> dict[str, Any] | None:
        """Return what decides a training's bits, the options included."""
        found = self._task().training_identity()
        return None if found is None else {**found, "named": [self.name, self.options]}

    def _task(self) -> Task:
        if self._whole is None:
            self._whole = self._made()
            self._compare()
        size, on_test_set = self._holdout
        return self._whole.with_holdout(size, on_test_set=on_test_set) if size else self._whole

    def _made(self) -> Task:
        if self.is_passed:
            raise TaskError(
                "The study's task was passed from Python and is not in its database. Continue with"
                " tuner.run_study(study, task=...) and the same task."
            )
        mistakes = Mistakes(f"the task {self.name!r}")
        task = make_task(self.name, self.options, self.folder, mistakes)
        try:
            mistakes.raise_if_any()
        except DefinitionError as error:
            raise TaskError(str(error)) from error
        assert task is not None, "what could not be made was a mistake"
        return task

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


def make_task(
    name: str, options: Mapping[str, Any], folder: str, mistakes: Mistakes
) -> Task | None:
    """Import what a name says, call it with the options, and return the task that it makes.

    The module is looked for in the folder, then where Python looks. **This runs its code**, so
    the study file or database that names it must be one that you trust.

    Args:
        name: ``"module:function"``.
        options: The keyword arguments.
        folder: The study's folder.
        mistakes: Takes what is wrong.

    Returns:
        The task; None if something was wrong.
    """
    make = _find(name, folder, mistakes)
    if make is None or not _fits(make, options, mistakes):
        return None
    try:
        with _in_folder(Path.cwd()):
            task = make(**options)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # it may end with `sys.exit`, or as asyncio does
        mistakes.add("task", f"{name} must make a task of its options, but: {said(error)}")
        return None
    missing = [method for method in _METHODS if not hasattr(task, method)]
    if missing:
        mistakes.add(
            "task.name",
            f"{name} must return a task, such as a tuner.tasks.GluonTask, TorchTask or"
            f" FunctionTask, but returned a {type(task).__name__} without {missing[0]}",
        )
        return None
    found: Task = task
    return found


def _find(name: str, folder: str, mistakes: Mistakes) -> Callable[..., Any] | None:
    module_name, _, attribute = name.partition(":")
    if not all(map(str.isidentifier, [*module_name.split("."), attribute])):
        mistakes.add("task.name", f"must be of the form 'module:function', but got {name!r}")
        return None
    if module_name.partition(".")[0] == "tuner":
        # Loading it would take the place of this package.
        mistakes.add(
            "task.name",
            f"{module_name!r} must not be this package's own name; rename the module, and write"
            " as here 'my_task:make'",
        )
        return None
    try:
        with _in_folder(Path.cwd()):
            module = _import(module_name, folder)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        mistakes.add(
            "task.name",
            f"{module_name!r} must be a module that can be imported, from {folder or '.'} or"
            f" where Python looks, but: {said(error)}",
        )
        return None
    make: Callable[..., Any] | None = getattr(module, attribute, None)
    if callable(make):
        return make
    known = [key for key, value in vars(module).items() if callable(value) and key[0] != "_"]
    text = f"no function {attribute!r} in {module_name!r}; {did_you_mean(attribute, known)}"
    mistakes.add("task.name", text)
    return None


def _import(name: str, folder: str) -> Any:
    """Import a module, from the folder if it is there, as Python does for a script."""
    first = name.partition(".")[0]
    here = Path(folder)
    if folder and ((here / f"{first}.py").is_file() or (here / first).is_dir()):
        if folder in sys.path:
            sys.path.remove(folder)
        sys.path.insert(0, folder)
        known = sys.modules.get(first)
        places = {getattr(known, "__file__", None), *getattr(known, "__path__", ())}
        if known is not None and not any(p and here in Path(p).parents for p in places):
            # The module of the same name beside another study.
            for other in [m for m in sys.modules if m == first or m.startswith(f"{first}.")]:
                del sys.modules[other]
    importlib.invalidate_caches()
    return importlib.import_module(name)


@contextlib.contextmanager
def _in_folder(folder: Path) -> Iterator[Callable[[], Path]]:
    """Let the block be in a folder and leave it for another, and come back.

    The study's own files have names that are relative to the folder that it was started in.

    Yields:
        What returns, after the block, the folder that it was left in.
    """
    before, left = Path.cwd(), folder
    if folder != before:
        os.chdir(folder)
    try:
        yield lambda: left
    finally:
        with contextlib.suppress(OSError):  # it is gone
            left = Path.cwd()
        if left != before:
            os.chdir(before)


def _fits(make: Callable[..., Any], options: Mapping[str, Any], mistakes: Mistakes) -> bool:
    """Note options that a function does not take, and those that it cannot do without."""
    try:
        parameters = inspect.signature(make).parameters.values()
    except (TypeError, ValueError):  # written in C
        return True
    takes_all = any(p.kind is p.VAR_KEYWORD for p in parameters)
    named = {p.name: p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    no_data = [option for option, value in options.items() if not _is_plain(value)]
    for option in no_data:
        text = "must be text, numbers, true or false, lists or tables of them, but got"
        mistakes.add(f"task.{option}", f"{text} {options[option]!r}")
    unknown = [] if takes_all else [option for option in options if option not in named]
    for option in unknown:
        mistakes.add(f"task.{option}", f"unknown key; {did_you_mean(option, named)}")
    missing = [key for key, p in named.items() if p.default is p.empty and key not in options]
    for option in missing:
        mistakes.add(f"task.{option}", MISSING)
    return not unknown and not missing and not no_data


def _is_plain(value: Any) -> bool:
    """Tell whether a database can keep a value; it cannot keep TOML's dates."""
    try:
        json.dumps(value)
    except TypeError:
        return False
    return True


def _facts(task: Task) -> dict[str, Any]:
    facts = {
        "updates_per_epoch": task.updates_per_epoch,
        "batch_size": task.batch_size,
        "identity": task.identity(),
        "versions": task.versions(),
    }
    plain: dict[str, Any] = json.loads(json.dumps(facts))  # as a database gives them back
    return plain
