"""Where a report comes from: study, database, definition, software, and how to go on."""

from __future__ import annotations

import json
import platform
import shlex
from importlib import metadata
from typing import Any, NamedTuple

from tuner.spec import StudySpec
from tuner.storage_urls import hide_password

# What decides numbers, by the name under which it is installed.
_SOFTWARE = {"tuner": "schedule-tuner", "optuna": "optuna", "mxnet": "mxnet"}


class Provenance(NamedTuple):
    """Where a report comes from; nothing in it is secret."""

    study: str
    database: str
    fingerprint: str
    task: str
    versions: tuple[tuple[str, str], ...]
    definition: str
    search_space: str
    command: str


def provenance(spec: StudySpec) -> Provenance:
    """Return where a report of a study comes from."""
    database = hide_password(spec.storage_url)
    return Provenance(
        study=spec.name,
        database=database,
        fingerprint=spec.fingerprint(),
        task=f"{spec.training.name}, {spec.epochs} epochs of {spec.task.updates_per_epoch} updates"
        f" of {spec.task.batch_size} examples, seed {spec.training.seed}",
        versions=versions(),
        definition=json.dumps(_without_password(spec.study_data), indent=2, ensure_ascii=False),
        search_space=json.dumps(spec.space_data, indent=2, ensure_ascii=False),
        command=shlex.join(["tuner", "resume", "--storage", database, "--study", spec.name]),
    )


def versions() -> tuple[tuple[str, str], ...]:
    """Return the versions of what is installed here, without importing it."""
    found = []
    for name, package in _SOFTWARE.items():
        try:
            found.append((name, metadata.version(package)))
        except metadata.PackageNotFoundError:
            found.append((name, "not installed"))
    return (*found, ("python", platform.python_version()))


def _without_password(data: dict[str, Any]) -> dict[str, Any]:
    storage = data.get("storage")
    if not isinstance(storage, dict) or not storage.get("url"):
        return data
    return {**data, "storage": {**storage, "url": hide_password(storage["url"])}}
