"""The task that is a command: a script as it is, in any language, whose output is read."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, PrivateAttr, field_validator, model_validator

from tuner.errors import TaskError
from tuner.reading import Section
from tuner.schedules import Schedule
from tuner.tasks.base import Epoch, State
from tuner.tasks.command_line import (
    filled,
    gives_rates,
    gives_schedule,
    words_of,
    wrong_placeholders,
)
from tuner.tasks.command_process import CommandProcess, find_program
from tuner.tasks.command_reports import CommandReports
from tuner.tasks.declared import Declared
from tuner.tasks.options import BATCH_SIZE, updates_with
from tuner.tasks.script_files import IN_CHARGE, ScriptFiles

# Python imports `sitecustomize` of this folder when it starts; it drives the optimizers.
HOOK = Path(__file__).parents[1] / "adapters" / "startup"
# Not for the scripts: the first may hold a password, and the second is said by each of them.
_NOT_FOR_SCRIPTS = ("TUNER_STORAGE", IN_CHARGE)


class CommandTask(Section):
    """The task ``command``: each trial is a process, and what it prints is read.

    A script of PyTorch or Keras needs no changed line: the learning rate is set before each of its
    optimizer's steps. Another one is told its schedule by placeholders in the command, ``{rates}``
    (a CSV file), ``{schedule}`` (the schedule file), ``{base_lr}`` and the other fields of the
    schedule; there are also ``{seed}``, ``{folder}`` and ``{params.NAME}``. The variables
    ``TUNER_RATES``, ``TUNER_SCHEDULE``, ``TUNER_SEED``, ``TUNER_FOLDER`` and ``TUNER_PARAMS`` say
    the same. Or the script says ``trial = tuner.trial()``.
    """

    path_option: ClassVar[str] = "folder"
    """The option that is a path."""

    command: str | list[str]
    """What is run, such as ``"python train.py --seed {seed}"``; no shell reads it."""
    value: str | None = None
    """A regular expression; what its first group finds in a line is one report, such as
    ``'val loss ([0-9.]+)'``. Not needed where the script calls ``tuner.trial()``."""
    updates_per_epoch: int = Field(ge=1)
    """Optimizer updates in an epoch, or between two reports."""
    batch_size: int = Field(default=1, ge=1)
    """Examples in an update, for the record."""
    params: dict[str, str | int | float | bool] = Field(default_factory=dict)
    """Options of your own, ``{params.NAME}`` in the command."""
    optimizer: str | int | None = None
    """Which optimizer of a script that has several: its class, or its place from 0 in the order
    of their first steps."""
    report_seconds: float | None = Field(default=None, gt=0)
    """How long a report may take; a script that says nothing for longer is ended, and failed."""
    end_seconds: float = Field(default=10.0, ge=0)
    """How long a script may take to end, after its last report and after SIGTERM."""
    folder: str = "."
    """Where the command runs, relative to the study file."""
    _output: Path | None = PrivateAttr(default=None)
    _metric: str = PrivateAttr(default="")
    _declared: Declared = PrivateAttr()

    @field_validator("command")
    @classmethod
    def _a_command(cls, command: str | list[str]) -> str | list[str]:
        words_of(command)
        return command

    @field_validator("value")
    @classmethod
    def _a_pattern(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            groups = re.compile(value).groups
        except re.error as error:
            raise ValueError(f"must be a regular expression, but got {value!r}: {error}") from None
        if not groups:
            raise ValueError(
                "must have a group in parentheses around the number, such as"
                f" 'val loss ([0-9.]+)', but got {value!r}"
            )
        return value

    @model_validator(mode="after")
    def _known_placeholders(self) -> CommandTask:
        wrong = wrong_placeholders(self.words, self.params)
        if wrong:
            raise ValueError(f"command: {wrong}")
        return self

    def model_post_init(self, _: Any) -> None:
        """Begin to count what its trainings do."""
        self._declared = Declared(self.title, self.updates_per_epoch, self.batch_size)

    @property
    def words(self) -> list[str]:
        """The words of the command."""
        return words_of(self.command)

    @property
    def follows_any(self) -> bool:
        """Whether it trains under any schedule, rather than one made of fields of a family."""
        return gives_rates(self.words) or not gives_schedule(self.words)

    @property
    def output(self) -> Path | None:
        """The file that its output is added to."""
        return self._output

    @property
    def declared(self) -> Declared:
        """What it is said to do, over all its trainings."""
        return self._declared

    @property
    def title(self) -> str:
        """The command in messages."""
        return f"`{shlex.join(self.words)}`"

    def mistakes(
        self, *, seed: int, epochs: int, held_out: int, metric: str = "test_accuracy"
    ) -> dict[str, str]:
        """Return what is wrong with the holdout: there is none."""
        if not held_out:
            return {}
        text = "must be 'test', for the command judges on examples of its own, but got 'holdout'"
        return {"objective.evaluate_on": text}

    def with_holdout(self, size: int, *, on_test_set: bool = False) -> CommandTask:
        """Return this task; there is no holdout."""
        return self

    def with_options(self, values: Mapping[str, Any]) -> CommandTask:
        """Return the same task with other ``params``; see :meth:`TrialTask.with_options`.

        Raises:
            TaskError: If a batch size is none, or larger than the examples of an epoch.
        """
        sizes = {"updates_per_epoch": self.updates_per_epoch, "batch_size": self.batch_size}
        if values.get(BATCH_SIZE, self.batch_size) != self.batch_size:
            size = values[BATCH_SIZE]
            sizes = {
                "updates_per_epoch": updates_with(self.updates_per_epoch, self.batch_size, size),
                "batch_size": size,
            }
        other = self.model_copy(update={**sizes, "params": {**self.params, **values}})
        other._declared = self._declared.sized(**sizes)
        return other

    def own_options(self, names: Iterable[str]) -> dict[str, Any]:
        """Return the values of options that it has."""
        known = {**self.params, BATCH_SIZE: self.batch_size}
        return {name: known[name] for name in names if name in known}

    def with_output(self, path: Path) -> CommandTask:
        """Return the same task, whose output is added to a file."""
        other = self.model_copy()
        other._output = path
        return other

    def judged_by(self, metric: str) -> CommandTask:
        """Return the same task, whose script is told the metric."""
        other = self.model_copy()
        other._metric = metric
        return other

    def check(self) -> None:
        """Make sure that program and script exist.

        Raises:
            TaskError: If one does not.
        """
        folder, words = Path(self.folder), self.words
        if not folder.is_dir():
            raise TaskError(f"`folder` must be a folder that exists, but got {self.folder!r}.")
        find_program(words, folder)
        is_python = Path(words[0]).name.startswith("python")
        script = words[1] if is_python and words[1:] and words[1].endswith(".py") else ""
        if script and not (folder / script).is_file():
            raise TaskError(
                f"The command must name a script that exists, but {script!r} does not, in"
                f" {folder.absolute()}."
            )

    def train(
        self, schedule: Schedule, *, seed: int, epochs: int, start: State | None = None
    ) -> Iterator[Epoch]:
        """Start the command, and take one report after the other.

        Args:
            schedule: The learning rate of every update.
            seed: What everything random must follow from.
            epochs: The last epoch to train, or how many reports there are.
            start: What the script kept by ``tuner.trial()`` after an epoch, to go on from.

        Yields:
            Each report as it is made. Closed before the last one, it ends the command there.

        Raises:
            TaskError: If the command ends too early, reports no number, or does not use its
                schedule.
            TrainingCollapsed: If a number is not finite, or too large to be compared.
        """
        with _folder() as place:
            files = ScriptFiles(place)
            size = self.updates_per_epoch
            files.write_schedule(
                schedule, updates_per_epoch=size, batch_size=self.batch_size, updates=epochs * size
            )
            files.write_trial(
                seed, epochs=epochs, updates_per_epoch=size, params=self.params,
                metric=self._metric, start=start,
            )  # fmt: skip
            reports = CommandReports(self, files, schedule, seed, epochs)
            process = CommandProcess(
                filled(self.words, schedule, files, seed, self.params), Path(self.folder),
                environment(self.words, files, seed, self.params, self.optimizer),
                self._output, reports.take_line,
            )  # fmt: skip
            with process.guarded(self.end_seconds):
                yield from reports.epochs(process)

    def identity(self) -> dict[str, Any]:
        """Return what decides a training's result."""
        return self.model_dump(exclude={"folder", "report_seconds", "end_seconds"})

    def versions(self) -> dict[str, str]:
        """Return nothing: what the command runs on it alone knows."""
        return {}

    def training_identity(self) -> dict[str, Any] | None:
        """Return the command and the content of the files that it names; None if it names none.

        A script keeps states only if it says so, by ``tuner.trial()``.
        """
        words = self.words
        modules = [f"{name.replace('.', '/')}.py" for name in words]
        paths = [Path(self.folder) / name for name in (*words, *modules)]
        digests = [hashlib.sha256(p.read_bytes()).hexdigest() for p in paths if _is_small(p)]
        return {"task": "CommandTask", "files": digests, **self.identity()} if digests else None


def environment(
    words: Sequence[str],
    files: ScriptFiles,
    seed: int,
    params: Mapping[str, Any],
    optimizer: str | int | None,
) -> dict[str, str]:
    """Return the variables of a command's processes.

    Args:
        words: The command, with its placeholders.
        files: The files of its training.
        seed: The training's.
        params: Options.
        optimizer: Which optimizer is driven.
    """
    found = {key: value for key, value in os.environ.items() if key not in _NOT_FOR_SCRIPTS}
    found.setdefault("PYTHONUNBUFFERED", "1")  # or lines would come when there are many
    found |= files.environment(seed, params, optimizer)
    if not gives_schedule(words):
        path = filter(None, [str(HOOK), found.get("PYTHONPATH")])
        found["PYTHONPATH"] = os.pathsep.join(path)
    return found


def _is_small(path: Path) -> bool:
    return path.is_file() and path.suffix != "" and path.stat().st_size < 2**24


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tuner-", ignore_cleanup_errors=True) as name:
        yield Path(name)
