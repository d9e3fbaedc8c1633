"""JSON and CSV, for programs."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable
from typing import Any

from tuner.definition import finite


def write_csv(heads: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """Write rows as CSV below the names of their columns; what is not there is empty."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows(["" if value is None else value for value in row] for row in rows)


def write_json(value: Any) -> None:
    """Write a result as JSON."""
    json.dump(_plain(value), sys.stdout, indent=2, allow_nan=False)
    sys.stdout.write("\n")


def _plain(value: Any) -> Any:
    """Return the same with null for what is no number in JSON, wherever in it that is."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return finite(value) if isinstance(value, float) else value
