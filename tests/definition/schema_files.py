"""What the schemas say of a file, a right study and search space, and how a test spoils them."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from tuner.definition import SCHEMAS, load_spec, schema
from tuner.errors import DefinitionError

from ..docs_page import as_toml

VALIDATORS = {name: Draft202012Validator(schema(name)) for name in SCHEMAS}
STUDY: dict[str, Any] = {
    "format": "tuner.study/1",
    "name": "small",
    "search_space": "space.toml",
    "task": {"name": "lenet_fashion_mnist", "epochs": 2},
    "budget": {"trials": 4},
}
SPACE: dict[str, Any] = {
    "format": "tuner.search_space/1",
    "name": "small",
    "fixed": {"warmup_mode": "linear"},
    "params": {
        "family": {"type": "categorical", "choices": ["constant", "cosine", "wsd"]},
        "base_lr": {"type": "float", "low": 0.01, "high": 1.0, "log": True},
        "warmup_steps": {"type": "int", "low": "0up", "high": "0.2dur"},
        "decay_steps": {
            "type": "int", "low": "0.1dur", "high": "0.5dur", "when": {"family": "wsd"},
        },
        "final_lr_ratio": {
            "type": "float", "low": 0.01, "high": 0.5, "when": {"family": ["cosine", "wsd"]},
        },
    },
    "baseline": [
        {"label": "constant", "family": "constant", "base_lr": 0.3, "warmup_steps": "0up"},
    ],
}  # fmt: skip


def mistakes(name: str, data: object) -> list[str]:
    return [f"{e.json_path}: {e.message}" for e in VALIDATORS[name].iter_errors(data)]


def changed(data: dict[str, Any], place: str, value: Any) -> dict[str, Any]:
    """Return the data with something else at a dotted place; ... removes what is there."""
    found = copy.deepcopy(data)
    *path, last = [int(key) if key.isdigit() else key for key in place.split(".")]
    table: Any = found
    for key in path:
        table = table[key] if isinstance(key, int) else table.setdefault(key, {})
    if value is ...:
        del table[last]
    else:
        table[last] = value
    return found


def missing(*places: str) -> list[tuple[str, Any]]:
    """Return the changes that remove what is at each of the places."""
    return [(place, ...) for place in places]


def refused_by_tuner(folder: Path, study: dict[str, Any], space: dict[str, Any]) -> bool:
    """Whether the package refuses a study or its search space."""
    for name, data in (("study", study), ("space", space)):
        lines = (f"{key} = {as_toml(value)}\n" for key, value in data.items())
        (folder / f"{name}.toml").write_text("".join(lines))
    try:
        load_spec(folder / "study.toml")
    except DefinitionError:
        return True
    return False
