"""What a training keeps to go on from: its objects, values, folders and random generators.

All of it becomes arrays of plain numbers and bytes, as a :class:`~tuner.tasks.State` has them.
"""

from __future__ import annotations

import io
import shutil
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tuner.errors import TaskError, said
from tuner.tasks.randomness import (
    GENERATORS,
    generator_bytes,
    generators,
    is_generator,
    put_generator,
    put_generators,
)
from tuner.tasks.trees import arrays_of_tree, tree_of_arrays
from tuner.tasks.yielded import Arrays

_Bytes = npt.NDArray[np.uint8]


class Keeping:
    """The things of one training that are kept, by name, and put back as they were.

    A thing is an object with ``state_dict`` and ``load_state_dict``; a random generator; a
    ``Path``, which is a folder with all its files; else numbers, texts or arrays, in lists, tuples
    and mappings of them.

    Args:
        kept: What an earlier training kept, to go on from; None at the beginning.
    """

    def __init__(self, kept: Mapping[str, npt.NDArray[Any]] | None) -> None:
        self._kept = kept
        self._things: dict[str, Any] = {}
        # By name what they are made of, unless they are put back themselves.
        self._forms: dict[str, set[str]] = {}
        self._saved: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._things)

    def restore(self, things: Mapping[str, Any]) -> dict[str, Any]:
        """Put things back, and the random generators, and keep them from now on.

        Raises:
            TaskError: If something cannot be kept, or was not.
        """
        found = dict(things)
        for name, thing in things.items():
            if not _is_put_back(thing):
                self._forms[name] = set(_packed(name, thing))
            # Of what has no parts, such as None, nothing was kept.
            if self._kept is not None and self._forms.get(name) != set():
                found[name] = _unpacked(name, thing, self._kept)
        if self._kept is not None:
            put_generators(self._kept)
        self._things |= found
        return found

    def save(self, things: Mapping[str, Any]) -> None:
        """Keep things as they are now, in place of those of the same names.

        Raises:
            TaskError: If there are none of a name, for then nobody would put it back.
        """
        for name in things:
            if name not in self._things:
                raise TaskError(
                    "trial.save must get what trial.restore was given when the training began,"
                    f" {_listed(self._things)}, but got {name!r}: give it to that as well."
                )
        self._saved |= things.keys()
        self._things |= things

    def refuse_forgotten(self) -> None:
        """Make sure that what cannot change itself was saved.

        Raises:
            TaskError: If something was not: it would be put back as it was at the beginning.
        """
        forgotten = self._forms.keys() - self._saved
        if forgotten:
            raise TaskError(
                "trial.save must be given each value before trial.report, as it is then, but"
                f" was never given {_listed(forgotten)}. Objects with a state_dict, random"
                " generators and folders alone are kept without."
            )

    def arrays(self) -> Arrays:
        """Return all things as arrays, and the random generators.

        Raises:
            TaskError: If something cannot be one, or has another form than what was restored.
        """
        found = generators()
        for name, thing in self._things.items():
            arrays = _packed(name, thing)
            form = self._forms.get(name)
            if form is not None and form != arrays.keys():
                raise TaskError(
                    f"trial.save must get {name!r} in the form that trial.restore got it in, but"
                    f" it has {len(arrays)} parts and had {len(form)}. A list that grows must be"
                    " one array."
                )
            found |= arrays
        return found


def _packed(name: str, thing: Any) -> Arrays:
    try:
        if isinstance(thing, Path):
            return {name: _folder_bytes(thing)}
        if is_generator(thing):
            return {name: generator_bytes(thing)}
        if _is_stateful(thing) and "torch" in sys.modules:
            return {name: _torch_bytes(thing.state_dict())}
        tree = thing.state_dict() if _is_stateful(thing) else thing
        return {f"{name}/{way}": array for way, array in arrays_of_tree(tree).items()}
    except Exception as error:  # of whatever it is made of
        raise TaskError(
            "trial.restore must get objects with a state_dict, random generators, folders as a"
            f" Path, numbers, texts or arrays, but {name!r} is a {type(thing).__name__} and cannot"
            f" be kept ({said(error)})."
        ) from error


def _unpacked(name: str, thing: Any, kept: Mapping[str, npt.NDArray[Any]]) -> Any:
    """Return a thing as it was kept: itself, or another one of the same form."""
    names = {key.partition("/")[0] for key in kept if not key.startswith(GENERATORS)}
    if name not in names:
        raise TaskError(
            f"trial.restore must get what was kept, {_listed(names)}, but got {name!r}."
        )
    parts = {k.removeprefix(f"{name}/"): a for k, a in kept.items() if k.startswith(f"{name}/")}
    try:
        if isinstance(thing, Path):
            _put_folder(kept[name], thing)
        elif is_generator(thing):
            put_generator(thing, kept[name])
        elif _is_stateful(thing) and "torch" in sys.modules:
            thing.load_state_dict(_of_torch(kept[name]))
        elif _is_stateful(thing):
            thing.load_state_dict(tree_of_arrays(thing.state_dict(), parts))
        else:
            return tree_of_arrays(thing, parts)
    except Exception as error:
        raise TaskError(
            f"trial.restore must get {name!r} in the form in which it was kept, but it cannot be"
            f" put back ({said(error)})."
        ) from error
    return thing


def _is_put_back(thing: Any) -> bool:
    return isinstance(thing, Path) or is_generator(thing) or _is_stateful(thing)


def _is_stateful(thing: Any) -> bool:
    return callable(getattr(thing, "state_dict", None)) and hasattr(thing, "load_state_dict")


def _listed(names: Any) -> str:
    return ", ".join(map(repr, sorted(names))) or "nothing"


def _torch_bytes(content: Any) -> _Bytes:
    """Return a state_dict as bytes; copied, as it stands now."""
    file = io.BytesIO()
    sys.modules["torch"].save(content, file)
    file.seek(0)
    _load(file, "meta")  # what could not be read is an error now; it reads no tensors
    return np.frombuffer(file.getvalue(), np.uint8)


def _of_torch(array: npt.NDArray[Any]) -> Any:
    return _load(io.BytesIO(array.tobytes()), "cpu")  # from where whoever takes it moves it


def _load(file: io.BytesIO, device: str) -> Any:
    # Tensors and plain data alone: what lies on a disk is not executed.
    return sys.modules["torch"].load(file, map_location=device, weights_only=True)


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
        # Which the first releases of Python 3.10 and 3.11 do not have.
        if hasattr(tarfile, "data_filter"):
            tar.extraction_filter = tarfile.data_filter
        tar.extractall(folder)
