"""What a measurement depends on beside the code: for the results of every benchmark."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any


def surroundings(*packages: str) -> dict[str, Any]:
    """Return the machine, and the versions of Python and of packages."""
    versions = {name: importlib.metadata.version(name) for name in packages}
    return {
        "machine": {"system": platform.platform(), "cpu": _cpu(), "cores": os.cpu_count()},
        "versions": {"python": platform.python_version(), **versions},
    }


def _cpu() -> str:
    """Return the processor's name, where Linux says it."""
    about = Path("/proc/cpuinfo")
    lines = about.read_text().splitlines() if about.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
