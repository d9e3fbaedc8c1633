"""The reports of a command: read out of its output, or told by ``tuner.trial()``."""

from __future__ import annotations

import contextlib
import functools
import queue
import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from tuner.errors import TaskError
from tuner.schedules import Schedule
from tuner.tasks.asking import Asking
from tuner.tasks.base import Epoch, State
from tuner.tasks.command_line import gives_schedule
from tuner.tasks.command_process import CommandProcess
from tuner.tasks.script_files import END, GO_ON, KEEP, ScriptFiles

if TYPE_CHECKING:
    from tuner.tasks.command_task import CommandTask

_LOOK_SECONDS = 0.02
# By how many updates, or which share of them, a count may be off: what a gradient scaler skips.
_SKIPPED, _SHARE = 4, 0.1


class _Report(NamedTuple):
    """A report: its text, the updates made when it was read, and what the script itself told."""

    value: Any
    updates: int
    moment: float
    told: dict[str, Any] | None = None


class _ScriptAsking(Asking):
    """Counts what a script asks of its schedule; one that has a trial counts that itself."""

    verdict: tuple[str, bool, bool, list[str]] | None = None

    @property
    def is_silent(self) -> bool:
        """Whether nothing was asked."""
        return self.verdict[2] if self.verdict else super().is_silent

    @property
    def ignored(self) -> list[str]:
        """What was never asked for; of one without a trial that is not known."""
        return self.verdict[3] if self.verdict else []

    def end_epoch(self) -> tuple[str, bool]:
        """Take an epoch as over."""
        found = super().end_epoch()
        return self.verdict[:2] if self.verdict else found


class CommandReports:
    """Takes the reports of one training.

    Args:
        task: What is run.
        files: Its files.
        schedule: The learning rate of every update.
        seed: The training's.
        epochs: How many reports the whole training has.
    """

    def __init__(
        self, task: CommandTask, files: ScriptFiles, schedule: Schedule, seed: int, epochs: int
    ) -> None:
        self._task, self._files, self._epochs = task, files, epochs
        self._size, self._done = task.updates_per_epoch, files.trial()["done"]
        self._pattern = re.compile(task.value) if task.value else None
        self._asking = _ScriptAsking(
            schedule, updates_per_epoch=self._size, epochs=epochs, done=self._done
        )
        self._measured = task.declared.begin(
            schedule, seed, epochs=epochs, done=self._done, asking=self._asking
        )
        self._given = gives_schedule(task.words)
        self._read: queue.SimpleQueue[_Report] = queue.SimpleQueue()
        self._driven = ""  # what the hook found
        self._has_trial = False

    def take_line(self, line: str) -> None:
        """Look for reports in a line; in the thread that reads."""
        for found in self._pattern.finditer(line) if self._pattern else ():
            self._read.put(_Report(found[1], self._files.updates, time.perf_counter()))

    def epochs(self, process: CommandProcess) -> Iterator[Epoch]:
        """Yield the reports, each as an epoch.

        Raises:
            TaskError: If there are too few or too many, or one is no number.
            TrainingCollapsed: If one is not finite.
        """
        waits, epoch, before = False, self._done, time.perf_counter()
        try:
            while epoch < self._epochs:
                report = self._next(process, epoch)
                waits, epoch = report.told is not None, epoch + 1
                more = self._more(report, process, epoch)
                record = self._measured.end_epoch(self._number(report.value), **more)
                # A script that only prints has gone on in the meantime.
                record, before = record._replace(seconds=report.moment - before), report.moment
                state = self._state if waits else _no_state
                yield Epoch(record, functools.partial(state, process, epoch))
                if waits and epoch < self._epochs:
                    waits, before = False, time.perf_counter()
                    self._files.answer(GO_ON)
        finally:
            if waits:  # it may end by itself, all ranks together
                self._files.answer(GO_ON if epoch == self._epochs else END)
                process.wait(self._task.end_seconds)

    def _more(self, report: _Report, process: CommandProcess, epoch: int) -> dict[str, float]:
        """Hold the updates of a report against those declared; return what else it measured."""
        if report.told is not None:
            wrong, is_much, is_silent, *ignored = report.told["asked"]
            self._asking.verdict = wrong, is_much, is_silent, *(ignored or [[]])
            measured: dict[str, float] = report.told["measured"]
            return measured
        self._check_begun(report, epoch)
        if epoch == self._epochs:
            self._await_end(process)
        self._measured.schedule(epoch * self._size)
        return {}

    def _next(self, process: CommandProcess, epoch: int) -> _Report:
        """Wait for the next report."""
        patience, begun = self._task.report_seconds, time.monotonic()
        while True:
            found = self._look()
            if found is not None:
                return found
            if process.is_over():
                found = self._look()
                if found is not None:
                    return found
                raise TaskError(self._too_few(process, epoch))
            if patience is not None and time.monotonic() - begun > patience:
                raise TaskError(
                    f"{self._task.title} must report within report_seconds = {patience:g}, but did"
                    f" not after report {epoch} of {self._epochs}. {self._said(process)}"
                )

    def _look(self) -> _Report | None:
        """Return a report if there is one, soon."""
        found = None
        with contextlib.suppress(queue.Empty):
            found = self._read.get(timeout=_LOOK_SECONDS)
        # After the line: what was told before it was printed is there by now.
        for told in self._files.told():
            if "failed" in told:
                raise TaskError(str(told["failed"]))
            self._driven = told.get("drives", self._driven)
            self._has_trial = self._has_trial or "trial" in told
            if "value" in told:
                return _Report(told["value"], 0, time.perf_counter(), told)
        return None if self._has_trial else found

    def _number(self, value: Any) -> float:
        try:
            return float(value)
        except (TypeError, ValueError):
            raise TaskError(
                f"`value` must find a number, but {self._task.value!r} found {value!r} in the"
                f" output of {self._task.title}. Its first group must be around the number; write"
                " (?:...) around anything else."
            ) from None

    def _check_begun(self, report: _Report, epoch: int) -> None:
        """Make sure that the schedule reaches the script, and that it is not too slow for it."""
        if self._given or (self._driven == "keras" and not report.updates):
            return
        declared, made = epoch * self._size, report.updates
        if not made:
            raise TaskError(
                f"{self._task.title} must train under its schedule, but at report {epoch} no"
                " optimizer of PyTorch or Keras had made a step. Leave a report from before the"
                " training out of `value`; or give the command {schedule}, {rates} or {base_lr},"
                " or call tuner.trial() in it."
            )
        if declared - made > max(_SKIPPED, _SHARE * declared):
            raise TaskError(self._other(f"had made {made} at report {epoch}", declared))

    def _await_end(self, process: CommandProcess) -> None:
        """Let a script end by itself after its last report, and see that it was the last one."""
        deadline = time.monotonic() + self._task.end_seconds
        is_over = False
        while not is_over and time.monotonic() < deadline:
            is_over = process.is_over()  # before the last look
            if self._look() is not None:
                raise TaskError(
                    f"{self._task.title} must make {self._epochs} reports, but goes on after them."
                    " Set `epochs`, or `updates`, to those of the whole training."
                )
        declared, made = self._epochs * self._size, self._files.updates
        if made and abs(made - declared) > max(_SKIPPED, _SHARE * declared):
            raise TaskError(self._other(f"made {made}", declared))

    def _other(self, what: str, declared: int) -> str:
        return (
            f"{self._task.title} must make the updates that it is said to make, {declared}, but"
            f" {what}. Set `updates_per_epoch`, or `report_every`, to those between two reports,"
            " and leave a report from before the training out of `value`."
        )

    def _state(self, process: CommandProcess, epoch: int) -> State | None:
        """Ask a script that waits for what it keeps."""
        self._files.answer(KEEP)
        while not process.is_over():
            for told in self._files.told():
                return self._files.state() if told.get("kept") else None
            time.sleep(_LOOK_SECONDS / 10)
        raise TaskError(self._too_few(process, epoch))

    def _too_few(self, process: CommandProcess, epoch: int) -> str:
        end = f"{self._task.title} must make {self._epochs} reports, but {process.end} after"
        if epoch == self._done and self._task.value and process.lines and not self._has_trial:
            end += f" none: `value` = {self._task.value!r} is not in its {process.lines} lines"
        else:
            end += f" {epoch}"
        return f"{end}. {self._said(process)}"

    def _said(self, process: CommandProcess) -> str:
        kept = f" Its output is in {self._task.output}." if self._task.output else ""
        return f"Its last line: {process.last_words!r}.{kept}"


def _no_state(_process: CommandProcess, _epoch: int) -> None:
    """Return none: a script that only prints keeps nothing."""
