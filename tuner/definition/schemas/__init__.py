"""JSON Schemas (draft 2020-12) of the three files, by which editors complete and check them.

They are made of what reads the files: the sections of a study, the types of a search space's
parameters, the options of the built-in tasks, and the families with their parameters, those of
other packages included. So there is nothing to keep in step. A schema knows the form of a file:
keys, types, words, units. What its values must be beside each other, ``tuner check`` says.

Example:
    >>> schema("study")["properties"]["budget"]["required"]
    ['trials']
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from tuner.definition.schemas.schedule import schedule_schema
from tuner.definition.schemas.search_space import search_space_schema
from tuner.definition.schemas.study import study_schema
from tuner.errors import TunerError

__all__ = ["SCHEMAS", "schedule_schema", "schema", "schema_text", "search_space_schema",
           "study_schema"]  # fmt: skip

DRAFT = "https://json-schema.org/draft/2020-12/schema"
#: What makes each schema, by the name of the file that it describes.
SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "study": study_schema,
    "search_space": search_space_schema,
    "schedule": schedule_schema,
}


def schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema of a kind of file.

    Args:
        name: ``"study"``, ``"search_space"`` or ``"schedule"``.

    Returns:
        The schema as plain data. Study and search-space files are TOML, read as the JSON that
        has the same tables.

    Raises:
        TunerError: If there is no such file.

    Example:
        >>> schema("schedule")["title"]
        'tuner.schedule'
    """
    if name not in SCHEMAS:
        known = ", ".join(map(repr, SCHEMAS))
        raise TunerError(f"A schema's name must be one of {known}, but got {name!r}.")
    return {"$schema": DRAFT, **SCHEMAS[name]()}


def schema_text(name: str) -> str:
    """Return the JSON Schema of a kind of file as text, as its file holds it.

    Args:
        name: As for :func:`schema`.

    Raises:
        TunerError: If there is no such file.
    """
    return json.dumps(schema(name), indent=2, ensure_ascii=False) + "\n"
