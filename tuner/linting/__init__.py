"""The classic mistakes with schedules, found before a training and after it.

:func:`~tuner.lint` looks at objects, files, notebooks and source text; ``tuner lint FILE`` is the
same from the command line; :func:`~tuner.check_training` looks back. The rules:

``horizon-in-epochs``
    A length in epochs where updates are counted: "this CosineScheduler is over after 20 of 7050
    updates", or drops that leave nothing: ``ExponentialLR(gamma=0.95)`` after every update. MXNet,
    Keras and Optax count updates, PyTorch the calls of ``step()``. Of a scheduler that only the
    program itself asks, the length is not judged: it may ask about epochs.
``horizon-in-updates``
    The other way round: a PyTorch scheduler laid out for all updates, but stepped once an epoch,
    as Lightning does with one that is returned without an interval.
``one-epoch``
    A length of one epoch, ``T_max=len(loader)``, in a training of several.
``used-before``
    A scheduler that was asked, plotted or stepped before the training, and is not what it was.
``learning-rate-beside``
    ``learning_rate`` beside ``lr_scheduler``: MXNet overwrites the scheduler's ``base_lr`` with
    it, or it has no effect. Adam and others do so with a default of their own.
``warmup-past-horizon``
    A warmup that is as long as the schedule or the training, or longer.
``counts-from-0``
    A schedule of this package that the program asks about update 0 for the first, which is 1.
``accumulation``
    A scheduler that counts updates but is stepped after every batch, or the other way round.
``prepared``
    A scheduler that Accelerate steps once for every process.
``multiplied``
    A schedule of this package in a ``ChainedScheduler`` or ``LambdaLR``, which multiply.
``unfinished``, ``past-horizon``
    Of :func:`~tuner.check_training`: the training ended before its schedule, or went on after it.
``not-read``
    No mistake: a cell of a notebook that is not Python was passed over.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tuner.adapters import ScheduleWarning
from tuner.errors import ScheduleError
from tuner.linting.checks import check_source
from tuner.linting.finding import NOT_READ, Finding
from tuner.linting.lengths import Training
from tuner.linting.objects import check_object
from tuner.linting.source import NOTEBOOK
from tuner.linting.source.modules import read_text
from tuner.linting.training import check_training
from tuner.schedules import is_whole

_SOURCES = (".py", ".pyw", NOTEBOOK, "")
# Of a file, in one line: a word with an ending is no source that has anything to find.
_NAME = re.compile(r".+\.(pyw?|ipynb)|[^\s()=]+\.\w+")

__all__ = ["NOT_READ", "Finding", "ScheduleWarning", "check_training", "lint"]


def lint(
    what: Any,
    *,
    updates: int | None = None,
    updates_per_epoch: int | None = None,
    epochs: int | None = None,
) -> list[Finding]:
    """Find the classic mistakes with a scheduler before a training.

    Source is read, never run. Functions and classes are followed to where they are called, also
    into files beside it that it imports. What it does not say, such as a length that is computed
    elsewhere, is not guessed: no finding is no proof. The numbers, if they are given, say what
    source does not; of an object they are all that is known about its training.

    Args:
        what: A schedule; a scheduler object of MXNet or PyTorch; a Gluon trainer; the path of a
            Python file or notebook; or source text.
        updates: How often the training will ask or step the scheduler. For a PyTorch scheduler
            that is stepped once an epoch, its epochs.
        updates_per_epoch: Optimizer updates in an epoch.
        epochs: Epochs of the training.

    Returns:
        What is wrong, in the order of the source; cells of a notebook that were passed over, with
        the rule ``not-read``.

    Raises:
        ScheduleError: If the object is of none of these kinds, the source is not Python, or a
            number is not an int of 1 or more.

    Example:
        >>> import tuner
        >>> [found] = tuner.lint(tuner.Cosine(base_lr=0.3, horizon=20), updates=7050)
        >>> found.rule
        'horizon-in-epochs'
        >>> tuner.lint(tuner.Cosine(base_lr=0.3, horizon=7050), updates=7050)
        []
    """
    training = Training(updates, updates_per_epoch, epochs)
    for name, number in training._asdict().items():
        if number is not None and not (is_whole(number) and number >= 1):
            raise ScheduleError(f"`{name}` must be an int of 1 or more, but got {number!r}.")
    if isinstance(what, Path) or (isinstance(what, str) and _NAME.fullmatch(what)):
        if Path(what).suffix.lower() not in _SOURCES:
            raise ScheduleError(f"must be Python source or a notebook, but got {what}.")
        try:
            text = read_text(Path(what))
        except (OSError, ValueError, SyntaxError) as error:
            raise ScheduleError(f"{what} cannot be read: {error}.") from error
        return check_source(text, training, str(what))
    if isinstance(what, str):
        return check_source(what, training)
    return list(check_object(what, training))
