"""Schemas of tables, out of the sections that read them."""

from __future__ import annotations

import ast
import functools
import inspect
import itertools
import re
import textwrap
from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from tuner.reading import Section

Schema = dict[str, Any]


class _WithoutTitles(GenerateJsonSchema):
    """pydantic's generator, without a title for every key that says no more than the key."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Say no."""
        return False


def section_schema(section: type[Section]) -> Schema:
    """Return the schema of a table.

    Args:
        section: What reads it.

    Example:
        >>> from tuner.definition.sections import Workers
        >>> section_schema(Workers)["properties"]["count"]["minimum"]
        1
    """
    whole = section.model_json_schema(schema_generator=_WithoutTitles)
    for key, text in _told(section).items():
        if key in whole["properties"]:
            whole["properties"][key]["description"] = text
    found: Schema = _tidy(whole)
    found.pop("title", None)
    return found


@functools.cache
def _told(section: type[Section]) -> dict[str, str]:
    """Return the text below each key in the source, which pydantic would read at every import."""
    told: dict[str, str] = {}
    for cls in reversed(section.__mro__):
        if cls is Section or not issubclass(cls, Section):
            continue
        try:
            source = inspect.getsource(cls)
        except OSError:  # of another package, without its source
            continue
        [definition] = ast.parse(textwrap.dedent(source)).body
        assert isinstance(definition, ast.ClassDef)
        for key, text in itertools.pairwise(definition.body):
            match key, text:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str(words))),
                ):
                    told[name] = inspect.cleandoc(words)
    return told


def tagged_schema(sections: Mapping[str, type[Section]]) -> Schema:
    """Return the schema of a table that its key ``type`` makes one of several.

    Args:
        sections: What reads each of them.
    """
    return {"type": "object", "oneOf": [with_type(section) for section in sections.values()]}


def with_type(section: type[Section]) -> Schema:
    """Return the schema of a table whose ``type`` must be written, as it chooses the section."""
    found = section_schema(section)
    kind = {key: value for key, value in found["properties"]["type"].items() if key != "default"}
    properties = {"type": kind, **{k: v for k, v in found["properties"].items() if k != "type"}}
    required = dict.fromkeys(["type", *found.get("required", ())])
    return {**found, "properties": properties, "required": [*required]}


def as_markdown(text: str) -> str:
    """Return the text of a docstring as editors show it: Markdown, without roles of Sphinx.

    Example:
        >>> as_markdown("``low`` of :func:`~tuner.reading.units.pattern`")
        '`low` of `pattern`'
    """
    text = re.sub(r":\w+:`~?(?:[\w.]*\.)?(\w+)`", r"``\1``", text)
    return text.replace("``", "`")


def _tidy(schema: Any) -> Any:
    """Return a schema for TOML, which has no null, with descriptions in Markdown."""
    if isinstance(schema, list):
        return [_tidy(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _tidy(value) for key, value in schema.items() if key != "properties"}
    if "properties" in schema:
        found["properties"] = {key: _tidy(value) for key, value in schema["properties"].items()}
    if isinstance(found.get("description"), str):
        found["description"] = as_markdown(found["description"])
    if found.get("default", ...) is None:
        del found["default"]
    alternatives = [each for each in found.get("anyOf", ()) if each != {"type": "null"}]
    if len(alternatives) == 1:
        del found["anyOf"]
        found = {**alternatives[0], **found}
    return found
