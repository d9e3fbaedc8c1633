"""Mistakes in a search space: each has its place and its remedy, all at once."""

from __future__ import annotations

import pytest

from tuner.errors import DefinitionError
from tuner.schedules import Cosine

from .spaces import BASE_LR, GOOD, HEAD, mistakes, parse

BASELINE = '[[baseline]]\nlabel = "b"\nfamily = "cosine"\nbase_lr = 0.3\n'
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
     "must be one of 'linear', 'constant', 'from_first', 'overlap', but got 'linaer'"),
    (GOOD + "[fixed]\nfinal_lr = '0.1'", "fixed.final_lr", "must be a finite number, but got"),
    (GOOD + "[fixed]\nfinal_lr = 0.5", "fixed.final_lr",
     "family cosine: `0 <= final_lr <= base_lr` must hold, but got (base_lr=0.01, final_lr=0.5)."),
    (GOOD + "[fixed]\nfinal_lr = 0.0\nfinal_lr_ratio = 0.1", "fixed.final_lr_ratio",
     "family cosine: `final_lr_ratio` sets 'final_lr' as well; keep one of them"),
    (GOOD.replace('"cosine"', '"multi_factor"').replace('family = "factor"',
     "family = ['factor', 'multi_factor']", 1) + "[params.n_milestones]\n"
     "when = { family = 'multi_factor' }\ntype = 'int'\nlow = 0\nhigh = 2", "params.n_milestones",
     "`len(milestones) >= 1` must hold"),
    (HEAD + "[fixed]\nfamily = 'cosine_restarts'\n" + BASE_LR + "[params.n_cycles]\ntype = 'int'"
     "\nlow = 2\nhigh = 200", "params.n_cycles", "family cosine_restarts: `the last of n_cycles"
     " begins before the horizon` must hold, but got (n_cycles=200, cycle_factor=1.0) in 7050"),
    (GOOD + "[fixed]\nmomentum_low = 0.9\nmomentum_high = 1.0", "fixed.momentum_low",
     "`0 <= momentum_low < momentum_high < 1` must hold, but got (momentum_low=0.9,"),
    (GOOD + '[params.momentum]\nof = "momentum"\ncoupled = "inverse"\nlow = 0.8\nhigh = 0.9',
     "params.momentum", "its ends sampled or fixed, `momentum_low` and `momentum_high`"),
    (GOOD + "[fixed]\nmomentum_low = 0.9", "params",
     "The momentum needs `momentum_high` as well; add it to [params] or [fixed]."),
    # Baselines.
    (GOOD + BASELINE.replace('label = "b"', ""), "baseline[0].label", "is required, but missing"),
    (GOOD + BASELINE.replace('"b"', "3"), "baseline[0].label", "must be a text that names it"),
    (GOOD + BASELINE + BASELINE, "baseline[1].label", "must differ from the others, but got 'b'"),
    (GOOD + BASELINE.replace('family = "cosine"', ""), "baseline[0].family", "is required, but"),
    (GOOD + BASELINE.replace('"cosine"', '["cosine"]'), "baseline[0].family", "no family ['cos"),
    (GOOD + BASELINE.replace('"cosine"', '"poyl"'), "baseline[0].family", "did you mean 'poly'?"),
    (GOOD + BASELINE.replace("0.3", "0"), "baseline[0]",
     "`0 < base_lr <= 1e100` must hold, but got (base_lr=0.0)"),
    (GOOD + BASELINE.replace("0.3", "-2"), "baseline[0]", "but got (base_lr=-2.0)"),
    (GOOD + BASELINE.replace("0.3", "true"), "baseline[0].base_lr", "must be a finite number"),
    (GOOD + BASELINE.replace("base_lr = 0.3", ""), "baseline[0].base_lr",
     "is required, because the space samples it"),
    (GOOD + BASELINE.replace("cosine", "poly").replace("base_lr = 0.3", ""), "baseline[0].base_lr",
     "is required, because the space samples it"),
    (GOOD + BASELINE.replace("cosine", "step"), "baseline[0].family", "no family 'step'"),
    (GOOD + BASELINE.replace("cosine", "multi_factor") + "milestones = ['1ep']", "baseline[0]",
     "MultiFactor needs `decay_factor`; add it to the baseline."),
    (GOOD + BASELINE + "decay_factor = 0.5", "baseline[0].decay_factor", "no parameter of cosine"),
    (GOOD + BASELINE + "final_ratio = 0.5", "baseline[0].final_ratio",
     "no parameter of cosine; did you mean 'final_lr_ratio'?"),
    (GOOD + BASELINE + "final_lr = 0.5", "baseline[0]", "`0 <= final_lr <= base_lr` must hold"),
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
