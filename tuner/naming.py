"""A study is named by its file, or by its database and a name."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from optuna.storages import BaseStorage

from tuner.definitions import Mistakes, read_toml
from tuner.errors import StorageError, StudyError
from tuner.passed_task import passed_task
from tuner.search.study import find_study, stored_spec
from tuner.spec import StudySpec, load_spec, read_storage
from tuner.spec_sections import StudyFile, name_of_study
from tuner.spec_task import is_for_passed
from tuner.storage_urls import resolve_url


class NamedByFile(NamedTuple):
    """A study that is looked at by its file.

    Without ``spec`` if its task is passed from Python: only its database knows that.
    """

    file: str | Path
    name: str
    url: str
    spec: StudySpec | None

    def whole(self, stored: StudySpec) -> StudySpec:
        """Return the file's definition, with the task that the study has in its database.

        Raises:
            DefinitionError: With every mistake of the files.
        """
        return self.spec or load_spec(self.file, passed_task(stored))


def named_by_file(study: str | Path) -> NamedByFile:
    """Return what a file says of where its study is.

    Raises:
        DefinitionError: With every mistake of the files.
    """
    path = Path(study)
    data = read_toml(path)
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
