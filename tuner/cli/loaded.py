"""What is loaded once a command trains: libraries that no collection has to look at."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any


def kept_from_collections(listen: Callable[[Any], object]) -> Callable[[Any], object]:
    """Return a listener that also keeps what is loaded, when the first trial starts, out of them.

    A training in Gluon collects before it begins. With its framework loaded that looks at half a
    million objects that never go, for a quarter of a second each time. The process must be the
    command's own.
    """
    from tuner.search import TrialStarted

    is_done = False

    def hear(event: Any) -> object:
        nonlocal is_done
        if not is_done and isinstance(event, TrialStarted):
            is_done = True
            gc.freeze()
        return listen(event)

    return hear
