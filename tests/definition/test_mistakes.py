"""Mistakes in a study definition: each has its place and its remedy, all at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tuner.definition import load_spec
from tuner.errors import DefinitionError

from .study_files import STUDY, changed, space, spec

pytestmark = pytest.mark.usefixtures("in_a_folder")
TASK = '[task]\nname = "lenet_fashion_mnist"\nepochs = 3\n'

# fmt: off
ROWS = [
    # The file's own keys.
    (("format", "formt"), "formt", "unknown key; did you mean 'format'?"),
    (("study/1", "study/2"), "format", "must be 'tuner.study/1', but got 'tuner.study/2'"),
    (('name = "s"', "name = 3"), "name", "must be a text, but got 3"),
    (('name = "s"', "name = 'a b'"), "name", "must be up to 100 letters, digits"),
    (('name = "s"', "name = ''"), "name", "must be up to 100 letters, digits"),
    (('"notes"', "3"), "notes", "must be a text, but got 3"),
    (("[budget]", "[buget]"), "buget", "unknown key; did you mean 'budget'?"),
    (("[budget]", "[workers]\nn = 3\n[budget]"), "workers.n", "unknown key"),
    (("[budget]", "[workers]\ndevices = 'gpu'\n[budget]"), "workers.devices", "must be 'auto', "),
    (("[budget]", "[workers]\ndevices = [0, 0]\n[budget]"), "workers.devices", "different GPUs"),
    (
        ("[budget]", "[workers]\ndevices = 'cpu'\nper_device = 2\n[budget]"),
        "workers.per_device", "must be left out where devices = 'cpu', but got 2",
    ),
    (
        ("[budget]", "[workers]\ndevices = [0]\ngpus_per_trial = 2\n[budget]"),
        "workers.gpus_per_trial", "must be <= 1, the devices, but got 2",
    ),
    (("[budget]\ntrials = 5", ""), "budget", "is required, but missing"),
    ((TASK, ""), "task", "is required, but missing"),
    ((TASK, "task = 3\n"), "task", "must be a table, but got 3"),
    (("[budget]\ntrials = 5", "[[budget]]\ntrials = 5"), "budget", "must be a table, but got ["),
    # The search space.
    (('search_space = "space.toml"', ""), "search_space", "is required, but missing"),
    (('"space.toml"', "3"), "search_space", "must be a text, but got 3"),
    (('"space.toml"', "''"), "search_space", "must have at least 1 character"),
    (('"space.toml"', "'spaces.toml'"), "search_space",
     "spaces.toml must exist, but does not; did you mean space.toml?"),
    (('"space.toml"', "'x/space.toml'"), "search_space", "nor does its folder x"),
    (('"space.toml"', "'.'"), "search_space", ". must be a file in TOML, but is a folder"),
    # [task]
    (('"lenet_fashion_mnist"', "'lenet_fashion'"), "task.name",
     "no task 'lenet_fashion'; did you mean 'lenet_fashion_mnist'?"),
    (('"lenet_fashion_mnist"', "3"), "task.name", "must be a text, but got 3"),
    (('name = "lenet_fashion_mnist"', ""), "task.name", "is required, but missing"),
    (("epochs = 3", ""), "task.epochs", "is required, but missing"),
    (("epochs = 3", "epoch = 3"), "task.epoch", "unknown key; did you mean 'epochs'?"),
    (("epochs = 3", "epochs = 0"), "task.epochs", "must be >= 1, but got 0"),
    (("epochs = 3", "epochs = '3ep'"), "task.epochs", "'3ep' is no time above 0"),
    (("epochs = 3", "epochs = 3\nbatchsize = 1"), "task.batchsize", "did you mean 'batch_size'?"),
    (("epochs = 3", "epochs = 3\nseed = -1"), "task.seed", "must be >= 0, but got -1"),
    (("epochs = 3", "epochs = 3\nbatch_size = 1.5"), "task.batch_size", "must be a whole number"),
    (("epochs = 3", "epochs = 3\noptimizer = 'sdg'"), "task.optimizer", "did you mean 'sgd'?"),
    (("epochs = 3", "epochs = 3\noptimizer_params = 3"), "task.optimizer_params",
     "must be a table, but got 3"),
    (("epochs = 3", "epochs = 3\noptimizer_params = { learning_rate = 0.1 }"),
     "task.optimizer_params", "is the schedule's; remove it"),
    (("epochs = 3", "epochs = 3\noptimizer_params = { wd = 0.1, momentun = 0.1 }"),
     "task.optimizer_params", "no parameter 'momentun' of sgd; did you mean 'momentum'?"),
    # [budget]
    (("trials = 5", ""), "budget.trials", "is required, but missing"),
    (("trials = 5", "trails = 5"), "budget.trails", "unknown key; did you mean 'trials'?"),
    (("trials = 5", "trials = 0"), "budget.trials", "must be >= 1, but got 0"),
    (("trials = 5", "trials = '5'"), "budget.trials", "must be a whole number, but got '5'"),
    (("trials = 5", "trials = 5\ntimeout = 30"), "budget.timeout", "30 is no time above 0. Write"),
    (("trials = 5", "trials = 5\ntimeout = '30'"), "budget.timeout", "'30' is no time above 0."),
    # [objective]
    (("[budget]", "[objective]\nmetric = 'test_los'\n[budget]"), "objective.direction",
     "must be 'maximize' or 'minimize', for the name of the metric does not tell, but is missing"
     " for 'test_los'; of the metrics that have one, did you mean 'test_loss'?"),
    (("[budget]", "[objective]\nmetric = 'test_loss'\ndirection = 'maximize'\n[budget]"),
     "objective.direction", "must be 'minimize' for 'test_loss', but got 'maximize'"),
    (("[budget]", "[objective]\nmetric = 'bleu'\ndirection = 'maximize'\n[budget]"),
     "objective.metric", "must be test_accuracy, test_loss or test_perplexity, which the task"),
    (("[budget]", "[objective]\nmetrics = 'loss'\n[budget]"), "objective.metrics",
     "did you mean 'metric'?"),
    # [sampler]
    (("[budget]", "[sampler]\nseed = 1\n[budget]"), "sampler.type",
     "must be one of 'screening', 'tpe', 'random', 'optuna', but it is missing"),
    (("[budget]", "[sampler]\ntype = 'grid'\n[budget]"), "sampler.type", "but got 'grid'"),
    (("[budget]", "[sampler]\ntype = 'tpe'\nsed = 1\n[budget]"), "sampler.sed", "mean 'seed'?"),
    (("[budget]", "[sampler]\ntype = 'tpe'\ngroup = 1\n[budget]"), "sampler.group",
     "must be true or false, but got 1"),
    (("[budget]", "[sampler]\ntype = 'random'\ngroup = true\n[budget]"), "sampler.group",
     "unknown key; known: seed, type"),
    (("[budget]", "[sampler]\ntype = 'optuna'\nname = 'Cma'\n[budget]"), "sampler.name",
     "must be a class of optuna.samplers, but got 'Cma'"),
    (("[budget]", "[sampler]\ntype = 'optuna'\nname = 'TPESampler'\noptions.n = 1\n[budget]"),
     "sampler.options.n", "unknown key; known: "),
    (("[budget]", "[sampler]\ntype = 'optuna'\nname = 'TPESampler'\noptions = 1\n[budget]"),
     "sampler.options", "must be a table, but got 1"),
    # [pruner]
    (("[budget]", "[pruner]\ntype = 'asha'\n[budget]"), "pruner.type",
     "must be one of 'forecast', 'halving', 'successive_halving', 'median', 'hyperband', 'none',"
     " 'optuna', but got 'asha'"),
    (("[budget]", "[pruner]\ntype = 'optuna'\n[budget]"), "pruner.name", "is required, but mis"),
    (("[budget]", "[pruner]\ntype = 'optuna'\nname = 'NopPruner'\nsignal = 'r'\n[budget]"),
     "pruner.signal", "must be 'averaged' or 'raw', but got 'r'"),
    (("[budget]", "[pruner]\ntype = 'hyperband'\nmin_resource = 1\n[budget]"),
     "pruner.min_resource", "must be whole epochs such as '1ep', but got 1"),
    (("[budget]", "[pruner]\ntype = 'hyperband'\nmin_resource = '1.5ep'\n[budget]"),
     "pruner.min_resource", "must be whole epochs such as '1ep', but got '1.5ep'"),
    (("[budget]", "[pruner]\ntype = 'hyperband'\nmin_resource = '4ep'\n[budget]"),
     "pruner.min_resource", "must be 1ep..3ep, the task's epochs, but got '4ep'"),
    (("[budget]", "[pruner]\ntype = 'median'\nwarmup = '500up'\n[budget]"),
     "pruner.warmup", "must be whole epochs such as '1ep', but got '500up'"),
    (("[budget]", "[pruner]\ntype = 'hyperband'\nreduction_factor = 1\n[budget]"),
     "pruner.reduction_factor", "must be >= 2, but got 1"),
    (("[budget]", "[pruner]\ntype = 'halving'\nrungs = ['5up']\n[budget]"),
     "pruner.rungs", "must be epochs or shares of the horizon, but got '5up'"),
    (("[budget]", "[pruner]\ntype = 'halving'\nrungs = ['0ep', '1ep']\n[budget]"),
     "pruner.rungs", "must be more than '0ep', unless trials are judged by a forecast, which needs"
     " no training yet"),
    (("[budget]", "[pruner]\ntype = 'halving'\nrungs = ['1ep']\n[budget]"),
     "pruner.keep", "must be a share between 0 and 1 for each of 1 rungs, but got [0.4, 0.4]"),
    (("[budget]", "[pruner]\ntype = 'halving'\nkeep = [0.5, 1.0]\n[budget]"),
     "pruner.keep", "must be a share between 0 and 1 for each of 2 rungs, but got [0.5, 1.0]"),
    (("[budget]", "[pruner]\ntype = 'none'\nmin_resource = '1ep'\n[budget]"),
     "pruner.min_resource", "unknown key; known: control_share, signal, type"),
    # [storage]
    (("[budget]", "[storage]\nurl = 3\n[budget]"), "storage.url", "must be a text, but got 3"),
    (("[budget]", "[storage]\nulr = 'x'\n[budget]"), "storage.ulr", "did you mean 'url'?"),
    (("[budget]", "[storage]\nurl = 'study.db'\n[budget]"), "storage.url",
     "must be a storage URL such as 'sqlite:///study.db', but got 'study.db'"),
    (("[budget]", "[storage]\nurl = 'redis://host'\n[budget]"), "storage.url",
     "must be of a known kind"),
    (("[budget]", "[storage]\nurl = 'sqlite://'\n[budget]"), "storage.url", "must be a file"),
]
# fmt: on


def mistakes(text: str, space: str | None = None) -> list[tuple[str, str]]:
    with pytest.raises(DefinitionError) as caught:
        spec(text, space)
    return list(caught.value.mistakes)


@pytest.mark.parametrize(("edit", "place", "words"), ROWS)
def test_a_mistake_has_its_place_and_remedy(edit: tuple[str, str], place: str, words: str) -> None:
    found = mistakes(changed(*edit))
    assert [where for where, _ in found] == [place]
    assert words in found[0][1]


def test_the_mistakes_of_both_files_at_once() -> None:
    text = changed("trials = 5", "trials = 0\ntimout = '1h'")
    with pytest.raises(DefinitionError) as caught:
        spec(text, space("low  = 0.01", "low  = 0.0"))
    assert str(caught.value).splitlines() == [
        "study.toml has 3 mistakes",
        "  budget.trials                   must be >= 1, but got 0",
        "  budget.timout                   unknown key; did you mean 'timeout'?",
        "  space.toml: params.base_lr.low  must be > 0 when log = true, but got 0.0",
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [("epochs = 3", "epochs = 0"), ('"lenet_fashion_mnist"', "'lenet'"), (TASK, "")],
)
def test_the_mistakes_of_a_space_do_not_hide_behind_those_of_the_task(old: str, new: str) -> None:
    """But for those that depend on how long the training is."""
    text = space("low  = 0.01", "low  = 0.0").replace('high = "0.2dur"', 'high = "40ep"')
    found = mistakes(changed(old, new), text)
    assert [place.split(".")[0] for place, _ in found] == ["task", "space"]
    assert found[1] == (
        "space.toml: params.base_lr.low", "must be > 0 when log = true, but got 0.0"
    )  # fmt: skip
    assert len(mistakes(changed(old, new), space("low  = 0.0", "low  = 0.01"))) == 1


def test_the_mistakes_of_the_space_alone() -> None:
    with pytest.raises(DefinitionError) as caught:
        spec(space=space("low  = 0.01", "low  = 0.0"))
    assert str(caught.value).splitlines() == [
        "space.toml has 1 mistake",
        "  params.base_lr.low  must be > 0 when log = true, but got 0.0",
    ]


def test_a_space_that_is_no_toml_beside_other_mistakes() -> None:
    found = mistakes(changed("trials = 5", "trials = 0"), "a = \n")
    assert [place for place, _ in found] == ["budget.trials", "search_space"]
    assert found[1][1] == "space.toml must be valid TOML: Invalid value (at line 1, column 5)"


def test_the_mistakes_of_an_optimizer_beside_others() -> None:
    params = "optimizer_params = { momentun = 0.1, wdd = 0.1 }"
    text = changed("epochs = 3", f"epochs = 3\nbatchsize = 1\n{params}")
    found = dict(mistakes(text.replace("trials = 5", "trials = 0")))
    assert list(found) == ["task.optimizer_params", "task.batchsize", "budget.trials"]
    assert "did you mean 'momentum'?; no parameter 'wdd' of sgd;" in found["task.optimizer_params"]


def test_a_file_that_has_the_name_of_its_output_folder() -> None:
    Path("st6").write_text(STUDY, encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        load_spec("st6")
    text = "must have a name in .toml, but has none: name it st6.toml"
    assert list(caught.value.mistakes) == [("file", text)]


def test_everything_wrong() -> None:
    found = mistakes('name = ""\nsampler = 3\n[pruner]\n[task]\nseed = -1\n[budget]\n')
    assert {place for place, _ in found} == {
        "format", "name", "search_space", "sampler", "pruner.type",
        "task.name", "task.epochs", "task.seed", "budget.trials",
    }  # fmt: skip
    assert len(found) == 9
