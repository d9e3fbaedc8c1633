"""Any schedule is a baseline: inside the space with its values, outside it with its schedule."""

from __future__ import annotations

from typing import Any

import pytest

from tuner.schedules import WSD, Constant, Cosine, MultiFactor, Poly, Schedule
from tuner.space import Baseline

from .spaces import BASE_LR, FAMILY, GOOD, HEAD, parse

RATIO = """
[params.final_lr_ratio]
when = { family = "cosine" }
type = "float"
low = 0.1
high = 0.5
"""
WARMUP = '[params.warmup_steps]\ntype = "int"\nlow = "0up"\nhigh = "1ep"\n'
DROPS = """
[params.decay_factor]
type = "categorical"
choices = [0.1, 0.5]
[params.n_milestones]
type = "int"
low = 1
high = 3
"""
MULTI_FACTOR = HEAD + '[fixed]\nfamily = "multi_factor"\n' + BASE_LR + DROPS
MILESTONES = "milestones = ['10ep', '20ep', '25ep']"


def baseline(space: str, *entry: str) -> Baseline:
    [found] = parse("\n".join([space, '[[baseline]]\nlabel = "today"', *entry])).baselines
    return found


@pytest.mark.parametrize(
    ("space", "entry", "values"),
    [
        (GOOD, ('family = "cosine"', "base_lr = 0.3"), {"family": "cosine", "base_lr": 0.3}),
        (GOOD + RATIO, ('family = "cosine"', "base_lr = 0.5", "final_lr = 0.125"),
         {"family": "cosine", "base_lr": 0.5, "final_lr_ratio": 0.25}),
        (HEAD + FAMILY.replace(', "factor"', "") + "[fixed]\nbase_lr = 0.5\n" + RATIO,
         ('family = "cosine"', "final_lr = 0.125"), {"family": "cosine", "final_lr_ratio": 0.25}),
        (GOOD.replace("log = true", "step = 0.01"), ('family = "cosine"', "base_lr = 0.3"),
         {"family": "cosine", "base_lr": 0.3}),
        (MULTI_FACTOR, ("base_lr = 0.1", "decay_factor = 0.5", "n_milestones = 2", MILESTONES),
         {"base_lr": 0.1, "decay_factor": 0.5, "n_milestones": 2}),
        # What the space fixes may be another than the baseline's.
        (HEAD + '[fixed]\nfamily = "cosine"\n' + BASE_LR, ('family = "poly"', "base_lr = 0.3"),
         {"base_lr": 0.3}),
    ],
)  # fmt: skip
def test_inside_the_space_it_has_the_values_that_would_be_sampled(
    space: str, entry: tuple[str, ...], values: dict[str, Any]
) -> None:
    assert baseline(space, *entry).values == values


@pytest.mark.parametrize(
    ("space", "entry", "schedule"),
    [
        # A rate that is too high, too low, or between two steps.
        (GOOD, ('family = "cosine"', "base_lr = 2"), Cosine(base_lr=2, horizon=7050)),
        (GOOD, ('family = "cosine"', "base_lr = 1e-5"), Cosine(base_lr=1e-5, horizon=7050)),
        (GOOD.replace("log = true", "step = 0.1"), ('family = "cosine"', "base_lr = 0.3"),
         Cosine(base_lr=0.3, horizon=7050)),
        (GOOD + RATIO, ('family = "cosine"', "base_lr = 0.5", "final_lr = 0.0"),
         Cosine(base_lr=0.5, horizon=7050)),
        # Another warmup.
        (GOOD + WARMUP, ('family = "cosine"', "base_lr = 0.3", 'warmup_steps = "5ep"'),
         Cosine(base_lr=0.3, warmup_steps=1175, horizon=7050)),
        # A family that is not among the choices, or not the one that is fixed.
        (GOOD + WARMUP, ('family = "poly"', "base_lr = 0.3", 'warmup_steps = "0up"', "power = 1"),
         Poly(base_lr=0.3, power=1.0, horizon=7050)),
        (GOOD, ('family = "wsd"', "base_lr = 2", 'decay_steps = "6ep"'),
         WSD(base_lr=2.0, decay_steps=1410, horizon=7050)),
        (HEAD + '[fixed]\nfamily = "cosine"\n' + BASE_LR + RATIO.replace('when', '# when'),
         ('family = "constant"', "base_lr = 0.3"), Constant(base_lr=0.3, horizon=7050)),
        # A choice that is none, and drops that no number of them stands for.
        (MULTI_FACTOR, ("base_lr = 0.1", "decay_factor = 0.2", "n_milestones = 1"),
         MultiFactor(base_lr=0.1, decay_factor=0.2, milestones=(3525,), horizon=7050)),
        (MULTI_FACTOR, ("base_lr = 0.1", "decay_factor = 0.1", MILESTONES),
         MultiFactor(base_lr=0.1, decay_factor=0.1, milestones=(2350, 4700, 5875), horizon=7050)),
    ],
)  # fmt: skip
def test_outside_the_space_it_is_a_schedule_without_values(
    space: str, entry: tuple[str, ...], schedule: Schedule
) -> None:
    assert baseline(space, *entry)[1:3] == ({}, schedule)


def test_what_it_gives_as_a_ratio_wins_over_what_the_space_fixes() -> None:
    space = GOOD.replace("[params.family]", "[fixed]\nfinal_lr = 0.001\n[params.family]")
    found = baseline(space, 'family = "cosine"', "base_lr = 0.5", "final_lr_ratio = 0.1")
    assert found.schedule == Cosine(base_lr=0.5, final_lr=0.05, horizon=7050)
