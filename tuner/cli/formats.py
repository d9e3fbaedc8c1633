"""The formats of what is written, apart so that the command line starts without Optuna."""

from __future__ import annotations

from enum import Enum


class Format(str, Enum):
    """How rows are written."""

    table = "table"
    json = "json"
    csv = "csv"


class SchemaKind(str, Enum):
    """The files that have a schema."""

    study = "study"
    search_space = "search_space"
    schedule = "schedule"


class Template(str, Enum):
    """What ``tuner init`` starts from."""

    torch = "torch"
    gluon = "gluon"
    function = "function"
    chapter = "chapter"


class FileFormat(str, Enum):
    """What a schedule is written as."""

    json = "json"
    csv = "csv"
    python = "python"

    @property
    def suffix(self) -> str:
        """How the names of such files end."""
        return ".py" if self is FileFormat.python else f".{self.value}"
