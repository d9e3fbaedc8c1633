"""Where other programs' loops are met: one module for each, imported when it is used."""

from __future__ import annotations

__all__ = ["listeners", "optuna"]
