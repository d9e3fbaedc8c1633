"""What a training keeps to go on from: its objects, values, folders and random generators.

All of it becomes arrays of plain numbers and bytes, as a :class:`~tuner.tasks.State` has them.
"""

from __future__ import annotations

import io
import math
import random
import shutil
import sys
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tuner.errors import TaskError, said
from tuner.tasks.yielded import Arrays

# Names among the arrays that are no thing's of the training.
_GENERATORS = "random generators/"
_Bytes = npt.NDArray[np.uint8]


def packed(things: Mapping[str, Any]) -> Arrays:
    """Return things as arrays, with the random generators of Python, NumPy and PyTorch.

    Args:
        things: By name, each of these: an object with ``state_dict`` and ``load_state_dict``; a
            ``Path``, which is a folder with all its files; else numbers, texts or arrays, in
            lists, tuples and mappings of them.

    Raises:
        TaskError: If one of them is something else.
    """
    found = _generators()
    for name, thing in things.items():
        try:
            if isinstance(thing, Path):
                found[name] = _folder_bytes(thing)
            elif _is_stateful(thing) and "torch" in sys.modules:
                found[name] = _torch_bytes(thing.state_dict())
            else:
                state = thing.state_dict() if _is_stateful(thing) else thing
                leaves = [_leaf(leaf) for leaf in _flat(state).leaves]
                found |= {f"{name}/{number}": leaf for number, leaf in enumerate(leaves)}
        except Exception as error:  # of whatever it is made of
            raise TaskError(
                f"trial.save and trial.restore take objects with a state_dict, folders as a Path,"
                f" and numbers, texts or arrays, but {name!r} is of type {type(thing).__name__}"
                f" ({said(error)})."
            ) from error
    return found


def unpacked(arrays: Mapping[str, npt.NDArray[Any]], things: Mapping[str, Any]) -> dict[str, Any]:
    """Return things as they were when they were packed, and put the random generators back.

    An object with a ``load_state_dict`` and a folder are put back themselves; of anything else
    there is another one, of the same form.

    Args:
        arrays: What :func:`packed` returned.
        things: Things of the same names.

    Raises:
        TaskError: If there is none of a name, or one of another form.
    """
    found = {}
    for name, thing in things.items():
        try:
            found[name] = thing
            if isinstance(thing, Path):
                _put_folder(arrays[name], thing)
            elif _is_stateful(thing) and "torch" in sys.modules:
                thing.load_state_dict(_of_torch(arrays[name]))
            elif _is_stateful(thing):
                thing.load_state_dict(_filled(thing.state_dict(), name, arrays))
            else:
                found[name] = _filled(thing, name, arrays)
        except Exception as error:
            known = sorted({k.partition("/")[0] for k in arrays if _GENERATORS not in k})
            raise TaskError(
                f"trial.restore must get what was kept, {', '.join(known) or 'nothing'}, but"
                f" {name!r} cannot be restored ({said(error)})."
            ) from error
    _put_generators(arrays)
    return found


def seed_generators(seed: int) -> None:
    """Seed the generators of Python, of NumPy, and of PyTorch if it is there."""
    random.seed(seed)
    np.random.seed(seed)
    if torch := sys.modules.get("torch"):
        torch.manual_seed(seed)


def _is_stateful(thing: Any) -> bool:
    return callable(getattr(thing, "state_dict", None)) and hasattr(thing, "load_state_dict")


def _torch_bytes(content: Any) -> _Bytes:
    """Return a state_dict as bytes; copied, as it stands now."""
    file = io.BytesIO()
    sys.modules["torch"].save(content, file)
    return np.frombuffer(file.getvalue(), np.uint8)


def _of_torch(array: npt.NDArray[Any]) -> Any:
    # Tensors and plain data alone: what lies on a disk is not executed.
    return sys.modules["torch"].load(io.BytesIO(array.tobytes()), weights_only=True)


def _folder_bytes(folder: Path) -> _Bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        if folder.exists():
            tar.add(folder, ".")
    return np.frombuffer(file.getvalue(), np.uint8)


def _put_folder(array: npt.NDArray[Any], folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(array.tobytes())) as tar:
        tar.extractall(folder, filter="data")


class _Flat(NamedTuple):
    """The leaves of something nested, and what builds the same of others."""

    leaves: list[Any]
    built: Callable[[list[Any]], Any]


def _filled(thing: Any, name: str, arrays: Mapping[str, npt.NDArray[Any]]) -> Any:
    """Return something of the same form with the leaves that were kept under a name."""
    flat = _flat(thing)
    kept = [arrays[f"{name}/{number}"] for number in range(len(flat.leaves))]
    if f"{name}/{len(kept)}" in arrays:
        raise ValueError("more was kept")
    return flat.built([_like(old, new) for old, new in zip(flat.leaves, kept, strict=True)])


def _flat(thing: Any) -> _Flat:
    if jax := sys.modules.get("jax"):  # which knows what Optax and Flax are made of
        leaves, form = jax.tree_util.tree_flatten(thing)
        return _Flat(leaves, form.unflatten)
    if isinstance(thing, Mapping):
        keys = list(thing)
        inner = _flat([thing[key] for key in keys])
        return _Flat(inner.leaves, lambda new: dict(zip(keys, inner.built(new), strict=True)))
    if isinstance(thing, (list, tuple)):
        parts = [_flat(part) for part in thing]
        kind = type(thing)

        def built(new: list[Any]) -> Any:
            rest = iter(new)
            made = [part.built([next(rest) for _ in part.leaves]) for part in parts]
            return kind(*made) if hasattr(thing, "_fields") else kind(made)

        return _Flat([leaf for part in parts for leaf in part.leaves], built)
    return _Flat([thing], lambda new: new[0])


def _leaf(value: Any) -> npt.NDArray[Any]:
    if hasattr(value, "detach"):  # of PyTorch
        value = value.detach().cpu()
    array = np.array(value.asnumpy() if hasattr(value, "asnumpy") else value)
    if array.dtype.hasobject:
        raise TypeError("NumPy cannot hold it")
    if np.dtype(array.dtype.str) != array.dtype:  # such as the bfloat16 of JAX
        raise TypeError(f"its type {array.dtype} is not NumPy's own; keep it as float32")
    return array


def _like(old: Any, new: npt.NDArray[Any]) -> Any:
    """Return an array as what was there before: a number, a text, an array of a framework."""
    if isinstance(old, (bool, int, float, complex, str)):
        return type(old)(new.item())
    module = type(old).__module__.partition(".")[0]
    if module == "torch":
        return sys.modules["torch"].as_tensor(new.copy(), device=old.device)
    if module in ("jax", "jaxlib"):
        return sys.modules["jax"].numpy.asarray(new)
    if module == "mxnet":
        return sys.modules["mxnet"].nd.array(new, dtype=new.dtype)
    return new.copy()


def _generators() -> Arrays:
    _, numbers, gauss = random.getstate()
    _, keys, place, has_gauss, second = np.random.get_state(legacy=True)
    found: Arrays = {
        f"{_GENERATORS}python": np.array(numbers, np.uint64),
        f"{_GENERATORS}python's second": np.array(math.nan if gauss is None else gauss),
        f"{_GENERATORS}numpy": np.array([*keys, place, has_gauss], np.uint64),
        f"{_GENERATORS}numpy's second": np.array(second),
    }
    if torch := sys.modules.get("torch"):
        found[f"{_GENERATORS}torch"] = torch.get_rng_state().numpy().copy()
        if torch.cuda.is_available():
            for number, state in enumerate(torch.cuda.get_rng_state_all()):
                found[f"{_GENERATORS}cuda {number}"] = state.numpy().copy()
    return found


def _put_generators(arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    def kept(name: str) -> npt.NDArray[Any]:
        return arrays[_GENERATORS + name]

    gauss = float(kept("python's second"))
    numbers = tuple(kept("python").tolist())
    random.setstate((3, numbers, None if math.isnan(gauss) else gauss))
    *keys, place, has_gauss = kept("numpy").tolist()
    keys = np.array(keys, np.uint32)
    np.random.set_state(("MT19937", keys, place, has_gauss, float(kept("numpy's second"))))
    torch = sys.modules.get("torch")
    if torch and f"{_GENERATORS}torch" in arrays:
        torch.set_rng_state(torch.from_numpy(kept("torch").copy()))
        for number in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
            if f"{_GENERATORS}cuda {number}" in arrays:
                state = torch.from_numpy(kept(f"cuda {number}").copy())
                torch.cuda.set_rng_state(state, number)
