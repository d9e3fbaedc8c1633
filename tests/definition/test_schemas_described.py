"""The JSON Schemas have every key that is read, and say what each means."""

from __future__ import annotations

from typing import Any

import pytest

from tuner.definition import SCHEMAS, StudyFile, schema, schema_text
from tuner.definition.schemas.study import _TABLES
from tuner.definition.search import PRUNERS, SAMPLERS
from tuner.schedules import FAMILIES
from tuner.schedules.document import _KEYS
from tuner.tasks import TASKS


def test_the_schema_of_a_schedule_has_the_keys_that_are_read() -> None:
    assert set(schema("schedule")["properties"]) == set(_KEYS)


def test_every_table_of_a_study_is_described_as_it_is_read() -> None:
    tables = schema("study")["properties"]
    assert set(tables) == set(StudyFile.model_fields)
    for name, table in tables.items():
        assert table["description"], name
        if StudyFile.model_fields[name].annotation is Any:
            assert "properties" in table or "oneOf" in table, name
    for name, section in _TABLES.items():
        assert set(tables[name]["properties"]) == set(section.model_fields)


@pytest.mark.parametrize(("table", "kinds"), [("sampler", SAMPLERS), ("pruner", PRUNERS)])
def test_every_sampler_and_pruner_is_described(table: str, kinds: dict[str, Any]) -> None:
    found = schema("study")["properties"][table]["oneOf"]
    assert [each["properties"]["type"]["const"] for each in found] == list(kinds)


def test_every_option_of_a_task_is_described() -> None:
    tasks = {each["properties"].get("name", {}).get("const"): each for each in
             schema("study")["properties"]["task"]["oneOf"]}  # fmt: skip
    for name, section in TASKS.items():
        assert set(section.model_fields) <= set(tasks[name]["properties"])


def test_every_key_says_what_it_means() -> None:
    """So that an editor can show it; ``type`` and ``family`` name what their table is."""
    silent = []

    def walk(place: str, found: object) -> None:
        if isinstance(found, dict):
            for key, value in found.get("properties", {}).items():
                told = value.get("description") or "$ref" in value or "const" in value
                if not told and key not in ("params", "family", "fixed"):
                    silent.append(f"{place}.{key}")
            for key, value in found.items():
                walk(f"{place}.{key}", value)
        elif isinstance(found, list):
            for each in found:
                walk(place, each)

    for name in SCHEMAS:
        walk(name, schema(name))
    assert silent == []


def test_every_family_and_parameter_is_described() -> None:
    families = {each["properties"]["family"]["const"]: each for each in
                schema("schedule")["properties"]["schedule"]["oneOf"][:-1]}  # fmt: skip
    assert list(families) == list(FAMILIES)
    for family, each in families.items():
        assert each["description"], family
        for name, parameter in each["properties"]["params"]["properties"].items():
            assert parameter["description"], (family, name)
    for name, parameter in schema("search_space")["$defs"].items():
        assert parameter["description"], name


def test_no_role_of_sphinx_is_left() -> None:
    for name in SCHEMAS:
        text = schema_text(name)
        for role in ("``", ":func:", ":class:"):
            assert role not in text, name
