"""Databases in files: their URLs, what is in their folder, and why one is refused."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from tuner.errors import StorageError
from tuner.storage import open_storage


def url_of(path: Path) -> str:
    return f"sqlite:///{path}"


def tree(folder: Path) -> dict[str, bytes | None]:
    """Return all that is below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def refusal(url: str, *, create: bool = True, write: bool = True) -> str:
    with pytest.raises(StorageError) as caught:
        open_storage(url, create=create, write=write)
    message = str(caught.value)
    del caught
    gc.collect()  # closes what the exception holds, as the end of a process does
    return message
