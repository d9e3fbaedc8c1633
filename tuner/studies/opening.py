"""Opening a study, which is named by its file, or by its database and a name."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path
from typing import NamedTuple

from optuna.storages import BaseStorage

from tuner.definition import (
    StudyFile,
    StudySpec,
    is_for_passed,
    load_spec,
    name_of_study,
    passed_task,
    read_storage,
)
from tuner.errors import StorageError, StudyError
from tuner.reading import Mistakes, read_kind, told_at_once
from tuner.search import difference, find_study, stored_spec
from tuner.storage import has_studies, open_storage, resolve_url, sqlite_url, storage_errors
from tuner.studies.measuring import agreed
from tuner.studies.result import StudyResult

_log = logging.getLogger("tuner")


class NamedByFile(NamedTuple):
    """A study that is looked at by its file.

    Without ``spec`` if its task is passed from Python: only its database knows that.
    """

    file: str | Path
    name: str
    url: str
    spec: StudySpec | None

    def whole(self, stored: StudySpec) -> StudySpec:
        """Return the file's definition, with task and length that the study has in its database.

        Raises:
            DefinitionError: With every mistake of the files.
        """
        task = None if self.spec else passed_task(stored)
        spec = self.spec or load_spec(self.file, task)
        found = agreed(spec, stored)
        return spec if found is None or not spec.is_open else load_spec(self.file, task, found)


def named_by_file(study: str | Path) -> NamedByFile:
    """Return what a file says of where its study is.

    Raises:
        DefinitionError: With every mistake of the files.
    """
    data, path = read_kind(study, "study"), Path(study)
    if not is_for_passed(data):
        spec = load_spec(study)
        return NamedByFile(study, spec.name, spec.storage_url, spec)
    mistakes = Mistakes(str(path))
    file = mistakes.read(StudyFile, data, "")
    url = read_storage(data.get("storage", {}), path.parent, path.stem, mistakes)
    mistakes.raise_if_any()
    assert file is not None, "what could not be read was a mistake"
    return NamedByFile(study, file.name, url, None)


def found_spec(database: BaseStorage, name: str | None, url: str) -> StudySpec:
    """Return the definition of a study; of a confirm or comparison, that of the study it is of.

    Raises:
        StudyError: If there is no such study, or several and none was named.
    """
    return stored_spec(find_study(database, name and name_of_study(name), url), url)


def named_url(storage: str | None) -> str:
    """Return the URL of a database that must be named.

    Raises:
        StudyError: If it is not.
        StorageError: If it is no URL of a database.
    """
    if storage is None:
        raise StudyError("A study must be named by its file or by --storage URL, but got neither.")
    return given_url(storage)


def given_url(storage: str) -> str:
    """Return the URL of a database as it was given, relative to the folder that one is in.

    Raises:
        StorageError: If it is no URL of a database.
    """
    try:
        return resolve_url(storage, Path())
    except ValueError as error:
        raise StorageError(f"--storage {error}.") from None


def named(study: str | Path | None, storage: str | None) -> tuple[str | Path | None, str | None]:
    """Return the study file and the URL of the database that are named, or None for either.

    An SQLite file is a database, and so is a folder that has one and no other.
    """
    if storage is not None or not isinstance(study, (str, Path)):
        return study, storage
    path, found = Path(study), []
    with contextlib.suppress(OSError, ValueError):  # which is told of a study file
        files = [path] if path.is_file() else sorted(path.glob("*.db"))
        found = [file for file in files if has_studies(file)]
    return (None, sqlite_url(found[0])) if len(found) == 1 else (study, None)


@told_at_once
def open_study(
    study: str | Path | None = None, *, storage: str | None = None, name: str | None = None
) -> StudyResult:
    """Open a study to look at it: by its file, or by database and name.

    Args:
        study: The study file, or its SQLite file, or a folder that has one and no other; or None.
        storage: The database's URL; without it, the one that the file names.
        name: The study's name; without it, the file's, or the only one of the database.

    Returns:
        The study, with the definition that its database holds.

    Raises:
        StorageError: If the database does not exist or is not Optuna's.
        StudyError: If it has no such study.
    """
    study, storage = named(study, storage)
    file = named_by_file(study) if study is not None else None
    if file is not None:
        storage, name = storage or file.url, name or file.name
    url = named_url(storage)
    database = open_storage(url, write=False)
    with storage_errors(url, database):
        found = find_study(database, name, url)
        stored = stored_spec(found, url)
    if file is not None and file.name == stored.name and difference(stored, file.whole(stored)):
        _log.warning(
            "%s is not what the study was begun with; what is shown is the study's", study
        )
    return StudyResult(found, stored)
