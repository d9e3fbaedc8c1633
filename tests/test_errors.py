"""The exception tree."""

from __future__ import annotations

import inspect
import pickle

import pytest

from tuner import errors
from tuner.errors import DefinitionError, FrozenScheduleError, TunerError

ALL = [
    cls
    for _, cls in inspect.getmembers(errors, inspect.isclass)
    if issubclass(cls, Exception) and cls.__module__ == errors.__name__
]


def test_one_root_for_everything() -> None:
    assert len(ALL) >= 10
    assert all(issubclass(cls, TunerError) for cls in ALL)


def test_the_tree_in_the_docstring_is_complete() -> None:
    drawing = errors.__doc__ or ""
    assert all(f"{cls.__name__} " in drawing for cls in ALL)


@pytest.mark.parametrize(
    ("cls", "builtin"),
    [
        ("UnitError", ValueError),
        ("ScheduleError", ValueError),
        ("ScheduleFileError", ValueError),
        ("DefinitionError", ValueError),
        ("FrozenScheduleError", AttributeError),
    ],
)
def test_builtin_errors_catch_them_too(cls: str, builtin: type[Exception]) -> None:
    assert issubclass(getattr(errors, cls), builtin)


def test_a_definition_error_shows_every_mistake_in_columns() -> None:
    error = DefinitionError(
        "space.toml",
        [
            ("params.base_lr.low", "must be > 0 when log = true, but got 0.0"),
            ("params.x", "unknown parameter"),
        ],
    )
    assert str(error) == (
        "space.toml has 2 mistakes\n"
        "  params.base_lr.low  must be > 0 when log = true, but got 0.0\n"
        "  params.x            unknown parameter"
    )
    assert error.where == "space.toml"
    assert error.mistakes[1] == ("params.x", "unknown parameter")


def test_a_definition_error_counts_one_mistake() -> None:
    assert str(DefinitionError("s.toml", [("a", "b")])).startswith("s.toml has 1 mistake\n")


def test_errors_travel_between_processes() -> None:
    error = DefinitionError("s.toml", [("a", "b")])
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.where, copy.mistakes) == (str(error), error.where, error.mistakes)
    frozen = pickle.loads(pickle.dumps(FrozenScheduleError("base_lr is fixed")))
    assert str(frozen) == "base_lr is fixed"
