"""A study in one call: no file, and the training is a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tuner.definition import Workers, make_spec, space_named
from tuner.errors import StudyError
from tuner.reading import Clock
from tuner.schedules import Schedule, is_whole
from tuner.search import Event, quiet_optuna
from tuner.space import baseline_of, written
from tuner.studies.result import StudyResult
from tuner.studies.start import run_spec
from tuner.tasks import Task, Trial, TrialTask
from tuner.workers import Machine

_WHERE = "tuner.tune"


@quiet_optuna()
def tune(
    train: Callable[[Trial], object] | Task,
    *,
    epochs: int | None = None,
    updates_per_epoch: int | None = None,
    updates: int | None = None,
    report_every: int | None = None,
    metric: str = "accuracy",
    direction: str | None = None,
    base_lr: float | None = None,
    space: str | Mapping[str, Any] = "default",
    baselines: Mapping[str, Schedule] = MappingProxyType({}),
    params: Mapping[str, Any] = MappingProxyType({}),
    trials: int = 40,
    name: str | None = None,
    folder: str | Path = ".",
    seed: int = 0,
    notes: str = "",
    timeout: str | None = None,
    workers: int | Mapping[str, Any] | None = 1,
    sampler: str | Mapping[str, Any] = "screening",
    pruner: str | Mapping[str, Any] = "forecast",
    confirm: bool | Mapping[str, Any] = True,
    storage: str | None = None,
    states: str | None = None,
    on_event: Callable[[Event], object] = lambda _: None,
    stop_requested: Callable[[], bool] = lambda: False,
) -> StudyResult:
    """Tune the schedule of a training, up to so many trials; called again, go on.

    Everything is kept in the folder ``NAME``: the database, the best schedule, the report. The
    same call again goes on with what is there, and does nothing once the study is done.

    Args:
        train: A function of a :class:`~tuner.tasks.Trial`, which trains under its ``schedule`` and
            reports after each epoch; or any task.
        epochs: Epochs of a full training.
        updates_per_epoch: Optimizer updates in one epoch, such as ``len(loader)``.
        updates: Updates of a full training that has no epochs, instead of both.
        report_every: Updates between two reports of such a training.
        metric: What is reported, such as ``"accuracy"`` or ``"val_loss"``.
        direction: ``"maximize"`` or ``"minimize"``; where the metric's name does not tell.
        base_lr: The learning rate of today: the space ``"default"`` follows from it.
        space: ``"default"``, ``"chapter"`` or ``"modern"``; or what is sampled and fixed, by name:
            a :class:`tuner.Float`, a :class:`tuner.Int`, a list to choose from, or a value; or the
            content of a search-space file.
        baselines: Schedules to beat, by a label each. They need not lie in the space.
        params: Options for the function, its ``trial.params``.
        trials: Finished trials that the study may have.
        name: The study's name, by default the function's.
        folder: Where its folder is.
        seed: The seed of every trial, and of the search.
        notes: A text for people, shown in the report.
        timeout: How long one run may take, such as ``"30m"``.
        workers: How many processes of this machine train at once; None for one on each GPU, or for
            each core; or the table of a study file. With one, training is in this process. Others
            get a copy of the function, wherever it is written, and of all that it uses.
        sampler: The sampler's name, or its table in a study file.
        pruner: The pruner's name, or its table in a study file.
        confirm: Whether the finalists are trained again on fresh seeds at the end; or the table
            of a study file.
        storage: The database's URL; SQLite in the folder by default.
        states: How large all training states on disk may be, such as ``"4GB"``.
        on_event: Called with everything that happens; ``print`` gives one line each.
        stop_requested: Asked after every report; True ends the run, to be continued.

    Returns:
        The study as it is then.

    Raises:
        DefinitionError: With every mistake of the arguments.
        StudyError: If the study was begun with other ones.
        TunerError: For other things that the caller can mend.

    Example:
        >>> import tempfile, tuner
        >>> def train(trial):
        ...     weight = 1.0
        ...     for epoch in trial.epochs():
        ...         for update in trial.updates_of(epoch):
        ...             weight -= trial.schedule(update) * weight
        ...         trial.report(weight)
        >>> result = tuner.tune(
        ...     train, epochs=3, updates_per_epoch=10, metric="val_loss", base_lr=0.01, trials=5,
        ...     folder=tempfile.mkdtemp(), confirm=False,
        ... )
        >>> result.ended, len(result.trials)
        ('done', 5)
    """
    size, count = _lengths(train, epochs, updates_per_epoch, updates, report_every)
    task = _task(train, size, params)
    name = name or str(getattr(train, "__name__", "study")).strip("<>")
    data: dict[str, Any] = {
        "format": "tuner.study/1",
        "name": name,
        "search_space": "space",
        "task": {"epochs": count, "seed": seed},
        "objective": {"metric": metric, **({"direction": direction} if direction else {})},
        "budget": {"trials": trials, **({"timeout": timeout} if timeout else {})},
        "sampler": {"seed": seed, **_table(sampler)},
        "pruner": _table(pruner),
        "confirm": {"enabled": confirm} if isinstance(confirm, bool) else dict(confirm),
        **({"notes": notes} if notes else {}),
    }
    if workers is None:
        workers = Machine(Workers()).count
    data["workers"] = dict(workers) if isinstance(workers, Mapping) else {"count": workers}
    kept = {"url": storage, "states": states}
    data |= {"storage": {key: value for key, value in kept.items() if value is not None}}
    spec = make_spec(
        data,
        _space(space, base_lr, baselines, Clock(size, size * count)),
        where=_WHERE,
        space_where="space",
        folder=Path(folder),
        stem=name,
        task=task,
    )
    return run_spec(spec, on_event=on_event, stop_requested=stop_requested)


def _lengths(
    train: object,
    epochs: int | None,
    updates_per_epoch: int | None,
    updates: int | None,
    report_every: int | None,
) -> tuple[int, int]:
    """Return the updates between two reports, and how many reports a training has."""
    own = getattr(train, "updates_per_epoch", None)
    if own is not None and updates_per_epoch is None and updates is None:
        updates_per_epoch = own
    given = {
        "epochs": epochs, "updates_per_epoch": updates_per_epoch,
        "updates": updates, "report_every": report_every,
    }  # fmt: skip
    for key, value in given.items():
        if value is not None and not (is_whole(value) and value >= 1):
            raise StudyError(f"`{key}` must be a whole number of 1 or more, but got {value!r}.")
    got = ", ".join(f"{key}={value!r}" for key, value in given.items() if value is not None)
    if epochs and updates_per_epoch and not (updates or report_every):
        return int(updates_per_epoch), int(epochs)
    if updates and report_every and not (epochs or updates_per_epoch):
        if updates % report_every:
            raise StudyError(
                "`updates` must be a multiple of `report_every`, so that the last report is of the"
                f" whole training, but got ({got})."
            )
        return int(report_every), int(updates // report_every)
    raise StudyError(
        "A training must have `epochs` and `updates_per_epoch`, or `updates` and `report_every`,"
        f" but got ({got})."
    )


def _task(train: Callable[[Trial], object] | Task, size: int, params: Mapping[str, Any]) -> Task:
    if callable(train) and not isinstance(train, type):
        return TrialTask(train, updates_per_epoch=size, params=params)
    if isinstance(train, type) or not hasattr(train, "train"):
        raise StudyError(f"`train` must be a function of a trial, or a task, but got {train!r}.")
    if params:
        raise StudyError("`params` must be left out for a task, which has its own.")
    return train


def _table(given: str | Mapping[str, Any]) -> dict[str, Any]:
    return {"type": given} if isinstance(given, str) else dict(given)


def _space(
    space: str | Mapping[str, Any],
    base_lr: float | None,
    baselines: Mapping[str, Schedule],
    clock: Clock,
) -> dict[str, Any]:
    """Return the content of the search-space file that the arguments stand for."""
    if isinstance(space, str):
        found = space_named(space, base_lr)
    elif base_lr is not None:
        raise StudyError("`base_lr` must be left out beside a space of your own, which has it.")
    else:
        found = dict(space) if "format" in space else written(space, "own")
    entries = [baseline_of(label, each, clock) for label, each in baselines.items()]
    return {**found, "baseline": [*found.get("baseline", []), *entries]}
