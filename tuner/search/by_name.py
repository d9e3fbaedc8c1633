"""Any class of Optuna's, by its name and with options out of a file.

Its options are the arguments of its constructor, as far as a file can hold them: numbers, texts,
true or false, lists and tables. An argument that is a sampler, pruner, crossover or mutation of
Optuna's itself is a table with ``name`` and ``options``.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import math
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any, NamedTuple

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import nsgaii

from tuner.errors import StudyError
from tuner.reading import MISSING, did_you_mean


class Kind(NamedTuple):
    """One kind of Optuna's classes.

    ``refused`` says of those that cannot be used here why, ``needs`` what must be installed for
    others, which Optuna says in the middle of a study only.
    """

    module: ModuleType
    base: type[Any]
    refused: Mapping[str, str] = {}
    needs: Mapping[str, tuple[str, ...]] = {}

    @property
    def names(self) -> list[str]:
        """The names of the classes that can be used, in Optuna's order."""
        return [
            name
            for name in self.module.__all__
            if isinstance(cls := getattr(self.module, name), type)
            and issubclass(cls, self.base)
            and not inspect.isabstract(cls)
            and cls is not self.base
            and name not in self.refused
        ]


_ENDS = "it ends a study when every value has been tried, and a study here ends with its budget"
SAMPLERS = Kind(
    optuna.samplers,
    optuna.samplers.BaseSampler,
    refused={
        "BruteForceSampler": _ENDS,
        "GridSampler": _ENDS,
        "PartialFixedSampler": "what is fixed is in [fixed] of a search space",
        "QMCSampler": "it counts in the database which point comes next, so that a study that was"
        " interrupted would draw others than one that was not",
    },
    needs={"CmaEsSampler": ("cmaes",), "GPSampler": ("scipy", "torch")},
)
PRUNERS = Kind(optuna.pruners, optuna.pruners.BasePruner, needs={"WilcoxonPruner": ("scipy",)})
# What an argument's annotation says, and what it may then be.
_NESTED = {
    "BaseSampler": SAMPLERS,
    "BasePruner": PRUNERS,
    "BaseCrossover": Kind(nsgaii, nsgaii.BaseCrossover),
    "BaseMutation": Kind(nsgaii, nsgaii.BaseMutation),
}
_PLAIN: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "bool": ("true or false", lambda value: isinstance(value, bool)),
    "int": ("a whole number", lambda value: type(value) is int),
    "float": ("a number", lambda value: type(value) in (int, float) and math.isfinite(value)),
    "str": ("a text", lambda value: isinstance(value, str)),
    "dict": ("a table", lambda value: isinstance(value, Mapping) and _is_plain(value)),
    "list": ("a list", lambda value: isinstance(value, list) and _is_plain(value)),
}
# What is no option: a study's own, and what is kept quiet.
_OURS = ("seed", "warn_independent_sampling", "warn_asynchronous_seeding")


def wrong(kind: Kind, name: object, options: object, place: str = "") -> dict[str, str]:
    """Return what is wrong with a name and options, by where it is.

    Args:
        kind: What the name must be of.
        name: The class.
        options: Its arguments.
        place: What the keys of the answer begin with.

    Example:
        >>> wrong(PRUNERS, "PercentilePruner", {"percentil": 25.0})["options.percentil"]
        "unknown key; did you mean 'percentile'?"
    """
    if not isinstance(name, str) or name not in kind.names:
        return {f"{place}name": _no_name(kind, name)}
    if not isinstance(options, Mapping):
        return {f"{place}options": f"must be a table, but got {options!r}"}
    known = _parameters(kind, name)
    found: dict[str, str] = {}
    for key, value in options.items():
        at = f"{place}options.{key}"
        if key in known:
            found.update(_wrong_value(known[key], value, at))
        elif key == "seed":
            found[at] = "must be a key of [sampler] itself: `seed = ...`"
        else:
            found[at] = f"unknown key; {did_you_mean(key, known)}"
    missing = [key for key in known if key not in options and _is_needed(known[key])]
    found.update({f"{place}options.{key}": MISSING for key in missing})
    return found or _wrong_for_optuna(kind, name, options, place)


def make(kind: Kind, name: str, options: Mapping[str, Any], seed: int = 0) -> Any:
    """Return an object of Optuna's class.

    Args:
        kind: What it is of.
        name: The class.
        options: Its arguments, without mistakes.
        seed: What its draws follow from, if it draws.

    Raises:
        StudyError: If a package that it needs is not installed.
    """
    missing = [each for each in kind.needs.get(name, ()) if importlib.util.find_spec(each) is None]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise StudyError(
            f"{name} needs {' and '.join(missing)}, which {verb} not installed."
            f" Type `pip install {' '.join(missing)}`."
        )
    with keeping_quiet():
        return _made(kind, name, options, seed)


@contextmanager
def keeping_quiet() -> Iterator[None]:
    """Leave out what Optuna says of arguments that are new, or that will go one day."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        warnings.simplefilter("ignore", FutureWarning)
        yield


def _made(kind: Kind, name: str, options: Mapping[str, Any], seed: int) -> Any:
    cls = getattr(kind.module, name)
    arguments: dict[str, Any] = {}
    for key, parameter in inspect.signature(cls).parameters.items():
        nested = _nested(parameter)
        if key == "seed":
            arguments[key] = seed
        elif key.startswith("warn_") and parameter.default is True:
            arguments[key] = False
        elif key in options and nested is not None:
            inner = options[key]
            arguments[key] = make(nested, inner["name"], inner.get("options", {}), seed)
        elif key in options:
            arguments[key] = options[key]
        elif parameter.default is parameter.empty:
            arguments[key] = None
    return cls(**arguments)


def _no_name(kind: Kind, name: object) -> str:
    if isinstance(name, str) and name in kind.refused:
        return f"{name} cannot be used: {kind.refused[name]}"
    hint = did_you_mean(str(name), kind.names)
    return f"must be a class of {kind.module.__name__}, but got {name!r}; {hint}"


def _parameters(kind: Kind, name: str) -> dict[str, inspect.Parameter]:
    """Return the arguments that are options."""
    found = inspect.signature(getattr(kind.module, name)).parameters
    return {key: parameter for key, parameter in found.items() if key not in _OURS}


def _wrong_value(parameter: inspect.Parameter, value: object, place: str) -> dict[str, str]:
    nested = _nested(parameter)
    if nested is not None:
        if not isinstance(value, Mapping) or not {"name"} <= {*value} <= {"name", "options"}:
            text = "must be a table with `name` and `options`, but got"
            return {place: f"{text} {value!r}"}
        return wrong(nested, value["name"], value.get("options", {}), f"{place}.")
    plain = [_PLAIN[each] for each in _types(parameter) if each in _PLAIN]
    if not plain:
        return {place: "cannot be written in a file; leave it out"}
    if any(fits(value) for _, fits in plain):
        return {}
    return {place: f"must be {' or '.join(word for word, _ in plain)}, but got {value!r}"}


def _wrong_for_optuna(
    kind: Kind, name: str, options: Mapping[str, Any], place: str
) -> dict[str, str]:
    try:
        make(kind, name, options)
    except (ImportError, StudyError):  # told when it is to run here
        return {}
    except Exception as error:
        return {f"{place}options": f"must be what {name} takes, but it says: {error}"}
    return {}


def _is_needed(parameter: inspect.Parameter) -> bool:
    return parameter.default is parameter.empty and "None" not in _types(parameter)


def _nested(parameter: inspect.Parameter) -> Kind | None:
    return next((_NESTED[each] for each in _types(parameter) if each in _NESTED), None)


def _types(parameter: inspect.Parameter) -> Iterator[str]:
    """Yield the types that an annotation has, such as ``"int"`` and ``"None"``."""
    annotation = parameter.annotation
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    for each in text.split(" | "):
        inner = re.fullmatch(r"(\w+)\[.*?(\w+)\]", each)
        if inner is None:
            yield each
        elif inner[2] in ("Any", "bool", "float", "int", "str"):
            yield {"Mapping": "dict", "Sequence": "list"}.get(inner[1], inner[1])


def _is_plain(value: Any) -> bool:
    """Tell whether a database can keep a value; it cannot keep TOML's dates."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True
