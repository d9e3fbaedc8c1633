"""The range of learning rates that a short ramp can train under: Smith's LR range test."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeGuard

from tuner.definition import RAMP, StudySpec, fresh_seeds, load_spec
from tuner.errors import StudyError, TaskError
from tuner.reading import told_at_once
from tuner.schedules import Schedule, is_whole
from tuner.search import Event, Listener, RampTrained, quiet_optuna
from tuner.studies.limits import refuse_ranks
from tuner.studies.ramp import RangePoint, Reading, ramp, read_ramp
from tuner.studies.trying import tried, with_own_options
from tuner.tasks import CommandTask, EpochRecord, Table, Task, TrainingCollapsed

LOW, HIGH = RAMP
SEEDS = 3
# Reports of a ramp, and the fewest that a curve can be read of.
REPORTS, _FEWEST = 20, 5
# Beyond the seeds that a confirm can have.
_SEEDS_FROM = 2**30 + 2_000
# Of the rate that collapses, the share that bounds a search: gradient descent in a parabola learns
# fastest at half of the largest rate that is stable (LeCun and others 1998, Efficient BackProp,
# section 5). Smith's own bound, where the ramp is best, would be below what a schedule can bear
# that decays later; and a ramp, whose losses take some updates to show it, collapses late.
BELOW = 0.5
_STOPPED = "stopped in the ramp; nothing is stored"
RANGE_CAVEAT = (
    "This is where a short ramp is stable at this batch size: no schedule, and no best learning"
    " rate. A warmup shifts it, and so does the length of a training. Take it as the bounds of a"
    " search."
)


class LRRange(NamedTuple):
    """What a ramp of the learning rate shows, and the bounds of ``base_lr`` that it proposes.

    ``low`` and ``high`` are the bounds: where training ``begins``, and half of the rate where it
    ``collapses``, or the end of the ramp if it never does. ``measured`` is what the ``points`` are
    of, smoothed and ``raw``, ``steepest`` the rate at which a report gains most. ``resolution`` is
    the factor between the rates of two reports: nothing is known better than that. ``notes`` say
    what to try.
    """

    low: float
    high: float
    begins: float
    steepest: float
    collapses: float | None
    points: tuple[RangePoint, ...]
    measured: str
    reports: int
    seeds: tuple[int, ...]
    resolution: float
    notes: tuple[str, ...] = ()

    @property
    def toml(self) -> str:
        """The lines of a search space."""
        rows = ("[params.base_lr]", 'type = "float"', f"low  = {self.low!r}")
        return "\n".join((*rows, f"high = {self.high!r}", "log  = true"))


@told_at_once
@quiet_optuna()
def lr_range(
    study: str | Path,
    *,
    task: Task | None = None,
    low: float = LOW,
    high: float = HIGH,
    epochs: int | None = None,
    seeds: int = SEEDS,
    on_event: Callable[[Event], object] = lambda _: None,
    stop_requested: Callable[[], bool] = lambda: False,
) -> LRRange:
    """Raise the learning rate over a short training, and say where that begins and collapses.

    It trains what the study trains, from several seeds, while the rate rises exponentially. What
    is read is the train loss, or what the study is judged by where the task tells no loss. Nothing
    is stored: a ramp that was stopped begins anew. The same seeds give the same numbers.

    The upper bound is half of the rate that collapses: there gradient descent in a parabola learns
    fastest. It is where a short ramp is stable at this batch size, no schedule and no best
    learning rate: a warmup shifts it, and so does the length of a training.

    Args:
        study: The study file.
        task: What is trained, of one's own, as for :func:`tuner.run_study`.
        low: The first learning rate of the ramp.
        high: The last one.
        epochs: Epochs of the ramp, or reports of a training that has no epochs; 20 by default. The
            ramp is seen as often as the training reports.
        seeds: How many seeds.
        on_event: Called when a training is over; ``print`` gives one line each.
        stop_requested: Asked after every report; True ends it.

    Returns:
        The range, as bounds of ``base_lr``.

    Raises:
        DefinitionError: With every mistake of the files.
        StudyError: If an argument is wrong, or nothing is trained at any rate of the ramp.
        TaskError: If the task cannot be trained so, as a table of recorded trainings.
        KeyboardInterrupt: If it is to stop.

    Example:
        >>> import tuner
        >>> found = tuner.lr_range("studies/quickstart.toml", on_event=print)  # doctest: +SKIP
        >>> found.low, found.high  # doctest: +SKIP
        (0.0011, 0.76)

    Source:
        Smith, Cyclical Learning Rates for Training Neural Networks (arXiv:1506.01186). LeCun,
        Bottou, Orr and Müller 1998, Efficient BackProp, section 5, for the half.
    """
    refuse_ranks()
    _check(low, high, epochs, seeds)
    spec = load_spec(study, task)
    return range_of(
        spec, float(low), float(high), REPORTS if epochs is None else int(epochs), int(seeds),
        on_event, stop_requested,
    )  # fmt: skip


def range_of(
    spec: StudySpec,
    low: float,
    high: float,
    reports: int,
    seeds: int,
    listen: Listener,
    stop_requested: Callable[[], bool],
) -> LRRange:
    """Return the range of a definition; the rest is as for :func:`lr_range`."""
    _refuse_what_cannot_rise(spec.task)
    spec.check()
    spec = with_own_options(spec)
    size = spec.task.updates_per_epoch
    if reports * size < 2 * _FEWEST:
        raise StudyError(
            f"A ramp must have {2 * _FEWEST} updates or more, but has {reports * size}. Give it"
            " more epochs."
        )
    spec = spec._replace(training=spec.training.model_copy(update={"epochs": reports}))
    rising = ramp(low, high, reports * size)
    first = spec.training.seed
    numbers = (first, *fresh_seeds(_SEEDS_FROM, seeds - 1, training_seed=first))
    trained: list[list[EpochRecord]] = []
    for seed in numbers:
        records, reason = _train(spec, rising, seed, stop_requested)
        trained.append(records)
        at = rising(min(len(records) + bool(reason), reports) * size)
        listen(RampTrained(spec.name, seed, at, spec.unit.reworded(reason)))
    has_loss = all(record.train_loss is not None for records in trained for record in records)
    judged_by = "train loss" if has_loss else spec.objective.judged_by
    values = [
        [record.train_loss if has_loss else spec.objective.value(record) for record in records]
        for records in trained
    ]
    whole = [[value for value in row if value is not None] for row in values]
    if whole != values:
        lacking = next(r for row in trained for r in row if spec.objective.value(r) is None)
        raise TaskError(spec.objective.unmeasured(lacking))
    rates = [math.sqrt(rising(k * size + 1) * rising((k + 1) * size)) for k in range(reports)]
    reading = read_ramp(rates, whole, minimized=has_loss or spec.objective.minimized)
    return _found(reading, low, high, judged_by, numbers)


def _found(
    reading: Reading, low: float, high: float, measured: str, seeds: tuple[int, ...]
) -> LRRange:
    """Return the range that a reading shows.

    Raises:
        StudyError: If it shows none.
    """
    points, (begins, steepest, collapses) = reading.points, reading[1:]
    span = f"from {low:g} to {high:g}"
    if begins is None or steepest is None:
        if collapses is not None:
            raise StudyError(
                f"The ramp {span} must train before it collapses, but the {measured} is not finite"
                f" at {points[collapses].lr:.2g} and no better before. Lower --low."
            )
        raise StudyError(
            f"The ramp {span} must train somewhere, but the {measured} gains less than 1 % of what"
            " it was, or no more than the seeds differ. Raise --high if the rates are too small,"
            " lower --low if they are too large, or give it more --epochs."
        )
    notes = []
    if begins <= 1:
        notes.append(f"It trains from the start of the ramp: lower --low, {low:g}, to see more.")
    if collapses is None:
        notes.append(
            f"It never collapses: the upper bound is the end of the ramp, {high:g}. Raise --high"
            " to see more."
        )
    bottom = _short(points[begins].lr)
    top = _short(high if collapses is None else BELOW * points[collapses].lr)
    if collapses is not None and top <= bottom:
        top = _short(points[collapses].lr)
        notes.append("It collapses as soon as it trains: give it more --epochs, to see between.")
    return LRRange(
        low=bottom,
        high=top,
        begins=points[begins].lr,
        steepest=points[steepest].lr,
        collapses=None if collapses is None else points[collapses].lr,
        points=points,
        measured=measured,
        reports=len(points),
        seeds=seeds,
        resolution=points[-1].lr / points[-2].lr,
        notes=tuple(notes),
    )


def _train(
    spec: StudySpec, rising: Schedule, seed: int, stop_requested: Callable[[], bool]
) -> tuple[list[EpochRecord], str]:
    """Return the records of a training, up to where it collapsed, and why if it did."""
    records: list[EpochRecord] = []
    try:
        with tried(spec, rising, seed) as training:
            try:
                for epoch in training:
                    records.append(epoch.record)
                    if stop_requested():
                        raise KeyboardInterrupt
                    if epoch.record.epoch == spec.epochs:
                        break
            except TrainingCollapsed as collapse:
                return records, collapse.reason
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_STOPPED) from None
    except TaskError as error:
        update = min(len(records) + 1, spec.epochs) * spec.task.updates_per_epoch
        raise TaskError(
            f"{error} That was in the ramp, on the way to a learning rate of {rising(update):.2g}:"
            " give --high below it, or let the training report a loss that is not finite."
        ) from error
    return records, ""


def _refuse_what_cannot_rise(task: Task) -> None:
    if isinstance(task, Table):
        raise TaskError(
            "A ramp must be trained, but a table's trainings are recorded and have none like it."
            " Name the task that they are of."
        )
    if isinstance(task, CommandTask) and not task.follows_any:
        raise TaskError(
            "A command must follow any schedule to be given a ramp, but is told fields of a family"
            f" alone: {task.title}. Give it {{rates}} or {{schedule}}."
        )


def _check(low: object, high: object, epochs: object, seeds: object) -> None:
    """Make sure of the arguments.

    Raises:
        StudyError: With all that is wrong.
    """
    wrong = [
        f"`{name}` must be a number above 0, but got {given!r}"
        for name, given in (("low", low), ("high", high))
        if not _is_rate(given)
    ]
    if _is_rate(low) and _is_rate(high) and not low < high:
        wrong = [f"`low < high` must hold, but got (low={low!r}, high={high!r})"]
    if epochs is not None and not (is_whole(epochs) and epochs >= _FEWEST):
        wrong.append(f"`epochs` must be a whole number of {_FEWEST} or more, but got {epochs!r}")
    if not (is_whole(seeds) and 1 <= seeds <= 1000):
        wrong.append(f"`seeds` must be a whole number from 1 to 1000, but got {seeds!r}")
    if wrong:
        raise StudyError(f"{'; '.join(wrong)}.")


def _is_rate(given: object) -> TypeGuard[float]:
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        return False
    return 0 < given < 1e100


def _short(rate: float) -> float:
    """Return a rate with as many digits as mean anything."""
    return float(f"{rate:.2g}")
