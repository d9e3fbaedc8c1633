"""``tuner.tune`` as scripts and notebooks call it: it shows what happens, and takes Ctrl-C."""

from __future__ import annotations

import contextlib
import functools
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

from tuner.cli.progress import live
from tuner.cli.signals import stop_request
from tuner.errors import TunerError
from tuner.reading import told_at_once
from tuner.search import Event
from tuner.studies import StudyResult
from tuner.studies import tune as tune_in_silence

_SAVED = "all that was reported is saved; the same call goes on"


@told_at_once
@functools.wraps(tune_in_silence)
def tune(
    train: Any,
    *,
    on_event: Callable[[Event], object] | None = None,
    stop_requested: Callable[[], bool] | None = None,
    **arguments: Any,
) -> StudyResult:
    """Show the run unless somebody else listens; its first Ctrl-C ends it after the report."""
    try:
        with contextlib.ExitStack() as around:
            listen = around.enter_context(live()) if on_event is None else on_event
            stop = around.enter_context(_signals()) if stop_requested is None else stop_requested
            result = tune_in_silence(train, on_event=listen, stop_requested=stop, **arguments)
    except KeyboardInterrupt as stop:
        raise KeyboardInterrupt(
            str(stop) or _SAVED
        ) from None  # of where it was trained nobody wants to read
    except TunerError as error:  # a mistake of the caller's, who is not to read this package
        raise error.with_traceback(None) from error.__cause__
    if result.ended == "interrupted" and stop_requested is None:
        raise KeyboardInterrupt(_SAVED)
    return result


@contextlib.contextmanager
def _signals() -> Iterator[Callable[[], bool]]:
    """Catch signals, where this is possible, and leave their handlers as they were."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    try:
        with stop_request("stopping after this report; once more to stop now") as request:
            yield request
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
