"""The shipped search spaces, a good one to do one thing to, and how a test reads it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tuner.errors import DefinitionError
from tuner.reading import Clock
from tuner.space import SearchSpace, parse_space

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SHIPPED = Path(__file__).parent.parent.parent / "search_spaces"
CHAPTER, MODERN = SHIPPED / "chapter.toml", SHIPPED / "modern.toml"
THE_CHAPTERS = Clock(updates_per_epoch=235, horizon=7050)  # 30 epochs of 60 000 / 256

# A good space, to which the tests do one thing.
HEAD = 'format = "tuner.search_space/1"\nname = "s"\n'
FAMILY = '[params.family]\ntype = "categorical"\nchoices = ["cosine", "factor"]\n'
BASE_LR = '[params.base_lr]\ntype = "float"\nlow = 0.01\nhigh = 1.0\nlog = true\n'
FACTOR = """
[params.decay_factor]
when = { family = "factor" }
type = "float"
low = 0.1
high = 0.9
[params.decay_interval]
when = { family = "factor" }
type = "int"
low = "1ep"
high = "0.5dur"
"""
GOOD = HEAD + FAMILY + BASE_LR + FACTOR

# Nothing but a rate to sample, for worlds that are made up by it.
CONSTANT_RATES = """
format = "tuner.search_space/1"
name = "rates"
[params.family]
type = "categorical"
choices = ["constant"]
[params.base_lr]
type = "float"
low = 1e-3
high = 1.4
log = true
"""


def parse(text: str, clock: Clock = THE_CHAPTERS) -> SearchSpace:
    return parse_space(tomllib.loads(text), "space.toml", clock)


def mistakes(text: str, clock: Clock = THE_CHAPTERS) -> list[tuple[str, str]]:
    with pytest.raises(DefinitionError) as caught:
        parse(text, clock)
    assert caught.value.where == "space.toml"
    return list(caught.value.mistakes)
