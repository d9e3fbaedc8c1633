"""What a failed trial leaves for whoever repairs its training: the whole traceback."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

from tuner.errors import TunerError
from tuner.schedules import write_whole

# In the study's output folder.
FOLDER = "failed"

_log = logging.getLogger("tuner")


def keep_traceback(failure: BaseException, folder: Path, study: str, number: int) -> None:
    """Write the traceback of what a training raised into a file, and say where it is.

    What this package raised itself says all there is in its message.

    Args:
        failure: What made the trial fail; its cause is what the training raised.
        folder: The study's output folder.
        study: The study's name.
        number: The trial's.
    """
    cause = failure.__cause__
    if cause is None or isinstance(cause, TunerError):
        return
    text = "".join(traceback.format_exception(cause))
    _log.debug("%s", text.rstrip())
    path = folder / FOLDER / f"{study}-{number}.txt"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(text.encode(errors="replace"), str(path))
    except OSError:  # on a full disk: the reason alone is in the database
        return
    _log.warning("Trial %d failed; its traceback is in %s", number, path)
