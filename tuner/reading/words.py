"""Values in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def options_told(options: Mapping[str, Any]) -> str:
    """Return options of a task in words.

    Example:
        >>> options_told({"weight_decay": 0.0203145, "batch_size": 128, "nesterov": True})
        'weight_decay 0.02031, batch size 128, nesterov true'
    """
    return ", ".join(f"{_name(name)} {told(value)}" for name, value in options.items())


def _name(name: str) -> str:
    return name.replace("batch_size", "batch size")


def told(value: Any) -> str:
    """Return a value in as many digits as one reads."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.4g}" if isinstance(value, float) else str(value)
