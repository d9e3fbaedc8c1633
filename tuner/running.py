"""A run: the search up to its budget, then the confirm, here, in processes or on a cluster."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from optuna.storages import BaseStorage
from optuna.study import Study
from pydantic import ValidationError

from tuner.clusters import Cluster
from tuner.confirmation import Confirmation
from tuner.errors import StorageError, StudyError
from tuner.patience import hurry_if
from tuner.results import ranking, summary, trial_rows
from tuner.search.confirm import enqueue, prepare_confirm, read_confirm
from tuner.search.events import Listener, StudyEnded, StudyStarted
from tuner.search.study import prepare_study
from tuner.search.worker import Worker
from tuner.spec import Confirm, StudySpec, seconds
from tuner.storage import close, one_at_a_time
from tuner.storage_errors import storage_errors
from tuner.storage_urls import hide_password, resolve_url
from tuner.study_result import StudyResult
from tuner.tasks.base import Task
from tuner.tasks.named import NamedTask
from tuner.workers import run_workers


class Limits(NamedTuple):
    """What a caller sets for one run, each None if the study's definition decides."""

    trials: int | None
    timeout: str | None
    workers: int | None

    @classmethod
    def checked(cls, trials: int | None, timeout: str | None, workers: int | None) -> Limits:
        """Return the limits.

        Raises:
            StudyError: If a number is not 1 or more.
            UnitError: If the timeout is no time.
        """
        for name, value in (("trials", trials), ("workers", workers)):
            if value is not None and value < 1:
                raise StudyError(f"`{name}` must be 1 or more, but got {value}.")
        if timeout is not None:
            seconds(timeout)
        return cls(trials, timeout, workers)

    def is_whole(self, budget: int) -> bool:
        """Tell whether a run with these limits ends with the whole budget of its study."""
        return self.trials is None or self.trials >= budget


def with_task(spec: StudySpec, task: Task | None) -> StudySpec:
    """Return a stored definition with the task that is passed from Python again, if one is.

    Raises:
        StudyError: If it names its task itself.
        TaskError: If it is another task than before.
    """
    if task is None:
        return spec
    if not isinstance(spec.task, NamedTask) or not spec.task.is_passed:
        raise StudyError(
            f"`task` must be left out for study {spec.name!r}, which names its own:"
            f" {spec.training.name!r}."
        )
    return spec._replace(task=spec.task.with_task(task))


def alone_if_passed(spec: StudySpec, limits: Limits, dask: str | None) -> StudySpec:
    """Return a definition, with one worker if its task was passed from Python.

    Raises:
        StudyError: If several are asked for.
    """
    if not isinstance(spec.task, NamedTask) or not spec.task.is_passed:
        return spec
    asked = limits.workers or spec.study_data.get("workers", {}).get("count") or 1
    if asked > 1 or dask is not None:
        raise StudyError(
            "A task that is passed from Python must have one worker, in this process, but got"
            f" {'a cluster' if dask else f'{asked} workers'}. Name the function that makes it in"
            ' the study file instead: [task] name = "module:function".'
        )
    return spec._replace(workers=1)


class Run:
    """One run of a study, in the process that a user started.

    Args:
        spec: The study's definition.
        database: Its storage.
        limits: What the caller set for this run.
        cluster: Where the workers are to be; None for this machine.
        listen: Called with every event.
        stop_requested: Asked after every epoch; True ends the run, to be continued.

    Raises:
        StudyError: If the study was started with another definition.
    """

    def __init__(
        self,
        spec: StudySpec,
        database: BaseStorage,
        limits: Limits,
        cluster: Cluster | None,
        listen: Listener,
        stop_requested: Callable[[], bool],
    ) -> None:
        self._spec, self._database, self._limits = spec, database, limits
        self._cluster, self._listen, self._stop_requested = cluster, listen, stop_requested
        timeout = limits.timeout or spec.budget.timeout
        self._deadline = time.monotonic() + seconds(timeout) if timeout else None
        hurry_if(database, self._stop_reason)
        with storage_errors(spec.storage_url, database), one_at_a_time(database):
            self._study = prepare_study(spec, database)

    def search(self) -> str:
        """Run the study's trials up to its budget.

        Returns:
            ``"done"``, ``"timeout"`` or ``"interrupted"``.
        """
        budget = self._limits.trials or self._spec.budget.trials
        self._say_started(self._spec, self._finished(budget), budget)
        started = time.monotonic()
        ended = self._train(self._study, self._spec, budget, self._workers())
        self._say_ended(self._spec, ended, self._finished(budget), budget, started)
        return ended

    def confirm(self, settings: Confirm) -> str:
        """Train finalists and baselines on fresh seeds until the race is over.

        Returns:
            As :meth:`search`.

        Raises:
            StudyError: If no trial of the study is complete.
        """
        spec = self._spec.for_confirm()
        with storage_errors(spec.storage_url, self._database), one_at_a_time(self._database):
            study = prepare_confirm(self._spec, self._database, trial_rows(self._study), settings)
        ended, begun = "done", False
        started = time.monotonic()
        while ended == "done":
            found, budget = self._next_round(study)
            if not found.missing:
                break
            if not begun:
                self._say_started(spec, found.trained, budget)
                begun = True
            workers = min(self._workers(), len(found.missing))
            ended = self._train(study, spec, budget, workers)
        if begun:
            found, budget = self._next_round(study)
            self._say_ended(spec, ended, found.trained, budget, started)
        return ended

    def result(self, ended: str) -> StudyResult:
        """Put the best schedule and the report in place, and return the study.

        Raises:
            StorageError: If the output folder cannot be made.
        """
        result = StudyResult(self._study, self._spec, ended)
        if ranking(result.trials):
            try:
                result.folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StorageError(f"{result.folder} cannot be made: {error.strerror}.") from error
            result.export(result.folder / "best.json")
            result.report(result.folder / "report.html")
        close(self._database)  # which opens again when the result is asked for more
        return result

    def _next_round(self, study: Study) -> tuple[Confirmation, int]:
        """Enqueue what the race needs next; return where it stands, and the budget with that."""
        with storage_errors(self._spec.storage_url, self._database):
            with one_at_a_time(self._database):
                budget = enqueue(study, self._spec)
            return read_confirm(study, self._spec), budget

    def _train(self, study: Study, spec: StudySpec, budget: int, workers: int) -> str:
        listen, stop_reason = self._listen, self._stop_reason
        if self._cluster is not None:
            return self._cluster.run(
                spec, workers, budget=budget, listen=listen, stop_reason=stop_reason
            )
        # A confirm's last training alone needs no process of its own, but a run of several
        # workers never trains here: a crash of the framework must not end it.
        if self._workers() == 1:
            worker = Worker(
                study, self._database, spec, budget=budget, listen=listen, stop_reason=stop_reason
            )
            return worker.run()
        return run_workers(spec, workers, budget=budget, listen=listen, stop_reason=stop_reason)

    def _workers(self) -> int:
        if self._cluster is None:
            return self._limits.workers or self._spec.workers
        count: int | None = self._spec.study_data.get("workers", {}).get("count")
        return max(self._limits.workers or count or self._cluster.room, 1)

    def _stop_reason(self) -> str:
        if self._stop_requested():
            return "interrupted"
        return "timeout" if self._deadline and time.monotonic() >= self._deadline else ""

    def _finished(self, budget: int) -> int:
        with storage_errors(self._spec.storage_url, self._database):
            return summary(self._spec.name, trial_rows(self._study), budget).finished

    def _say_started(self, spec: StudySpec, finished: int, budget: int) -> None:
        shown = hide_password(spec.storage_url)
        self._listen(StudyStarted(spec.name, shown, finished, budget, spec.epochs))

    def _say_ended(
        self, spec: StudySpec, ended: str, finished: int, budget: int, started: float
    ) -> None:
        taken = time.monotonic() - started
        self._listen(StudyEnded(spec.name, ended, finished, budget, taken))


def run_to_the_end(run: Run, confirm: Confirm | None) -> StudyResult:
    """Search, then confirm, and leave schedule and report in place after each.

    Args:
        run: The run.
        confirm: How to confirm; None for not at all.
    """
    ended = run.search()
    result = run.result(ended)
    # Nothing to confirm if every training collapsed.
    if ended == "done" and confirm is not None and ranking(result.trials):
        result = run.result(run.confirm(confirm))
    return result


def with_numbers(settings: Confirm, numbers: dict[str, Any]) -> Confirm:
    """Return settings of a confirm with other numbers, where they are given."""
    given = {key: value for key, value in numbers.items() if value is not None}
    try:
        return Confirm(**settings.model_dump() | given)
    except ValidationError as error:
        text = error.errors()[0]["msg"].removeprefix("Value error, ")
        place = "".join(f"`{part}`: " for part in error.errors()[0]["loc"])
        raise StudyError(f"{place}{text}, in confirm with {given}.") from error


def named_url(storage: str | None) -> str:
    """Return the URL of a study's database, which the caller must have named."""
    if storage is None:
        raise StudyError("A study must be named by its file or by --storage URL, but got neither.")
    return checked_url(storage)


def checked_url(storage: str) -> str:
    """Return the URL of a database, its path whole."""
    try:
        return resolve_url(storage, Path())
    except ValueError as error:
        raise StorageError(f"--storage {error}.") from None
