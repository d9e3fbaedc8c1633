"""The public functions: what the commands call, and what a script or notebook calls.

>>> import tuner
>>> result = tuner.run_study("studies/quickstart.toml", on_event=print)  # doctest: +SKIP
>>> result.best_schedule  # doctest: +SKIP
Cosine(base_lr=0.27, horizon=940, ...)
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.resources
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from optuna.storages import BaseStorage

from tuner.clusters import Cluster, connected
from tuner.errors import StorageError, StudyError
from tuner.patience import hurry_if
from tuner.results import ranking, summary, trial_rows
from tuner.schedules.writing import write_whole
from tuner.search.events import Event, Listener, StudyEnded, StudyStarted
from tuner.search.study import find_study, prepare_study, stored_spec
from tuner.search.worker import Worker
from tuner.spec import StudySpec, load_spec, seconds
from tuner.storage import (
    close,
    made_folder,
    make_database,
    one_at_a_time,
    open_storage,
    storage_errors,
)
from tuner.storage_urls import hide_password, resolve_url
from tuner.study_result import StudyResult
from tuner.workers import run_workers

_INIT_FILES = {
    "study.toml": Path("studies/quickstart.toml"),
    "search_space.toml": Path("search_spaces/chapter.toml"),
}


class Plan(NamedTuple):
    """What a study will do, for ``tuner check``."""

    spec: StudySpec
    updates_per_epoch: int
    horizon: int
    most_epochs: int


def check_study(study: str | Path) -> Plan:
    """Read a study file and everything that it needs, and train nothing.

    Args:
        study: The study file.

    Returns:
        The plan.

    Raises:
        DefinitionError: With every mistake of the files.
        TunerError: If the task cannot run here: framework, optimizer, device, data.
    """
    spec = load_spec(study)
    spec.task.check()
    return Plan(
        spec=spec,
        updates_per_epoch=spec.task.updates_per_epoch,
        horizon=spec.space.clock.horizon,
        most_epochs=spec.budget.trials * spec.epochs,
    )


def run_study(
    study: str | Path,
    *,
    trials: int | None = None,
    timeout: str | None = None,
    workers: int | None = None,
    storage: str | None = None,
    dask: str | None = None,
    on_event: Callable[[Event], object] = lambda _: None,
    stop_requested: Callable[[], bool] = lambda: False,
) -> StudyResult:
    """Create the study that a file defines, or continue it, up to its budget.

    At the end the best schedule and the report lie in the output folder.

    Args:
        study: The study file.
        trials: Finished trials that the study may have, instead of the file's.
        timeout: How long this run may take (``"30m"``), instead of the file's.
        workers: How many processes train at once, instead of the file's or one for each core.
            With one, training is in this process, and the order of trials is always the same.
        storage: The database's URL, instead of the file's.
        dask: The address of a Dask scheduler (``"tcp://host:8786"``), on whose cluster the
            workers then run, by default as many as it has room for.
        on_event: Called with everything that happens; ``print`` gives one line each.
        stop_requested: Asked after every epoch; True ends the run, to be continued.

    Returns:
        The study as it is then.

    Raises:
        DefinitionError: With every mistake of the files.
        StudyError: If the study was started with another definition.
        TunerError: For other things that the caller can mend.

    Example:
        >>> import tuner
        >>> result = tuner.run_study("studies/quickstart.toml")  # doctest: +SKIP
    """
    limits = Limits.checked(trials, timeout, workers)
    spec = load_spec(study)
    if storage is not None:
        spec = spec._replace(storage_url=_url(storage))
    spec.task.check()
    with connected(dask, spec.storage_url) as cluster:
        make_database(spec.storage_url, lambda new: prepare_study(spec, new))
        database = open_storage(spec.storage_url, create=True)
        return _run(spec, database, limits, cluster, on_event, stop_requested)


def resume_study(
    storage: str,
    *,
    study: str | None = None,
    trials: int | None = None,
    timeout: str | None = None,
    workers: int | None = None,
    dask: str | None = None,
    on_event: Callable[[Event], object] = lambda _: None,
    stop_requested: Callable[[], bool] = lambda: False,
) -> StudyResult:
    """Continue a study from its database alone.

    Args:
        storage: The database's URL.
        study: The study's name; may be left out if the database has only one.
        trials: As for :func:`run_study`.
        timeout: As for :func:`run_study`.
        workers: As for :func:`run_study`.
        dask: As for :func:`run_study`.
        on_event: As for :func:`run_study`.
        stop_requested: As for :func:`run_study`.

    Returns:
        The study as it is then.

    Raises:
        StorageError: If the database does not exist or is not Optuna's.
        StudyError: If it has no such study.
    """
    limits = Limits.checked(trials, timeout, workers)
    url = _url(storage)
    database = open_storage(url)
    with storage_errors(url, database):
        spec = stored_spec(find_study(database, study, url), url)
    spec.task.check()
    with connected(dask, spec.storage_url) as cluster:
        return _run(spec, database, limits, cluster, on_event, stop_requested)


def run_worker(
    storage: str,
    *,
    study: str | None = None,
    trials: int | None = None,
    on_event: Callable[[Event], object] = lambda _: None,
    stop_requested: Callable[[], bool] = lambda: False,
    supervised: bool = False,
) -> str:
    """Be one more worker of a study that was started elsewhere, until its budget is used.

    Args:
        storage: The URL of the study's database.
        study: The study's name; may be left out if the database has only one.
        trials: Finished trials that the study may have, instead of its definition's.
        on_event: Called with everything that this worker does.
        stop_requested: Asked after every epoch.
        supervised: Whether another process started this one and replaces it if it dies. Then
            its database was there a moment ago: one that is away is waited for from the start.

    Returns:
        ``"done"`` or ``"interrupted"``.

    Raises:
        TunerError: As :func:`resume_study`.
    """
    limits = Limits.checked(trials, None, None)
    url = _url(storage)
    database = open_storage(url, wait_unless=stop_requested if supervised else None)
    with storage_errors(url, database):
        found = find_study(database, study, url)
        spec = stored_spec(found, url)
    worker = Worker(
        found,
        database,
        spec,
        budget=limits.trials or spec.budget.trials,
        listen=on_event,
        stop_reason=lambda: "interrupted" if stop_requested() else "",
        supervised=supervised,
    )
    return worker.run()


def open_study(
    study: str | Path | None = None, *, storage: str | None = None, name: str | None = None
) -> StudyResult:
    """Open a study to look at it: by its file, or by database and name.

    Args:
        study: The study file, or None.
        storage: The database's URL; without it, the one that the file names.
        name: The study's name; without it, the file's, or the only one of the database.

    Returns:
        The study, with the definition that its database holds.

    Raises:
        StorageError: If the database does not exist or is not Optuna's.
        StudyError: If it has no such study.
    """
    if study is not None:
        spec = load_spec(study)
        storage, name = storage or spec.storage_url, name or spec.name
    if storage is None:
        raise StudyError("A study must be named by its file or by --storage URL, but got neither.")
    url = _url(storage)
    database = open_storage(url, write=False)
    with storage_errors(url, database):
        found = find_study(database, name, url)
        return StudyResult(found, stored_spec(found, url))


def init_project(folder: str | Path) -> list[Path]:
    """Write a commented study and its search space to start from.

    Args:
        folder: Where to; made if it does not exist. No existing file is touched.

    Returns:
        The files, the study first.

    Raises:
        StudyError: If one of them exists or cannot be written.
    """
    paths = {name: Path(folder) / path for name, path in _INIT_FILES.items()}
    existing = [str(path) for path in paths.values() if path.exists()]
    if existing:
        raise StudyError(f"{', '.join(existing)} must not exist, but does. Name another folder.")
    templates = importlib.resources.files("tuner") / "templates"
    try:
        with contextlib.ExitStack() as made:
            for name, path in paths.items():
                made.enter_context(made_folder(path.parent))
                write_whole((templates / name).read_bytes(), str(path))
                made.push(lambda failure, *_, path=path: path.unlink() if failure else None)
    except OSError as error:
        raise StudyError(
            f"{error.filename or folder} cannot be written: {error.strerror}. Name another folder."
        ) from error
    return list(paths.values())


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


def _run(
    spec: StudySpec,
    database: BaseStorage,
    limits: Limits,
    cluster: Cluster | None,
    listen: Listener,
    stop_requested: Callable[[], bool],
) -> StudyResult:
    """Run a study here, in processes or on a cluster, and put its schedule and report in place."""
    with storage_errors(spec.storage_url, database), one_at_a_time(database):
        study = prepare_study(spec, database)
    budget = limits.trials or spec.budget.trials
    timeout = limits.timeout or spec.budget.timeout
    started = time.monotonic()
    deadline = started + seconds(timeout) if timeout else None

    def stop_reason() -> str:
        if stop_requested():
            return "interrupted"
        return "timeout" if deadline and time.monotonic() >= deadline else ""

    def finished() -> int:
        with storage_errors(spec.storage_url, database):
            return summary(spec.name, trial_rows(study), budget).finished

    hurry_if(database, stop_reason)
    shown = hide_password(spec.storage_url)
    listen(StudyStarted(spec.name, shown, finished(), budget, spec.epochs))
    workers = limits.workers or spec.workers
    if cluster is not None:
        workers = limits.workers or spec.study_data.get("workers", {}).get("count") or cluster.room
        ended = cluster.run(
            spec, max(workers, 1), budget=budget, listen=listen, stop_reason=stop_reason
        )
    elif workers == 1:
        worker = Worker(
            study, database, spec, budget=budget, listen=listen, stop_reason=stop_reason
        )
        ended = worker.run()
    else:
        ended = run_workers(spec, workers, budget=budget, listen=listen, stop_reason=stop_reason)
    listen(StudyEnded(spec.name, ended, finished(), budget, time.monotonic() - started))
    result = StudyResult(study, spec, ended)
    if ranking(result.trials):
        try:
            result.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"{result.folder} cannot be made: {error.strerror}.") from error
        result.export(result.folder / "best.json")
        result.report(result.folder / "report.html")
    close(database)  # which opens again when the result is asked for more
    return result


def _url(storage: str) -> str:
    try:
        return resolve_url(storage, Path())
    except ValueError as error:
        raise StorageError(f"--storage {error}.") from None
