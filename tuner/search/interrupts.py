"""Ctrl-C and SIGTERM, told from a training that raises what they raise.

``KeyboardInterrupt`` out of a training is the user's wish if a signal was there, and an error of
the training if none was: put back into the queue, such a trial would be begun for ever.
"""

from __future__ import annotations

import select
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_OUTPUTS = (1, 2)


class Interrupts:
    """What of the outside may end a training, as far as this process can know.

    Example:
        >>> with Interrupts().noticed() as interrupts:
        ...     print(interrupts.behind(KeyboardInterrupt()))
        None
    """

    def __init__(self) -> None:
        self._came = False
        self._ours: dict[int, Callable[[int, FrameType | None], Any]] = {}

    @contextmanager
    def noticed(self) -> Iterator[Interrupts]:
        """Notice the signals that come while the block runs; they do what they did before."""
        before: dict[int, Any] = {}
        try:
            for number in _SIGNALS:
                handler = signal.getsignal(number)
                if callable(handler):  # else it ends the process, or nothing
                    self._ours[number] = self._noticing(handler)
                    before[number] = signal.signal(number, self._ours[number])
        except ValueError:  # not in the main thread, where alone signals are handled
            self._ours = {}
        try:
            yield self
        finally:
            for each, handler in before.items():
                # A second Ctrl-C, or the training, may have put another one in its place.
                if signal.getsignal(each) is self._ours.get(each):
                    signal.signal(each, handler)

    def behind(self, error: BaseException) -> type[BaseException] | None:
        """Return what somebody outside did of which a training made an error; None if nobody."""
        kinds = {type(each) for each in _chain(error)}
        if any(issubclass(kind, BrokenPipeError) for kind in kinds) and _is_output_gone():
            return BrokenPipeError
        if any(issubclass(kind, KeyboardInterrupt) for kind in kinds) and self._may_have_come():
            return KeyboardInterrupt
        return None

    def _may_have_come(self) -> bool:
        # If a training handles signals itself, nobody can tell.
        return self._came or any(
            signal.getsignal(number) not in (ours, signal.SIG_IGN)
            for number, ours in self._ours.items()
        )

    def _noticing(
        self, handler: Callable[[int, FrameType | None], Any]
    ) -> Callable[[int, FrameType | None], Any]:
        def on_signal(number: int, frame: FrameType | None) -> Any:
            self._came = True
            return handler(number, frame)

        return on_signal


def _chain(error: BaseException) -> list[BaseException]:
    """Return an error and those on the way to it: Lightning, for one, exits upon Ctrl-C."""
    found = [error]
    for each in found:
        before = (each.__cause__, each.__context__)
        found += [cause for cause in before if cause is not None and cause not in found]
    return found


def _is_output_gone() -> bool:
    """Tell whether whoever read what this process prints has gone, as its parent or ``head``."""
    if not hasattr(select, "poll"):
        return False
    poll = select.poll()
    for number in _OUTPUTS:
        poll.register(number, 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))
