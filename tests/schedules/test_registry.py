"""Schedules as plain data and back."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tuner import schedules
from tuner.errors import ScheduleError
from tuner.schedules import (
    FAMILIES,
    Constant,
    Cosine,
    MultiFactor,
    schedule_from_dict,
    schedule_to_dict,
)

COSINE = {"base_lr": 0.1, "horizon": 100}


def test_every_family_is_public_under_its_class_name() -> None:
    assert len(FAMILIES) == 17
    for cls in FAMILIES.values():
        assert getattr(schedules, cls.__name__) is cls


def test_plain_data_of_a_schedule() -> None:
    schedule = MultiFactor(base_lr=0.8, horizon=100, decay_factor=0.5, milestones=(10, 20))
    assert schedule_to_dict(schedule) == {
        "family": "multi_factor",
        "params": {
            "base_lr": 0.8,
            "horizon": 100,
            "warmup_steps": 0,
            "warmup_begin_lr": 0.0,
            "warmup_mode": "linear",
            "decay_factor": 0.5,
            "milestones": [10, 20],
        },
    }
    assert schedule_from_dict(schedule_to_dict(schedule)) == schedule


def test_parameters_with_a_default_may_be_left_out() -> None:
    data = {"family": "cosine", "params": COSINE}
    assert schedule_from_dict(data) == Cosine(base_lr=0.1, horizon=100)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"family": "cosin", "params": {}}, "unknown family 'cosin' (did you mean 'cosine'?)"),
        ({"family": "xyz", "params": {}}, "unknown family 'xyz'. Known: constant, square_root, "),
        ({"family": 5, "params": {}}, "unknown family 5. Known: "),
        ({"family": ["cosine"], "params": {}}, "unknown family ['cosine']"),
        (
            {"family": "cosine", "params": {**COSINE, "final_rl": 0.0}},
            "unknown parameter 'final_rl' (did you mean 'final_lr'?)",
        ),
        (
            {"family": "cosine", "params": {}},
            "family 'cosine': missing parameter 'base_lr'; missing parameter 'horizon'."
            " Its parameters: base_lr, horizon, ",
        ),
        ({"family": "cosine", "params": {1: 2, **COSINE}}, "unknown parameter 1"),
        ({"family": "cosine", "params": [1]}, "params of family 'cosine' must be an object"),
        ({"family": "cosine"}, "a schedule must be {'family': ..., 'params': ...}, but got"),
        ({"family": "cosine", "params": COSINE, "x": 1}, "a schedule must be {'family'"),
        ("cosine", "a schedule must be {'family': ..., 'params': ...}, but got 'cosine'"),
        ({"family": "cosine", "params": {**COSINE, "horizon": "9"}}, "`horizon` must be a whole"),
        (
            {"family": "cosine", "params": {**COSINE, "final_lr": 9.0}},
            "`0 <= final_lr <= base_lr` must hold, but got (base_lr=0.1, final_lr=9.0)",
        ),
    ],
)
def test_other_data_is_refused(data: Any, message: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        schedule_from_dict(data)
    assert message in str(caught.value)


def test_a_schedule_of_no_known_family_is_refused() -> None:
    class Mine(Constant):
        pass

    for unknown in (Mine(base_lr=0.1, horizon=10), 0.1, dataclasses):
        with pytest.raises(ScheduleError, match="a schedule of a known family is needed"):
            schedule_to_dict(unknown)
