"""A search space, TOML or objects -> sampled values -> a schedule."""

from __future__ import annotations

from tuner.space.baselines import Baseline
from tuner.space.objects import (
    Choice,
    Float,
    Int,
    baseline_of,
    default_space,
    sampled_apart,
    written,
)
from tuner.space.options import OPTION, OptionsOfTask, as_params, flat, is_option, options_in
from tuner.space.params import PARAM_TYPES, Param
from tuner.space.parts import KNOTS
from tuner.space.reading import SpaceFile, sampled_options
from tuner.space.schedule_files import with_schedule_files
from tuner.space.search_space import SearchSpace, Suggests, load_space, parse_space
from tuner.space.values import COUNTS, MOMENTUM, RATIO, field_of, kind_of, names_for

__all__ = [
    "COUNTS",
    "KNOTS",
    "MOMENTUM",
    "OPTION",
    "PARAM_TYPES",
    "RATIO",
    "Baseline",
    "Choice",
    "Float",
    "Int",
    "OptionsOfTask",
    "Param",
    "SearchSpace",
    "SpaceFile",
    "Suggests",
    "as_params",
    "baseline_of",
    "default_space",
    "field_of",
    "flat",
    "is_option",
    "kind_of",
    "load_space",
    "names_for",
    "options_in",
    "parse_space",
    "sampled_apart",
    "sampled_options",
    "with_schedule_files",
    "written",
]
