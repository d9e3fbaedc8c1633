"""Wrong search spaces: ``tuner check`` refuses them, and so does the JSON Schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .schema_files import SPACE, STUDY, changed, missing, mistakes, refused_by_tuner


@pytest.mark.parametrize(
    ("place", "value"),
    [
        # unknown keys
        ("param", {}),
        ("fixed.warmup", "1ep"),
        ("params.final_lrr", {"type": "float", "low": 0.1, "high": 0.2}),
        ("params.base_lr.lo", 0.1),
        ("baseline.0.power", 2.0),  # which a constant has not
        ("baseline.0.lable", "x"),
        # missing ones
        *missing("name", "params", "params.family", "params.base_lr.type", "params.base_lr.low"),
        *missing("params.family.choices", "baseline.0.label"),
        # wrong types
        ("params.base_lr.low", "0.1"),
        ("params.base_lr.log", 1),
        ("params.base_lr", 0.3),
        ("params.base_lr", {"type": "number", "low": 0.1, "high": 0.2}),
        ("params.warmup_steps", {"type": "float", "low": 0.0, "high": 0.2}),
        ("params.family.choices", "constant"),
        ("params.family.choices", []),
        ("params.milestones", {"type": "categorical", "choices": ["1ep"]}),
        ("fixed.warmup_begin_lr", "0.0"),
        ("baseline", {"label": "x"}),
        ("baseline.0.base_lr", "0.3"),
        ("baseline.0.base_lr", -0.3),
        ("baseline.0.published", 0.88),
        # wrong words
        ("format", "tuner.study/1"),
        ("fixed.warmup_mode", "cosine"),
        ("params.family.choices", ["constant", "cosin"]),
        ("params.decay_steps.when", {"family": "wds"}),
        ("params.decay_shape", {"type": "categorical", "choices": ["round"]}),
        ("baseline.0.family", "constnat"),
        # durations
        ("params.warmup_steps.high", 200),
        ("params.warmup_steps.high", "200"),
        ("params.warmup_steps.high", "0.2"),
        ("params.warmup_steps", {"type": "categorical", "choices": [0, 100]}),
        ("baseline.0.warmup_steps", 5),
        ("baseline.0.horizon", "30 epochs"),
    ],
    ids=str,
)
def test_wrong_search_spaces(place: str, value: Any, tmp_path: Path) -> None:
    wrong = changed(SPACE, place, value)
    assert refused_by_tuner(tmp_path, STUDY, wrong)
    assert mistakes("search_space", wrong)


def test_a_baseline_of_the_fixed_family_needs_no_family() -> None:
    params = {"base_lr": SPACE["params"]["base_lr"]}
    space = {
        **SPACE,
        "fixed": {"family": "constant"},
        "params": params,
        "baseline": [{"label": "x", "base_lr": 0.1}, {"label": "y", "file": "best.json"}],
    }
    assert mistakes("search_space", space) == []
