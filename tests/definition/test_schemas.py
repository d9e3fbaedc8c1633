"""The JSON Schemas are of their draft, accept the repository's definitions, and are printed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import tuner
from tuner.definition import SCHEMAS, schema, schema_text
from tuner.reading import read_toml

from .schema_files import mistakes

ROOT = Path(__file__).parent.parent.parent


def toml_files() -> list[Path]:
    folders = ("studies", "search_spaces", "examples", "tuner/definition/templates")
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.toml"))
    return sorted(path for path in found if "format" in read_toml(path))


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one_of_the_draft(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))
    assert json.loads(schema_text(name)) == schema(name)
    # Of a size that an editor reads at once.
    assert len(schema_text(name)) < 200_000


def test_an_unknown_schema() -> None:
    with pytest.raises(tuner.TunerError, match="'study', 'search_space', 'schedule', but got 'x'"):
        schema("x")


@pytest.mark.parametrize("path", toml_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_definition_of_the_repository_validates(path: Path) -> None:
    data = read_toml(path)
    kind = data["format"].partition("/")[0].removeprefix("tuner.")
    assert mistakes(kind, data) == []


def test_there_are_definitions() -> None:
    assert len(toml_files()) >= 14


# --- the command ---


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_command_prints_it(name: str, tuner_command: Callable) -> None:
    ran = tuner_command("schema", name)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == schema_text(name)


def test_the_command_names_what_there_is(tuner_command: Callable) -> None:
    ran = tuner_command("schema", "studies")
    assert ran.code == 2
    assert "must be study, search_space or schedule, but got 'studies'" in ran.err
