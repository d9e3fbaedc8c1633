"""A study definition: TOML -> :class:`StudySpec`; JSON Schemas; templates."""

from __future__ import annotations

from tuner.definition.checks import warnings_of, wrong_seed
from tuner.definition.measured import Measured, with_length
from tuner.definition.measured_rates import NOTHING, RAMP, Found, MeasuredRates, Ranged
from tuner.definition.moved import moved_along
from tuner.definition.named_space import space_given, space_named
from tuner.definition.objective import (
    ACCURACY,
    METRICS,
    Objective,
    countable,
    digits,
    finite,
    merit,
)
from tuner.definition.passed_task import passed_task, refuse_passed, with_task
from tuner.definition.schemas import SCHEMAS, schema, schema_text
from tuner.definition.search import PRUNERS, SAMPLERS, Pruner, Sampler, Search
from tuner.definition.sections import (
    COMPARE,
    CONFIRM,
    REPEATS,
    Budget,
    Confirm,
    StudyFile,
    Training,
    Workers,
    fresh_seeds,
    name_of_study,
    seconds,
)
from tuner.definition.spec import StudySpec, load_spec, make_spec
from tuner.definition.storage import read_storage
from tuner.definition.task import is_for_passed
from tuner.definition.templates import default_template, template_files

__all__ = [
    "ACCURACY",
    "COMPARE",
    "CONFIRM",
    "METRICS",
    "NOTHING",
    "PRUNERS",
    "RAMP",
    "REPEATS",
    "SAMPLERS",
    "SCHEMAS",
    "Budget",
    "Confirm",
    "Found",
    "Measured",
    "MeasuredRates",
    "Objective",
    "Pruner",
    "Ranged",
    "Sampler",
    "Search",
    "StudyFile",
    "StudySpec",
    "Training",
    "Workers",
    "countable",
    "default_template",
    "digits",
    "finite",
    "fresh_seeds",
    "is_for_passed",
    "load_spec",
    "make_spec",
    "merit",
    "moved_along",
    "name_of_study",
    "passed_task",
    "read_storage",
    "refuse_passed",
    "schema",
    "schema_text",
    "seconds",
    "space_given",
    "space_named",
    "template_files",
    "warnings_of",
    "with_length",
    "with_task",
    "wrong_seed",
]
