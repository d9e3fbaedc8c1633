"""Training given schedules on fresh seeds: the finalists of a study, or a comparison.

>>> import tuner
>>> result = tuner.compare_study("studies/chapter.toml", seeds=5)  # doctest: +SKIP
>>> result.comparison.schedules[0].test_accuracy  # doctest: +SKIP
Spread(n=5, mean=0.88, sd=0.005, se=0.002)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tuner.definition import Confirm, Found, StudySpec, load_spec, with_task
from tuner.errors import StudyError
from tuner.reading import told_at_once
from tuner.repeats import rivals
from tuner.schedules import is_whole
from tuner.search import Event, prepare_study, quiet_optuna
from tuner.storage import make_database, open_storage, storage_errors
from tuner.studies.limits import Limits, refuse_ranks
from tuner.studies.measuring import at_length, found_as
from tuner.studies.opening import found_spec, given_url, named, named_url
from tuner.studies.result import StudyResult
from tuner.studies.run import Run
from tuner.tasks import Task
from tuner.workers import workplace


@told_at_once
@quiet_optuna()
def confirm_study(
    study: str | Path | None = None,
    *,
    storage: str | None = None,
    name: str | None = None,
    task: Task | None = None,
    top: int | None = None,
    seeds: int | None = None,
    max_seeds: int | None = None,
    timeout: str | None = None,
    workers: int | None = None,
    dask: str | None = None,
    on_event: Callable[[Event], object] = lambda _: None,
    stop_requested: Callable[[], bool] = lambda: False,
) -> StudyResult:
    """Train a study's best schedules and its baselines again, all on the same fresh seeds.

    Everybody gets ``seeds`` of them, then one more at a time those that are not separated from
    the leader, up to ``max_seeds``. The winner is the study's best schedule from then on. What
    was confirmed before is kept; an interrupted confirm is continued.

    Args:
        study: The study file, or its SQLite file, or a folder that has one and no other; or None.
        storage: The database's URL; without it, the one that the file names.
        name: The study's name; without it, the file's, or the only one of the database.
        task: As for :func:`resume_study`.
        top: How many of the best trials, instead of the definition's ``[confirm]``.
        seeds: How many seeds for everybody, instead of the definition's.
        max_seeds: How many at most, instead of the definition's.
        timeout: As for :func:`run_study`.
        workers: As for :func:`run_study`.
        dask: As for :func:`run_study`.
        on_event: As for :func:`run_study`.
        stop_requested: As for :func:`run_study`.

    Returns:
        The study as it is then, with ``confirmed``, unless the confirm was interrupted.

    Raises:
        StudyError: If it has no complete trial, or the numbers are no settings of a confirm.
        TunerError: As :func:`run_study`.

    Example:
        >>> import tuner
        >>> result = tuner.confirm_study("studies/quickstart.toml", top=1)  # doctest: +SKIP
        >>> result.confirmed.winner.label  # doctest: +SKIP
        'chapter: multi factor 0.5'
    """
    refuse_ranks()
    limits = Limits.checked(None, timeout, workers)
    numbers = {"top": top, "seeds": seeds, "max_seeds": max_seeds}
    spec, url = None, ""
    study, storage = named(study, storage)
    if study is not None:
        spec = load_spec(study, task)
        storage, name = storage or spec.storage_url, name or spec.name
    url = named_url(storage)
    database = open_storage(url, stop_requested=stop_requested)
    with storage_errors(url, database):
        stored = found_spec(database, name, url)
    if spec is None or study is None or spec.name != stored.name:
        spec = with_task(stored, task)
    elif spec.is_open:
        spec = load_spec(study, task, found_as(spec, stored))
    spec = spec._replace(storage_url=url)
    settings = _changed(spec.confirm, numbers)
    spec.task.check()
    with workplace(spec, limits.workers, dask) as place:
        run = Run(spec, database, limits, place, on_event, stop_requested)
        return run.result(run.confirm(settings))


@told_at_once
@quiet_optuna()
def compare_study(
    study: str | Path | None = None,
    schedules: Iterable[str | Path] = (),
    *,
    seeds: int = 5,
    storage: str | None = None,
    name: str | None = None,
    task: Task | None = None,
    timeout: str | None = None,
    workers: int | None = None,
    dask: str | None = None,
    on_event: Callable[[Event], object] = lambda _: None,
    stop_requested: Callable[[], bool] = lambda: False,
) -> StudyResult:
    """Train a study's baselines, or other schedules, all on the same seeds, side by side.

    The study need not have been run. What was compared before stays in the comparison, so that
    schedules and seeds can be added to it; an interrupted one is continued. The page lies in the
    output folder at the end, ``compare.html``.

    Args:
        study: The study file, or its SQLite file, or a folder that has one and no other; or None.
        schedules: Schedule files, instead of the study's baselines.
        seeds: From how many seeds each schedule is trained.
        storage: The database's URL; without it, the one that the file names.
        name: The study's name; without it, the file's, or the only one of the database.
        task: As for :func:`run_study`.
        timeout: As for :func:`run_study`.
        workers: As for :func:`run_study`.
        dask: As for :func:`run_study`.
        on_event: As for :func:`run_study`.
        stop_requested: As for :func:`run_study`.

    Returns:
        The study as it is then, with its ``comparison``.

    Raises:
        StudyError: If there is nothing to compare, or a schedule is laid out for other trainings.
        ScheduleFileError: If a schedule file cannot be read or trusted.
        TunerError: As :func:`run_study`.

    Example:
        >>> import tuner
        >>> result = tuner.compare_study("studies/chapter.toml", seeds=5)  # doctest: +SKIP
        >>> [each.label for each in result.comparison.schedules]  # doctest: +SKIP
        ['constant 0.3', 'square root 0.1, epochs', ...]
    """
    refuse_ranks()
    limits = Limits.checked(None, timeout, workers)
    if not is_whole(seeds) or not 2 <= seeds <= 1000:
        raise StudyError(
            "`seeds` must be a whole number of 2 to 1000, for one has no spread, but got"
            f" {seeds!r}."
        )
    spec = at_length(
        lambda found: _spec(study, storage, name, task, found),
        on_event, stop_requested, dask,
    )  # fmt: skip
    candidates = rivals(spec, schedules)
    spec.task.check()
    with workplace(spec, limits.workers, dask) as place:
        make_database(spec.storage_url, lambda new: prepare_study(spec, new))
        database = open_storage(spec.storage_url, create=True, stop_requested=stop_requested)
        run = Run(spec, database, limits, place, on_event, stop_requested)
        return run.comparison(run.compare(candidates, int(seeds)))


def _spec(
    study: str | Path | None,
    storage: str | None,
    name: str | None,
    task: Task | None,
    found: Found,
) -> StudySpec:
    """Return the definition of a study that may not have been started yet."""
    study, storage = named(study, storage)
    if study is not None:
        spec = load_spec(study, task, found)
        if name in (None, spec.name):
            return spec if storage is None else spec._replace(storage_url=given_url(storage))
        storage = storage or spec.storage_url
    url = named_url(storage)
    database = open_storage(url)
    with storage_errors(url, database):
        return with_task(found_spec(database, name, url), task)


def _changed(settings: Confirm, numbers: dict[str, Any]) -> Confirm:
    """Return settings of a confirm with other numbers, where they are given."""
    given = {key: value for key, value in numbers.items() if value is not None}
    try:
        return Confirm(**settings.model_dump() | given)
    except ValidationError as error:
        text = error.errors()[0]["msg"].removeprefix("Value error, ")
        place = "".join(f"`{part}`: " for part in error.errors()[0]["loc"])
        raise StudyError(f"{place}{text}, in confirm with {given}.") from error
