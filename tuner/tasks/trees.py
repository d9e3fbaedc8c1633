"""Nested values, taken apart into arrays with a name each, and put together again."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tuner.tasks.yielded import Arrays, refuse_changed


def arrays_of_tree(thing: Any) -> Arrays:
    """Return the arrays of numbers, texts and arrays, also in lists, tuples and mappings.

    Raises:
        Exception: If NumPy cannot hold one of them.

    Example:
        >>> sorted(arrays_of_tree({"w": [1.0, 2.0], "n": 3}))
        ["['n']", "['w'][0]", "['w'][1]"]
    """
    return {name: _array(leaf) for name, leaf in _taken_apart(thing).leaves.items()}


def tree_of_arrays(thing: Any, arrays: Mapping[str, npt.NDArray[Any]]) -> Any:
    """Return something of the same form with other arrays.

    Args:
        thing: Something of that form, and of those types.
        arrays: As :func:`arrays_of_tree` returned them.

    Raises:
        ValueError: If they are those of another form.

    Example:
        >>> tree_of_arrays({"n": 0}, arrays_of_tree({"n": 3}))
        {'n': 3}
    """
    tree = _taken_apart(thing)
    if differing := sorted(tree.leaves.keys() ^ arrays.keys()):
        raise ValueError(f"its part {differing[0]!r} is in one of the two alone")
    return tree.built({name: _like(leaf, arrays[name]) for name, leaf in tree.leaves.items()})


class _Tree(NamedTuple):
    """The leaves of something nested by the way to each, and what builds the same of others."""

    leaves: dict[str, Any]
    built: Callable[[dict[str, Any]], Any]


def _taken_apart(thing: Any) -> _Tree:
    if jax := sys.modules.get("jax"):  # which knows what Optax and Flax are made of
        pairs, form = jax.tree_util.tree_flatten_with_path(thing)
        leaves = {jax.tree_util.keystr(way): leaf for way, leaf in pairs}
        return _Tree(leaves, lambda new: form.unflatten([new[name] for name in leaves]))
    # The same names, for it may be imported in the meantime.
    if thing is None:
        return _Tree({}, lambda new: None)
    if isinstance(thing, Mapping):
        keys = [*thing]
        return _joined(
            [f"[{key!r}]" for key in keys],
            [*thing.values()],
            lambda new: dict(zip(keys, new, strict=True)),
        )
    if hasattr(thing, "_fields"):  # a named tuple
        return _joined([f".{field}" for field in thing._fields], thing, thing._make)
    if isinstance(thing, (list, tuple)):
        return _joined([f"[{place}]" for place in range(len(thing))], thing, type(thing))
    return _Tree({"": thing}, lambda new: new[""])


def _joined(names: list[str], parts: Any, made: Callable[[list[Any]], Any]) -> _Tree:
    inner = {name: _taken_apart(part) for name, part in zip(names, parts, strict=True)}
    return _Tree(
        {name + way: leaf for name, tree in inner.items() for way, leaf in tree.leaves.items()},
        lambda new: made(
            [t.built({way: new[name + way] for way in t.leaves}) for name, t in inner.items()]
        ),
    )


def _array(value: Any) -> npt.NDArray[Any]:
    if isinstance(value, bytes):  # not even such as NumPy could hold: they are so by chance
        raise TypeError("NumPy drops zeros at its end; keep an array of it")
    if hasattr(value, "detach"):  # of PyTorch
        value = value.detach().cpu()
    array = np.array(value.asnumpy() if hasattr(value, "asnumpy") else value)
    if array.dtype.hasobject:
        raise TypeError("NumPy cannot hold it")
    refuse_changed(value, array)
    if np.dtype(array.dtype.str) != array.dtype:  # such as the bfloat16 of JAX, as its bits
        array = array.view(f"u{array.dtype.itemsize}")
    return array


def _like(old: Any, new: npt.NDArray[Any]) -> Any:
    """Return an array as what was there before: a number, a text, an array of a framework."""
    if isinstance(old, (bool, int, float, complex, str, np.generic)):
        return type(old)(new.item())
    module = type(old).__module__.partition(".")[0]
    if module == "torch":
        return sys.modules["torch"].as_tensor(new.copy(), device=old.device)
    dtype: Any = np.dtype(old.dtype)
    new = new.copy() if np.dtype(dtype.str) == dtype else new.view(dtype)
    if module in ("jax", "jaxlib"):
        return sys.modules["jax"].numpy.asarray(new)
    if module == "mxnet":
        return sys.modules["mxnet"].nd.array(new, dtype=new.dtype)
    return new
