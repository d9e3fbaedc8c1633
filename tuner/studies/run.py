"""A run: a search up to its budget, a confirm, a comparison; here, in processes, on a cluster."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from optuna.storages import BaseStorage
from optuna.study import Study

from tuner.definition import COMPARE, CONFIRM, Confirm, StudySpec, seconds, warnings_of
from tuner.errors import StorageError, TrainingError
from tuner.repeats import (
    Candidate,
    Confirmation,
    enqueue,
    failed_of,
    prepare_comparison,
    prepare_confirm,
    read_repeats,
    seeds_are_ignored,
)
from tuner.search import (
    Listener,
    StudyEnded,
    TrialRow,
    Worker,
    prepare_study,
    put_back_killed,
    ranking,
    study_started,
    study_there,
    trial_rows,
    tried_again,
    try_again,
)
from tuner.storage import (
    alone,
    close,
    give_up_waiting,
    hurry_if,
    storage_errors,
    trial_id,
    watch_file,
)
from tuner.studies.limits import Limits
from tuner.studies.result import StudyResult
from tuner.studies.saying import best_said, winner_said
from tuner.workers import Cluster, Machine

_log = logging.getLogger("tuner")

T = TypeVar("T")
P = ParamSpec("P")


def _orderly(method: Callable[Concatenate[Run, P], T]) -> Callable[Concatenate[Run, P], T]:
    """Let a part of a run say if its study is gone, and leave no connection open if it fails."""

    @functools.wraps(method)
    def wrapped(self: Run, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            with study_there(self._study, self._database, self._spec.storage_url):
                return method(self, *args, **kwargs)
        except BaseException:
            close(self._database)
            raise

    return wrapped


class Run:
    """One run of a study, in the process that a user started.

    Args:
        spec: The study's definition.
        database: Its storage.
        limits: What the caller set for this run.
        place: Where the workers are to be.
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
        place: Machine | Cluster,
        listen: Listener,
        stop_requested: Callable[[], bool],
    ) -> None:
        self._spec, self._database, self._limits = spec, database, limits
        self._place, self._listen, self._stop_requested = place, listen, stop_requested
        timeout = limits.timeout or spec.budget.timeout
        self._deadline = time.monotonic() + seconds(timeout) if timeout else None
        hurry_if(database, self._stop_reason)
        self._study = self._alone(lambda: prepare_study(spec, database))

    @_orderly
    def search(self, confirm: Confirm | None = None) -> str:
        """Run the study's trials up to its budget.

        Args:
            confirm: How they will be confirmed, if they will.

        Returns:
            ``"done"``, ``"timeout"`` or ``"interrupted"``.
        """
        budget = self._limits.trials or self._spec.budget.trials
        repeats = confirm.expected(len(self._spec.space.baselines)) if confirm else 0
        self._say_started(self._study, self._spec, self._finished(), budget, repeats)
        for warning in warnings_of(self._spec, budget):
            _log.warning("%s", warning)
        started = time.monotonic()
        ended = self._train(self._study, self._spec, budget, self._place.count)
        best = best_said(self._rows(), self._spec.objective)
        took = time.monotonic() - started
        self._listen(StudyEnded(self._spec.name, ended, self._finished(), budget, took, best))
        if ended == "done":
            self._refuse_failures(self._study)
        return ended

    def _refuse_failures(self, study: Study) -> None:
        """Raise an error if trials failed and none has told anything; let them be tried again."""
        with storage_errors(self._spec.storage_url, self._database):
            rows = trial_rows(study)
            failed = [row for row in rows if row.state == "failed"]
            if not failed or any(row.state in ("complete", "pruned", "collapsed") for row in rows):
                return
            trials = study.get_trials(deepcopy=False)
            what_now = tried_again(
                self._database, [trial_id(trials[row.number]) for row in failed]
            )
        raise TrainingError(
            f"All {len(failed)} trials failed, the last one: {failed[-1].reason.rstrip('.')}."
            f" {what_now}"
        )

    @_orderly
    def confirm(self, settings: Confirm) -> str:
        """Train finalists and baselines on fresh seeds until the race is over.

        Returns:
            As :meth:`search`.

        Raises:
            StudyError: If no trial of the study is complete.
        """

        def prepare() -> Study:
            rows = trial_rows(self._study)
            return prepare_confirm(self._spec, self._database, rows, settings)

        expected = settings.expected(len(self._spec.space.baselines))
        return self._repeat(prepare, self._spec.for_repeats(CONFIRM), expected)

    @_orderly
    def compare(self, candidates: list[Candidate], seeds: int) -> str:
        """Train schedules on the same seeds, beside those that were compared before.

        Returns:
            As :meth:`search`.
        """

        def prepare() -> Study:
            return prepare_comparison(self._spec, self._database, candidates, seeds)

        return self._repeat(prepare, self._spec.for_repeats(COMPARE))

    def _repeat(self, prepare: Callable[[], Study], spec: StudySpec, expected: int = 0) -> str:
        """Train what repeats are missing until nothing is, prepared anew before every round."""
        ended, begun = "done", False
        started = time.monotonic()
        while ended == "done":
            study, found, budget = self._next_round(prepare, failed_again=not begun)
            if found.ignores_seeds:
                raise TrainingError(seeds_are_ignored(self._spec))
            if not found.missing:
                break
            if not begun:
                self._say_started(study, spec, found.trained, budget, max(expected - budget, 0))
                begun = True
            workers = min(self._place.count, len(found.missing))
            ended = self._train(study, spec, budget, workers)
        if begun:
            study, found, budget = self._next_round(prepare)
            best = winner_said(found, spec.objective) if expected else ""
            took = time.monotonic() - started
            self._listen(StudyEnded(spec.name, ended, found.trained, budget, took, best))
            if ended == "done":
                self._refuse_failures(study)
        return ended

    @_orderly
    def result(self, ended: str) -> StudyResult:
        """Put the best schedule and the report in place, and return the study.

        Raises:
            StorageError: If the output folder cannot be made.
        """
        result = StudyResult(self._study, self._spec, ended)
        if ranking(result.trials):
            _make(result.folder)
            result.export(result.folder / "best.json")
            result.report(result.folder / "report.html")
        close(self._database)  # which opens again when the result is asked for more
        return result

    @_orderly
    def comparison(self, ended: str) -> StudyResult:
        """Put the comparison's page in place, and return the study.

        Raises:
            StorageError: If the output folder cannot be made.
        """
        result = StudyResult(self._study, self._spec, ended)
        _make(result.folder)
        result.report_comparison(result.folder / "compare.html")
        close(self._database)
        return result

    def _next_round(
        self, prepare: Callable[[], Study], failed_again: bool = False
    ) -> tuple[Study, Confirmation, int]:
        """Enqueue what is needed next; return where it stands, and the budget with that."""

        def enqueued() -> tuple[Study, int]:
            study = prepare()
            if failed_again and (failed := failed_of(study, self._spec)):
                try_again(self._database, failed)
                study = prepare()  # anew, for Optuna remembers what was over
            return study, enqueue(study, self._spec)

        study, budget = self._alone(enqueued)
        with storage_errors(self._spec.storage_url, self._database):
            return study, read_repeats(study, self._spec), budget

    def _alone(self, call: Callable[[], T]) -> T:
        """Let no other process write into the database in the meantime that does so as well."""
        with storage_errors(self._spec.storage_url, self._database):
            return alone(self._database, call)

    def _train(self, study: Study, spec: StudySpec, budget: int, workers: int) -> str:
        listen, stop_reason = self._listen, self._stop_reason
        # The last one of repeats alone needs no process of its own, but a run of several
        # workers never trains here: a crash of the framework must not end it.
        watch_file(self._database)
        try:
            if not self._place.trains_here:
                return self._place.run(
                    spec, workers, budget=budget, listen=listen, stop_reason=stop_reason
                )
            worker = Worker(
                study, self._database, spec, budget=budget, listen=listen, stop_reason=stop_reason
            )
            return worker.run()
        except Exception:
            give_up_waiting(self._database)
            raise
        finally:
            with suppress(Exception):  # what happened first is what counts
                put_back_killed(study, self._database)

    def _stop_reason(self) -> str:
        if self._stop_requested():
            return "interrupted"
        return "timeout" if self._deadline and time.monotonic() >= self._deadline else ""

    def _rows(self) -> list[TrialRow]:
        with storage_errors(self._spec.storage_url, self._database):
            return trial_rows(self._study)

    def _finished(self) -> int:
        return sum(row.is_finished for row in self._rows())

    def _say_started(
        self, study: Study, spec: StudySpec, finished: int, budget: int, repeats: int
    ) -> None:
        with storage_errors(spec.storage_url, self._database):
            started = study_started(study, spec, finished, budget, repeats)
        self._listen(started)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{folder} cannot be made: {error.strerror}.") from error
