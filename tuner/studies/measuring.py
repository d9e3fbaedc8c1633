"""What is measured once before a study, and numbers from then on: a length, bounds of rates."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable

from tuner.definition import NOTHING, RAMP, Found, Measured, MeasuredRates, StudySpec, seconds
from tuner.errors import StudyError, TaskError
from tuner.reading import EPOCHS
from tuner.search import (
    LengthMeasured,
    Listener,
    RatesFound,
    different,
    find_study,
    stored_spec,
    study_names,
)
from tuner.storage import close, open_storage, parse_url, sqlite_path, storage_errors
from tuner.studies.lr_range import REPORTS, SEEDS, range_of
from tuner.studies.trying import middling, tried

# It is measured for this share of the time, but not for longer than a moment.
_SHARE, _SECONDS = 0.05, 30.0
# Reports that are measured at least, after the first one.
_REPORTS = 2
_STOPPED = "stopped while a training was measured; nothing is stored"


def at_length(
    make: Callable[[Found], StudySpec],
    listen: Listener,
    stop_requested: Callable[[], bool],
    dask: str | None = None,
) -> StudySpec:
    """Return a definition whose trainings have a length in updates, and its rates bounds.

    What its database says of them is taken; else it is measured, and nothing is stored before the
    study is.

    Args:
        make: Makes the definition, given what stands for that which is to be measured.
        listen: Told what was measured.
        stop_requested: Asked after every report; True ends it.
        dask: The cluster that is to train, if one is.

    Raises:
        StudyError: If the study was begun with another length or other bounds, or the time is too
            short, or a ramp shows no bounds.
        TaskError: If the training cannot be measured.
        KeyboardInterrupt: If it is to stop.
    """
    spec = make(NOTHING)
    if not spec.is_open:
        return spec
    stored = _stored(spec)
    if stored is not None:
        return make(found_as(spec, stored))
    if dask is not None:
        what = f"A training of {spec.time}" if spec.time else "`base_lr` of type 'range'"
        raise StudyError(
            f"{what} is measured on this machine, but got a cluster: write it in numbers."
        )
    found = NOTHING
    if spec.time:
        found = Found(length=_measure(spec, stop_requested))
    if spec.ranges:
        found = found._replace(rates=_rates(make(found), listen, stop_requested))
    stored = _stored(spec)  # by another run, which measured in the meantime
    if stored is not None:
        return make(found_as(spec, stored))
    fixed = make(found)
    if found.length is not None:
        updates = fixed.space.clock.horizon
        listen(LengthMeasured(spec.name, spec.time, updates, *found.length[2:]))
    if found.rates is not None:
        listen(RatesFound(spec.name, *found.rates))
    return fixed


def found_as(spec: StudySpec, stored: StudySpec) -> Found:
    """Return what was measured for a definition in the study that was begun with it.

    Raises:
        StudyError: If it was begun with another length, or other bounds.
    """
    found = agreed(spec, stored)
    if found is not None:
        return found
    if spec.time and not _is_of(stored, spec.time):
        key, length = "epochs" if spec.unit == EPOCHS else "updates", stored.found.length
        was = length.time if length else stored.unit.count(stored.epochs)
        raise different(spec.name, [f"  task.{key}  {was} -> {spec.time}"])
    low, high = stored.space.base_lrs
    raise different(spec.name, [f"  params.base_lr  {low:g}..{high:g} -> range"])


def agreed(spec: StudySpec, stored: StudySpec) -> Found | None:
    """Return what was measured for a study if it stands for what a definition leaves open."""
    if spec.time and not _is_of(stored, spec.time):
        return None
    return None if spec.ranges and stored.found.rates is None else stored.found


def _is_of(stored: StudySpec, time: str) -> bool:
    return stored.found.length is not None and stored.found.length.is_of(time)


def _stored(spec: StudySpec) -> StudySpec | None:
    """Return the definition that the study was begun with; None if it was not."""
    path = sqlite_path(parse_url(spec.storage_url))
    if path is not None and not path.exists():
        return None
    database = open_storage(spec.storage_url, create=True)
    try:
        with storage_errors(spec.storage_url, database):
            if spec.name not in study_names(database):
                return None
            study = find_study(database, spec.name, spec.storage_url)
            # One that was killed as it was made has none yet.
            return stored_spec(study, spec.storage_url) if study.user_attrs else None
    finally:
        close(database)


def _measure(spec: StudySpec, stop_requested: Callable[[], bool]) -> Measured:
    """Train for a while under a schedule of the space. The first report is not counted.

    For that has what is done once: imports, compiling, filling caches.
    """
    spec.check()
    schedule, trained = middling(spec)
    wanted, size = seconds(spec.time), trained.task.updates_per_epoch
    begun, taken, reports = 0.0, 0.0, -1
    try:
        with tried(trained, schedule, spec.training.seed) as training:
            for epoch in training:
                now, reports = time.perf_counter(), reports + 1
                begun = begun or now
                taken = now - begun
                if stop_requested():
                    raise KeyboardInterrupt
                is_enough = reports >= _REPORTS and taken >= min(_SECONDS, _SHARE * wanted)
                if is_enough or taken > wanted or epoch.record.epoch == spec.epochs:
                    break
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_STOPPED) from None
    except TaskError as error:
        raise TaskError(
            f"A training of {spec.time} is measured first, told that it is of"
            f" {spec.unit.told(spec.epochs)}. {error}"
        ) from error
    if reports < _REPORTS and taken <= wanted:
        raise TaskError(
            f"A training of {spec.time} must go on while it is measured, but ended after"
            f" {reports + 1} reports of {spec.unit.one}. Let it train for as long as it is told."
        )
    each = taken / reports
    length = int(wanted / each)
    if length < 2:
        raise StudyError(
            f"A training of {spec.time} must have time for two reports or more, but"
            f" {spec.unit.one} took {each:.3g} s. Give it more time, or let it report more often."
        )
    return Measured(
        spec.time, spec.unit.count(length), each / size, reports * size, platform.node()
    )


def _rates(spec: StudySpec, listen: Listener, stop_requested: Callable[[], bool]) -> MeasuredRates:
    """Let the learning rate rise over some short trainings."""
    try:
        found = range_of(spec, *RAMP, REPORTS, SEEDS, listen, stop_requested)
    except StudyError as error:
        raise StudyError(
            f"{error} `tuner range` of a study with bounds has these options; write what it finds"
            " in the place of 'range'."
        ) from error
    return MeasuredRates(
        found.low, found.high, found.collapses is not None, found.measured, found.reports,
        SEEDS, platform.node(),
    )  # fmt: skip
