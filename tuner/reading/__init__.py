"""Reading TOML so that all mistakes of a file are told at once; durations and their units."""

from __future__ import annotations

from tuner.reading.arguments import told_at_once
from tuner.reading.toml import MISSING, Mistakes, Section, did_you_mean, read_kind, read_toml
from tuner.reading.units import EPOCHS, Clock, Duration, Unit, pattern
from tuner.reading.words import options_told, told

__all__ = [
    "EPOCHS",
    "MISSING",
    "Clock",
    "Duration",
    "Mistakes",
    "Section",
    "Unit",
    "did_you_mean",
    "options_told",
    "pattern",
    "read_kind",
    "read_toml",
    "told",
    "told_at_once",
]
