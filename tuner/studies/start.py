"""Starting a study, going on with one, and being one more worker of it.

>>> import tuner
>>> result = tuner.run_study("studies/quickstart.toml", on_event=print)  # doctest: +SKIP
>>> result.best_schedule  # doctest: +SKIP
Cosine(base_lr=0.27, horizon=940, ...)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from tuner.definition import Confirm, Found, StudySpec, load_spec, with_task
from tuner.errors import StorageError
from tuner.reading import told_at_once
from tuner.repeats import find_confirm, planned, settings_of
from tuner.search import (
    Event,
    Worker,
    find_study,
    prepare_study,
    quiet_optuna,
    ranking,
    stored_spec,
)
from tuner.storage import hurry_if, make_database, open_storage, storage_errors
from tuner.studies.limits import NO_LIMITS, Limits, refuse_ranks
from tuner.studies.measuring import at_length
from tuner.studies.opening import found_spec, given_url
from tuner.studies.result import StudyResult
from tuner.studies.run import Run
from tuner.tasks import Task
from tuner.workers import task_from_above, workplace


@told_at_once
@quiet_optuna()
def run_study(
    study: str | Path,
    *,
    task: Task | None = None,
    trials: int | None = None,
    timeout: str | None = None,
    workers: int | None = None,
    storage: str | None = None,
    dask: str | None = None,
    confirm: bool | None = None,
    on_event: Callable[[Event], object] = lambda _: None,
    stop_requested: Callable[[], bool] = lambda: False,
) -> StudyResult:
    """Create the study that a file defines, or continue it, up to its budget; then confirm it.

    At the end the best schedule and the report lie in the output folder.

    Args:
        study: The study file.
        task: What is trained, of one's own; the file's ``[task]`` then names none. It is trained
            in this process, by one worker, unless ``workers`` or the file asks for more: those
            get a copy, as cloudpickle makes it.
        trials: Finished trials that the study may have, instead of the file's.
        timeout: How long this run may take (``"30m"``), instead of the file's.
        workers: How many processes train at once, instead of the file's or one for each core
            or GPU. With one, training is in this process, and the order of trials is always the
            same.
        storage: The database's URL, instead of the file's.
        dask: The address of a Dask scheduler (``"tcp://host:8786"``), on whose cluster the
            workers then run, by default as many as it has room for.
        confirm: Whether finalists and baselines are trained on fresh seeds at the end, as by
            :func:`confirm_study`; without it, what the file says, and not if ``trials`` is less
            than the file's, for then the study is not over.
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
    refuse_ranks()
    limits = Limits.checked(trials, timeout, workers)

    def make(found: Found) -> StudySpec:
        spec = load_spec(study, task, found)
        return spec if storage is None else spec._replace(storage_url=given_url(storage))

    return run_spec(
        at_length(make, on_event, stop_requested, dask), limits, dask=dask, confirm=confirm,
        on_event=on_event, stop_requested=stop_requested,
    )  # fmt: skip


def run_spec(
    spec: StudySpec,
    limits: Limits = NO_LIMITS,
    *,
    on_event: Callable[[Event], object],
    stop_requested: Callable[[], bool],
    dask: str | None = None,
    confirm: bool | None = None,
) -> StudyResult:
    """Create the study of a definition, or continue it; the rest is as for :func:`run_study`."""
    refuse_ranks()
    spec.check()
    with workplace(spec, limits.workers, dask) as place:
        make_database(spec.storage_url, lambda new: prepare_study(spec, new))
        database = open_storage(spec.storage_url, create=True, stop_requested=stop_requested)
        run = Run(spec, database, limits, place, on_event, stop_requested)
        wanted = confirm
        if wanted is None:
            wanted = spec.confirm.enabled and limits.is_whole(spec.budget.trials)
        return _run_to_the_end(run, spec.confirm if wanted else None)


@told_at_once
@quiet_optuna()
def resume_study(
    storage: str,
    *,
    study: str | None = None,
    task: Task | None = None,
    trials: int | None = None,
    timeout: str | None = None,
    workers: int | None = None,
    dask: str | None = None,
    confirm: bool | None = None,
    on_event: Callable[[Event], object] = lambda _: None,
    stop_requested: Callable[[], bool] = lambda: False,
) -> StudyResult:
    """Continue a study and its confirm from its database alone.

    Args:
        storage: The database's URL.
        study: The study's name; may be left out if the database has only one.
        task: The task that was passed to :func:`run_study`, if one was. One that is named in the
            definition is imported, **which runs its code**: resume what you trust.
        trials: As for :func:`run_study`.
        timeout: As for :func:`run_study`.
        workers: As for :func:`run_study`.
        dask: As for :func:`run_study`.
        confirm: As for :func:`run_study`; without it, also if a confirm was begun, which goes on
            with its own settings.
        on_event: As for :func:`run_study`.
        stop_requested: As for :func:`run_study`.

    Returns:
        The study as it is then.

    Raises:
        StorageError: If the database does not exist or is not Optuna's.
        StudyError: If it has no such study.
    """
    refuse_ranks()
    limits = Limits.checked(trials, timeout, workers)
    url = given_url(storage)
    database = open_storage(url, stop_requested=stop_requested)
    with storage_errors(url, database):
        spec = found_spec(database, study, url)
        begun = find_confirm(database, spec.name)
        settings = settings_of(begun) if begun else spec.confirm
    spec = with_task(spec, task)
    spec.check()
    with workplace(spec, limits.workers, dask) as place:
        run = Run(spec, database, limits, place, on_event, stop_requested)
        wanted = confirm
        if wanted is None:
            wanted = bool(begun) or (spec.confirm.enabled and limits.is_whole(spec.budget.trials))
        return _run_to_the_end(run, settings if wanted else None)


@quiet_optuna()
def run_worker(
    storage: str,
    *,
    study: str | None = None,
    trials: int | None = None,
    on_event: Callable[[Event], object] = lambda _: None,
    stop_requested: Callable[[], bool] = lambda: False,
    supervised: bool = False,
    failed: Sequence[int] = (),
) -> str:
    """Be one more worker of a study that was started elsewhere, until its budget is used.

    Args:
        storage: The URL of the study's database.
        study: The study's name; may be left out if the database has only one.
        trials: Finished trials that the study may have, instead of its definition's. The trainings
            of a confirm or comparison are given: it has no others.
        on_event: Called with everything that this worker does.
        stop_requested: Asked after every epoch.
        supervised: Whether another process started this one and replaces it if it dies. Then
            its database was there a moment ago: one that is away is waited for from the start. And
            its task, if it was passed from Python, is taken from there.
        failed: The numbers of the trials that the worker before this one, whose place it has,
            failed in last.

    Returns:
        ``"done"``, ``"interrupted"``, or ``"spent"`` if a supervised one is to be replaced.

    Raises:
        TunerError: As :func:`resume_study`.
    """
    refuse_ranks()
    limits = Limits.checked(trials, None, None)
    url = given_url(storage)
    try:
        database = open_storage(url, stop_requested=stop_requested, was_there=supervised)
    except StorageError:
        if supervised and stop_requested():  # it was waiting for it
            return "interrupted"
        raise
    if supervised:
        hurry_if(database, stop_requested)
    with storage_errors(url, database):
        found = find_study(database, study, url)
        spec = stored_spec(found, url)
    spec = with_task(spec, task_from_above() if supervised else None)
    spec.check()
    worker = Worker(
        found,
        database,
        spec,
        budget=planned(found) if spec.repeats else limits.trials or spec.budget.trials,
        listen=on_event,
        stop_reason=lambda: "interrupted" if stop_requested() else "",
        supervised=supervised,
        failed=failed,
    )
    return worker.run()


def _run_to_the_end(run: Run, confirm: Confirm | None) -> StudyResult:
    """Search, then confirm, and leave schedule and report in place after each.

    Args:
        run: The run.
        confirm: How to confirm; None for not at all.
    """
    ended = run.search(confirm)
    result = run.result(ended)
    # Nothing to confirm if every training collapsed.
    if ended == "done" and confirm is not None and ranking(result.trials):
        result = run.result(run.confirm(confirm))
    return result
