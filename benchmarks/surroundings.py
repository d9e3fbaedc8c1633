"""What a measurement depends on beside the code: for the results of every benchmark."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from typing import Any


def surroundings(*packages: str) -> dict[str, Any]:
    """Return the machine, and the versions of Python and of packages."""
    versions = {name: importlib.metadata.version(name) for name in packages}
    return {
        "machine": {"system": platform.platform(), "cores": os.cpu_count()},
        "versions": {"python": platform.python_version(), **versions},
    }
