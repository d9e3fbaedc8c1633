"""A storage URL -> Optuna's storage, and all that is known of Optuna's private parts."""

from __future__ import annotations

from tuner.storage.errors import close, explain, port_error, storage_errors, watch_file
from tuner.storage.locking import alone
from tuner.storage.opening import made_folder, make_database, open_storage
from tuner.storage.optuna_internals import (
    SYSTEM_ATTRIBUTES,
    TRIALS,
    USER_ATTRIBUTES,
    artifact_key,
    bare,
    forget_rungs,
    is_enqueued,
    proxy_server,
    set_system_attribute,
    storage_of,
    study_id,
    system_attribute,
    trial_id,
    url_of,
    with_system_attributes,
)
from tuner.storage.urls import (
    default_url,
    hide_password,
    output_folder,
    parse_url,
    resolve_url,
    sqlite_path,
    sqlite_url,
)
from tuner.storage.waiting import (
    back_at,
    give_up_waiting,
    hurry_if,
    in_one_go,
    is_database_error,
    is_passing,
    wait_out,
)

__all__ = [
    "SYSTEM_ATTRIBUTES",
    "TRIALS",
    "USER_ATTRIBUTES",
    "alone",
    "artifact_key",
    "back_at",
    "bare",
    "close",
    "default_url",
    "explain",
    "forget_rungs",
    "give_up_waiting",
    "hide_password",
    "hurry_if",
    "in_one_go",
    "is_database_error",
    "is_enqueued",
    "is_passing",
    "made_folder",
    "make_database",
    "open_storage",
    "output_folder",
    "parse_url",
    "port_error",
    "proxy_server",
    "resolve_url",
    "set_system_attribute",
    "sqlite_path",
    "sqlite_url",
    "storage_errors",
    "storage_of",
    "study_id",
    "system_attribute",
    "trial_id",
    "url_of",
    "wait_out",
    "watch_file",
    "with_system_attributes",
]
