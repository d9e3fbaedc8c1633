"""What holds for every schedule of every family."""

from __future__ import annotations

import copy
import dataclasses
import json
import math
import pickle

import numpy
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tuner import schedules
from tuner.errors import FrozenScheduleError, ScheduleError
from tuner.schedules import FAMILIES, Schedule, schedule_from_dict, schedule_to_dict

from .strategies import LARGEST_HORIZON, schedules_of, updates_around
from .strategies import schedules as any_schedule

every_family = pytest.mark.parametrize("family", sorted(FAMILIES))


@every_family
@given(data=st.data())
def test_values_lie_between_zero_and_base_lr(family: str, data: st.DataObject) -> None:
    schedule = data.draw(schedules_of(family))
    lr = schedule(data.draw(updates_around(schedule)))
    assert type(lr) is float
    assert 0 <= lr <= schedule.base_lr


@every_family
@given(data=st.data())
def test_constant_past_the_horizon(family: str, data: st.DataObject) -> None:
    schedule = data.draw(schedules_of(family))
    past = data.draw(st.integers(0) | st.floats(0, exclude_min=True, allow_nan=False))
    assert schedule(max(schedule.horizon, past)) == schedule(schedule.horizon)
    assert schedule(math.inf) == schedule(10**400) == schedule(schedule.horizon)


@every_family
@given(data=st.data())
def test_linear_warmup_leads_from_its_begin_to_the_start(family: str, data: st.DataObject) -> None:
    schedule = data.draw(schedules_of(family).filter(lambda s: s.warmup_steps > 0))
    assert schedule(0) == schedule.warmup_begin_lr
    below = math.nextafter(schedule.warmup_steps, 0)
    smooth = family not in ("factor", "multi_factor", "tanh")
    if smooth and schedule.warmup_mode in ("linear", "from_first") and schedule.warmup_steps > 1:
        # MXNet's drops inside the warmup show at its end, and what the tangent lacks of base_lr;
        # all other families go on smoothly.
        assert schedule(below) == pytest.approx(
            schedule(schedule.warmup_steps), rel=1e-9, abs=1e-9 * schedule.base_lr
        )


@given(schedule=any_schedule(), data=st.data())
def test_the_value_does_not_depend_on_what_was_asked_before(
    schedule: Schedule, data: st.DataObject
) -> None:
    updates = data.draw(st.lists(updates_around(schedule), max_size=8))
    in_order = {update: dataclasses.replace(schedule)(update) for update in updates}
    shuffled = data.draw(st.permutations(updates))
    assert {update: schedule(update) for update in shuffled} == in_order
    assert {update: schedule(update) for update in reversed(shuffled)} == in_order


@given(schedule=any_schedule(), data=st.data())
def test_one_and_many_updates_agree_to_the_last_bit(
    schedule: Schedule, data: st.DataObject
) -> None:
    updates = data.draw(st.lists(updates_around(schedule).map(float), min_size=1, max_size=8))
    one_by_one = [schedule(update) for update in updates]
    assert schedule(updates) == schedule(tuple(updates)) == one_by_one
    assert schedule(update for update in updates) == one_by_one
    rates = schedule(numpy.array([updates, updates]))
    assert rates.dtype == numpy.float64
    assert rates.tolist() == [one_by_one, one_by_one]
    assert [schedule(update) for update in numpy.array(updates)] == one_by_one


def test_whole_updates_of_any_type_agree() -> None:
    schedule = schedules.Cosine(base_lr=0.1, horizon=100)
    expected = schedule(33)
    assert schedule(numpy.int32(33)) == schedule(numpy.array(33)) == schedule(33.0) == expected
    assert schedule(numpy.arange(33, 35, dtype=numpy.uint8)).tolist() == schedule([33, 34])
    assert schedule(numpy.zeros((0, 3))).shape == (0, 3)
    assert schedule([[33], [33, 33]]) == [[expected], [expected, expected]]


@given(any_schedule())
def test_repr_rebuilds(schedule: Schedule) -> None:
    rebuilt = eval(repr(schedule), vars(schedules))
    assert rebuilt == schedule
    assert hash(rebuilt) == hash(schedule)


@given(any_schedule())
def test_copies_are_equal(schedule: Schedule) -> None:
    for same in (
        pickle.loads(pickle.dumps(schedule)),
        copy.deepcopy(schedule),
        dataclasses.replace(schedule),
        schedule_from_dict(json.loads(json.dumps(schedule_to_dict(schedule)))),
    ):
        assert same == schedule
        assert hash(same) == hash(schedule)
        assert repr(same) == repr(schedule)


@given(any_schedule())
def test_another_parameter_is_another_schedule(schedule: Schedule) -> None:
    mode = "constant" if schedule.warmup_mode == "linear" else "linear"
    other = dataclasses.replace(schedule, warmup_mode=mode)
    assert other != schedule
    assert len({schedule, other, dataclasses.replace(schedule)}) == 2


@given(schedule=any_schedule(), times=st.integers(1, 1000))
def test_another_horizon_and_back(schedule: Schedule, times: int) -> None:
    times = min(times, LARGEST_HORIZON // schedule.horizon)
    longer = schedule.with_horizon(times * schedule.horizon)
    assert longer.horizon == times * schedule.horizon
    assert longer.warmup_steps == times * schedule.warmup_steps
    assert longer.with_horizon(schedule.horizon) == schedule


@every_family
@given(data=st.data())
def test_twice_the_horizon_is_half_the_pace(family: str, data: st.DataObject) -> None:
    schedule = data.draw(schedules_of(family).filter(lambda s: 2 * s.horizon <= LARGEST_HORIZON))
    update = data.draw(updates_around(schedule))
    # The first update stays the first one.
    assume(schedule.warmup_mode in ("linear", "constant"))
    slower = schedule.with_horizon(2 * schedule.horizon)
    assert slower(2 * update) == pytest.approx(schedule(update), rel=1e-12, abs=1e-300)


@given(any_schedule())
def test_nothing_can_be_changed(schedule: Schedule) -> None:
    before = repr(schedule)
    with pytest.raises(FrozenScheduleError, match=r"'learning_rate': schedule\.base_lr"):
        schedule.base_lr = 1.0
    with pytest.raises(FrozenScheduleError, match=r"dataclasses.replace\(schedule, horizon="):
        schedule.horizon = 7
    with pytest.raises(FrozenScheduleError, match="never changes"):
        schedule.anything = 1
    with pytest.raises(FrozenScheduleError, match="never changes"):
        del schedule.warmup_steps
    with pytest.raises(AttributeError):
        del schedule.base_lr
    assert repr(schedule) == before


@given(
    schedule=any_schedule(),
    update=st.integers(max_value=-1)
    | st.floats(max_value=0, exclude_max=True)
    | st.just(math.nan),
)
def test_negative_and_nan_updates_are_refused(schedule: Schedule, update: float) -> None:
    for asked in (update, [1, update], numpy.array([1.0, float(max(update, -1e300))])):
        with pytest.raises(ScheduleError, match="`update >= 0` must hold"):
            schedule(asked)


@pytest.mark.parametrize("update", ["1", b"1", None, 1j, ["x"]])
def test_what_is_no_number_is_refused(update: object) -> None:
    schedule = schedules.Constant(base_lr=0.1, horizon=10)
    with pytest.raises(ScheduleError, match="`update` must be a number or several"):
        schedule(update)


def test_every_family_says_what_it_is() -> None:
    for word, cls in FAMILIES.items():
        assert cls.family == word
        assert cls.formula
        assert ".. math::" in (cls.__doc__ or "")


@given(schedule=any_schedule(), data=st.data())
def test_a_schedule_asked_often_answers_as_a_new_one(
    schedule: Schedule, data: st.DataObject
) -> None:
    other = copy.deepcopy(schedule)
    updates = [data.draw(updates_around(schedule)) for _ in range(3)] + [schedule.horizon + 7]
    fresh = [dataclasses.replace(schedule)(update) for update in updates]
    for _ in range(600):
        other(1)
    assert [other(update) for update in updates] == fresh
    whole = numpy.array([min(int(update), 2**53) for update in updates])
    assert list(other(whole)) == [dataclasses.replace(schedule)(int(u)) for u in whole]
    assert list(other(whole[:0])) == []
    assert other == schedule
    assert pickle.loads(pickle.dumps(other))(updates[0]) == fresh[0]
    with pytest.raises(ScheduleError, match="update >= 0"):
        other(-1)
    with pytest.raises(ScheduleError, match="update >= 0"):
        other(numpy.array([3, -1]))
