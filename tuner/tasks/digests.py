"""What code and values are, in words and digests that another process arrives at as well.

Training states are found again by what decides a training. Code is known by the file that it is
from; what it was made with, such as the variables that an inner function sees, by its content.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import sys
from collections.abc import Mapping
from pathlib import Path, PurePath
from types import CellType, CodeType, FunctionType
from typing import Any

import numpy as np

# Parts of a value beyond which its content is not told.
_MOST = 100_000
# Enough of a digest to tell versions of one function apart.
_SHOWN = len("sha256:") + 12
_FRAMEWORKS = ("torch", "jax", "keras", "tensorflow", "mxnet", "lightning", "transformers")
_PLAIN = (bool, int, float, complex, str, bytes, type(None))


def source_digest(function: Any) -> str | None:
    """Return a digest of the file that a function is from; None if there is none, as at a prompt.

    Args:
        function: A function, class or module; of a partial one what it calls, of an object its
            class.
    """
    while isinstance(function, functools.partial):
        function = function.func
    try:
        file = inspect.getsourcefile(inspect.unwrap(function))
    except Exception:  # whatever it raises when it is looked at, as PyTorch's namespaces do
        try:
            file = inspect.getsourcefile(type(function))
        except TypeError:  # built in
            return None
    try:
        return "sha256:" + hashlib.sha256(Path(file or "").read_bytes()).hexdigest()
    except OSError:
        return None


def content_digest(thing: Any) -> str | None:
    """Return a digest of a value, or of a function and all that it was made with.

    That is the file of a function, its defaults, the arguments of a partial one and the variables
    that an inner one sees; of an object its attributes; of an array its elements.

    Returns:
        The digest; None if there is something whose content cannot be told, such as an open file.

    Example:
        >>> from functools import partial
        >>> content_digest(partial(pow, 2)) == content_digest(partial(pow, 2))
        True
        >>> content_digest(partial(pow, 2)) == content_digest(partial(pow, 3))
        False
    """
    try:
        return _digest(_Reader()(thing))
    except _UnknownError:
        return None


def in_words(thing: Any) -> str:
    """Return what an object says of itself and its plain attributes; of a function its content.

    Gluon counts its blocks in private names, so that private texts say nothing.
    """
    if isinstance(thing, functools.partial) or hasattr(thing, "__qualname__"):
        name = getattr(thing, "__qualname__", "partial")
        return f"{name} of {content_digest(thing) or repr(thing)}"
    own = {
        name: value
        for name, value in getattr(thing, "__dict__", {}).items()
        if isinstance(value, _PLAIN) and not (name.startswith("_") and isinstance(value, str))
    }
    if hasattr(thing, "state_dict"):  # the weights of classes, in PyTorch
        own["state"] = content_digest(thing.state_dict())
    return f"{thing!r} {own}" if own else repr(thing)


def code_version(function: Any) -> dict[str, str]:
    """Return a version of a function: of its code, and of what it was made with.

    Unlike :func:`content_digest` it leaves out the rest of its file, where a study may be called
    for more trials: it knows the functions and classes of that file that the code names. So it is
    there for a notebook's function, too. What cannot be told counts by its type alone.

    Args:
        function: The function.

    Example:
        >>> from functools import partial
        >>> code_version(partial(pow, 2)) == code_version(partial(pow, 2))
        True
        >>> code_version(partial(pow, 2)) == code_version(partial(pow, 3))
        False
    """
    return {"code": _digest(_Reader(is_strict=False)(function))[:_SHOWN]}


def software(code: Mapping[str, str]) -> dict[str, str]:
    """Return the versions of NumPy, of a function's code, and of the frameworks that are loaded.

    What a function trains with it alone knows; but it has imported that when it has trained.
    """
    loaded = {name: getattr(sys.modules.get(name), "__version__", None) for name in _FRAMEWORKS}
    known = {name: str(version) for name, version in loaded.items() if version is not None}
    return {"numpy": np.__version__, **known, **code}


class _UnknownError(Exception):
    """There is something whose content cannot be told."""


class _Reader:
    """Makes plain data of things, equal if and only if they are.

    Args:
        is_strict: Whether what cannot be told is an error, rather than told by its type.
    """

    def __init__(self, *, is_strict: bool = True) -> None:
        self._left, self._is_strict = _MOST, is_strict

    def __call__(self, thing: Any, *outer: int) -> Any:
        """Return it for something that is within others, which ``outer`` are the ids of.

        Raises:
            _UnknownError: If its content cannot be told, and must be.
        """
        try:
            return self._read(thing, *outer)
        except _UnknownError:
            if self._is_strict:
                raise
            return type(thing).__name__

    def _read(self, thing: Any, *outer: int) -> Any:
        self._left -= 1
        if self._left <= 0:
            raise _UnknownError
        if isinstance(thing, _PLAIN):
            return type(thing).__name__, repr(thing)
        if id(thing) in outer:  # as a function that calls itself
            return "again", outer.index(id(thing))
        if inspect.isclass(thing) or inspect.isbuiltin(thing) or inspect.ismodule(thing):
            home = str(getattr(thing, "__module__", ""))
            code = source_digest(thing) if self._is_strict else _methods(thing)
            return "named", home, thing.__name__, code
        if isinstance(thing, PurePath):
            return "path", str(thing)
        if hasattr(thing, "asnumpy") or hasattr(thing, "__array__"):
            return _array(thing)
        parts = _parts(thing, is_strict=self._is_strict)
        if len(parts) > self._left:
            raise _UnknownError
        return type(thing).__name__, [self(part, *outer, id(thing)) for part in parts]


def _parts(thing: Any, *, is_strict: bool) -> list[Any]:
    """Return what something is made of."""
    if isinstance(thing, (list, tuple)):
        return [*thing]
    if isinstance(thing, (set, frozenset)):
        return sorted(thing, key=repr)
    if isinstance(thing, Mapping):
        return [part for pair in thing.items() for part in pair]
    if isinstance(thing, functools.partial):
        return [thing.func, thing.args, thing.keywords]
    if inspect.ismethod(thing):
        return [thing.__func__, thing.__self__]
    source = source_digest(thing) if is_strict else None
    if source is None and is_strict:
        raise _UnknownError
    if inspect.isfunction(thing):
        seen = [_seen(cell) for cell in thing.__closure__ or ()]
        made = [thing.__qualname__, source]
        if not is_strict or not _is_alone(thing):
            made += _own(thing.__code__)
        used = [] if is_strict else _used(thing)
        return [*made, thing.__defaults__, thing.__kwdefaults__, *seen, *used]
    if hasattr(thing, "__dict__"):
        return [type(thing), source, vars(thing)]
    raise _UnknownError


def _seen(cell: CellType) -> Any:
    """Return the value of a variable that an inner function sees; None before it has one."""
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _is_alone(function: FunctionType) -> bool:
    """Tell whether a function is known by its name: no other of its file has the same."""
    source = inspect.getsourcefile(function) or ""
    try:
        text = Path(source).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return text.count(f"def {function.__name__}(") == 1


def _used(function: FunctionType) -> list[Any]:
    """Return the functions and classes of its own file that a function names."""
    named = [function.__globals__.get(name) for name in sorted(_names(function.__code__))]
    return [
        thing
        for thing in named
        if (inspect.isfunction(thing) or inspect.isclass(thing))
        and thing.__module__ == function.__module__
    ]


def _names(code: CodeType) -> set[str]:
    inner = [_names(constant) for constant in code.co_consts if inspect.iscode(constant)]
    return set(code.co_names).union(*inner)


def _methods(thing: Any) -> list[Any]:
    """Return the code of a class's methods; of anything else nothing."""
    methods = vars(thing).items() if inspect.isclass(thing) else ()
    return [(name, _own(m.__code__)) for name, m in methods if inspect.isfunction(m)]


def _own(code: CodeType) -> list[Any]:
    """Return what tells a function from others of its name in its file, such as lambdas."""
    constants = [constant for constant in code.co_consts if isinstance(constant, _PLAIN)]
    inner = [_own(constant) for constant in code.co_consts if inspect.iscode(constant)]
    return [code.co_code, code.co_names, constants, inner]


def _array(thing: Any) -> Any:
    try:
        plain = thing.asnumpy() if hasattr(thing, "asnumpy") else np.asarray(thing)
    except Exception as error:  # whatever a framework says of a tensor that is elsewhere
        raise _UnknownError from error
    if plain.dtype.hasobject:
        raise _UnknownError
    content = hashlib.sha256(np.ascontiguousarray(plain).tobytes()).hexdigest()
    return "array", str(plain.dtype), plain.shape, content


def _digest(plain: Any) -> str:
    return "sha256:" + hashlib.sha256(repr(plain).encode()).hexdigest()
