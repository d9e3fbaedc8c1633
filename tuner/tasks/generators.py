"""Random generators that a loader, a dataset or a network holds of its own.

Nothing random is carried from epoch to epoch: beside the frameworks' own generators, those that
are found in a training's parts are seeded anew from (seed, epoch). Otherwise the second trial of
a process would begin where the first one ended, and one that goes on from a state anywhere.
"""

from __future__ import annotations

import functools
import inspect
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

# Things looked at, and the length of a list beyond which it holds data.
_MOST, _LONG = 20_000, 200
# How deep within each other.
_DEEP = 12
_PLAIN = (bool, int, float, complex, str, bytes, bytearray, type(None))


def seed_own(seed: int, epoch: int, *parts: Any) -> None:
    """Seed every generator that is found in something, from the seed and the epoch.

    That is: among attributes, in lists and mappings, and in what functions were made with. They
    are PyTorch's, NumPy's and Python's. What has a ``set_epoch``, as a ``DistributedSampler``,
    is told the epoch, the first one being 0.

    Args:
        seed: The training's seed.
        epoch: The epoch, 1-based.
        *parts: Loaders, datasets, networks, functions.

    Example:
        >>> draws = functools.partial(sorted, key=np.random.default_rng().random)
        >>> numbers = []
        >>> for _ in range(2):
        ...     seed_own(0, 1, draws)
        ...     numbers.append(draws.keywords["key"]())
        >>> numbers[0] == numbers[1]
        True
    """
    found = 0
    for thing in _walk(parts):
        number = int(np.random.SeedSequence((seed, epoch, found)).generate_state(1)[0])
        if not inspect.isclass(thing) and _seed(thing, number):
            found += 1
        elif callable(getattr(thing, "set_epoch", None)) and not inspect.isclass(thing):
            thing.set_epoch(epoch - 1)
        if getattr(thing, "persistent_workers", False) and hasattr(thing, "_iterator"):
            # Worker processes that live on go on drawing where they are.
            thing._iterator = None


def _seed(thing: Any, number: int) -> bool:
    """Seed a generator; tell whether it is one."""
    if isinstance(thing, np.random.Generator):
        bits: Any = type(thing.bit_generator)
        thing.bit_generator.state = bits(number).state
    elif isinstance(thing, (np.random.RandomState, random.Random)):
        thing.seed(number)
    elif callable(getattr(thing, "manual_seed", None)) and hasattr(thing, "initial_seed"):
        thing.manual_seed(number)  # a torch.Generator
    else:
        return False
    return True


def _walk(parts: tuple[Any, ...]) -> Iterator[Any]:
    """Yield things and what is in them, in an order that is always the same, each once."""
    seen: dict[int, Any] = {}  # held, so that no other thing gets its id
    ahead = [(part, 0) for part in reversed(parts)]
    while ahead and len(seen) < _MOST:
        thing, depth = ahead.pop()
        if isinstance(thing, _PLAIN) or hasattr(thing, "__array__") or id(thing) in seen:
            continue
        if (inspect.isclass(thing) and depth) or inspect.ismodule(thing):
            continue
        seen[id(thing)] = thing
        yield thing
        if depth < _DEEP:
            ahead += [(part, depth + 1) for part in reversed(_parts(thing))]


def _parts(thing: Any) -> list[Any]:
    if isinstance(thing, (list, tuple, set, frozenset)):
        return [*thing] if len(thing) <= _LONG and not isinstance(thing, (set, frozenset)) else []
    if isinstance(thing, Mapping):
        return [*thing.values()] if len(thing) <= _LONG else []
    if isinstance(thing, functools.partial):
        return [thing.func, *thing.args, *thing.keywords.values()]
    if inspect.ismethod(thing):
        return [thing.__self__, thing.__func__]
    if inspect.isfunction(thing):
        return _seen_by(thing)
    if inspect.isclass(thing):  # that makes the network
        return _methods(thing)
    own = getattr(thing, "__self__", None)  # of a method that is written in C
    values = getattr(thing, "__dict__", {})
    return [own, *(values.values() if isinstance(values, dict) else ()), *_methods(type(thing))]


def _methods(cls: type) -> list[Any]:
    """Return the methods of a class that is of no framework, those of its bases too."""
    return [
        method
        for base in cls.__mro__
        if base.__module__.partition(".")[0] not in ("builtins", "torch", "mxnet", "numpy")
        for method in vars(base).values()
        if inspect.isfunction(method)
    ]


def _seen_by(function: Callable[..., Any]) -> list[Any]:
    """Return what an inner function sees, its defaults, and generators of its module."""
    cells = []
    for cell in getattr(function, "__closure__", None) or ():
        try:
            cells.append(cell.cell_contents)
        except ValueError:  # not yet given a value
            continue
    code, known = function.__code__, function.__globals__
    own = [known[name] for name in code.co_names if _is_generator(known.get(name))]
    return [*cells, *(function.__defaults__ or ()), *own]


def _is_generator(thing: Any) -> bool:
    return isinstance(thing, (np.random.Generator, np.random.RandomState, random.Random)) or (
        callable(getattr(thing, "manual_seed", None)) and hasattr(thing, "get_state")
        and not inspect.ismodule(thing)
    )  # fmt: skip
