"""Makes the task that a study names: finds the module, imports it, calls the function."""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tuner.errors import said
from tuner.reading import MISSING, Mistakes, did_you_mean
from tuner.tasks.base import Task
from tuner.tasks.trial_task import TrialTask

# Keys of [task] that are the study's, for hints at misspelt ones.
_OF_STUDY = ("name", "epochs", "updates", "report_every", "seed")
_METHODS = (
    "batch_size", "check", "identity", "mistakes", "train", "training_identity",
    "updates_per_epoch", "versions", "with_holdout",
)  # fmt: skip

# An option that follows from the length of a training, for whoever takes it.
REPORT_EVERY = "report_every"
# Options of a function that is given a trial which are no params of it.
_SIZES = ("updates_per_epoch", REPORT_EVERY, "batch_size")
_ANY_NUMBER = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def make_task(
    name: str, options: Mapping[str, Any], folder: str, mistakes: Mistakes
) -> Task | None:
    """Import what a name says, call it with the options, and return the task that it makes.

    A function whose only argument without a value is called ``trial`` trains itself. Of the
    options ``updates_per_epoch`` and ``batch_size`` are then the task's, the others its
    ``trial.params``.

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
    if make is not None and _takes_a_trial(make):
        sizes = {key: options[key] for key in options if key in _SIZES}
        params = {key: options[key] for key in options if key not in _SIZES}
        make, options = functools.partial(TrialTask, make, params=params), sizes
        if note_no_data(params, "task", mistakes):
            return None
        if "updates_per_epoch" not in options and REPORT_EVERY not in options:
            mistakes.add("task.updates_per_epoch", MISSING)
            return None
    elif make is not None and not _takes(make, REPORT_EVERY):
        options = {key: options[key] for key in options if key != REPORT_EVERY}
    if make is None or not _fits(make, options, mistakes):
        return None
    try:
        with in_folder(Path.cwd()):
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
            f"{name} must be a function of one argument, `trial`, or return a task, such as a"
            " tuner.tasks.GluonTask, TorchTask or FunctionTask, but returned a"
            f" {type(task).__name__} without {missing[0]}",
        )
        return None
    found: Task = task
    return found


def trains_itself(name: str, folder: str) -> bool:
    """Tell whether a name is that of a function that trains, rather than makes a task."""
    make = _find(name, folder, Mistakes(""))
    return make is not None and _takes_a_trial(make)


def options_without_values(
    name: str, options: Mapping[str, Any], folder: str, names: Iterable[str]
) -> list[str]:
    """Return the sampled options for which a function has no value of its own.

    Args:
        name: ``"module:function"``; one that cannot be found has none, and is told elsewhere.
        options: What the study's table gives it.
        folder: The study's folder.
        names: The options that are sampled.
    """
    make = _find(name, folder, Mistakes(""))
    if make is None:
        return []
    if _takes_a_trial(make):
        return [each for each in names if each not in options and each not in _SIZES]
    needed = _parameters(make)
    takes_all = any(p.kind is p.VAR_KEYWORD for p in needed.values())
    return [
        each
        for each in names
        if each not in options
        and (needed[each].default is inspect.Parameter.empty if each in needed else takes_all)
    ]


def wrong_options(
    name: str, options: Mapping[str, Any], folder: str, names: Iterable[str]
) -> dict[str, str]:
    """Return by name why sampled options are none of a function; as above."""
    make = _find(name, folder, Mistakes(""))
    if make is None or _takes_a_trial(make):
        return {}
    known = _parameters(make)
    if not known or any(p.kind is p.VAR_KEYWORD for p in known.values()):
        return {}
    return {
        each: f"no argument of {name}; {did_you_mean(each, known)}"
        for each in names
        if each not in known
    }


def defaults(name: str, folder: str) -> dict[str, Any]:
    """Return the values that a function's signature gives its arguments, as far as plain."""
    make = _find(name, folder, Mistakes(""))
    found = {} if make is None else {key: p.default for key, p in _parameters(make).items()}
    return {key: value for key, value in found.items() if isinstance(value, (str, int, float))}


def _parameters(make: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    try:
        return dict(inspect.signature(make).parameters)
    except (TypeError, ValueError):  # written in C
        return {}


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
        with in_folder(Path.cwd()):
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
def in_folder(folder: Path) -> Iterator[Callable[[], Path]]:
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


def _takes_a_trial(make: Callable[..., Any]) -> bool:
    """Tell whether a function trains, given a trial, rather than makes a task."""
    try:
        parameters = inspect.signature(make).parameters.values()
    except (TypeError, ValueError):  # written in C
        return False
    needed = [p.name for p in parameters if p.default is p.empty and p.kind not in _ANY_NUMBER]
    return needed == ["trial"]


def _takes(make: Callable[..., Any], name: str) -> bool:
    try:
        return name in inspect.signature(make).parameters
    except (TypeError, ValueError):
        return False


def _fits(make: Callable[..., Any], options: Mapping[str, Any], mistakes: Mistakes) -> bool:
    """Note options that a function does not take, and those that it cannot do without."""
    try:
        parameters = inspect.signature(make).parameters.values()
    except (TypeError, ValueError):  # written in C
        return True
    takes_all = any(p.kind is p.VAR_KEYWORD for p in parameters)
    named = {p.name: p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    no_data = note_no_data(options, "task", mistakes)
    unknown = [] if takes_all else [option for option in options if option not in named]
    for option in unknown:
        hint = did_you_mean(option, [*named, *_OF_STUDY])
        mistakes.add(f"task.{option}", f"unknown key; {hint}")
    missing = [key for key, p in named.items() if p.default is p.empty and key not in options]
    for option in missing:
        mistakes.add(f"task.{option}", MISSING)
    return not unknown and not missing and not no_data


def note_no_data(options: Mapping[str, Any], place: str, mistakes: Mistakes) -> bool:
    """Note options that a database cannot keep, such as TOML's dates; tell whether there are any.

    Args:
        options: By name.
        place: What they are options of.
        mistakes: Takes what is wrong.
    """
    no_data = [option for option, value in options.items() if not _is_plain(value)]
    for option in no_data:
        text = "must be text, numbers, true or false, lists or tables of them, but got"
        mistakes.add(f"{place}.{option}", f"{text} {options[option]!r}")
    return bool(no_data)


def _is_plain(value: Any) -> bool:
    try:
        json.dumps(value)
    except TypeError:
        return False
    return True
