"""Study definitions: defaults, what may change while a study runs, and what is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tuner.errors import DefinitionError, UnitError
from tuner.spec import Forecast, Screening, StudySpec, difference, load_spec, seconds

ROOT = Path(__file__).parent.parent
STUDY = """
format = "tuner.study/1"
name = "s"
notes = "notes"
search_space = "space.toml"
[task]
name = "lenet_fashion_mnist"
epochs = 3
[budget]
trials = 5
"""


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work where the study is, beside the chapter's search space."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "search_spaces" / "chapter.toml", "space.toml")


def spec(text: str = STUDY, space: str | None = None) -> StudySpec:
    Path("study.toml").write_text(text, encoding="utf-8")
    if space is not None:
        Path("space.toml").write_text(space, encoding="utf-8")
    return load_spec("study.toml")


def mistakes(text: str, space: str | None = None) -> list[tuple[str, str]]:
    with pytest.raises(DefinitionError) as caught:
        spec(text, space)
    return list(caught.value.mistakes)


def changed(old: str, new: str, *, text: str = STUDY) -> str:
    assert old in text
    return text.replace(old, new)


def space(old: str = "", new: str = "") -> str:
    return changed(old, new, text=Path("space.toml").read_text(encoding="utf-8"))


# --- good input ---


@pytest.mark.parametrize("name", ["quickstart", "lenet_fashion_mnist"])
def test_the_shipped_studies(name: str) -> None:
    shipped = load_spec(ROOT / "studies" / f"{name}.toml")
    assert shipped.task.updates_per_epoch == 235
    assert len(shipped.space.baselines) == 5
    assert shipped.storage_url == f"sqlite:///{ROOT}/studies/{name}/study.db"


def test_defaults() -> None:
    study = spec()
    assert study.training.seed == 0
    assert study.sampler == Screening(seed=0, n_startup_trials=4, n_candidates=64)
    assert study.pruner == Forecast(
        rungs=["0.1dur", "0.2dur"], keep=[0.4, 0.4], n_startup_trials=4
    )
    assert study.objective.metric == "test_accuracy"
    assert study.budget.timeout is None
    assert study.storage_url == "sqlite:///study/study.db"
    assert study.space.clock == (235, 705)
    assert study.task.batch_size == 256


def test_the_clock_follows_the_task() -> None:
    small = spec(changed("epochs = 3", "epochs = 4\ntrain_size = 100\nbatch_size = 30"))
    assert small.space.clock == (4, 16)


def test_the_storage_is_relative_to_the_file() -> None:
    Path("deep").mkdir()
    shutil.copy("space.toml", "deep")
    Path("deep/a.toml").write_text(STUDY + '[storage]\nurl = "sqlite:///b/c.db"\n')
    assert load_spec("deep/a.toml").storage_url == "sqlite:///deep/b/c.db"
    Path("deep/a.toml").write_text(STUDY)
    assert load_spec("deep/a.toml").storage_url == "sqlite:///deep/a/study.db"


def test_the_definition_that_is_kept_has_no_password() -> None:
    study = spec(STUDY + '[storage]\nurl = "postgresql+psycopg://me:secret@host/db"\n')
    assert study.storage_url == "postgresql+psycopg://me:secret@host/db"
    assert "secret" not in str(study.study_data)
    assert study.study_data["task"] == {"name": "lenet_fashion_mnist", "epochs": 3}


@pytest.mark.parametrize(
    ("text", "expected"), [("90s", 90), ("30m", 1800), ("2h", 7200), (" 1.5 h ", 5400)]
)
def test_times(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("wrong", ["90", "", "2d", "-3s", "0s", "1e3s", 30, None])
def test_wrong_times(wrong: object) -> None:
    with pytest.raises(UnitError, match=r"is no time above 0\. Write '90s', '30m' or '2h'\."):
        seconds(wrong)


# --- the fingerprint ---


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("format", "# a comment\nformat"),
        ("notes = ", "notes = 'other' #"),
        ("trials = 5", "trials = 50\ntimeout = '1h'"),
        ("[task]", "[storage]\nurl = 'sqlite:///elsewhere.db'\n[task]"),
        ("epochs = 3", "epochs = 3\ndevice = 'cpu'\ndata_dir = '/elsewhere'"),
        ("epochs = 3", "epochs = 3\nbatch_size = 256\nseed = 0"),  # the defaults
        ("[budget]", "[sampler]\ntype = 'screening'\n[budget]"),
        ('"s"', '"other"'),
    ],
)
def test_what_does_not_decide_a_trial_may_change(old: str, new: str) -> None:
    before = spec()
    after = spec(changed(old, new))
    assert after.fingerprint() == before.fingerprint()
    assert difference(before, after) == []


def test_order_comments_and_spelling_of_the_space_may_change() -> None:
    before = spec()
    text = Path("space.toml").read_text(encoding="utf-8")
    parts = text.split("\n[params.power]")
    power, rest = parts[1].split("\n[params.final_lr_ratio]")
    text = f"{parts[0]}\n[params.final_lr_ratio]{rest}\n[params.power]{power}"
    for old, new in (("high = 1.0", "high = 1"), ('"0.2dur"', '"0.20dur"'), ("# drops", "# x")):
        text = text.replace(old, new)
    after = spec(space=text.replace('notes  = "', 'notes  = "other '))
    assert after.fingerprint() == before.fingerprint()


@pytest.mark.parametrize(
    ("text", "in_space", "line"),
    [
        (("epochs = 3", "epochs = 4"), None, "task.epochs 3 -> 4"),
        (("epochs = 3", "epochs = 3\nseed = 1"), None, "task.seed 0 -> 1"),
        (("epochs = 3", "epochs = 3\nbatch_size = 128"), None, "task.batch_size 256 -> 128"),
        (("epochs = 3", "epochs = 3\ntrain_size = 900"), None, "task.train_size 60000 -> 900"),
        (("epochs = 3", "epochs = 3\noptimizer = 'nag'"), None, "task.optimizer sgd -> nag"),
        (
            ("epochs = 3", "epochs = 3\noptimizer_params = { momentum = 0.9 }"),
            None,
            "task.optimizer_params {} -> (absent)",
        ),
        (
            ("[budget]", "[sampler]\ntype='screening'\nseed=1\n[budget]"),
            None,
            "sampler.seed 0 -> 1",
        ),
        (
            ("[budget]", "[sampler]\ntype='random'\n[budget]"),
            None,
            "sampler.type screening -> random",
        ),
        (
            ("[budget]", "[pruner]\ntype='none'\n[budget]"),
            None,
            "pruner.type forecast -> none",
        ),
        (
            ("[budget]", "[pruner]\ntype='forecast'\nn_startup_trials=9\n[budget]"),
            None,
            "pruner.n_startup_trials 4 -> 9",
        ),
        (None, ('"linear"', '"constant"'), "fixed.warmup_mode linear -> constant"),
        (None, ("high = 1.0", "high = 0.9"), "params.base_lr.high 1.0 -> 0.9"),
        (None, ("[1, 2, 3]", "[1, 2]"), "params.n_milestones.choices [1, 2, 3] -> [1, 2]"),
        (None, ('high = "0.2dur"', 'high = "0.5dur"'), "params.warmup_steps.high 141 -> 352"),
        (
            None,
            ("base_lr      = 0.5", "base_lr      = 0.4"),
            "baseline.chapter: multi factor 0.5.values.base_lr 0.5 -> 0.4",
        ),
        (
            None,
            ('"chapter: square root 0.1"', '"square root"'),
            "baseline.square root.values.family (absent) -> square_root",
        ),
    ],
)
def test_what_decides_a_trial(
    text: tuple[str, str] | None, in_space: tuple[str, str] | None, line: str
) -> None:
    before = spec()
    after = spec(changed(*text) if text else STUDY, space(*in_space) if in_space else None)
    assert after.fingerprint() != before.fingerprint()
    lines = [" ".join(each.split()) for each in difference(before, after)]
    assert line in lines
    back = [" ".join(each.split()) for each in difference(after, before)]
    assert len(back) == len(lines)


# --- mistakes ---

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
    (('"space.toml"', "'.'"), "search_space", ". must be readable, but is not: Is a directory"),
    # [task]
    (('"lenet_fashion_mnist"', "'lenet_fashion'"), "task.name",
     "no task 'lenet_fashion'; did you mean 'lenet_fashion_mnist'?"),
    (('"lenet_fashion_mnist"', "3"), "task.name", "must be a text, but got 3"),
    (('name = "lenet_fashion_mnist"', ""), "task.name", "is required, but missing"),
    (("epochs = 3", ""), "task.epochs", "is required, but missing"),
    (("epochs = 3", "epoch = 3"), "task.epoch", "unknown key; did you mean 'epochs'?"),
    (("epochs = 3", "epochs = 0"), "task.epochs", "must be >= 1, but got 0"),
    (("epochs = 3", "epochs = '3ep'"), "task.epochs", "must be a whole number, but got '3ep'"),
    (("epochs = 3", "epochs = 3\nbatchsize = 1"), "task.batchsize", "did you mean 'batch_size'?"),
    (("epochs = 3", "epochs = 3\nseed = -1"), "task.seed", "must be >= 0, but got -1"),
    (("epochs = 3", "epochs = 3\nbatch_size = 1.5"), "task.batch_size", "must be a whole number"),
    (("epochs = 3", "epochs = 3\noptimizer = 'sdg'"), "task.optimizer", "did you mean 'sgd'?"),
    (("epochs = 3", "epochs = 3\noptimizer_params = 3"), "task.optimizer_params",
     "must be a table, but got 3"),
    (("epochs = 3", "epochs = 3\noptimizer_params = { learning_rate = 0.1 }"),
     "task.optimizer_params", "is the schedule's; remove it"),
    # [budget]
    (("trials = 5", ""), "budget.trials", "is required, but missing"),
    (("trials = 5", "trails = 5"), "budget.trails", "unknown key; did you mean 'trials'?"),
    (("trials = 5", "trials = 0"), "budget.trials", "must be >= 1, but got 0"),
    (("trials = 5", "trials = '5'"), "budget.trials", "must be a whole number, but got '5'"),
    (("trials = 5", "trials = 5\ntimeout = 30"), "budget.timeout", "30 is no time above 0. Write"),
    (("trials = 5", "trials = 5\ntimeout = '30'"), "budget.timeout", "'30' is no time above 0."),
    # [objective]
    (("[budget]", "[objective]\nmetric = 'loss'\n[budget]"), "objective.direction",
     "must be 'maximize' or 'minimize', for a metric of one's own has no other, but is missing for"
     " 'loss'; of the metrics that have one, did you mean 'test_loss'?"),
    (("[budget]", "[objective]\nmetric = 'test_loss'\ndirection = 'maximize'\n[budget]"),
     "objective.direction", "must be 'minimize' for 'test_loss', but got 'maximize'"),
    (("[budget]", "[objective]\nmetric = 'bleu'\ndirection = 'maximize'\n[budget]"),
     "objective.metric", "must be test_accuracy, test_loss or test_perplexity, which the task"),
    (("[budget]", "[objective]\nmetrics = 'loss'\n[budget]"), "objective.metrics",
     "did you mean 'metric'?"),
    # [sampler]
    (("[budget]", "[sampler]\nseed = 1\n[budget]"), "sampler.type",
     "must be one of 'screening', 'tpe', 'random', but it is missing"),
    (("[budget]", "[sampler]\ntype = 'grid'\n[budget]"), "sampler.type", "but got 'grid'"),
    (("[budget]", "[sampler]\ntype = 'tpe'\nsed = 1\n[budget]"), "sampler.sed", "mean 'seed'?"),
    (("[budget]", "[sampler]\ntype = 'tpe'\ngroup = 1\n[budget]"), "sampler.group",
     "must be true or false, but got 1"),
    (("[budget]", "[sampler]\ntype = 'random'\ngroup = true\n[budget]"), "sampler.group",
     "unknown key; known: seed, type"),
    # [pruner]
    (("[budget]", "[pruner]\ntype = 'asha'\n[budget]"), "pruner.type",
     "must be one of 'forecast', 'halving', 'successive_halving', 'median', 'hyperband', 'none',"
     " but got 'asha'"),
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


def test_everything_wrong() -> None:
    found = mistakes('name = ""\nsampler = 3\n[pruner]\n[task]\nseed = -1\n[budget]\n')
    assert {place for place, _ in found} == {
        "format", "name", "search_space", "sampler", "pruner.type",
        "task.name", "task.epochs", "task.seed", "budget.trials",
    }  # fmt: skip
    assert len(found) == 9
