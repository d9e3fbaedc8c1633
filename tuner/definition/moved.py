"""A study whose folder was moved: its files and modules lie as they did, but somewhere else.

A database has whole paths, so that a study can be continued from anywhere. One that is gone is
looked for where it would be if everything around the database had moved together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tuner.definition.task import path_option


def moved_along(
    study_data: Mapping[str, Any], facts: Mapping[str, Any] | None, database: Path
) -> tuple[Mapping[str, Any], Mapping[str, Any] | None]:
    """Return a stored study and the facts of its task, with paths that exist again.

    What is not found stays as it was.

    Args:
        study_data: The content of the study file, as stored.
        facts: What is stored of a task of one's own.
        database: The SQLite file that they are from.
    """
    task = study_data.get("task")
    if not isinstance(task, Mapping):
        return study_data, facts
    key = path_option(task.get("name"))
    if isinstance(task.get(key), str):
        path = Path(task[key])
        found = _found(path, database, lambda here: here.name == path.name and here.exists())
        study_data = {**study_data, "task": {**task, key: str(found)}}
    if facts and facts.get("folder"):
        module = str(task.get("name")).partition(":")[0].partition(".")[0]

        def has_module(folder: Path) -> bool:
            return (folder / f"{module}.py").is_file() or (folder / module).is_dir()

        found = _found(Path(str(facts["folder"])), database, has_module)
        facts = {**facts, "folder": str(found)}
    return study_data, facts


def _found(path: Path, database: Path, is_it: Callable[[Path], bool]) -> Path:
    """Return a path if it is there; else the one whose end is most like it, near a database."""
    if not path.is_absolute() or path.exists():
        return path
    return next(filter(is_it, _candidates(path, database.absolute())), path)


def _candidates(path: Path, database: Path) -> Iterator[Path]:
    names = path.parts[1:]
    for start in range(len(names) + 1):
        for folder in database.parents:
            yield folder.joinpath(*names[start:])
