"""A search space, TOML or objects -> sampled values -> a schedule."""

from __future__ import annotations

from tuner.space.baselines import Baseline
from tuner.space.objects import Choice, Float, Int, baseline_of, default_space, written
from tuner.space.params import PARAM_TYPES, Param
from tuner.space.reading import SpaceFile
from tuner.space.schedule_files import with_schedule_files
from tuner.space.search_space import SearchSpace, Suggests, load_space, parse_space
from tuner.space.values import COUNTS, KNOTS, MOMENTUM, RATIO, field_of, kind_of, names_for

__all__ = [
    "COUNTS",
    "KNOTS",
    "MOMENTUM",
    "PARAM_TYPES",
    "RATIO",
    "Baseline",
    "Choice",
    "Float",
    "Int",
    "Param",
    "SearchSpace",
    "SpaceFile",
    "Suggests",
    "baseline_of",
    "default_space",
    "field_of",
    "kind_of",
    "load_space",
    "names_for",
    "parse_space",
    "with_schedule_files",
    "written",
]
