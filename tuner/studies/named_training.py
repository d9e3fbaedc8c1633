"""A training that a call of :func:`tuner.tune` names: a function in a file, or a command."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tuner.reading import Clock, Mistakes
from tuner.tasks import words_of


class NamedTraining(NamedTuple):
    """The ``[task]`` table that says what is trained.

    The study has the ``name`` by default, and its files are in the ``folder``.
    """

    name: str
    folder: Path
    table: dict[str, Any]


def read_named(
    train: str | Mapping[str, Any],
    clock: Clock,
    batch_size: int,
    params: Mapping[str, Any],
    folder: Path,
    mistakes: Mistakes,
) -> NamedTraining:
    """Return a training that is named.

    Args:
        train: ``"train.py:train"``, or the ``[task]`` table of a command.
        clock: How long it is.
        batch_size: Examples in an update.
        params: Options.
        folder: Where the study is.
        mistakes: Takes what is wrong.

    Example:
        >>> found = read_named("sub/train.py:run", Clock(10, 30), 1, {}, Path(), Mistakes("here"))
        >>> found.name, found.folder.name, found.table["name"]
        ('run', 'sub', 'train:run')
    """
    sizes = {"updates_per_epoch": clock.updates_per_epoch, "batch_size": batch_size}
    if isinstance(train, str):
        file, _, function = train.rpartition(":")
        path = folder / file
        if not file.endswith(".py") or not function.isidentifier() or not path.is_file():
            text = "must be a function in a file that exists, such as 'train.py:train', but got"
            mistakes.add("train", f"{text} {train!r}")
        table = {"name": f"{path.stem}:{function}", **sizes, **params}
        return NamedTraining(function, path.parent, table)
    if "command" not in train:
        mistakes.add("train", f"must have a 'command', but got {dict(train)!r}")
    options = {"params": dict(params)} if params else {}
    # It runs here, wherever the study's files are.
    table = {"folder": str(Path.cwd()), **sizes, **train, **options}
    return NamedTraining(_name_of(train.get("command")), folder, table)


def _name_of(command: Any) -> str:
    """Return what a study of a command is called: as its script."""
    try:
        words = words_of(command)
    except (TypeError, ValueError):  # a mistake of the table, which is told with the others
        return "study"
    script = next((word for word in words if word.endswith(".py")), words[0])
    return re.sub(r"[^A-Za-z0-9._-]+|^[^A-Za-z0-9]+", "", Path(script).stem) or "study"
