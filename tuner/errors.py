"""The exceptions of the package. This module imports nothing of the project.

::

    TunerError                      everything that a caller can cause and may want to catch
    ├── UnitError                   a duration without a unit, or one that cannot be laid out
    ├── ScheduleError               parameters that are no schedule, or an update number below 0
    │   ├── UndecidedError          an update that a plateau has not decided on yet
    │   └── FrozenScheduleError     something tried to change a schedule
    ├── ScheduleFileError           a schedule file that cannot be trusted
    ├── DefinitionError             the mistakes of a study or search-space file, all at once
    ├── DataError                   a data set that is missing or damaged
    ├── TaskError                   a task that cannot run: framework, optimizer, device
    ├── TrainingError               trainings that fail one after the other
    ├── ReportError                 a report that cannot be written
    ├── StorageError                a database that cannot be used
    ├── ClusterError                a cluster that cannot be used
    └── StudyError                  a study that does not exist, or was started differently

Messages say the condition that must hold, the values received, where, and what to do.
"""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

# This package and the standard library, whose lines say nothing about a mistake in a task.
_FOREIGN = {"tuner", *sys.stdlib_module_names}
# The stack that MXNet, or PyTorch of a process that loads data, writes into a message.
_STACK = re.compile(r"^.*Traceback \(most recent call last\):\n(?:[ \t].*\n)*", re.MULTILINE)
_LONGEST = 500  # characters of a message
# `/user:password@`, whose password may have an `@` itself; and what lacks the slashes.
_PASSWORDS = (
    re.compile(r"(/[^/:@\s'\"]*):[^'\"]*@"),
    re.compile(r"(\b[\w.+-]+):(?!//)[^\s'\"]+@(?=[\w.\[-])"),
)
_TWO_STOPS = re.compile(r"(?<=[\w)'\"])\.\.(?=\s|$)")
_PARAMETER = re.compile(r"(pass\w*=)[^&\s'\"]*", re.IGNORECASE)


class TunerError(Exception):
    """Base of every error that the package raises on purpose.

    Args:
        message: What must hold, what was received, and what to do. A password in it is hidden,
            for it may quote what nobody has parsed.
    """

    def __init__(self, message: str = "") -> None:
        # What is quoted may end with a full stop of its own.
        super().__init__(_TWO_STOPS.sub(".", hide_secrets(str(message))))


class UnitError(TunerError, ValueError):
    """A duration has no unit, an unknown one, or does not fit where it is used."""


class ScheduleError(TunerError, ValueError):
    """The parameters do not describe a schedule, or it was asked about an impossible update."""


class UndecidedError(ScheduleError):
    """A learning rate was asked for that a report to come decides."""


class FrozenScheduleError(ScheduleError, AttributeError):
    """Something tried to change a schedule, which never changes.

    An :class:`AttributeError` too, because that is what a frozen object raises.
    """


class ScheduleFileError(TunerError, ValueError):
    """A schedule file is damaged, edited, of an unknown family or of a newer format."""


class DefinitionError(TunerError, ValueError):
    """A study or search-space file has mistakes.

    Args:
        where: The file, or what stands for it.
        mistakes: Pairs of (place in the file, what is wrong and what to do).
    """

    def __init__(self, where: str, mistakes: Sequence[tuple[str, str]]) -> None:
        shown = [(hide_secrets(place), hide_secrets(text)) for place, text in mistakes]
        self.where, self.mistakes = hide_secrets(where), tuple(shown)
        count = len(self.mistakes)
        width = max((len(place) for place, _ in self.mistakes), default=0)
        lines = [f"{self.where} has {count} mistake{'s' if count != 1 else ''}"]
        lines += [f"  {place:<{width}}  {text}" for place, text in self.mistakes]
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[type[DefinitionError], tuple[object, ...]]:
        return type(self), (self.where, self.mistakes)


class DataError(TunerError):
    """A data set is missing or its content is not what it should be."""


class TaskError(TunerError):
    """A task cannot run as it is defined, or not on this machine."""


class TrainingError(TunerError):
    """Trainings fail one after the other, so that going on is no use."""


class ReportError(TunerError):
    """A report cannot be written."""


class StorageError(TunerError):
    """A database cannot be opened, read or written, or is not Optuna's."""


class ClusterError(TunerError):
    """A cluster does not answer, or its workers cannot do their work."""


class StudyError(TunerError):
    """A study does not exist, or was started with another definition."""


def hide_secrets(text: str) -> str:
    """Return a text without the passwords of URLs in it, wherever they stand and however broken.

    Rather too much is hidden than too little: all from the user's name to the last ``@``.

    Example:
        >>> hide_secrets("must be a number, but got 'postgresql://me:s3@cret@db/tuner'")
        "must be a number, but got 'postgresql://me:***@db/tuner'"
        >>> hide_secrets("postgresql://db/tuner?user=me&password=s3cret")
        'postgresql://db/tuner?user=me&password=***'
    """
    for password in _PASSWORDS:
        text = password.sub(r"\1:***@", text)
    return _PARAMETER.sub(r"\1***", text)


def said(error: BaseException) -> str:
    """Return in a line what an error of somebody's own code says, and where in it that happened.

    Not of this package, of Python's library or of installed ones, if it has been elsewhere too.

    Example:
        >>> said(ValueError("goal is too far"))
        'ValueError: goal is too far'
    """
    own = [
        f"({Path(frame.f_code.co_filename).name}, line {line})"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename[:1] != "<"
        and "site-packages" not in Path(frame.f_code.co_filename).parts
        and str(frame.f_globals.get("__name__")).partition(".")[0] not in _FOREIGN
    ]
    text = _in_a_line(str(error)) or "no message"
    missing = error.filename if isinstance(error, FileNotFoundError) else None
    if isinstance(missing, str) and not Path(missing).is_absolute():
        # Not to the study's folder, in which its module is looked for.
        text += f" (relative to the current folder, {Path.cwd()})"
    return " ".join([f"{type(error).__name__}: {text}", *own[-1:]])


def _in_a_line(text: str) -> str:
    lines = (line.strip() for line in _STACK.sub("", text).splitlines())
    whole = "; ".join(filter(None, lines))
    return whole if len(whole) <= _LONGEST else f"{whole[: _LONGEST - 1]}…"
