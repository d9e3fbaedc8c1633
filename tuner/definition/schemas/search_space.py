"""The schema of a search-space file."""

from __future__ import annotations

from collections.abc import Iterator

from tuner.definition.measured_rates import Ranged
from tuner.definition.schemas.sections import Schema, as_markdown, section_schema, with_type
from tuner.definition.schemas.values import described, sampled, value_schema
from tuner.space import KNOTS, PARAM_TYPES, SpaceFile, kind_of, names_for

_PLAIN: Schema = {"type": ["string", "number"]}
_OPTION: Schema = {"type": ["string", "number", "boolean"]}
# Values of the task's options, in [fixed] and in baselines.
_OPTIONS: Schema = {
    "type": "object",
    "additionalProperties": _OPTION,
    "description": "Options of the task, by the names that it has for them.",
}
_TASK: Schema = {"task": _OPTIONS}
_WHEN, _SHARE = "when", "knot-share"


def search_space_schema() -> Schema:
    """Return the schema of a search-space file, ``tuner.search_space/1``."""
    found = section_schema(SpaceFile)
    names = sorted({name for family in sampled() for name in names_for(family)})
    family = {"enum": [*sampled()], "description": "The kind of schedule."}
    # The horizon is the study's; only a baseline may have one of its own.
    free = [name for name in names if name != "horizon"]
    tables: dict[str, Schema] = {
        "fixed": _table({"family": family, **{name: _ref(name) for name in free}, **_TASK}),
        "params": _table(
            {
                "family": _choices_of_family(),
                **{name: param for name in free if (param := _param(name))},
                "task": _sampled_options(),
            }
        ),
        "baseline": {"type": "array", "items": {"anyOf": [*_baselines(family)]}},
    }
    properties = {
        name: {**tables.get(name, {}), **key} for name, key in found["properties"].items()
    }
    return {
        **found,
        "title": "tuner.search_space/1",
        "properties": properties,
        "anyOf": [
            {"properties": {table: {"required": ["family"]}}, "required": [table]}
            for table in ("params", "fixed")
        ],
        "$defs": {
            **{name: {**value_schema(name), "description": described(name)} for name in names},
            _WHEN: _when(),
            _SHARE: {
                "description": "How a share is sampled.",
                "type": "object",
                "oneOf": _ways("knot_1_level"),
            },
        },
    }


def _table(properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _choices_of_family() -> Schema:
    found = with_type(PARAM_TYPES["categorical"])
    found = _with_values(found, {"enum": [*sampled()]})
    return {**found, "description": "The kinds of schedule to choose from."}


def _param(name: str) -> Schema | None:
    """Return the schema of a parameter; None if it is of a kind that cannot be sampled."""
    if name in KNOTS:  # all of them alike, and many
        return {"description": described(name), **_ref(_SHARE)}
    ways = _ways(name)
    if name == "base_lr":
        ways.append(_with_values(with_type(Ranged), value_schema(name)))
    return {"description": described(name), "type": "object", "oneOf": ways} if ways else None


def _ways(name: str) -> list[Schema]:
    """Return the schemas of the ways in which a parameter can be sampled."""
    kind, value = kind_of(name), value_schema(name)
    whole = {**value, "type": "integer"} if value.get("type") == "number" else value
    return [
        _with_values(with_type(section), whole if word == "int" else value)
        for word, section in PARAM_TYPES.items()
        if kind in section.kinds
    ]


def _sampled_options() -> Schema:
    """Return the schema of the table of the options that are sampled."""
    of = {"float": {"type": "number"}, "int": {"type": "integer"}, "categorical": _OPTION}
    ways = [_with_values(with_type(cls), of[word]) for word, cls in PARAM_TYPES.items()]
    return {
        "type": "object",
        "additionalProperties": {"type": "object", "oneOf": ways},
        "description": "Options of the task that are sampled, a table for each.",
    }


def _with_values(table: Schema, value: Schema) -> Schema:
    """Return the schema of a parameter's table whose values are such ones."""
    properties = {**table["properties"]}
    for key in ("low", "high", "step"):
        if key in properties:
            properties[key] = {**properties[key], **value}
    if "choices" in properties:
        properties["choices"] = {**properties["choices"], "items": value}
    properties["when"] = _ref(_WHEN)
    return {**table, "properties": properties}


def _when() -> Schema:
    def one_or_several(value: Schema) -> Schema:
        return {"anyOf": [value, {"type": "array", "items": value, "minItems": 1}]}

    whole = section_schema(PARAM_TYPES["categorical"])["properties"]["when"]
    return {
        **whole,
        "properties": {
            "family": one_or_several({"enum": [*sampled()]}),
            "task": {
                "type": "object",
                "additionalProperties": one_or_several(_OPTION),
                "description": "Values of options of the task.",
            },
        },
        "additionalProperties": one_or_several(_PLAIN),
    }


def _baselines(family: Schema) -> Iterator[Schema]:
    """Yield the schema of a baseline of each family, of the fixed one, and out of a file."""
    label = {"type": "string", "minLength": 1, "description": "What it is called."}
    published = {"type": "string", "description": "What others report of it, shown beside it."}
    own = {"label": label, "published": published}
    for word, cls in sampled().items():
        values = {name: _ref(name) for name in sorted(names_for(word))}
        this = {"const": word, "description": family["description"]}
        yield {
            **_table({**own, "family": this, **values, **_TASK}),
            "required": ["label", "family"],
            "description": as_markdown((cls.__doc__ or "").partition("\n")[0]),
        }
    anything = {name: _ref(name) for word in sampled() for name in sorted(names_for(word))}
    yield {
        **_table({**own, **anything, **_TASK}),
        "required": ["label"],
        "description": "A baseline of the family that [fixed] has.",
    }
    path = {"type": "string", "description": "A schedule file, relative to this file."}
    yield {
        **_table({"label": label, "file": path, **_TASK}),
        "required": ["label", "file"],
        "description": "The schedule of a schedule file.",
    }
