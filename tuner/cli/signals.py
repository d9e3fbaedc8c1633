"""Ctrl-C and SIGTERM: once to stop after this epoch, twice to stop now."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from tuner.cli.console import talk

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopRequest:
    """Whether the user asked to stop; call it to ask."""

    requested = False

    def __call__(self) -> bool:
        """Tell whether a stop was requested."""
        return self.requested


@contextmanager
def stop_request() -> Iterator[StopRequest]:
    """Catch the signals until the block ends.

    Raises:
        KeyboardInterrupt: At the second signal, wherever the program is.
    """
    request = StopRequest()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        if request.requested:
            raise KeyboardInterrupt
        request.requested = True
        talk().print("stopping after this epoch; once more to stop now")

    before = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
