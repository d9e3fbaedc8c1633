"""The formats of rows, apart so that the command line starts without Optuna."""

from __future__ import annotations

from enum import Enum


class Format(str, Enum):
    """How rows are written."""

    table = "table"
    json = "json"
    csv = "csv"
