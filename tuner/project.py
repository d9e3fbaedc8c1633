"""Before a study: the files to start from, and what a study file would do."""

from __future__ import annotations

import contextlib
import importlib.resources
from pathlib import Path
from typing import NamedTuple

from tuner.errors import StudyError
from tuner.schedules.writing import write_whole
from tuner.spec import StudySpec, load_spec
from tuner.storage import made_folder

_INIT_FILES = {
    "study.toml": Path("studies/quickstart.toml"),
    "search_space.toml": Path("search_spaces/chapter.toml"),
}


class Plan(NamedTuple):
    """What a study will do, for ``tuner check``."""

    spec: StudySpec
    updates_per_epoch: int
    horizon: int
    most_epochs: int


def init_project(folder: str | Path) -> list[Path]:
    """Write a commented study and its search space to start from.

    Args:
        folder: Where to; made if it does not exist. No existing file is touched.

    Returns:
        The files, the study first.

    Raises:
        StudyError: If one of them exists or cannot be written.
    """
    paths = {name: Path(folder) / path for name, path in _INIT_FILES.items()}
    existing = [str(path) for path in paths.values() if path.exists()]
    if existing:
        raise StudyError(f"{', '.join(existing)} must not exist, but does. Name another folder.")
    templates = importlib.resources.files("tuner") / "templates"
    try:
        with contextlib.ExitStack() as made:
            for name, path in paths.items():
                made.enter_context(made_folder(path.parent))
                write_whole((templates / name).read_bytes(), str(path))
                made.push(lambda failure, *_, path=path: path.unlink() if failure else None)
    except OSError as error:
        raise StudyError(
            f"{error.filename or folder} cannot be written: {error.strerror}. Name another folder."
        ) from error
    return list(paths.values())


def check_study(study: str | Path) -> Plan:
    """Read a study file and everything that it needs, and train nothing.

    Args:
        study: The study file.

    Returns:
        The plan.

    Raises:
        DefinitionError: With every mistake of the files.
        TunerError: If the task cannot run here: framework, optimizer, device, data.
    """
    spec = load_spec(study)
    spec.task.check()
    return Plan(
        spec=spec,
        updates_per_epoch=spec.task.updates_per_epoch,
        horizon=spec.space.clock.horizon,
        most_epochs=spec.budget.trials * spec.epochs,
    )
