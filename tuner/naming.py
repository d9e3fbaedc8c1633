"""A study is named by its file, or by its database and a name."""

from __future__ import annotations

from pathlib import Path

from optuna.storages import BaseStorage

from tuner.errors import StorageError, StudyError
from tuner.search.study import find_study, stored_spec
from tuner.spec import StudySpec
from tuner.spec_sections import name_of_study
from tuner.storage_urls import resolve_url


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
