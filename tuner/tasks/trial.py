"""What a training that calls is given: the schedule, the seed, and whom to tell how it does."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from tuner.errors import TaskError
from tuner.schedules import Schedule
from tuner.tasks.base import State
from tuner.tasks.callbacks import Callbacks
from tuner.tasks.keeping import Keeping
from tuner.tasks.within import tell_share
from tuner.tasks.yielded import number_of

# What a report may tell beside the value.
MEASURED = ("train_loss", "train_accuracy", "test_loss", "test_accuracy")


class Report(NamedTuple):
    """What a training reported: its value, and what else it measured."""

    value: float
    measured: Mapping[str, float]


class TrialOver(SystemExit):
    """Ends a training that is not to go on; no error, so ``except Exception`` lets it pass.

    A script that is a trial exits by it, as one that is done.
    """


class Trial(Callbacks):
    """One training of a study, as the function that trains sees it.

    Attributes:
        schedule: The learning rate of every update; the first one of a training is 1.
        seed: What everything random must follow from. The generators of Python, NumPy and PyTorch
            begin there.
        params: The options of the task, by name.
        metric: What the study is judged by; empty if that is not known here.
        updates_per_epoch: Optimizer updates in an epoch, or between two reports.
        last_epoch: How many epochs the whole training has.
        done: Epochs that were reported, those before an interruption included.
        should_stop: Whether the training is over, for one that ends its loop itself.

    Example:
        >>> from tuner.tasks import TrialTask
        >>> from tuner import Constant
        >>> def train(trial):
        ...     weight = 1.0 + trial.seed
        ...     for epoch in trial.epochs():
        ...         for update in trial.updates_of(epoch):
        ...             weight -= trial.schedule(update) * weight
        ...         trial.report(weight)
        >>> task = TrialTask(train, updates_per_epoch=10)
        >>> schedule = Constant(base_lr=0.1, horizon=20)
        >>> [round(e.record.value, 3) for e in task.train(schedule, seed=0, epochs=2)]
        [0.349, 0.122]
    """

    def __init__(
        self,
        schedule: Schedule,
        seed: int,
        *,
        epochs: int,
        updates_per_epoch: int,
        tell: Callable[[Report], bool],
        start: State | None = None,
        params: Mapping[str, Any] = MappingProxyType({}),
        metric: str = "",
        folder: Path | None = None,
    ) -> None:
        self.schedule, self.seed, self.params = schedule, seed, dict(params)
        self.metric = metric
        self.updates_per_epoch, self.last_epoch = updates_per_epoch, epochs
        self.done = start.epoch if start else 0
        self.should_stop = False
        self._tell, self._keeping = tell, Keeping(start.arrays if start else None)
        self._thread = threading.get_ident()
        self._folder, self._is_ours = folder, folder is None

    def epochs(self) -> Iterator[int]:
        """Count the epochs that are left as ``range`` does: from 0, or from what was restored.

        It ends when the training is over.
        """
        return self._until_over(range(self.done, self.last_epoch))

    def updates(self) -> Iterator[int]:
        """Count the updates that are left, the first one of a training being 1.

        It ends when the training is over.
        """
        size = self.updates_per_epoch
        for update in self._until_over(range(self.done * size + 1, self.last_epoch * size + 1)):
            yield update
            tell_share(update / size - self.done)

    def updates_of(self, epoch: int) -> range:
        """Return the updates of an epoch, which is counted from 0."""
        return range(epoch * self.updates_per_epoch + 1, (epoch + 1) * self.updates_per_epoch + 1)

    def is_due(self, update: int) -> bool:
        """Tell whether a report is due after an update."""
        return update % self.updates_per_epoch == 0

    def report(self, value: Any, *, end: bool = True, **measured: Any) -> bool:
        """Tell how good the training is after an epoch, or after so many updates.

        The value is stored, the pruner is asked, and what is to be kept is kept.

        Args:
            value: The study's metric: a number, or an array or tensor of one.
            end: Whether to end the function here if the training is not to go on. Without it look
                at what is returned, or at ``should_stop``.
            **measured: What else is known: ``train_loss``, ``train_accuracy``, ``test_loss``,
                ``test_accuracy``.

        Returns:
            Whether the training is to go on.

        Raises:
            TaskError: If it is no number, or is told from another thread.
        """
        if self.should_stop:  # and yet it goes on
            raise TrialOver
        for name in measured:
            if name not in MEASURED:
                known = ", ".join(MEASURED)
                raise TaskError(f"trial.report takes a value and {known}, but got {name!r}.")
        if threading.get_ident() != self._thread:
            raise TaskError(
                "trial.report must be called in the thread that the training began in, but was"
                " called in another one."
            )
        self._keeping.refuse_forgotten()
        numbers = {name: _number(name, given) for name, given in measured.items()}
        report = Report(_number("value", value), numbers)
        self.done += 1
        goes_on = self._tell(report)
        self.should_stop = not goes_on
        if self.should_stop and end and self.done < self.last_epoch:
            raise TrialOver
        return goes_on

    def restore(self, **things: Any) -> dict[str, Any]:
        """Put things back as they were after the last report, and keep them from now on.

        Call it last before the loop. What has a ``load_state_dict``, such as a module, an
        optimizer, a scheduler or a gradient scaler of PyTorch, is put back itself, and so are a
        random generator of one's own, and :attr:`folder` or one within it. Of numbers, texts and
        arrays, also nested, the old ones are returned; give the new ones to :meth:`save` before
        each report. Without a state everything stays as it is. The random generators that Python,
        NumPy and PyTorch have for all are put back too.

        Args:
            **things: By name, the same names each time.

        Returns:
            The things, by name.

        Raises:
            TaskError: If something cannot be kept or put back.
        """
        for name, thing in things.items():
            own = self.folder.resolve() if isinstance(thing, Path) else None
            if own is not None and not thing.resolve().is_relative_to(own):
                raise TaskError(
                    "trial.restore must get trial.folder or a folder in it, which is this"
                    f" training's own, but got {str(thing)!r} as {name!r}."
                )
        return self._keeping.restore(things)

    def save(self, **things: Any) -> None:
        """Keep numbers, texts and arrays as they are now, from the next report on.

        Args:
            **things: By name, as they were given to :meth:`restore`.

        Raises:
            TaskError: If that was not given one of a name.
        """
        self._keeping.save(things)

    @property
    def folder(self) -> Path:
        """A folder of this training's own, for what it writes; removed when it is over."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="tuner-"))
        return self._folder

    def state(self) -> State | None:
        """Return what is kept as it is now; None if nothing is."""
        return State(self.done, self._keeping.arrays()) if self.keeps else None

    @property
    def keeps(self) -> bool:
        """Whether anything is kept."""
        return bool(self._keeping)

    def close(self) -> None:
        """Remove the folder."""
        if self._folder is not None and self._is_ours:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _until_over(self, counted: range) -> Iterator[int]:
        for each in counted:
            if self.should_stop:  # where what ends the function was swallowed
                return
            yield each


def _number(name: str, given: Any) -> float:
    try:
        return number_of(given)
    except (TypeError, ValueError):
        kind = type(given).__name__
        raise TaskError(
            f"trial.report must get a number as its {name}, but got a {kind}."
        ) from None
