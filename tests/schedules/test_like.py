"""What `like` says of names and arguments that are none, and of what no family does.

That what it gives is equal to the libraries' own is in ``tests/adapters/test_likes.py``.
"""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.errors import ScheduleError
from tuner.schedules import (
    LIKES,
    Constant,
    Factor,
    MultiFactor,
    like,
    schedule_from_dict,
    schedule_to_dict,
)

LR: dict[str, Any] = {"lr": 0.1}
ON: dict[str, Any] = {"lr": 0.1, "horizon": 100}
STEPS: dict[str, Any] = {"lr": 0.1, "num_warmup_steps": 5, "num_training_steps": 50}
TIMM: dict[str, Any] = {"lr": 0.1, "t_initial": 30, "t_in_epochs": False}


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("torch.StepLr", {}, "unknown scheduler 'torch.StepLr' (did you mean 'torch.StepLR'?)"),
        ("StepLR", {}, "unknown scheduler 'StepLR' (did you mean 'torch.StepLR'?)"),
        ("torch.Foo", {}, "Known: torch.StepLR, torch.MultiStepLR, "),
        ("mxnet.FactorScheduler", {}, "unknown scheduler 'mxnet.FactorScheduler'"),
        ("", {}, "unknown scheduler ''"),
        (5, {}, "unknown scheduler 5"),
        ("torch.ReduceLROnPlateau", {}, "is like no schedule: it follows a metric"),
        ("torch.optim.lr_scheduler.ReduceLROnPlateau", {}, "it follows a metric"),
        ("transformers.greedy", {}, "it follows a metric"),
        ("timm.plateau", {}, "it follows a metric"),
        ("torch.LambdaLR", {}, "it is a function of your own"),
        ("optax.join_schedules", {}, "it is made of other schedules"),
        (
            "torch.StepLR",
            {**ON, "step_sise": 5},
            "torch.StepLR: unknown argument 'step_sise' (did you mean 'step_size'?); missing"
            " argument 'step_size'. Its arguments: lr, step_size, horizon, gamma, updates",
        ),
        ("torch.StepLR", {**ON, "step_size": 2.5}, "`step_size` must be a whole number of 0 or"),
        ("torch.StepLR", {**ON, "step_size": -1}, "more, but got -1"),
        ("torch.StepLR", {**ON, "step_size": None}, "more, but got None"),
        ("torch.StepLR", {**ON, "step_size": "5"}, "more, but got '5'"),
        ("torch.StepLR", {**ON, "step_size": 5, "gamma": "x"}, "`gamma` must be a finite number"),
        ("torch.StepLR", {**ON, "step_size": 5, "gamma": 2.0}, "torch.StepLR: Factor: `0 < decay"),
        ("torch.StepLR", {**ON, "step_size": 0}, "torch.StepLR: Factor: `decay_interval >= 1`"),
        (
            "torch.StepLR",
            {**ON, "step_size": 5, "updates_per_epoch": 0},
            "`updates_per_epoch >= 1` must hold, but got 0",
        ),
        ("torch.StepLR", {**ON, "step_size": 5, "horizon": 0}, "`horizon >= 1` must hold"),
        ("keras.InverseTimeDecay",
         {"initial_learning_rate": 1, "decay_steps": 1, "decay_rate": 0.5, "horizon": 10**9,
          "staircase": True}, "at most 100000 steps, drops or cycles make a schedule"),
        ("torch.CosineAnnealingWarmRestarts",
         {**ON, "T_0": 10, "horizon": 10**9, "updates_per_epoch": 2}, "at most 100000 epochs"),
        ("torch.MultiStepLR", {**ON, "milestones": 5}, "a list of whole numbers of 0 or more"),
        ("torch.MultiStepLR", {**ON, "milestones": [5, 5]}, "each of milestones < the next"),
        ("torch.OneCycleLR", {"max_lr": 1, "epochs": 3}, "`epochs` and `steps_per_epoch`, must"),
        (
            "torch.OneCycleLR",
            {"max_lr": 1, "total_steps": 50, "pct_start": 0.33},
            "a peak between updates, 16.5, which no family does. The nearest is total_steps=50,"
            " pct_start=0.34, or anneal_strategy='linear'.",
        ),
        ("torch.CyclicLR", {"base_lr": 0, "max_lr": 1, "horizon": 9, "mode": "exp_range"},
         "The nearest is mode='triangular2'"),
        ("torch.ConstantLR", {**LR, "total_iters": 0}, "each update of knots < the next"),
        ("transformers.cosine", {**STEPS, "num_cycles": 2.0}, "or cosine_with_restarts"),
        ("transformers.cosine", {**STEPS, "num_training_steps": 5}, "`warmup_steps < horizon`"),
        ("transformers.cosine_with_restarts", {**STEPS, "num_cycles": 2}, "num_training_steps=49"),
        ("transformers.cosine_with_restarts", {**STEPS, "num_cycles": 0}, "must be a schedule"),
        ("transformers.cosine_with_min_lr", STEPS, "one of `min_lr` and `min_lr_rate` must be"),
        ("transformers.warmup_stable_decay", {**LR, "num_warmup_steps": 5, "num_decay_steps": 5},
         "`num_training_steps` or `num_stable_steps` must be given"),
        ("transformers.warmup_stable_decay",
         {**STEPS, "num_decay_steps": 5, "warmup_type": "cosine"}, "warmup_type='linear'"),
        ("keras.PiecewiseConstantDecay", {"boundaries": [5], "values": [1.0]}, "len(values) - 1"),
        ("keras.PolynomialDecay",
         {"initial_learning_rate": 1, "decay_steps": 5, "cycle": True}, "cycle=False"),
        ("keras.PolynomialDecay",
         {"initial_learning_rate": 1, "decay_steps": 5, "cycle": 1}, "must be True or False"),
        ("keras.InverseTimeDecay",
         {"initial_learning_rate": 1, "decay_steps": 10, "decay_rate": 0.3, "horizon": 9},
         "it halves after 33.3"),
        ("keras.CosineDecayRestarts",
         {"initial_learning_rate": 1, "first_decay_steps": 10, "horizon": 9, "alpha": 0.1,
          "m_mul": 0.5}, "alpha=0.0 or m_mul=1.0"),
        ("timm.CosineLRScheduler", {**TIMM, "k_decay": 2.0}, "The nearest is k_decay=1.0"),
        ("timm.CosineLRScheduler", {**TIMM, "noise_pct": 0.1}, "unknown argument 'noise_pct'"),
        ("timm.CosineLRScheduler", {**LR, "t_initial": 30}, "`updates_per_epoch` must be given"),
        ("timm.CosineLRScheduler", {**TIMM, "cycle_limit": 2, "cycle_mul": 1.25}, "67.5 updates"),
        ("timm.TanhLRScheduler", {**TIMM, "cycle_limit": 2}, "CosineLRScheduler's cycles"),
        ("optax.exponential_decay", {"init_value": 1, "transition_steps": 5, "decay_rate": 0.5,
         "horizon": 50, "transition_begin": 5, "staircase": True, "end_value": 0.1},
         "or without end_value"),
        ("optax.polynomial_schedule", {"init_value": 0, "end_value": 1, "power": 2,
         "transition_steps": 9}, "it rises with power=2"),
        ("optax.piecewise_interpolate_schedule", {"interpolate_type": "cosine", "init_value": 1},
         "interpolate_type='linear'"),
        ("optax.piecewise_constant_schedule", {"init_value": 1, "boundaries_and_scales": [1]},
         "a dictionary of counts and scales"),
    ],
)  # fmt: skip
def test_what_is_none_is_refused(name: Any, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        like(name, **arguments)
    assert message in str(caught.value)


def test_whole_floats_are_counts() -> None:
    """As a script computes them: 0.1 * steps."""
    assert like("transformers.linear", lr=0.1, num_warmup_steps=5.0, num_training_steps=50) == (
        like("transformers.linear", **STEPS)
    )


def test_epochs_keep_the_family_where_it_drops() -> None:
    step = like("torch.StepLR", **ON, step_size=3, updates_per_epoch=10)
    assert isinstance(step, Factor)
    assert (step.decay_interval, step.horizon) == (30, 100)
    milestones = like("torch.MultiStepLR", **ON, milestones=[3, 6, 12], updates_per_epoch=10)
    assert isinstance(milestones, MultiFactor)
    assert milestones.milestones == (30, 60)
    assert like("torch.MultiStepLR", **ON, milestones=[300]) == Constant(base_lr=0.1, horizon=100)


@given(st.sampled_from(sorted(LIKES)), st.data())
def test_any_numbers_make_a_schedule_or_are_refused(name: str, data: st.DataObject) -> None:
    """Never another error, and never a schedule that cannot be saved."""
    kinds = {
        "int": st.integers(0, 40) | st.just(10**30),
        "float": st.floats(-1, 40) | st.sampled_from([0.0, 1e-300, 1e300]),
        "str": st.sampled_from(["linear", "cosine", "cos", "1-sqrt", "triangular", "triangular2"]),
        "bool": st.booleans(),
        "list[int]": st.lists(st.integers(0, 40), max_size=3),
        "list[float]": st.lists(st.floats(0, 1), max_size=4),
        "dict[int, float]": st.dictionaries(st.integers(0, 40), st.floats(0, 2), max_size=3),
    }
    arguments = {}
    for key, parameter in inspect.signature(LIKES[name]).parameters.items():
        if parameter.default is parameter.empty or data.draw(st.booleans()):
            arguments[key] = data.draw(kinds[str(parameter.annotation).removesuffix(" | None")])
    # What goes on for ever in small steps has as many knots as steps.
    if arguments.get("horizon", 0) > 40:
        arguments["horizon"] = 40
    try:
        schedule = like(name, **arguments)
    except ScheduleError:
        return
    assert schedule_from_dict(schedule_to_dict(schedule)) == schedule
    assert 0 <= schedule(7) <= schedule.base_lr
