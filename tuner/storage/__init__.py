"""A storage URL -> Optuna's storage, and all that is known of Optuna's private parts."""

from __future__ import annotations

from tuner.storage.errors import close, explain, port_error, storage_errors
from tuner.storage.opening import made_folder, make_database, one_at_a_time, open_storage
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
    is_database_error,
    is_passing,
    wait_out,
)

__all__ = [
    "back_at",
    "close",
    "default_url",
    "explain",
    "give_up_waiting",
    "hide_password",
    "hurry_if",
    "is_database_error",
    "is_passing",
    "made_folder",
    "make_database",
    "one_at_a_time",
    "open_storage",
    "output_folder",
    "parse_url",
    "port_error",
    "resolve_url",
    "sqlite_path",
    "sqlite_url",
    "storage_errors",
    "wait_out",
]
