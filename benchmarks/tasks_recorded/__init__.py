"""The tasks whose trainings are recorded, by name; each makes itself when it is asked for.

A task is a module with a function ``task()``, which returns a
:class:`~tasks_recorded.base.RecordedTask`.
"""

from __future__ import annotations

import importlib
from pathlib import Path

from tasks_recorded.base import RecordedTask

__all__ = ["CURVES", "NAMES", "RecordedTask", "recorded_task", "suffix_of", "table_of"]

NAMES = ("lenet", "cnn", "transformer", "finetune")
CURVES = Path(__file__).parent.parent / "curves"


def recorded_task(name: str) -> RecordedTask:
    """Return a task by its name."""
    task: RecordedTask = importlib.import_module(f"tasks_recorded.{name}").task()
    return task


def table_of(name: str) -> Path:
    """Return the file of a task's recorded trainings; of another name, the file that it names."""
    return CURVES / f"{name}_10_epochs.jsonl" if name in NAMES else Path(name)


def suffix_of(table: Path) -> str:
    """Return what the names of a table's results end with: none of LeNet's, nor of other files.

    Example:
        >>> suffix_of(table_of("cnn")), suffix_of(table_of("lenet")), suffix_of(Path("mine.jsonl"))
        ('_cnn', '', '')
    """
    names = [f"_{name}" for name in NAMES[1:] if table == table_of(name)]
    return names[0] if names else ""
