"""A study in one call: no file, and the training is a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tuner.definition import Found, StudySpec, Workers, with_length
from tuner.reading import Mistakes
from tuner.schedules import Schedule, is_whole
from tuner.search import Event, quiet_optuna
from tuner.space import sampled_apart
from tuner.studies.arguments import (
    length_of,
    read_lengths,
    read_space_argument,
    read_training,
    refuse_no_functions,
    spec_of,
    table,
    with_options,
)
from tuner.studies.limits import refuse_ranks
from tuner.studies.measuring import at_length
from tuner.studies.named_training import read_named
from tuner.studies.result import StudyResult
from tuner.studies.start import run_spec
from tuner.tasks import Task, Trial
from tuner.workers import Machine


@quiet_optuna()
def tune(
    train: Callable[[Trial], object] | Task | str | Mapping[str, Any],
    *,
    epochs: int | str | None = None,
    updates_per_epoch: int | None = None,
    updates: int | str | None = None,
    report_every: int | None = None,
    batch_size: int = 1,
    metric: str,
    direction: str | None = None,
    base_lr: float | None = None,
    space: str | Path | Mapping[str, Any] = "default",
    baselines: Mapping[str, Schedule | tuple[Schedule, Mapping[str, Any]]] = MappingProxyType({}),
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
        train: A function of a :class:`~tuner.Trial`, which trains under its ``schedule`` and
            reports after each epoch; or any task; or where such a function is,
            ``"train.py:train"``; or the ``[task]`` table of a command,
            ``{"command": "python train.py", "value": "val loss ([0-9.]+)"}``.
        epochs: Epochs of a full training; or how long one is to take, ``"30min"``, which is
            measured before the first trial and the same number of epochs from then on.
        updates_per_epoch: Optimizer updates in one epoch, such as ``len(loader)``.
        updates: Updates of a full training that has no epochs, instead of both; or such a time.
        report_every: Updates between two reports of such a training.
        batch_size: Examples in an update, for durations such as ``"50000ex"``.
        metric: What is reported, such as ``"accuracy"`` or ``"val_loss"``.
        direction: ``"maximize"`` or ``"minimize"``; where the metric's name does not tell.
        base_lr: The learning rate of today: the space ``"default"`` follows from it.
        space: ``"default"``, ``"chapter"`` or ``"modern"``; or what is sampled and fixed, by name:
            a :class:`tuner.Float`, a :class:`tuner.Int`, a list to choose from, or a value; or a
            search-space file's path or content.
        baselines: Schedules to beat, by a label each. They need not lie in the space. If a time
            is given, each is laid out anew by its ``with_horizon``. Of options that are sampled it
            has the function's own value, or those beside it, ``(schedule, {"weight_decay": 0})``.
        params: Options for the function, its ``trial.params``, or ``{params.NAME}`` of a command:
            a value each, or what is sampled beside the schedule, a :class:`tuner.Float`, a
            :class:`tuner.Int` or a :class:`tuner.Choice`. A ``batch_size`` that is sampled changes
            the updates of an epoch: the argument ``batch_size`` says which one the
            ``updates_per_epoch`` are of.
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
        on_event: Called with everything that happens; ``print`` gives one line each. Without it
            the run is shown on stderr as :func:`tuner.live` shows it.
        stop_requested: Asked after every report; True ends the run, to be continued. Without it
            Ctrl-C does: once to stop after the next report, twice to stop now.

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
    given = {
        "epochs": epochs, "updates_per_epoch": updates_per_epoch,
        "updates": updates, "report_every": report_every,
    }  # fmt: skip
    options, own = sampled_apart(params) if isinstance(params, Mapping) else ({}, params)

    def make(found: Found) -> StudySpec:
        mistakes = Mistakes("tuner.tune")
        lengths, time = with_length(given, found.length, mistakes)
        clock = read_lengths(lengths, getattr(train, "updates_per_epoch", None), mistakes)
        named = None
        if isinstance(train, (str, Mapping)):
            named = read_named(train, clock, batch_size, own, Path(folder), mistakes)
        data = {
            "format": "tuner.study/1",
            "name": (named.name if named else _name_of(train)) if name is None else name,
            "notes": notes,
            "search_space": "space",
            "task": {
                **length_of(clock),
                "seed": _whole(seed),
                **(named.table if named else {}),
            },
            "objective": _without_none(metric=metric, direction=direction),
            "budget": _without_none(trials=_whole(trials), timeout=timeout),
            "sampler": table(sampler, seed=_whole(seed)),
            "pruner": table(pruner),
            "confirm": {"enabled": confirm} if isinstance(confirm, bool) else confirm,
            "storage": _without_none(url=storage, states=states),
            "workers": _workers(workers),
        }
        refuse_no_functions(mistakes, on_event=on_event, stop_requested=stop_requested)
        anew = isinstance(given["updates" if report_every is not None else "epochs"], str)
        spec = spec_of(
            data,
            with_options(
                read_space_argument(space, base_lr, baselines, clock, mistakes, anew=anew), options
            ),
            None if named else read_training(train, clock, batch_size, own, metric, mistakes),
            named.folder if named else folder,
            mistakes,
            is_named=named is not None,
            found=found,
        )
        return spec._replace(time=time)

    refuse_ranks()
    spec = at_length(make, on_event, stop_requested)
    return run_spec(spec, on_event=on_event, stop_requested=stop_requested)


def _name_of(train: object) -> str:
    """Return what a study is called that nobody named: as its function."""
    return str(getattr(train, "__name__", "")).strip("<>_") or "study"


def _workers(given: int | Mapping[str, Any] | None) -> object:
    """Return the table that the argument stands for."""
    if given is None:
        return {"count": Machine(Workers()).count}
    return given if isinstance(given, Mapping) else {"count": _whole(given)}


def _whole(given: object) -> object:
    """Return NumPy's whole numbers as Python's, which a database keeps."""
    return int(given) if is_whole(given) else given


def _without_none(**given: object) -> dict[str, object]:
    return {key: value for key, value in given.items() if value is not None}
