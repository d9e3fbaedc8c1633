"""The study: made once from its definition, found again in its database."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage
from optuna.study import Study

from tuner.definition import (
    REPEATS,
    Found,
    StudySpec,
    make_spec,
    moved_along,
    name_of_study,
)
from tuner.errors import DefinitionError, StudyError
from tuner.schedules import schedule_to_dict
from tuner.search.attributes import BASELINE, SCHEDULE, text
from tuner.search.sampled import attributes_of
from tuner.space import SearchSpace
from tuner.storage import hide_password, in_one_go, parse_url, sqlite_path, study_id
from tuner.tasks import NamedTask

# The user attribute of a study that makes the database alone enough to resume it.
DEFINITION = "definition"
_FORMAT = "tuner.definition/1"
# Optuna's column for it is of 65 535 bytes there, and an epoch's record has up to 400.
_MOST_EPOCHS_ON_MYSQL = 150


@contextmanager
def quiet_optuna(below: int = logging.WARNING) -> Iterator[None]:
    """Leave out what Optuna says in this thread below a level, as of studies it makes and finds.

    Optuna's verbosity is the whole process's, and the caller's to set; other threads may be in
    studies of their own.
    """
    here = threading.get_ident()

    def is_wanted(record: logging.LogRecord) -> bool:
        return record.levelno >= below or threading.get_ident() != here

    # Not on a logger: what comes from those below it asks the handlers' filters alone.
    handlers = [*logging.getLogger("optuna").handlers]
    for handler in handlers:
        handler.addFilter(is_wanted)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(is_wanted)


def study_names(storage: BaseStorage) -> list[str]:
    """Return the names of the studies in a database, without their repeats."""
    names = (str(study.study_name) for study in storage.get_all_studies())
    return sorted(name for name in names if not name.endswith(REPEATS))


def files_folder(storage: BaseStorage, spec: StudySpec) -> Path:
    """Return where a study's schedule and report go.

    The output folder; of a study that is not the first in its SQLite file a folder in that, for
    there the first one's are.
    """
    studies = sorted(storage.get_all_studies(), key=study_id)
    names = [name_of_study(study.study_name) for study in studies]
    own = name_of_study(spec.name)
    in_file = sqlite_path(parse_url(spec.storage_url)) is not None
    return spec.folder / own if in_file and names[:1] != [own] else spec.folder


def find_study(storage: BaseStorage, name: str | None, url: str) -> Study:
    """Return a study of a database; without a name, the only one.

    Raises:
        StudyError: If it does not exist, or the database has several and none was named.
    """
    names = study_names(storage)
    everything = [study.study_name for study in storage.get_all_studies()]
    shown = hide_password(url)
    if name is None and len(names) != 1:
        several = f"has {len(names)}: {', '.join(names)}. Name one with --study"
        what = several if names else "has none"
        raise StudyError(f"{shown} must have one study if none is named, but {what}.")
    if name is not None and name not in everything:
        known = f"It has {', '.join(names)}." if names else "It has none."
        raise StudyError(f"{shown} must have the study {name!r}, but has not. {known}")
    return optuna.load_study(study_name=name or names[0], storage=storage)


def stored_spec(study: Study, url: str) -> StudySpec:
    """Return the definition that a study was started with, from its database alone.

    Its name is the one that the study has there: a copy may have got another one.

    Args:
        study: The study.
        url: Its database's; ``""`` if it has none, as behind a storage proxy.

    Raises:
        StudyError: If the study was not made by this package, or by a newer one, or its name is
            none that a study file may give.
    """
    stored: dict[str, Any] | None = study.user_attrs.get(DEFINITION)
    if stored is None or stored.get("format") != _FORMAT:
        raise StudyError(
            f"Study {study.study_name!r} must carry a definition of format {_FORMAT!r}, but has"
            f" {stored.get('format') if stored else 'none'!r}. It was made by another program or"
            " version; start one with `tuner run STUDY.toml`."
        )
    where = f"the definition of study {study.study_name!r}"
    name = name_of_study(study.study_name)
    file, facts = stored["study"], stored.get("task")
    database = sqlite_path(parse_url(url))
    if database is not None:
        file, facts = moved_along(file, facts, database)
    try:
        spec = make_spec(
            {**file, "name": name}, stored["space"],
            where=where, space_where=f"{where}: search space",
            folder=Path(), stem=study.study_name, facts=facts,
            found=Found.stored(stored),
        )  # fmt: skip
    except DefinitionError as error:
        raise StudyError(
            f"This version cannot read it, or not here: {error}\nFiles that it names must be where"
            " they were, or lie around its SQLite file as they did."
        ) from error
    spec = spec._replace(storage_url=url)
    ending = study.study_name.removeprefix(name)
    return spec.for_repeats(ending) if ending else spec


def prepare_study(spec: StudySpec, storage: BaseStorage) -> Study:
    """Make the study with its definition and baselines, or check that it is the same one.

    May be called again after it was interrupted anywhere.

    Raises:
        StudyError: If the study exists with another definition; the message shows the difference.
            Or if the database cannot hold trials of such a length.
    """
    _check_length(spec)
    study = make_study(spec.name, spec, storage)
    if DEFINITION in study.user_attrs:
        old = stored_spec(study, spec.storage_url)
        refuse_difference(old, spec)
    elif study.get_trials(deepcopy=False):
        raise StudyError(
            f"Study {spec.name!r} must be this package's, but has trials and no definition."
            " Give the new one another name or database."
        )
    store_definition(study, spec)
    enqueue_missing(study, spec.space)
    return study


def make_study(name: str, spec: StudySpec, storage: BaseStorage) -> Study:
    """Make a study of Optuna's for a definition, or take the one that is there.

    Args:
        name: What it is called.
        spec: The definition.
        storage: Its storage.

    Raises:
        StudyError: If what is there goes in another direction: another program has made it.
    """
    wanted = spec.objective.optuna_direction
    study = optuna.create_study(
        study_name=name, storage=storage, direction=wanted, load_if_exists=True
    )
    found = [direction.name.lower() for direction in study.directions]
    if found != [wanted]:
        raise StudyError(
            f"Study {name!r} must {wanted} its values, but the study of that name in"
            f" {hide_password(spec.storage_url)} is there to {' and '.join(found)} them. Another"
            " program made it: delete it, or give the new one another name."
        )
    return study


def enqueue_missing(study: Study, space: SearchSpace) -> None:
    """Enqueue the baselines of a search space that a study does not have."""
    present = {text(t.user_attrs, BASELINE) for t in study.get_trials(deepcopy=False)}
    for baseline in space.baselines:
        if baseline.label not in present:
            clock = baseline.clock or space.clock
            attributes = {
                BASELINE: baseline.label,
                **attributes_of(baseline.options, clock, baseline.rule),
                SCHEDULE: schedule_to_dict(baseline.schedule),
            }
            study.enqueue_trial(baseline.values, user_attrs=attributes)


@contextmanager
def study_there(study: Study, storage: BaseStorage, url: str) -> Iterator[None]:
    """Say so if what fails in the block fails because the study was removed.

    Raises:
        StudyError: If it was.
    """
    try:
        yield
    except Exception as error:
        if not _is_there(study, storage):
            raise StudyError(
                f"Study {study.study_name!r} is gone: it was deleted from {hide_password(url)}"
                " while it was used. Run its file again to start it anew."
            ) from error
        raise


def _is_there(study: Study, storage: BaseStorage) -> bool:
    """Tell whether a study is in its database, as far as that can be known now."""
    try:
        with in_one_go(storage):
            storage.get_study_name_from_id(study_id(study))
    except KeyError:
        return False
    except Exception:  # what has happened before is what counts
        return True
    return True


def refuse_difference(old: StudySpec, new: StudySpec) -> None:
    """Make sure that two definitions are of trials that can be compared.

    Raises:
        StudyError: If they are not; the message shows the difference.
    """
    lines = difference(old, new)
    if lines:
        raise different(new.name, lines)


def different(name: str, lines: list[str]) -> StudyError:
    """Return the error of a study that was started with another definition, as lines show."""
    return StudyError(
        f"study {name!r} was started with another definition\n"
        + "\n".join(lines)
        + "\nTrials of the two cannot be compared. Restore the definition, or give the new one"
        " another `name`; copy a study file to one of another name as well."
    )


def _check_length(spec: StudySpec) -> None:
    shown = hide_password(spec.storage_url)
    if parse_url(spec.storage_url).get_backend_name() in ("mysql", "mariadb") and (
        spec.epochs > _MOST_EPOCHS_ON_MYSQL
    ):
        raise StudyError(
            f"Trials in {shown} must have <= {spec.unit.told(_MOST_EPOCHS_ON_MYSQL)}, for a MySQL"
            " database keeps 64 KiB of what a trial measures, but have"
            f" {spec.unit.count(spec.epochs)}. Name a PostgreSQL database or an SQLite file."
        )


def store_definition(study: Study, spec: StudySpec) -> None:
    """Put the two files of a definition into a study, if they are not there.

    And the facts of a task of one's own, so that looking at the study need not import it; and how
    the length of a training and the bounds of rates were measured, also if the numbers are written
    in the files since.
    """
    stored = study.user_attrs.get(DEFINITION) or {}
    definition = {"format": _FORMAT, "study": spec.study_data, "space": spec.space_data}
    definition |= Found.stored(stored).plain() | spec.found.plain()
    if isinstance(spec.task, NamedTask):
        definition["task"] = spec.task.facts
    if stored != definition:
        study.set_user_attr(DEFINITION, definition)


def difference(old: StudySpec, new: StudySpec) -> list[str]:
    """Return one line for each thing that decides trials and is not the same."""
    before, after = old.decisive(), new.decisive()
    width = max(map(len, before.keys() | after.keys()), default=0)
    lines = []
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key):
            was = old.unit.reworded(str(before.get(key, "(absent)")))
            now = new.unit.reworded(str(after.get(key, "(absent)")))
            lines.append(f"  {key:<{width}}  {was} -> {now}")
    return lines
