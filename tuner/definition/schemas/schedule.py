"""The schema of a schedule file."""

from __future__ import annotations

import dataclasses

from tuner.definition.schemas.sections import Schema, as_markdown
from tuner.definition.schemas.values import UPDATES, arguments, families, value_schema
from tuner.schedules import ONE, QUANTITIES, SEVERAL, Format, Schedule


def schedule_schema() -> Schema:
    """Return the schema of a schedule file, ``tuner.schedule/1`` or ``tuner.schedule/2``."""
    at_least_one: Schema = {"type": ["integer", "null"], "minimum": 1}
    kinds = [_family(word, cls) for word, cls in families().items()]
    forms = (ONE, SEVERAL)
    properties: dict[str, Schema] = {
        "format": {
            "enum": [form.word for form in forms],
            "description": "What kind of file this is: of one curve, the learning rate, or of"
            " several.",
        },
        "schedule": {
            "type": "object",
            "description": "The family and its parameters, durations in updates; or curves by what"
            " they are of.",
            "oneOf": [*kinds, _quantities()],
        },
        "units": {
            "enum": [form.units for form in forms],
            "description": "What the numbers are counted in.",
        },
        "horizon": {
            "type": "integer",
            "minimum": 1,
            "description": "Updates that the learning rate is laid out for, warmup included.",
        },
        "past_horizon": {
            "enum": [form.past_horizon for form in forms],
            "description": "What holds after the horizon.",
        },
        "updates_per_epoch": {
            **at_least_one,
            "description": "Updates in an epoch of the training that it was tuned for.",
        },
        "batch_size": {**at_least_one, "description": "Examples in an update of that training."},
        "check": {
            "type": ["array", "object"],
            "description": "Pairs of update and value, which loading computes again; of each curve"
            " by what it is of, if there are several.",
        },
        "provenance": {"type": "object", "description": "Where the schedule comes from."},
        "sha256": {
            "type": "string",
            "pattern": "^[0-9a-f]{64}$",
            "description": "The digest of everything else in the file.",
        },
    }
    number: Schema = {"type": "number", "minimum": 0}
    pair: Schema = {"type": "array", "prefixItems": [number] * 2, "items": False, "minItems": 2}
    pairs: Schema = {"type": "array", "minItems": 1, "items": pair}
    return {
        "title": "tuner.schedule",
        "description": "A schedule, as `tuner export` writes it.",
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
        "oneOf": [
            _form(ONE, "family", pairs),
            _form(SEVERAL, "lr", {"type": "object", "additionalProperties": pairs}),
        ],
        "$defs": _definitions(len(kinds)),
    }


def _form(form: Format, first: str, check: Schema) -> Schema:
    """Return what a file of one of the formats has together."""
    words = {name: {"const": value} for name, value in zip(
        ("format", "units", "past_horizon"), form, strict=True
    )}  # fmt: skip
    schedule = {"required": [first], "description": f"It has `{first}`."}
    check = {**check, "description": "As the format has it."}
    return {"properties": {**words, "schedule": schedule, "check": check}}


def _quantities() -> Schema:
    curves = {name: {"$ref": "#/$defs/curve"} for name in QUANTITIES}
    group: Schema = {"$ref": "#/$defs/group"}
    return {
        "description": "The curves of several quantities.",
        "type": "object",
        "properties": {
            "lr": {"$ref": "#/$defs/family"},
            **curves,
            "groups": {
                "description": "What parameter groups have of their own, by name or in order.",
                "type": ["object", "array"],
                "additionalProperties": group,
                "items": group,
            },
        },
        "required": ["lr"],
        "minProperties": 2,
        "additionalProperties": False,
    }


def _definitions(families: int) -> dict[str, Schema]:
    family: Schema = {"$ref": "#/$defs/family"}
    number: Schema = {"type": "number", "minimum": 0}
    inverse = {
        "inverse_of": family,
        "low": {**number, "description": "The value where that one is highest."},
        "high": {**number, "description": "The value where that one is 0."},
    }
    several: Schema = {"$ref": f"#/properties/schedule/oneOf/{families}"}
    return {
        "family": {
            "oneOf": [{"$ref": f"#/properties/schedule/oneOf/{at}"} for at in range(families)]
        },
        "curve": {
            "oneOf": [
                family,
                {
                    "description": "A curve that is low where another one is high.",
                    "type": "object",
                    "properties": inverse,
                    "required": [*inverse],
                    "additionalProperties": False,
                },
            ]
        },
        "group": {"oneOf": [number, family, {**several, "not": {"required": ["groups"]}}]},
    }


def _family(word: str, cls: type[Schedule]) -> Schema:
    told = {**arguments(Schedule), **arguments(cls)}
    fields = dataclasses.fields(cls)
    params = {
        field.name: {**value_schema(field.name, UPDATES), "description": told.get(field.name, "")}
        for field in fields
    }
    needed = [field.name for field in fields if field.default is dataclasses.MISSING]
    return {
        "description": as_markdown((cls.__doc__ or "").partition("\n")[0]),
        "type": "object",
        "properties": {
            "family": {"const": word},
            "params": {
                "type": "object",
                "properties": params,
                "required": needed,
                "additionalProperties": False,
            },
        },
        "required": ["family", "params"],
        "additionalProperties": False,
    }
