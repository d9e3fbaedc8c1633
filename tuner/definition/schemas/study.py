"""The schema of a study file."""

from __future__ import annotations

from collections.abc import Iterator

from tuner.definition.objective import Objective
from tuner.definition.schemas.sections import Schema, section_schema, tagged_schema
from tuner.definition.search import PRUNERS, SAMPLERS
from tuner.definition.sections import Budget, Confirm, Storage, StudyFile, Training, Workers
from tuner.reading import Section
from tuner.tasks import TASKS

# What reads the tables that are read one by one, as `tuner.definition.spec.make_spec` does.
_TABLES: dict[str, type[Section]] = {
    "budget": Budget,
    "objective": Objective,
    "confirm": Confirm,
    "storage": Storage,
    "workers": Workers,
}
# "module:function"; whether it exists is nothing that a schema can know.
_OWN_NAME = r"^[^:\s]+:[^:\s]+$"


def study_schema() -> Schema:
    """Return the schema of a study file, ``tuner.study/1``."""
    found = section_schema(StudyFile)
    tables = {name: section_schema(section) for name, section in _TABLES.items()}
    tables["task"] = {"type": "object", "oneOf": [*_tasks()]}
    tables["sampler"] = tagged_schema(SAMPLERS.usable())
    tables["pruner"] = tagged_schema(PRUNERS.usable())
    properties = {
        name: {**tables.get(name, {}), **key} for name, key in found["properties"].items()
    }
    return {**found, "title": "tuner.study/1", "properties": properties}


def _tasks() -> Iterator[Schema]:
    """Yield the schema of ``[task]`` for each built-in task, for one's own, and for a passed one.

    The options of one's own are arguments of a function that a schema does not know.
    """
    own_training = section_schema(Training)
    # One's own may have updates in place of epochs.
    lengths = [["epochs"], ["updates", "report_every"]]
    others = [key for key in own_training["required"] if key != "epochs"]
    own_training["required"] = others
    own_training["oneOf"] = [{"required": keys} for keys in lengths]
    name = own_training["properties"]["name"]
    in_epochs = {k: v for k, v in own_training["properties"].items() if k not in lengths[1]}
    for word, options in TASKS.items():
        own = section_schema(options)
        is_command = word == "command"
        required = [*others, "epochs", *own.get("required", ())]
        yield {
            "description": own["description"],
            "type": "object",
            "properties": {
                **(own_training["properties"] if is_command else in_epochs),
                "name": {**name, "const": word},
                **own["properties"],
            },
            # Its name follows, and its updates are those between two reports.
            "required": ["command"] if is_command else required,
            "additionalProperties": False,
        }
    yield {
        **own_training,
        "description": "A task of your own; the other keys are arguments of the function.",
        "properties": {**own_training["properties"], "name": {**name, "pattern": _OWN_NAME}},
        "additionalProperties": True,
    }
    yield {
        **own_training,
        "description": "A task that is passed from Python: `tuner.run_study(..., task=task)`.",
        "properties": {k: v for k, v in own_training["properties"].items() if k != "name"},
        "required": [key for key in others if key != "name"],
    }
