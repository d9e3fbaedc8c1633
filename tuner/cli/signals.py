"""Ctrl-C and SIGTERM: once to stop after this epoch, twice to stop now."""

from __future__ import annotations

import os
import signal
import threading
import time
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
def stop_request(
    announce: str = "stopping after this epoch; once more to stop now",
) -> Iterator[StopRequest]:
    """Catch the signals until the block ends.

    Args:
        announce: What to say at the first signal.

    Raises:
        KeyboardInterrupt: At the second signal, wherever the program is. Further ones are
            ignored, so that what it has to put in order then is not interrupted.
    """
    request = StopRequest()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        if request.requested:
            for number in _SIGNALS:
                signal.signal(number, signal.SIG_IGN)
            raise KeyboardInterrupt
        request.requested = True
        talk().print(announce)

    before = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    try:
        yield request
    finally:
        for number, handler in before.items():
            # Whoever asked to stop and asks again gets the orderly end that is under way.
            signal.signal(number, signal.SIG_IGN if request.requested else handler)


def stop_with_stdin() -> None:
    """Stop now when stdin ends, as it does when the process that holds its other end dies."""

    def watch() -> None:
        # Not through sys.stdin, whose lock a thread may not hold when Python ends.
        while os.read(0, 1):
            pass
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.1)

    threading.Thread(target=watch, name="stdin", daemon=True).start()
