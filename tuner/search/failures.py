"""What a failed trial leaves: its reason and traceback for who repairs it, no memory in use."""

from __future__ import annotations

import errno
import gc
import logging
import re
import sys
import traceback
from contextlib import suppress
from pathlib import Path

from tuner.errors import TaskError, TunerError, said
from tuner.schedules import write_whole

# In the study's output folder.
FOLDER = "failed"
# What the reason of such a failure begins with.
OUT_OF_MEMORY = "out of memory"

# Of CUDA, ROCm and Metal in PyTorch and MXNet; of the processor in both; of JAX; of NVIDIA's
# libraries, which are asked for memory themselves.
_FULL = re.compile(
    r"out of memory|not enough memory|can't allocate memory|failed to allocate|RESOURCE_EXHAUSTED"
    r"|OUT_OF_MEMORY|_ALLOC_FAILED|\bMemoryError\b",
    re.IGNORECASE,
)

_log = logging.getLogger("tuner")


def reason_of(failure: BaseException) -> str:
    """Return in a line why a training failed, which begins with what is common enough for a name.

    Example:
        >>> reason_of(RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB."))
        'out of memory: RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB.'
    """
    # Lightning, for one, raises another error upon it.
    cause: BaseException | None = failure
    while cause is not None:
        if _is_out_of_memory(cause):
            return f"{OUT_OF_MEMORY}: {said(failure)}"
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return said(failure)


def _is_out_of_memory(error: BaseException) -> bool:
    """Tell whether memory, of the machine or of a GPU, was too small, as each framework says it.

    By names and words: frameworks are for the tasks alone to import.
    """
    if isinstance(error, MemoryError):
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    names = {kind.__name__ for kind in type(error).__mro__}
    if names & {"OutOfMemoryError", "ResourceExhaustedError"}:  # PyTorch, CuPy; TensorFlow
        return True
    # Of a command the last line of its output.
    return isinstance(error, (RuntimeError, TaskError)) and bool(_FULL.search(str(error)))


def give_memory_back() -> None:
    """Let go of what a failed training left, so that the next one finds the memory free."""
    gc.collect()
    torch = sys.modules.get("torch")
    with suppress(Exception):  # a GPU that has failed answers nothing
        if torch is not None and torch.cuda.is_initialized():
            torch.cuda.empty_cache()


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
