"""What a function of one's own yields: a number, and a state of plain arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tuner.errors import TaskError, said

Arrays = dict[str, npt.NDArray[np.generic]]

HOW = "Yield a number after each epoch, or a number and a mapping of names to arrays."
_HOW_STATE = (
    "Give arrays, numbers or text: one key for each entry of a state_dict, and tensors detached."
)


def parts_of(name: str, given: Any) -> tuple[float, Mapping[str, Any] | None]:
    """Return the number and the state that a function yielded.

    Args:
        name: The function's, for messages.
        given: What it yielded.

    Raises:
        TaskError: If there is no number.
    """
    state = None
    if isinstance(given, tuple) and len(given) == 2 and isinstance(given[1], Mapping):
        given, state = given
    try:
        return number_of(given), state
    except (TypeError, ValueError) as error:
        raise TaskError(
            f"{name} must yield a number after an epoch, but gave {_what(given)} ({said(error)})."
            f" {HOW}"
        ) from None


def arrays_of(name: str, state: Mapping[str, Any]) -> Arrays:
    """Return a state as arrays.

    Args:
        name: The function's, for messages.
        state: What it yielded.

    Raises:
        TaskError: If something in it cannot be one.
    """
    arrays = {}
    for key, value in state.items():
        try:
            arrays[key] = _plain(key, value)
        except Exception as error:  # NumPy's, or of the framework whose tensor it is
            raise TaskError(
                f"{name} must yield a state that NumPy can hold, but its {key!r} is of type"
                f" {type(value).__name__} ({said(error)}). {_HOW_STATE}"
            ) from error
    return arrays


def number_of(given: Any) -> float:
    """Return a number that a function yielded, or the only one of an array.

    Raises:
        TypeError: If it is none.
        ValueError: If it is none.
    """
    if hasattr(given, "asnumpy"):  # of MXNet, whose arrays are no numbers
        given = given.asnumpy()
    if hasattr(given, "detach"):  # of PyTorch, which warns of a loss as it comes
        given = given.detach()
    if getattr(given, "size", None) == 1 and hasattr(given, "item"):
        given = given.item()
    try:
        return float(given)
    except OverflowError:  # a whole number of hundreds of digits
        return math.inf if given > 0 else -math.inf


def _what(given: Any) -> str:
    shape = getattr(given, "shape", None)
    return type(given).__name__ + (f" of shape {tuple(shape)}" if shape else "")


def _plain(name: Any, value: Any) -> npt.NDArray[np.generic]:
    """Return a value as an array of which its bytes and the name of their type are everything.

    Raises:
        Exception: If it cannot be one, or would not be found again under its name.
    """
    if not isinstance(name, (str, int)):
        raise TypeError(
            f"its key must be a text or a whole number, but is a {type(name).__name__}"
        )
    # NumPy would take an array of MXNet apart, for minutes, and fail.
    array = np.asarray(value.asnumpy() if hasattr(value, "asnumpy") else value)
    # Also what other packages add to NumPy, such as the bfloat16 of JAX.
    if array.dtype.hasobject or np.dtype(array.dtype.str) != array.dtype:
        raise TypeError(f"NumPy makes an array of type {array.dtype} of it")
    refuse_changed(value, array)
    return array


def refuse_changed(value: Any, array: npt.NDArray[np.generic]) -> None:
    """Make sure that texts are in an array as they were.

    Args:
        value: What the array was made of.
        array: The array.

    Raises:
        TypeError: If they are not: NumPy drops zeros at their end, and makes texts of numbers
            beside them.
    """
    if array.dtype.kind in "SU" and np.asarray(value, object).tolist() != array.tolist():
        raise TypeError(f"NumPy makes {str(array.tolist())[:60]} of it; keep an array of numbers")
