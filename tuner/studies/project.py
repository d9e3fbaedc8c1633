"""Before a study: the files to start from, and what a study file would do."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import NamedTuple

from tuner.definition import (
    SCHEMAS,
    StudySpec,
    default_template,
    load_spec,
    schema_text,
    template_files,
)
from tuner.errors import StudyError
from tuner.reading import told_at_once
from tuner.schedules import write_whole
from tuner.search import find_study, refuse_difference, stored_spec, study_names
from tuner.storage import made_folder, open_storage, parse_url, sqlite_path, storage_errors
from tuner.studies.measuring import found_as
from tuner.studies.result import StudyResult
from tuner.studies.trying import Tried, try_training

_INIT_SCHEMAS = {name: Path("schemas") / f"{name}.json" for name in SCHEMAS}


class Plan(NamedTuple):
    """What a study will do, for ``tuner check``."""

    spec: StudySpec
    updates_per_epoch: int
    horizon: int
    most_epochs: int
    finished: int
    tried: Tried | None = None


def init_project(folder: str | Path, template: str | None = None) -> list[Path]:
    """Write a commented study and its search space to start from, and the schemas of all files.

    The schemas let editors complete and check the files as they are written: the first line of
    a study or search space says where its schema is.

    Args:
        folder: Where to; made if it does not exist. No existing file is touched.
        template: ``"torch"``, ``"gluon"`` or ``"function"``, a training of your own in PyTorch, in
            Gluon or in anything else; or ``"chapter"``, the chapter's LeNet. Without it what is
            installed decides: with MXNet ``"chapter"``, else with PyTorch ``"torch"``, else
            ``"function"``.

    Returns:
        The files, the study first, the schemas last.

    Raises:
        StudyError: If there is no such template, or if a file exists or cannot be written.
    """
    contents = {
        **template_files(default_template() if template is None else template),
        **{path: schema_text(name).encode() for name, path in _INIT_SCHEMAS.items()},
    }
    paths = {Path(folder) / path: content for path, content in contents.items()}
    existing = [str(path) for path in paths if path.exists()]
    if existing:
        verb = "exists" if len(existing) == 1 else "exist"
        raise StudyError(f"{', '.join(existing)} already {verb}; name another folder.")
    try:
        with contextlib.ExitStack() as made:
            for path, content in paths.items():
                made.enter_context(made_folder(path.parent))
                write_whole(content, str(path))
                made.push(lambda failure, *_, path=path: path.unlink() if failure else None)
    except OSError as error:
        raise StudyError(
            f"{error.filename or folder} cannot be written: {error.strerror}. Name another folder."
        ) from error
    return list(paths)


@told_at_once
def check_study(study: str | Path, *, train: bool = False) -> Plan:
    """Read a study file and everything that it needs, and train nothing, unless asked to.

    Args:
        study: The study file.
        train: Whether to train a few epochs as well, and see that the same seed gives the same,
            in one go and from a state. Nothing is stored.

    Returns:
        The plan.

    Raises:
        DefinitionError: With every mistake of the files.
        StudyError: If the study was begun with another definition.
        TunerError: If it cannot run here: framework, optimizer, device, data, packages; or if
            what was trained does not do as it must.
    """
    spec = load_spec(study)
    begun = _begun(spec)
    if begun:
        if spec.is_open:
            spec = load_spec(study, found=found_as(spec, begun.spec))
        refuse_difference(begun.spec, spec)
    spec.check()
    return Plan(
        spec=spec,
        updates_per_epoch=spec.task.updates_per_epoch,
        horizon=spec.space.clock.horizon,
        most_epochs=spec.budget.trials * spec.epochs,
        finished=begun.summary.finished if begun else 0,
        tried=try_training(spec) if train else None,
    )


def _begun(spec: StudySpec) -> StudyResult | None:
    """Return the study as it is in its SQLite file, if there is one; no server is asked."""
    path = sqlite_path(parse_url(spec.storage_url))
    if path is None or not path.exists():
        return None
    database = open_storage(spec.storage_url, write=False)
    with storage_errors(spec.storage_url, database):
        if spec.name not in study_names(database):
            return None
        found = find_study(database, spec.name, spec.storage_url)
        return StudyResult(found, stored_spec(found, spec.storage_url))
