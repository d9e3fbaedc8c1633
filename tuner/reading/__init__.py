"""Reading TOML so that all mistakes of a file are told at once; durations and their units."""

from __future__ import annotations

from tuner.reading.toml import MISSING, Mistakes, Section, did_you_mean, read_kind, read_toml
from tuner.reading.units import Clock, Duration, pattern

__all__ = [
    "MISSING",
    "Clock",
    "Duration",
    "Mistakes",
    "Section",
    "did_you_mean",
    "pattern",
    "read_kind",
    "read_toml",
]
