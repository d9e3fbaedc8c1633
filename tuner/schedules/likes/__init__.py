"""Schedules that are equal to the schedulers of other libraries, by those libraries' words.

    >>> like("transformers.cosine", lr=0.3, num_warmup_steps=10, num_training_steps=100).horizon
    101

A scheduler is named by its library and its name there, and given that name's own arguments, those
that have a default only if they differ from it. Beside them:

``lr``
    The learning rate of the optimizer, for ``torch``, ``transformers`` and ``timm``, whose
    schedulers are given an optimizer. The others have it as an argument of their own.
``horizon``
    Updates of the training, for what goes on and on, such as ``torch.StepLR``.
``updates_per_epoch``
    For ``torch`` and ``transformers``: that ``step()`` is called once an epoch, not after every
    update. For ``timm`` it is what epochs are counted by.

Every one of these libraries counts the first update as 0, which is update 1 of a schedule. So what
it lays out over ``n`` has reached its end at update ``n + 1``, which is then the horizon, and a
warmup has its begin LR at update 1 (``warmup_mode="from_first"``).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from tuner.errors import ScheduleError
from tuner.schedules.base import Schedule
from tuner.schedules.fields import is_whole, plain_number
from tuner.schedules.likes import keras, noam, optax, timm, torch, transformers
from tuner.schedules.likes.parts import held
from tuner.schedules.registry import did_you_mean

_LIBRARIES = {
    "torch": torch, "transformers": transformers, "keras": keras, "timm": timm, "optax": optax
}  # fmt: skip
# Those whose schedulers are stepped by the program, at the end of an epoch or of an update.
_STEPPED = ("torch.", "transformers.")

LIKES: dict[str, Callable[..., Schedule]] = {
    f"{library}.{name}": make
    for library, module in _LIBRARIES.items()
    for name, make in module.LIKES.items()
} | noam.LIKES
_NONE = {
    f"{library}.{name}": why
    for library, module in _LIBRARIES.items()
    for name, why in module.NONE.items()
}


def like(name: str, /, **arguments: Any) -> Schedule:
    """Return the schedule that is equal to a scheduler of another library at every update.

    Args:
        name: The library and the name there, as ``"torch.StepLR"``, ``"transformers.cosine"``,
            ``"keras.CosineDecay"``, ``"timm.cosine"``, ``"optax.exponential_decay"``; a longer
            path, ``"torch.optim.lr_scheduler.StepLR"``, does as well. ``"noam"`` is of no library.
        arguments: The scheduler's own, by their names, and ``lr``, ``horizon`` and
            ``updates_per_epoch`` as the module says.

    Raises:
        ScheduleError: If there is no such scheduler or argument, if it follows a metric, or if no
            family is equal to it: then the nearest is named.

    Example:
        >>> arguments = {"lr": 0.8, "step_size": 30, "gamma": 0.5, "horizon": 1000}
        >>> like("torch.StepLR", **arguments, updates_per_epoch=10)
        Factor(base_lr=0.8, horizon=1000, warmup_steps=0, warmup_begin_lr=0.0, \
warmup_mode='linear', decay_factor=0.5, decay_interval=300, stop_factor_lr=0.0)
    """
    library, _, rest = str(name).partition(".")
    last = rest.rpartition(".")[2]
    if library == "transformers":
        last = transformers.FUNCTIONS.get(last, last)
    known = f"{library}.{last}" if rest else library
    if known in _NONE:
        raise ScheduleError(f"{name} is like no schedule: {_NONE[known]}.")
    if known not in LIKES:
        here = [other for other in LIKES if other.startswith(f"{library}.")] or list(LIKES)
        raise ScheduleError(
            f"unknown scheduler {name!r}{did_you_mean(known, LIKES)}. Known: {', '.join(here)}."
        )
    make = LIKES[known]
    parameters = dict(inspect.signature(make).parameters)
    if known.startswith(_STEPPED):
        parameters["updates_per_epoch"] = _UPDATES_PER_EPOCH
    wrong = list(_wrong(arguments, parameters))
    if wrong:
        raise ScheduleError(f"{name}: {'; '.join(wrong)}. Its arguments: {', '.join(parameters)}.")
    given = {key: _as_meant(value, parameters[key]) for key, value in arguments.items()}
    try:
        if known.startswith(_STEPPED):
            return _stepped(make, given)
        return make(**given)
    except ScheduleError as error:
        raise ScheduleError(f"{name}: {error}") from None
    except (ArithmeticError, ValueError) as error:  # such as an interval of 0 updates
        text = ", ".join(f"{key}={value!r}" for key, value in given.items())
        raise ScheduleError(f"{name} must be a schedule, but got ({text}): {error}.") from error


def _stepped(make: Callable[..., Schedule], given: dict[str, Any]) -> Schedule:
    updates = given.pop("updates_per_epoch", None)
    if updates is None:
        return make(**given)
    horizon = given.get("horizon")
    if horizon is not None:
        given["horizon"] = max(1, -(-horizon // max(updates, 1)))
    return held(make(**given), updates, horizon)


_UPDATES_PER_EPOCH = inspect.Parameter(
    "updates_per_epoch", inspect.Parameter.KEYWORD_ONLY, default=None, annotation="int | None"
)


def _wrong(arguments: dict[str, Any], parameters: dict[str, inspect.Parameter]) -> Iterator[str]:
    for name in arguments:
        if name not in parameters:
            yield f"unknown argument {name!r}{did_you_mean(name, parameters)}"
        elif not _is_meant(arguments[name], parameters[name]):
            kind = str(parameters[name].annotation).removesuffix(" | None")
            yield f"`{name}` must be {_KINDS[kind]}, but got {arguments[name]!r}"
        elif name == "horizon" and arguments[name] == 0:
            yield "`horizon >= 1` must hold, but got (horizon=0)"
    for name, parameter in parameters.items():
        if name not in arguments and parameter.default is parameter.empty:
            yield f"missing argument {name!r}"


def _is_meant(value: object, parameter: inspect.Parameter) -> bool:
    """Tell whether a value is of the kind that the parameter is annotated with."""
    kind = str(parameter.annotation)
    if value is None:
        return kind.endswith(" | None")
    kind = kind.removesuffix(" | None")
    if kind == "str":
        return isinstance(value, str)
    if kind == "bool":
        return isinstance(value, bool)
    if kind == "list[int]":
        return isinstance(value, (list, tuple)) and all(map(_is_count, value))
    if kind == "list[float]":
        return isinstance(value, (list, tuple)) and all(map(_is_number, value))
    if kind == "dict[int, float]":
        counts, scales = (value.keys(), value.values()) if isinstance(value, dict) else ([0.5], [])
        return all(map(_is_count, counts)) and all(map(_is_number, scales))
    return _is_count(value) if kind == "int" else _is_number(value)


def _as_meant(value: Any, parameter: inspect.Parameter) -> Any:
    is_count = str(parameter.annotation).removesuffix(" | None") == "int"
    return int(value) if is_count and value is not None else value


def _is_number(value: object) -> bool:
    try:
        return plain_number(value) is not None
    except (TypeError, ValueError):
        return False


def _is_count(value: object) -> bool:
    # Much code computes its counts of updates by a division.
    return (is_whole(value) or (isinstance(value, float) and value.is_integer())) and value >= 0


_KINDS = {
    "int": "a whole number of 0 or more",
    "float": "a finite number",
    "str": "a text",
    "bool": "True or False",
    "list[int]": "a list of whole numbers of 0 or more",
    "list[float]": "a list of finite numbers",
    "dict[int, float]": "a dictionary of counts and scales",
}
