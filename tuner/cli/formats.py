"""The formats of what is written, apart so that the command line starts without Optuna."""

from __future__ import annotations

from enum import Enum


class Format(str, Enum):
    """How rows are written."""

    table = "table"
    json = "json"
    csv = "csv"


class FileFormat(str, Enum):
    """What a schedule is written as."""

    json = "json"
    csv = "csv"
    python = "python"
