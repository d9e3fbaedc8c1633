"""How the program ends: exit codes, and errors as messages."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import NoReturn

from tuner.cli.console import talk
from tuner.errors import TrainingError, TunerError

DONE, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
_DEBUG = "TUNER_DEBUG"  # the variable that says the same as --debug
_STDOUT = 1  # the number of its file
# How long what a training left running may hold a program that is over.
LEAVING_SECONDS = 60.0


@contextmanager
def explained(*, debug: bool = False) -> Iterator[None]:
    """Turn an error into its message and exit code.

    Args:
        debug: Whether to show its traceback, too.
    """
    debug = debug or bool(os.environ.get(_DEBUG))
    try:
        with _tracebacks_shown() if debug else nullcontext():
            yield
    except TunerError as error:
        _say(error, f"error: {error}", debug)
        sys.exit(FAILED if isinstance(error, TrainingError) else BAD_INPUT)
    except BrokenPipeError:
        _stop_writing()
    except SystemExit as ended:
        # Typer makes a failure of whoever read our output and has had enough.
        if isinstance(ended.__context__, BrokenPipeError):
            _stop_writing()
        raise
    except OSError as error:
        _say(error, f"error: {error}", debug)
        _stop_writing(FAILED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:
        text = f"error: {type(error).__name__}: {error}\nThis is a defect of tuner;"
        _say(error, f"{text} `tuner --debug ...` shows where.", debug)
        sys.exit(FAILED)


def end_in_time(code: object) -> None:
    """End this process soon after its main thread, with this exit code, whatever holds it.

    Python waits for threads and processes that a training left running, for as long as they live.
    """

    def watch() -> None:
        threading.main_thread().join()
        time.sleep(LEAVING_SECONDS)
        talk().print(
            "warning: a training left a thread or process running, which was waited for in vain"
        )
        os._exit(code if isinstance(code, int) else FAILED)

    threading.Thread(target=watch, name="end", daemon=True).start()


@contextmanager
def _tracebacks_shown() -> Iterator[None]:
    """Show the tracebacks of trainings within the block, those in worker processes too."""
    log, before = logging.getLogger("tuner"), os.environ.get(_DEBUG, "")
    level = log.level
    os.environ[_DEBUG] = "1"
    log.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        os.environ[_DEBUG] = before
        log.setLevel(level)


def _stop_writing(code: int = DONE) -> NoReturn:
    """Exit without another try to write what is still buffered."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), _STDOUT)
    sys.exit(code)


def _say(error: Exception, text: str, debug: bool) -> None:
    if debug:
        traceback.print_exception(error)
    talk().print(text)
