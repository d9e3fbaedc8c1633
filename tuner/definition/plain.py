"""Paths and nested data of a definition in their plain form."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def without_dots(path: Path) -> Path:
    """Return a path as one would write it, unless a link makes it another file then."""
    plain = Path(os.path.normpath(path))
    return plain if not path.exists() or (plain.exists() and plain.samefile(path)) else path


def flattened(data: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Return nested data as pairs of a dotted name and a value."""
    pairs: list[tuple[str, Any]] = []
    for key, value in data.items():
        if isinstance(value, dict) and value:
            pairs += flattened(value, f"{prefix}{key}.")
        else:
            pairs.append((f"{prefix}{key}", value))
    return pairs
