"""A call that runs beside its caller, on the same thread, and waits when it tells something."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from typing import Any

from greenlet import greenlet


class Beside:
    """A call of a function, of which a part runs at a time.

    It runs while :meth:`go_on` is called, and waits in :meth:`tell` otherwise. The thread is the
    same, so that what the function calls sees one; but what is raised here is not raised there.

    Args:
        call: The function, of no arguments.

    Example:
        >>> def call():
        ...     print("was told", beside.tell("first"))
        >>> beside = Beside(call)
        >>> beside.go_on(None), beside.is_over
        ('first', False)
        >>> beside.go_on(2), beside.is_over
        was told 2
        (None, True)
    """

    def __init__(self, call: Callable[[], object]) -> None:
        self._call = greenlet(lambda _: call())
        self._call.gr_context = contextvars.copy_context()

    @property
    def is_over(self) -> bool:
        """Whether the function has returned."""
        return bool(self._call.dead)

    @property
    def is_waiting(self) -> bool:
        """Whether the function has begun, and not returned."""
        return bool(self._call)

    def go_on(self, answer: Any) -> Any:
        """Let the function run until it tells something, and return that.

        Args:
            answer: What it is told in turn.

        Returns:
            None if it returned.

        Raises:
            BaseException: What the function raises.
        """
        self._call.parent = greenlet.getcurrent()
        told = self._call.switch(answer)
        return None if self.is_over else told

    def tell(self, what: Any) -> Any:
        """Within the function, give something to whoever waits for it, and return the answer."""
        return self._call.parent.switch(what)
