"""The schema of a schedule file."""

from __future__ import annotations

import dataclasses

from tuner.definition.schemas.sections import Schema, as_markdown
from tuner.definition.schemas.values import UPDATES, arguments, families, value_schema
from tuner.schedules import FORMAT, PAST_HORIZON, UNITS, Schedule


def schedule_schema() -> Schema:
    """Return the schema of a schedule file, ``tuner.schedule/1``."""
    at_least_one: Schema = {"type": ["integer", "null"], "minimum": 1}
    pair = [{"type": "number", "minimum": 0}] * 2
    properties: dict[str, Schema] = {
        "format": {"const": FORMAT, "description": "What kind of file this is."},
        "schedule": {
            "type": "object",
            "description": "The family and its parameters, durations in updates.",
            "oneOf": [_family(word, cls) for word, cls in families().items()],
        },
        "units": {"const": UNITS, "description": "What the numbers are counted in."},
        "horizon": {
            "type": "integer",
            "minimum": 1,
            "description": "Updates that the schedule is laid out for, warmup included.",
        },
        "past_horizon": {"const": PAST_HORIZON, "description": "What holds after the horizon."},
        "updates_per_epoch": {
            **at_least_one,
            "description": "Updates in an epoch of the training that it was tuned for.",
        },
        "batch_size": {**at_least_one, "description": "Examples in an update of that training."},
        "check": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "array", "prefixItems": pair, "items": False, "minItems": 2},
            "description": "Pairs of update and learning rate, which loading computes again.",
        },
        "provenance": {"type": "object", "description": "Where the schedule comes from."},
        "sha256": {
            "type": "string",
            "pattern": "^[0-9a-f]{64}$",
            "description": "The digest of everything else in the file.",
        },
    }
    return {
        "title": FORMAT,
        "description": "A schedule, as `tuner export` writes it.",
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
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
