"""Writing a file whole or not at all."""

from __future__ import annotations

import contextlib
import functools
import os
import secrets
import stat
import time
from pathlib import Path

# How the file of an SQLite database begins, and what files end in that a person wrote or a
# database lies in, its log (.db-wal) included.
_DATABASE = b"SQLite format 3\0"
_KEPT = (".toml", ".db")
_TEMPORARY, _ENDING = ".tuner-", ".tmp"
# What a process that was killed while writing leaves behind is removed after this time.
_ABANDONED_SECONDS = 3600


def write_whole(content: bytes, path: str) -> None:
    """Write a file so that at any moment the old or the new content is there, never a part.

    Args:
        content: What the file shall hold.
        path: Where to. A link stays a link: the file that it leads to is replaced; but never a
            database or a TOML file, which no command could make again.

    Raises:
        OSError: If it cannot be written; what was there before is still there.
        ValueError: If there is no such path, as with a null character in it.
    """
    target = Path(os.path.realpath(path))
    # Asked once: between two questions another process may replace or remove it.
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISREG(target.stat().st_mode):
            raise OSError("it exists and is not a regular file")
        if target.suffix.startswith(_KEPT) or _is_database(target):
            kind = "a TOML file" if target.suffix == ".toml" else "a database"
            raise OSError(f"it must be another file, for this one is {kind} and would be lost")
    # In the same folder, for a file can only be put in place within its file system. Opened as
    # any new file is, so that the process's umask decides about the permissions.
    temporary = target.with_name(f"{_TEMPORARY}{secrets.token_hex(8)}{_ENDING}")
    remove_abandoned(target.parent, _TEMPORARY)
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        with contextlib.suppress(OSError, ValueError):
            temporary.unlink()


def _is_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_DATABASE)) == _DATABASE


@functools.cache
def remove_abandoned(folder: Path, beginning: str) -> None:
    """Remove unfinished files that processes which were killed have left; once for each folder.

    Args:
        folder: Where they lie.
        beginning: What their names begin with; they end in ``.tmp``.
    """
    with contextlib.suppress(OSError):
        before = time.time() - _ABANDONED_SECONDS
        for path in folder.glob(f"{beginning}*{_ENDING}*"):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < before:
                    path.unlink()
