"""All that is relied on of Optuna beyond its documented interface. Nothing else names it.

Why it is needed: Optuna can only fail the trial of a dead process, and cannot give one back to the
queue under its own number; its samplers and pruners get trials without a documented identifier.

What is relied on, of Optuna 5:

- ``Trial._trial_id``, ``FrozenTrial._trial_id``, ``Study._study_id``, ``FrozenStudy._study_id``:
  the keys under which a storage has them. ``Study._storage``: the storage itself.
- System attributes of trials: ``fixed_params`` marks an enqueued one, ``completed_rung_N`` is what
  successive halving notes, ``artifacts:N`` describes an artifact. Ours begin with ``tuner:``.
- System attributes of studies: ``study:metric_names``, and optuna-dashboard's note.
- ``Study._get_trials``, by which its samplers see what there is.
- The tables of ``RDBStorage``, for what is one transaction here and has no operation there.
- What Optuna's cache calls of a storage beside its public methods, and ``_backend``, which it is
  called on.
- ``optuna.storages._grpc.server.make_server``, without which a proxy cannot be stopped.

``tests/storage/test_optuna_internals.py`` looks at each of them.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import optuna
import sqlalchemy as sa
from optuna.storages import BaseStorage, RDBStorage
from optuna.storages._rdb.models import (
    TrialModel,
    TrialSystemAttributeModel,
    TrialUserAttributeModel,
    VersionInfoModel,
)
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial

TRIALS: sa.Table = TrialModel.__table__
SYSTEM_ATTRIBUTES: sa.Table = TrialSystemAttributeModel.__table__
USER_ATTRIBUTES: sa.Table = TrialUserAttributeModel.__table__
VERSION_INFO: sa.Table = VersionInfoModel.__table__

# What a database may hold that an interrupted first start left half made.
OPTUNA_TABLES = {
    "alembic_version", "studies", "study_directions", "study_system_attributes",
    "study_user_attributes", "trial_heartbeats", "trial_intermediate_values", "trial_params",
    "trial_system_attributes", "trial_user_attributes", "trial_values", "trials", "version_info",
}  # fmt: skip
# What Optuna's cache calls beside the public methods of a storage.
CALLED_BY_CACHE = (
    "_create_new_trial", "_set_trial_param", "_get_trials", "_get_best_trial_id",
)  # fmt: skip

_ENQUEUED = "fixed_params"
_RUNG = "completed_rung_"
_ARTIFACT = "artifacts:"
_METRIC_NAMES = "study:metric_names"
# Of optuna-dashboard: how often its note was saved, and the pieces of its text.
_NOTE_VERSION, _NOTE = "dashboard:note_ver", "dashboard:note_str:"


def trial_id(trial: Trial | FrozenTrial) -> int:
    """Return the key under which a storage has a trial; it is unique over all of its studies."""
    return trial._trial_id


def study_id(study: Any) -> int:
    """Return the key under which a storage has a study, given as Optuna's or out of a storage."""
    number: int = study._study_id
    return number


def storage_of(study: Study) -> BaseStorage:
    """Return the storage that a study is in."""
    return study._storage


def url_of(storage: BaseStorage) -> str:
    """Return the URL of a storage's database with its password, ``""`` if it has none."""
    behind = getattr(storage, "_backend", storage)  # of the cache that a study puts before it
    if not isinstance(behind, RDBStorage):
        return ""
    return str(behind.engine.url.render_as_string(hide_password=False))


def system_attribute(trial: FrozenTrial, key: str) -> Any:
    """Return a system attribute of a trial, None if it has none of that name."""
    return trial.system_attrs.get(key)


def set_system_attribute(storage: BaseStorage, number: int, key: str, value: Any) -> None:
    """Set a system attribute of the trial whose :func:`trial_id` is ``number``."""
    storage.set_trial_system_attr(number, key, value)


def is_enqueued(trial: FrozenTrial) -> bool:
    """Tell whether a trial was enqueued with parameters, rather than asked for."""
    return _ENQUEUED in trial.system_attrs


def enqueued_params(trial: FrozenTrial) -> Mapping[str, Any]:
    """Return the parameters that a trial was enqueued with, none if it was asked for."""
    found: Mapping[str, Any] = trial.system_attrs.get(_ENQUEUED, {})
    return found


def with_params_only(study: Study) -> Study:
    """Return a study as Optuna's samplers should see it: without ended trials that have no params.

    What such samplers draw jointly are the parameters that all ended trials have. After one trial
    without any they would draw nothing jointly ever again.
    """
    view: Any = _WithParamsOnly(study)
    return cast("Study", view)


class _WithParamsOnly:
    def __init__(self, whole: Study) -> None:
        self._whole = whole

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)

    def _get_trials(self, *args: Any, **options: Any) -> list[FrozenTrial]:
        trials = self._whole._get_trials(*args, **options)
        return [trial for trial in trials if trial.params or not trial.state.is_finished()]


def copied(trials: Iterable[FrozenTrial], study: Study) -> Study:
    """Return a study in memory of these trials of another one, as they are, numbered anew.

    ``Study.add_trial`` would refuse a value outside its range, which can be enqueued and trained.
    """
    copy = optuna.create_study(
        study_name=study.study_name, direction=study.direction, pruner=study.pruner
    )
    for trial in trials:
        copy._storage.create_new_trial(copy._study_id, template_trial=trial)
    return copy


def forget_rungs(trial: FrozenTrial, value: float) -> None:
    """Let a trial have no note of the rungs at which it had this value."""
    for name, noted in list(trial.system_attrs.items()):
        if name.startswith(_RUNG) and noted == value:
            del trial.system_attrs[name]


def bare(trial: FrozenTrial) -> FrozenTrial:
    """Return a trial without attributes and intermediate values, which Optuna's plots copy."""
    trial.user_attrs = {}
    trial.system_attrs = {}
    trial.intermediate_values = {}
    return trial


def told_otherwise(
    trial: FrozenTrial, user_attributes: Mapping[str, Any], more: Mapping[str, Any]
) -> FrozenTrial:
    """Return a copy of a trial with other user attributes and more system attributes."""
    other = copy.copy(trial)
    other._user_attrs = dict(user_attributes)
    other._system_attrs = {**trial.system_attrs, **more}
    return other


def study_told_otherwise(
    study: Any,
    user_attributes: Callable[[Mapping[str, Any]], dict[str, Any]],
    system_attributes: Callable[[int, Mapping[str, Any]], dict[str, Any]],
) -> Any:
    """Return a study out of a storage with attributes that functions make of its own.

    Args:
        study: The study, which is changed.
        user_attributes: Takes the user attributes.
        system_attributes: Takes the study's key and the system attributes.
    """
    study.user_attrs = user_attributes(study.user_attrs)
    study.system_attrs = system_attributes(study_id(study), study.system_attrs)
    return study


def artifact_key(artifact_id: str) -> str:
    """Return the system attribute that describes one of a trial's artifacts."""
    return _ARTIFACT + artifact_id


def metric_and_note(metric: str, note: str, own: Mapping[str, Any]) -> dict[str, Any]:
    """Return a study's system attributes with its metric's name and a note, if it has none.

    Args:
        metric: The name.
        note: The note, in Markdown.
        own: The system attributes that it has.
    """
    found: dict[str, Any] = {_METRIC_NAMES: [metric], **own}
    return found if _NOTE_VERSION in own else {**found, _NOTE_VERSION: 1, f"{_NOTE}0": note}


def proxy_server(storage: BaseStorage, host: str, port: int, pool: Any) -> Any:
    """Return a gRPC server of Optuna's for a storage, which the caller starts and stops.

    Raises:
        ImportError: If gRPC is not installed.
    """
    from optuna.storages._grpc.server import make_server

    return make_server(storage, host, port, pool)
