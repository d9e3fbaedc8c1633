"""The search spaces of recorded tasks: the project's own, their LRs on the scale of the task."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from tuner.reading import read_toml


def scaled(path: Path, lr_scale: float) -> dict[str, Any]:
    """Return the content of a search space file with its LRs multiplied.

    Args:
        path: The file.
        lr_scale: What base LRs are multiplied by, the baselines' too.
    """
    space: dict[str, Any] = copy.deepcopy(dict(read_toml(path)))
    base_lr = space.get("params", {}).get("base_lr", {})
    places = [(base_lr, "low"), (base_lr, "high")]
    for each in (space.get("fixed", {}), *space.get("baseline", [])):
        places += [(each, "base_lr"), (each, "final_lr")]
    for where, name in places:
        if name in where:
            where[name] *= lr_scale
    return space
