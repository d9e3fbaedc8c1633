"""How the program ends: exit codes, and errors as messages."""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from tuner.cli.console import talk
from tuner.errors import TrainingError, TunerError

DONE, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
_STDOUT = 1  # the number of its file


@contextmanager
def explained(*, debug: bool = False) -> Iterator[None]:
    """Turn an error into its message and exit code.

    Args:
        debug: Whether to show its traceback, too.
    """
    debug = debug or bool(os.environ.get("TUNER_DEBUG"))
    if debug:
        os.environ["TUNER_DEBUG"] = "1"  # for worker processes, too
        logging.getLogger("tuner").setLevel(logging.DEBUG)
    try:
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


def _stop_writing(code: int = DONE) -> NoReturn:
    """Exit without another try to write what is still buffered."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), _STDOUT)
    sys.exit(code)


def _say(error: Exception, text: str, debug: bool) -> None:
    if debug:
        traceback.print_exception(error)
    talk().print(text)
