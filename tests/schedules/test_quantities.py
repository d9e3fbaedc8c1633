"""Several quantities as one: an object, a file, a text."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuner import schedules as namespace
from tuner.errors import FrozenScheduleError, ScheduleError, ScheduleFileError
from tuner.schedules import (
    QUANTITIES,
    Constant,
    Cosine,
    Inverse,
    Linear,
    MultiFactor,
    OneCycle,
    Schedule,
    Schedules,
    load_schedule,
    save_schedule,
    schedule_from_dict,
    schedule_to_dict,
    svg,
)
from tuner.schedules.strict_json import digest

from .expected import SEVERAL
from .strategies import schedules as any_schedule
from .strategies import updates_around

LR = Linear(base_lr=0.8, final_lr=0.2, horizon=100, warmup_steps=20)
MOMENTUM = Inverse(of=LR, low=0.85, high=0.95)
BOTH = Schedules(lr=LR, momentum=MOMENTUM)
BIAS = Cosine(base_lr=0.4, horizon=40)
MATRIX = Schedules(lr=LR.scaled(2), weight_decay=Constant(base_lr=0.1, horizon=50))
ALL = Schedules(
    lr=LR,
    momentum=MOMENTUM,
    weight_decay=Cosine(base_lr=0.01, horizon=50),
    groups={"matrix": MATRIX, "embed": 0.1, "bias": BIAS},
)
IN_ORDER = dataclasses.replace(ALL, groups=[0.5, BIAS])
every_kind = pytest.mark.parametrize(
    "schedules", [BOTH, ALL, IN_ORDER, *SEVERAL.values()], ids=lambda each: "+".join(each.others)
)


# --- a curve upside down ---


@pytest.mark.parametrize(
    ("update", "value"),
    [(0, 0.95), (10, 0.9), (20, 0.85), (60, 0.8875), (100, 0.925), (101, 0.925), (9999, 0.925)],
)
def test_an_inverse_by_hand(update: int, value: float) -> None:
    """0.95 - 0.1 * lr / 0.8, where lr is 0, 0.4, 0.8, 0.5 and 0.2."""
    assert MOMENTUM(update) == pytest.approx(value, rel=1e-15)


@settings(max_examples=40)
@given(schedule=any_schedule(), data=st.data())
def test_an_inverse_is_low_where_the_other_is_high(
    schedule: Schedule, data: st.DataObject
) -> None:
    inverse = Inverse(of=schedule, low=0.25, high=0.75)
    one, other = (data.draw(updates_around(schedule)) for _ in range(2))
    assert 0.25 <= inverse(one) <= 0.75
    if schedule(one) == schedule.base_lr:
        assert inverse(one) == 0.25
    if schedule(one) <= schedule(other):
        assert inverse(one) >= inverse(other) - 1e-15
    assert eval(repr(inverse), vars(namespace)) == inverse
    assert inverse([one, other]) == [inverse(one), inverse(other)]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"low": 0.9, "high": 0.9}, "`0 <= low < high <= 1e100` must hold, but got (low=0.9,"),
        ({"low": -0.1, "high": 0.9}, "but got (low=-0.1, high=0.9)"),
        ({"low": "0.1", "high": None}, "`low` must be a finite number, but got '0.1'; `high`"),
        ({"of": 0.1}, "`of` must be a schedule of a family, but got 0.1"),
        ({"of": MOMENTUM}, "`of` must be a schedule of a family, but got Inverse("),
    ],
)
def test_no_inverse(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        Inverse(**{"of": LR, "low": 0.1, "high": 0.9, **options})
    assert reason in str(caught.value)


# --- the object ---


@every_kind
def test_it_is_the_schedule_of_its_learning_rate(schedules: Schedules) -> None:
    updates = [0, 1, 7, 100, 5000, 9999]
    assert schedules(updates) == schedules.lr(updates)
    assert schedules.horizon == schedules.lr.horizon
    assert (schedules.family, schedules.formula) == (schedules.lr.family, schedules.lr.formula)
    if schedules.horizon < 1000:
        assert schedules.learning_rates() == schedules.lr.learning_rates()


@every_kind
def test_it_is_a_value(schedules: Schedules) -> None:
    others = [
        pickle.loads(pickle.dumps(schedules)),
        copy.deepcopy(schedules),
        eval(repr(schedules), vars(namespace)),
        schedule_from_dict(json.loads(json.dumps(schedule_to_dict(schedules)))),
    ]
    assert {schedules, *others} == {schedules}
    assert all(repr(other) == repr(schedules) for other in others)
    assert schedules != schedules.lr
    with pytest.raises(FrozenScheduleError, match="never changes"):
        schedules.momentum = None


def test_groups_by_name_have_no_order_and_a_list_has() -> None:
    reverse = dict(reversed(ALL.own_groups()))
    assert dataclasses.replace(ALL, groups=reverse) == ALL
    assert dataclasses.replace(ALL, groups=[BIAS, 0.5]) != IN_ORDER


def test_a_group_has_its_own_and_else_what_all_have() -> None:
    assert ALL.group("matrix") == (MATRIX.lr, MOMENTUM, MATRIX.weight_decay)
    assert ALL.group("embed") == (0.1, MOMENTUM, ALL.weight_decay)
    assert ALL.group("another") == ALL.group(None) == (None, MOMENTUM, ALL.weight_decay)
    assert IN_ORDER.group(1).lr == BIAS


@pytest.mark.parametrize(
    ("options", "reasons"),
    [
        ({}, ["it must have more than `lr`"]),
        ({"lr": 0.1, "groups": [1]}, ["`lr` must be a schedule of a family, but got 0.1"]),
        ({"lr": MOMENTUM, "groups": [1]}, ["`lr` must be a schedule of a family, but got Inv"]),
        ({"lr": BOTH, "groups": [1]}, ["`lr` must be a schedule of a family, but got Schedules("]),
        ({"momentum": 0.9}, ["`momentum` must be a schedule, for a constant", "but got 0.9"]),
        (
            {
                "momentum": Constant(base_lr=1.0, horizon=9),
                "weight_decay": -0.1,
                "groups": {"": 1},
            },
            [
                "`0 <= momentum < 1` must hold, but its largest value is 1.0",
                "`weight_decay` must be a schedule, for a constant is the optimizer's own, but got"
                " -0.1",
                "`groups` must be a mapping of names",
            ],
        ),
        ({"momentum": Inverse(of=LR, low=0.5, high=1.0)}, ["its largest value is 1.0"]),
        (
            {"groups": {"a": -1, "b": "x", "c": ALL, "d": True}},
            ["the group 'a' must have a factor of 0 or more", "but got -1", "'b'", "'c'", "'d'"],
        ),
        ({"groups": 3}, ["`groups` must be a mapping of names"]),
        ({"groups": {1: 0.5}}, ["`groups` must be a mapping of names"]),
    ],
    ids=str,
)
def test_what_is_no_set_of_schedules(options: dict[str, Any], reasons: list[str]) -> None:
    with pytest.raises(ScheduleError) as caught:
        Schedules(**{"lr": LR, **options})
    assert [reason for reason in reasons if reason not in str(caught.value)] == []


# --- other trainings ---


def test_another_horizon_stretches_every_curve_by_the_same_factor() -> None:
    longer = ALL.with_horizon(300)
    horizons = {name: curve.horizon for name, curve in ALL.curves().items()}
    assert {name: curve.horizon for name, curve in longer.curves().items()} == {
        name: 3 * horizon for name, horizon in horizons.items()
    }
    assert longer.lr == LR.with_horizon(300)
    assert longer.momentum == Inverse(of=LR.with_horizon(300), low=0.85, high=0.95)
    assert longer.factors() == ALL.factors() == {"groups.embed.lr": 0.1}
    assert longer.derivation[0]["rule"] == "with_horizon"
    assert ALL.with_horizon(100) is ALL
    assert IN_ORDER.with_horizon(50).group(1).lr == BIAS.with_horizon(20)


def test_a_horizon_that_one_of_the_curves_cannot_have_is_refused() -> None:
    drops = MultiFactor(base_lr=0.1, decay_factor=0.5, milestones=(1, 2), horizon=3)
    with pytest.raises(ScheduleError, match="MultiFactor"):
        Schedules(lr=LR, weight_decay=drops).with_horizon(50)
    with pytest.raises(ScheduleError, match="horizon"):
        ALL.with_horizon(0)


def test_scaling_is_of_learning_rates_alone() -> None:
    twice = ALL.scaled(2)
    assert (twice.lr, twice.momentum) == (LR.scaled(2), MOMENTUM)
    assert twice.group("bias").lr == BIAS.scaled(2)
    assert twice.group("matrix") == (MATRIX.lr.scaled(2), MOMENTUM, MATRIX.weight_decay)
    assert twice.group("embed").lr == 0.1
    assert ALL.scaled(1) is ALL


def test_a_file_is_laid_out_for_a_training(tmp_path: Path) -> None:
    save_schedule(ALL, tmp_path / "all.json", updates_per_epoch=10)
    longer = load_schedule(tmp_path / "all.json", epochs=20)
    assert longer == ALL.with_horizon(200)
    save_schedule(longer, tmp_path / "longer.json")
    again = load_schedule(tmp_path / "longer.json")
    assert again == longer
    assert [step["rule"] for step in again.derivation] == ["for_training"]


# --- the file ---


def changes(document: dict[str, Any]) -> list[tuple[str, dict[str, Any], str]]:
    """A file, changed by somebody who makes the digest anew, and why it is refused."""
    schedule, check = document["schedule"], document["check"]

    def other(**new: Any) -> dict[str, Any]:
        return {**document, **new}

    def quantities(**new: Any) -> dict[str, Any]:
        return other(schedule={**schedule, **new})

    wrong = {name: [[1, 0.123]] for name in check}
    return [
        ("as format 1", other(format="tuner.schedule/1"), "must be a family"),
        ("a family", other(schedule=schedule["lr"]), "must be a family, that of"),
        ("units", other(units={"time": "epochs"}), "`units` must be"),
        ("past", other(past_horizon="0"), "`past_horizon` must be"),
        ("horizon", other(horizon=50), "`horizon` must be"),
        ("no check", other(check={"lr": check["lr"]}), "`check` must have lr, momentum"),
        ("a list", other(check=check["lr"]), "`check` must have lr"),
        ("empty", other(check={**check, "momentum": []}), "`check` must be pairs"),
        *[
            (
                f"check of {name}",
                other(check={**check, name: wrong[name]}),
                f"of {name} at update 1",
            )
            for name in check
        ],
        ("unknown", quantities(momentun=schedule["momentum"]), "did you mean 'momentum'?"),
        ("momentum", quantities(momentum=0.9), "a schedule must be {'family'"),
        ("too much", quantities(momentum={**schedule["momentum"], "high": 1.5}), "momentum < 1"),
        ("inverse", quantities(momentum={"inverse_of": schedule["lr"]}), "a schedule must be"),
        ("a lr", quantities(lr=schedule["momentum"]), "`lr` must be a schedule of a family"),
        ("groups", quantities(groups=3), "`groups` must be"),
        ("a group", quantities(groups={"embed": -1}), "the group 'embed'"),
        ("nothing", other(schedule={"lr": schedule["lr"]}), "more than `lr`"),
        ("lost", other(schedule={"momentum": schedule["momentum"]}), "a schedule must be"),
    ]


def test_a_touched_file_is_refused_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "all.json"
    save_schedule(ALL, path)
    good = json.loads(path.read_text())
    assert good["format"] == "tuner.schedule/2"
    assert [*good["check"]] == [*ALL.curves()]
    for what, document, reason in changes(good):
        document["sha256"] = digest({k: v for k, v in document.items() if k != "sha256"})
        path.write_text(json.dumps(document))
        with pytest.raises(ScheduleFileError) as caught:
            load_schedule(path)
        assert reason in str(caught.value), what
    path.write_text(json.dumps({**good, "batch_size": 7}))
    with pytest.raises(ScheduleFileError, match="sha256"):
        load_schedule(path)


def test_an_inverse_alone_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ScheduleError, match="a schedule of a known family is needed"):
        save_schedule(MOMENTUM, tmp_path / "momentum.json")
    assert not [*tmp_path.iterdir()]


@settings(max_examples=40)
@given(lr=any_schedule(), momentum=any_schedule(), decay=any_schedule())
def test_what_is_saved_as_data_comes_back(
    lr: Schedule, momentum: Schedule, decay: Schedule
) -> None:
    low = Inverse(of=momentum, low=0.5, high=0.9)
    schedules = Schedules(lr=lr, momentum=low, weight_decay=decay, groups=[decay, 0.5])
    assert schedule_from_dict(json.loads(json.dumps(schedule_to_dict(schedules)))) == schedules


# --- text and pictures ---


@every_kind
def test_the_python_text_has_every_curve(schedules: Schedules) -> None:
    module: dict[str, Any] = {}
    exec(schedules.to_python(), module)
    for update in (0, 1, 30, 99, 100, 2000, 7050, 9999):
        assert module["learning_rate"](update) == schedules(update)
        for name in QUANTITIES:
            curve = getattr(schedules, name)
            assert (name in module) == (curve is not None)
            assert curve is None or module[name](update) == curve(update)
        for key, _ in schedules.own_groups():
            lr, *others = schedules.group(key)
            own = module["GROUPS"][key]
            expected = lr(update) if isinstance(lr, Schedule) else lr * schedules(update)
            assert own.pop("learning_rate")(update) == expected
            curves = {n: c for n, c in zip(QUANTITIES, others, strict=True) if c is not None}
            assert {n: function(update) for n, function in own.items()} == {
                n: curve(update) for n, curve in curves.items()
            }
            own["learning_rate"] = lambda update: 0.0  # of a group that was looked at
        exec(schedules.to_python(), module)


def test_the_table_has_a_column_for_each_curve() -> None:
    header, *rows = ALL.to_csv().splitlines()
    names = header.split(",")
    assert names[:4] == ["update", "learning_rate", "momentum", "weight_decay"]
    assert len(rows) == ALL.horizon
    last = dict(zip(names, map(float, rows[-1].split(",")), strict=True))
    assert last["momentum"] == ALL.momentum(100)
    assert last["groups.embed.lr"] == 0.1 * LR(100)
    assert last["groups.bias.lr"] == BIAS(100) == 0


def test_the_picture_has_a_chart_for_each_curve() -> None:
    picture = svg(dataclasses.replace(ALL, groups={"<b>&": BIAS}))
    assert picture.count("<polyline") == 4
    assert ">momentum</text>" in picture
    assert ">learning rate of &lt;b&gt;&amp;</text>" in picture
    assert OneCycle.family not in picture
