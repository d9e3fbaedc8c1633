"""Who asks: where a framework does not say what must be known, and it is the one that calls."""

from __future__ import annotations

import inspect
from typing import Any

# A framework's object calls ours itself, or through one that holds ours, as SequentialLR does.
_NEAR = 6


def caller(kind: type) -> Any:
    """Return the nearest object of a class whose method has called, None if there is none.

    Example:
        >>> class Asks:
        ...     def ask(self):
        ...         return caller(Asks) is self
        >>> Asks().ask(), caller(Asks)
        (True, None)
    """
    frame = inspect.currentframe()
    for _ in range(_NEAR):
        frame = frame and frame.f_back
        found = frame and frame.f_locals.get("self")
        if isinstance(found, kind):
            return found
    return None
