"""Where a report comes from: study, database, definition, software, and how to go on."""

from __future__ import annotations

import contextlib
import json
import platform
import shlex
from importlib import metadata
from typing import Any, NamedTuple

from tuner.definition import StudySpec, fresh_seeds, passed_task
from tuner.reading import EPOCHS
from tuner.storage import hide_password

# What decides numbers, by the name under which it is installed.
_SOFTWARE = {"tuner": "schedule-tuner", "optuna": "optuna", "mxnet": "mxnet", "torch": "torch"}


class Provenance(NamedTuple):
    """Where a report comes from; nothing in it is secret."""

    study: str
    database: str
    fingerprint: str
    task: str
    seeds: str
    versions: tuple[tuple[str, str], ...]
    definition: str
    search_space: str
    commands: tuple[tuple[str, str], ...]


def provenance(spec: StudySpec) -> Provenance:
    """Return where a report of a study comes from."""
    database = hide_password(spec.storage_url)
    return Provenance(
        study=spec.name,
        database=database,
        fingerprint=spec.fingerprint(),
        task=_task(spec),
        seeds=_seeds(spec),
        versions=versions(),
        definition=json.dumps(_without_password(spec.study_data), indent=2, ensure_ascii=False),
        search_space=json.dumps(spec.space_data, indent=2, ensure_ascii=False),
        commands=_commands(["--storage", database, "--study", spec.name], spec),
    )


def _task(spec: StudySpec) -> str:
    size = spec.task.batch_size
    # A function's is 1 unless it says otherwise, which need not be true.
    examples = f" of {size} examples" if size > 1 else ""
    per_epoch = f" of {spec.task.updates_per_epoch} updates" if spec.unit == EPOCHS else ""
    return f"{spec.training.name}, {spec.unit.told(spec.epochs)}{per_epoch}{examples}"


def _seeds(spec: StudySpec) -> str:
    sampler = getattr(spec.sampler, "seed", "none")
    confirm = fresh_seeds(
        spec.confirm.seed, spec.confirm.max_seeds, training_seed=spec.training.seed
    )
    fresh = ", ".join(map(str, confirm))
    return f"training {spec.training.seed}, sampler {sampler}; to confirm: {fresh}"


def _commands(where: list[str], spec: StudySpec) -> tuple[tuple[str, str], ...]:
    """Return what one does next with a study, and what to type for it.

    What trains is the script's that passed the task.
    """
    trained = {
        "continue the study": ["resume", *where],
        "train the best on fresh seeds": ["confirm", *where],
    }
    typed = {
        **({} if passed_task(spec) else trained),
        "write the best schedule": ["export", *where, "-o", "best.json"],
        "write this report": ["report", *where, "-o", "report.html"],
    }
    return tuple((what, shlex.join(["tuner", *words])) for what, words in typed.items())


def versions() -> tuple[tuple[str, str], ...]:
    """Return the versions of what is installed here, without importing it."""
    found = []
    for name, package in _SOFTWARE.items():
        with contextlib.suppress(metadata.PackageNotFoundError):
            found.append((name, metadata.version(package)))
    return (*found, ("python", platform.python_version()))


def _without_password(data: dict[str, Any]) -> dict[str, Any]:
    storage = data.get("storage")
    if not isinstance(storage, dict) or not storage.get("url"):
        return data
    return {**data, "storage": {**storage, "url": hide_password(storage["url"])}}
