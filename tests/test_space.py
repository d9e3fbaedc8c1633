"""Search spaces: what the shipped ones can produce, and what is refused, where and why."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import optuna
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tuner.errors import DefinitionError, ScheduleError
from tuner.schedules import (
    FAMILIES,
    WSD,
    Constant,
    Cosine,
    CosineRestarts,
    Factor,
    MultiFactor,
    OneCycle,
    Poly,
    SquareRoot,
)
from tuner.space import SearchSpace, load_space, parse_space
from tuner.units import Clock

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SHIPPED = Path(__file__).parent.parent / "search_spaces"
CHAPTER, MODERN = SHIPPED / "chapter.toml", SHIPPED / "modern.toml"
THE_CHAPTERS = Clock(updates_per_epoch=235, horizon=7050)  # 30 epochs of 60 000 / 256

# A good space, to which the rows below do one thing.
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
BASELINE = '[[baseline]]\nlabel = "b"\nfamily = "cosine"\nbase_lr = 0.3\n'


def parse(text: str, clock: Clock = THE_CHAPTERS) -> SearchSpace:
    return parse_space(tomllib.loads(text), "space.toml", clock)


def mistakes(text: str, clock: Clock = THE_CHAPTERS) -> list[tuple[str, str]]:
    with pytest.raises(DefinitionError) as caught:
        parse(text, clock)
    assert caught.value.where == "space.toml"
    return list(caught.value.mistakes)


class Fixed:
    """Answers a space as an Optuna trial does, with what it was given or the lowest."""

    def __init__(self, **values: Any) -> None:
        self.values = values

    def suggest_categorical(self, name: str, choices: Any) -> Any:
        return self.values.get(name, choices[0])

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None, log: bool
    ) -> float:
        return self.values.get(name, low)

    def suggest_int(self, name: str, low: int, high: int, *, step: int, log: bool) -> int:
        return self.values.get(name, low)


# --- the shipped spaces ---


@pytest.mark.parametrize("path", [CHAPTER, MODERN], ids=lambda path: path.stem)
@pytest.mark.parametrize("updates_per_epoch", [5, 6, 24, 47, 235, 938, 60_000])
def test_the_shipped_spaces_fit_every_study(path: Path, updates_per_epoch: int) -> None:
    """Every corner of a space is built when it is read."""
    for epochs in (1, 2, 3, 4, 5, 10, 20, 30):
        clock = Clock(updates_per_epoch, epochs * updates_per_epoch)
        space = load_space(path, clock)
        assert space.params["base_lr"].log
        for baseline in space.baselines:
            assert baseline.values.keys() <= space.params.keys()


def test_a_horizon_that_has_no_room_is_refused() -> None:
    text = CHAPTER.read_text(encoding="utf-8")
    assert mistakes(text, Clock(1, 1)) == [
        (
            "params.warmup_steps.high",
            "`warmup_steps < horizon` must hold, but got (warmup_steps=1, horizon=1), in updates",
        )
    ]
    ((place, message),) = mistakes(text, Clock(3, 3))
    assert place == "params.n_milestones"
    assert message == (
        "family multi_factor: `each of milestones < the next` must hold, but got"
        " (milestones=(2, 2))."
    )


class AnyPoint:
    """Answers a space with any values in its bounds."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw

    def suggest_categorical(self, name: str, choices: Any) -> Any:
        return self.draw(st.sampled_from(choices), label=name)

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None, log: bool
    ) -> float:
        return self.draw(st.floats(low, high), label=name)

    def suggest_int(self, name: str, low: int, high: int, *, step: int, log: bool) -> int:
        return self.draw(st.integers(low, high), label=name)


@pytest.mark.parametrize("path", [CHAPTER, MODERN], ids=lambda path: path.stem)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(data=st.data(), updates_per_epoch=st.integers(5, 500), epochs=st.integers(1, 30))
def test_every_point_is_a_schedule_over_the_whole_study(
    path: Path, data: st.DataObject, updates_per_epoch: int, epochs: int
) -> None:
    space = load_space(path, Clock(updates_per_epoch, updates_per_epoch * epochs))
    values = space.sample(AnyPoint(data.draw))
    schedule = space.schedule(values)
    assert schedule.horizon == updates_per_epoch * epochs
    assert schedule.family == values["family"]
    assert schedule.base_lr == values["base_lr"]
    assert all(0 <= lr <= schedule.base_lr for lr in schedule([1, schedule.horizon]))


@pytest.mark.parametrize("path", [CHAPTER, MODERN], ids=lambda path: path.stem)
def test_optuna_samples_them(path: Path) -> None:
    space = load_space(path, THE_CHAPTERS)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    families = set()
    for _ in range(60):
        trial = study.ask()
        values = space.sample(trial)
        assert trial.params == values
        families.add(space.schedule(values).family)
    assert families == set(space.params["family"].choices)


def test_the_chapters_baselines_in_its_own_units() -> None:
    baselines = load_space(CHAPTER, THE_CHAPTERS).baselines
    assert [baseline.schedule for baseline in baselines] == [
        Constant(base_lr=0.3, horizon=7050),
        Cosine(base_lr=0.3, final_lr=0.01, horizon=4700),
        SquareRoot(base_lr=0.1, decay_interval=235, horizon=7050),
        MultiFactor(base_lr=0.5, decay_factor=0.5, milestones=(3525,), horizon=7050),
        Cosine(base_lr=0.3, final_lr=0.01, horizon=4700, warmup_steps=1175),
    ]
    assert baselines[1].values == {
        "family": "cosine",
        "base_lr": 0.3,
        "warmup_steps": 0,
        "final_lr_ratio": 0.01 / 0.3,
    }
    assert [baseline.label for baseline in baselines] == [
        "chapter: constant 0.3",
        "chapter: cosine 0.3 to 0.01",
        "chapter: square root 0.1",
        "chapter: multi factor 0.5",
        "chapter: cosine with warmup",
    ]


def test_the_modern_baselines_decay_over_the_whole_study() -> None:
    cosine, linear = load_space(MODERN, THE_CHAPTERS).baselines
    assert cosine.schedule == Cosine(base_lr=0.3, final_lr=0.003, horizon=7050)
    assert linear.schedule(7050) == 0.003


# --- values -> schedule ---

CHAPTERS_VALUES = {"base_lr": 0.5, "warmup_steps": 50}


@pytest.mark.parametrize(
    ("path", "values", "schedule"),
    [
        (CHAPTER, {"family": "constant"}, Constant(base_lr=0.5, horizon=1000, warmup_steps=50)),
        (
            CHAPTER,
            {"family": "square_root", "decay_interval": 20},
            SquareRoot(base_lr=0.5, horizon=1000, warmup_steps=50, decay_interval=20),
        ),
        (
            CHAPTER,
            {"family": "factor", "decay_interval": 20, "decay_factor": 0.7},
            Factor(
                base_lr=0.5, horizon=1000, warmup_steps=50, decay_interval=20, decay_factor=0.7
            ),
        ),
        (
            # 950 updates after warmup in four parts: 287.5, 525, 762.5, rounded to even.
            CHAPTER,
            {"family": "multi_factor", "decay_factor": 0.7, "n_milestones": 3},
            MultiFactor(
                base_lr=0.5,
                horizon=1000,
                warmup_steps=50,
                decay_factor=0.7,
                milestones=(288, 525, 762),
            ),
        ),
        (
            CHAPTER,
            {"family": "poly", "power": 1.5, "final_lr_ratio": 0.01},
            Poly(base_lr=0.5, horizon=1000, warmup_steps=50, power=1.5, final_lr=0.005),
        ),
        (
            CHAPTER,
            {"family": "cosine", "final_lr_ratio": 0.01},
            Cosine(base_lr=0.5, horizon=1000, warmup_steps=50, final_lr=0.005),
        ),
        (
            MODERN,
            {"family": "wsd", "decay_steps": 300, "decay_shape": "1-sqrt", "final_lr_ratio": 0.01},
            WSD(
                base_lr=0.5,
                horizon=1000,
                warmup_steps=50,
                decay_steps=300,
                decay_shape="1-sqrt",
                final_lr=0.005,
            ),
        ),
        (
            MODERN,
            {
                "family": "one_cycle",
                "rise_steps": 300,
                "begin_lr_ratio": 0.1,
                "final_lr_ratio": 0.01,
            },
            OneCycle(base_lr=0.5, horizon=1000, rise_steps=300, begin_lr=0.05, final_lr=0.005),
        ),
        (
            # 950 = 136 + 272 + 544 - 2: rounded up, so that no new peak follows the last cycle.
            MODERN,
            {"family": "cosine_restarts", "n_cycles": 3, "final_lr_ratio": 0.01},
            CosineRestarts(
                base_lr=0.5,
                horizon=1000,
                warmup_steps=50,
                cycle_steps=136,
                cycle_factor=2.0,
                final_lr=0.005,
            ),
        ),
    ],
    ids=lambda value: value["family"] if isinstance(value, dict) else "",
)
def test_values_become_a_schedule(path: Path, values: dict[str, Any], schedule: Any) -> None:
    space = load_space(path, Clock(100, 1000))
    sampled = space.sample(Fixed(**CHAPTERS_VALUES, **values))
    # What the family does not have was not asked for.
    shared = {} if values["family"] == "one_cycle" else {"warmup_steps": 50}
    assert sampled == {"base_lr": 0.5, **shared, **values}
    assert space.schedule(sampled) == schedule


def test_restarts_end_low_at_every_horizon() -> None:
    for horizon in range(100, 114):
        space = load_space(MODERN, Clock(10, horizon))
        for number in (2, 3):
            for warmup in range(0, 20, 7):
                values = space.sample(
                    Fixed(
                        family="cosine_restarts",
                        n_cycles=number,
                        base_lr=1.0,
                        warmup_steps=warmup,
                        final_lr_ratio=0.001,
                    )
                )
                assert space.schedule(values)(horizon) < 0.1


def test_values_of_other_families_are_passed_over() -> None:
    space = load_space(CHAPTER, THE_CHAPTERS)
    values = {"family": "constant", "base_lr": 0.5, "warmup_steps": 0, "power": 2.0}
    assert space.schedule(values) == Constant(base_lr=0.5, horizon=7050)


def test_a_missing_value_is_named() -> None:
    space = load_space(CHAPTER, THE_CHAPTERS)
    with pytest.raises(ScheduleError, match="Factor needs `decay_factor` and `decay_interval`"):
        space.schedule({"family": "factor", "base_lr": 0.1})


def test_durations_are_at_least_an_update_unless_they_are_zero() -> None:
    text = GOOD.replace('"1ep"', '"0.001dur"')
    assert parse(text, Clock(10, 100)).params["decay_interval"].low == 1
    warmup = '[params.warmup_steps]\ntype = "int"\nlow = "0dur"\nhigh = "0.001dur"\n'
    param = parse(GOOD + warmup, Clock(10, 100)).params["warmup_steps"]
    assert (param.low, param.high) == (0, 1)


def test_a_condition_on_a_duration() -> None:
    """It names a choice as it is written; samples are in updates."""
    text = GOOD.replace('type = "int"\nlow = "1ep"\nhigh = "0.5dur"', "@").replace(
        "@", 'type = "categorical"\nchoices = ["1ep", "0.5dur"]'
    )
    text += '[params.stop_factor_lr_ratio]\nwhen = { decay_interval = "1ep" }\n'
    space = parse(text + 'type = "float"\nlow = 0.0\nhigh = 0.1\n')
    factor = {"family": "factor", "decay_factor": 0.5}
    assert "stop_factor_lr_ratio" in space.sample(Fixed(**factor, decay_interval=235))
    assert "stop_factor_lr_ratio" not in space.sample(Fixed(**factor, decay_interval=3525))


def test_other_spaces() -> None:
    fixed = HEAD + '[fixed]\nfamily = "multi_factor"\nmilestones = ["1ep", "0.5dur"]\n'
    space = parse(fixed + "decay_factor = 0.5\n" + BASE_LR)
    assert space.schedule(space.sample(Fixed())) == MultiFactor(
        base_lr=0.01, decay_factor=0.5, milestones=(235, 3525), horizon=7050
    )
    knots = '[fixed]\nfamily = "piecewise"\nknots = [["0up", 0.1], ["1ep", 1], ["1dur", 0]]\n'
    space = parse(HEAD + knots + BASE_LR)
    assert space.schedule(space.sample(Fixed(base_lr=0.5)))([0, 235, 7050]) == [0.05, 0.5, 0.0]


def test_every_family_can_be_in_a_space() -> None:
    own = {
        "factor": 'decay_factor = 0.5\ndecay_interval = "1ep"',
        "multi_factor": "decay_factor = 0.5\nn_milestones = 2",
        "inverse_time": 'decay_interval = "1ep"',
        "exponential": 'decay_factor = 0.5\ndecay_interval = "1ep"',
        "wsd": 'decay_steps = "0.2dur"',
        "one_cycle": 'begin_lr_ratio = 0.1\nrise_steps = "0.2dur"',
        "cosine_restarts": "n_cycles = 3",
        "cyclic": 'begin_lr_ratio = 0.1\ncycle_steps = "1ep"',
        "piecewise": 'knots = [["0up", 1], ["1dur", 0]]',
    }
    for family in FAMILIES:
        text = f'{HEAD}[fixed]\nfamily = "{family}"\n{own.get(family, "")}\n{BASE_LR}'
        assert parse(text).schedule({"base_lr": 0.3}).family == family


# --- mistakes ---

LOW = "low = 0.01\nhigh = 1.0\nlog = true"
INT = '[params.warmup_steps]\ntype = "int"\n'

# fmt: off
ROWS = [
    # What the file itself holds.
    ("", "format", "is required, but missing"),
    (GOOD.replace("space/1", "space/2"), "format", "must be 'tuner.search_space/1', but got"),
    (GOOD.replace('"s"', "3"), "name", "must be a text, but got 3"),
    ("nmae = 's'\n" + GOOD.replace('name = "s"', ""), "nmae", "did you mean 'name'?"),
    ("baselines = []\n" + GOOD, "baselines", "did you mean 'baseline'?"),
    (HEAD + "params = 3", "params", "must be a table, but got 3"),
    ("fixed = 3\n" + GOOD, "fixed", "must be a table, but got 3"),
    ("baseline = 3\n" + GOOD, "baseline", "must be tables [[baseline]], but got 3"),
    ("baseline = [3]\n" + GOOD, "baseline[0]", "must be a table, but got 3"),
    # Families.
    (HEAD + BASE_LR, "params.family", "is required (or fixed.family), but missing"),
    (GOOD.replace('"cosine", ', '"cosin", '), "params.family.choices", "did you mean 'cosine'?"),
    (HEAD + "[fixed]\nfamily = 'poly1'\n" + BASE_LR, "fixed.family", "did you mean 'poly'?"),
    (HEAD + "[fixed]\nfamily = ['poly']\n" + BASE_LR, "fixed.family", "no family ['poly']"),
    (HEAD + '[params.family]\ntype = "int"\nlow = 1\nhigh = 2\n' + BASE_LR,
     "params.family.type", "must be 'categorical'"),
    # Parameters.
    (GOOD + "[params.powr]\ntype = 'float'\nlow = 1\nhigh = 2",
     "params.powr", "unknown parameter for any family"),
    (GOOD + "[params.final_lrr]\ntype = 'float'\nlow = 1\nhigh = 2",
     "params.final_lrr", "did you mean 'final_lr'?"),
    (GOOD + "[params.horizon]\ntype = 'int'\nlow = '1ep'\nhigh = '2ep'",
     "params.horizon", "unknown parameter"),
    (GOOD + "[params.warmup_steps]\nlow = '0up'\nhigh = '1ep'", "params.warmup_steps.type",
     "must be one of 'categorical', 'float', 'int', but it is missing"),
    (GOOD.replace('"float"', '"real"', 1), "params.base_lr.type", "but got 'real'"),
    (GOOD.replace("log = true", "log = 1"), "params.base_lr.log", "must be true or false, but"),
    (GOOD.replace("log = true", "logg = true"), "params.base_lr.logg", "did you mean 'log'?"),
    (GOOD.replace("low = 0.01", ""), "params.base_lr.low", "is required, but missing"),
    (GOOD.replace("low = 0.01", "lwo = 0.01"), "params.base_lr.lwo", "did you mean 'low'?"),
    (GOOD.replace("low = 0.01", "low = '0.01'"), "params.base_lr.low", "must be a number, but"),
    (GOOD.replace("low = 0.01", "low = nan"), "params.base_lr.low", "must be a finite number"),
    (GOOD.replace("low = 0.01", "low = 2"), "params.base_lr.low",
     "`low <= high` must hold, but got (low=2.0, high=1.0)"),
    (GOOD.replace("low = 0.01", "low = 0"), "params.base_lr.low",
     "must be > 0 when log = true, but got 0.0"),
    (GOOD.replace("log = true", "log = true\nstep = 0.1"), "params.base_lr.step",
     "cannot be combined with log = true"),
    (GOOD.replace("log = true", "step = 0"), "params.base_lr.step", "must be > 0, but got 0.0"),
    (GOOD.replace("low = 0.01", "low = -1").replace("log = true", ""), "params.base_lr",
     "`0 < base_lr <= 1e100` must hold, but got (base_lr=-1.0)"),
    (GOOD.replace(LOW, "low = '1'\nhigh = 2").replace('"float"', '"int"', 1),
     "params.base_lr.low", "must be a whole number, but got '1'"),
    (GOOD.replace('["cosine", "factor"]', "[]"), "params.family.choices", "at least one"),
    (GOOD.replace('["cosine", "factor"]', "3"), "params.family.choices", "must be a list, but"),
    (GOOD.replace('"cosine", ', '"cosine", "cosine", '), "params.family.choices", "must differ"),
    (GOOD.replace('"cosine", ', '"cosine", true, '), "params.family.choices",
     "must be texts or numbers, but got True"),
    # Durations.
    (GOOD + INT + "low = 0\nhigh = '1ep'", "params.warmup_steps.low", "Write '0up'"),
    (GOOD + INT + "low = '0up'\nhigh = '500'", "params.warmup_steps.high", "'500' has no unit"),
    (GOOD + INT + "low = '0up'\nhigh = '1epoch'", "params.warmup_steps.high", "not a duration"),
    (GOOD + INT + "low = '0up'\nhigh = '-1ep'", "params.warmup_steps.high", "not a duration"),
    (GOOD + INT + "low = '0up'\nhigh = '1e400ep'", "params.warmup_steps.high", "must be at most"),
    (GOOD + INT + "low = '0up'\nhigh = '1ep'\nstep = 5", "params.warmup_steps.step", "no unit"),
    (GOOD + INT + "low = '0up'\nhigh = '1ep'\nlog = true", "params.warmup_steps.low",
     "must be > 0 when log = true, but got 0"),
    (GOOD + INT + "low = '2ep'\nhigh = '300up'", "params.warmup_steps.low",
     "`low <= high` must hold, but got (low=470, high=300)"),
    (GOOD + INT.replace("int", "float") + "low = 0.0\nhigh = 9.0", "params.warmup_steps.type",
     "must be 'int' for warmup_steps"),
    (GOOD + INT.replace("int", "categorical") + "choices = [0]", "params.warmup_steps.choices",
     "0 has no unit"),
    (GOOD + INT.replace("int", "categorical") + "choices = ['1up', '0.00001dur']",
     "params.warmup_steps.choices", "must differ, but got [1, 1] updates of 7050"),
    (GOOD + "[fixed]\nwarmup_steps = 500", "fixed.warmup_steps", "500 has no unit"),
    (GOOD + BASELINE + "warmup_steps = 500", "baseline[0].warmup_steps", "500 has no unit"),
    # Warmup at and past the horizon.
    (GOOD + INT + "low = '0up'\nhigh = '1dur'", "params.warmup_steps.high",
     "`warmup_steps < horizon` must hold, but got (warmup_steps=7050, horizon=7050)"),
    (GOOD + INT.replace("int", "categorical") + "choices = ['1ep', '31ep']",
     "params.warmup_steps.choices", "(warmup_steps=7285, horizon=7050)"),
    (GOOD + "[fixed]\nwarmup_steps = '1dur'", "fixed.warmup_steps", "`warmup_steps < horizon`"),
    (GOOD + BASELINE + "warmup_steps = '1dur'", "baseline[0]", "`warmup_steps < horizon` must"),
    (GOOD + BASELINE + "warmup_steps = '9ep'\nhorizon = '8ep'", "baseline[0]",
     "(horizon=1880, warmup_steps=2115)"),
    # Conditions.
    (GOOD.replace('{ family = "factor" }', '{ famly = "factor" }', 1), "params.decay_factor.when",
     "no categorical parameter 'famly' above; did you mean 'family'?"),
    (GOOD.replace('{ family = "factor" }', '{ base_lr = 0.1 }', 1), "params.decay_factor.when",
     "no categorical parameter 'base_lr' above"),
    (HEAD + "[params.family]\nwhen = { family = 'poly' }\ntype = 'categorical'\n"
     "choices = ['cosine', 'poly']\n" + BASE_LR, "params.family.when",
     "no categorical parameter 'family' above; known: none"),
    (GOOD.replace('{ family = "factor" }', '{ family = "factr" }', 1), "params.decay_factor.when",
     "'family' has no choice 'factr'; choices are cosine, factor"),
    (GOOD.replace('{ family = "factor" }', "{ family = [] }", 1), "params.decay_factor.when",
     "must name a choice of 'family'"),
    (GOOD.replace('{ family = "factor" }', "3", 1), "params.decay_factor.when",
     "must be a table, but got 3"),
    (GOOD.replace('when = { family = "factor" }', "", 1), "params.decay_factor.when",
     "cosine has no decay_factor; write when = { family = ['factor'] }"),
    # What must fit together.
    (GOOD.replace("decay_factor", "stop_factor_lr"), "params",
     "family factor: Factor needs `decay_factor`; add it to [params] or [fixed]."),
    (GOOD.replace("high = 0.9", "high = 1.9"), "params.decay_factor",
     "family factor: `0 < decay_factor <= 1` must hold, but got (decay_factor=1.9)."),
    (GOOD + "[fixed]\nbase_lr = 0.1", "fixed.base_lr", "is sampled as well; keep it in"),
    (GOOD + "[fixed]\nfinal_lrr = 0.1", "fixed.final_lrr", "did you mean 'final_lr'?"),
    (GOOD + "[fixed]\nhorizon = '1dur'", "fixed.horizon", "unknown parameter for any family"),
    (GOOD + "[fixed]\nwarmup_mode = 'linaer'", "fixed.warmup_mode",
     "must be one of 'linear', 'constant', but got 'linaer'"),
    (GOOD + "[fixed]\nfinal_lr = '0.1'", "fixed.final_lr", "must be a finite number, but got"),
    (GOOD + "[fixed]\nfinal_lr = 0.5", "fixed.final_lr",
     "family cosine: `0 <= final_lr <= base_lr` must hold, but got (base_lr=0.01, final_lr=0.5)."),
    (GOOD + "[fixed]\nfinal_lr = 0.0\nfinal_lr_ratio = 0.1", "fixed.final_lr_ratio",
     "family cosine: `final_lr_ratio` sets 'final_lr' as well; keep one of them"),
    (GOOD.replace('"cosine"', '"multi_factor"').replace('family = "factor"',
     "family = ['factor', 'multi_factor']", 1) + "[params.n_milestones]\n"
     "when = { family = 'multi_factor' }\ntype = 'int'\nlow = 0\nhigh = 2", "params.n_milestones",
     "`len(milestones) >= 1` must hold"),
    # Baselines.
    (GOOD + BASELINE.replace('label = "b"', ""), "baseline[0].label", "is required, but missing"),
    (GOOD + BASELINE.replace('"b"', "3"), "baseline[0].label", "must be a text that names it"),
    (GOOD + BASELINE + BASELINE, "baseline[1].label", "must differ from the others, but got 'b'"),
    (GOOD + BASELINE.replace('family = "cosine"', ""), "baseline[0].family", "is required, but"),
    (GOOD + BASELINE.replace('"cosine"', '["cosine"]'), "baseline[0].family", "no family ['cos"),
    (GOOD + BASELINE.replace('"cosine"', '"poly"'), "baseline[0].family",
     "must be one of cosine, factor, but got 'poly'"),
    (GOOD + BASELINE.replace("0.3", "2"), "baseline[0].base_lr",
     "must be in 0.01..1.0, which is sampled, but got 2.0"),
    (GOOD + BASELINE.replace("0.3", "0"), "baseline[0].base_lr", "but got 0.0"),
    (GOOD + BASELINE.replace("0.3", "true"), "baseline[0].base_lr", "must be a finite number"),
    (GOOD + BASELINE.replace("base_lr = 0.3", ""), "baseline[0].base_lr",
     "is required, because the space samples it"),
    (GOOD + BASELINE + "decay_factor = 0.5", "baseline[0].decay_factor", "no parameter of cosine"),
    (GOOD + BASELINE + "final_ratio = 0.5", "baseline[0].final_ratio",
     "no parameter of cosine; did you mean 'final_lr_ratio'?"),
    (GOOD + BASELINE + "final_lr = 0.5", "baseline[0]", "`0 <= final_lr <= base_lr` must hold"),
    (GOOD.replace("log = true", "step = 0.1") + BASELINE, "baseline[0].base_lr",
     "must be 0.01 plus a multiple of 0.1, but got 0.3"),
]
# fmt: on


@pytest.mark.parametrize(("text", "place", "words"), ROWS)
def test_a_mistake_has_its_place_and_remedy(text: str, place: str, words: str) -> None:
    found = mistakes(text)
    matching = [(where, what) for where, what in found if where == place and words in what]
    assert len(matching) == 1, found
    if text:
        assert len(found) == 1, "one mistake, one message"


def test_the_good_space_of_the_rows_is_good() -> None:
    space = parse(GOOD + BASELINE)
    assert [baseline.schedule for baseline in space.baselines] == [
        Cosine(base_lr=0.3, horizon=7050)
    ]


def test_all_mistakes_at_once() -> None:
    text = (
        GOOD.replace("low = 0.01", "low = 0")
        .replace('{ family = "factor" }', '{ family = "factr" }', 1)
        .replace("0.5dur", "0.5")
        .replace('name = "s"', "nam = 's'")
    )
    text += "[fixed]\nwarmup_mod = 'linear'\n" + BASELINE + "final = 1\n"
    assert [place for place, _ in mistakes(text)] == [
        "nam",
        "params.base_lr.low",
        "params.decay_factor.when",
        "params.decay_interval.high",
        "fixed.warmup_mod",
        "baseline[0].final",
    ]


def test_the_message_is_a_table_for_people() -> None:
    with pytest.raises(DefinitionError) as caught:
        parse(GOOD.replace("low = 0.01", "low = 0").replace("0.5dur", "0.5"))
    assert str(caught.value).splitlines() == [
        "space.toml has 2 mistakes",
        "  params.base_lr.low          must be > 0 when log = true, but got 0.0",
        "  params.decay_interval.high  '0.5' has no unit. Write '500up' (updates), '1ep' (epochs)"
        " or '0.1dur' (share of the horizon).",
    ]
