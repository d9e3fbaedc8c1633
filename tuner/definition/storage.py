"""The ``[storage]`` table of a study: where its database is."""

from __future__ import annotations

from pathlib import Path

from tuner.definition.sections import Storage
from tuner.reading import Mistakes
from tuner.storage import default_url, resolve_url


def read_storage(data: object, folder: Path, stem: str, mistakes: Mistakes) -> str:
    """Return the URL of the database of ``folder/stem.toml``, whose ``[storage]`` is ``data``."""
    storage = mistakes.read(Storage, data, "storage")
    if storage is None:
        return ""
    try:
        return (
            default_url(folder, stem) if storage.url is None else resolve_url(storage.url, folder)
        )
    except ValueError as error:
        mistakes.add("storage.url", str(error))
        return ""
