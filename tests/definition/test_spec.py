"""Study definitions: defaults, and what may change while a study runs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tuner.definition import load_spec, seconds
from tuner.errors import UnitError
from tuner.search import difference
from tuner.search.pruners import Forecast
from tuner.search.samplers import Screening

from .study_files import STUDY, changed, space, spec

pytestmark = pytest.mark.usefixtures("in_a_folder")
ROOT = Path(__file__).parent.parent.parent


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
        rungs=["0ep", "0.1dur", "0.2dur"], keep=[0.5, 0.7, 0.8], n_startup_trials=4
    )
    assert study.objective.metric == "test_accuracy"
    assert study.budget.timeout is None
    assert study.storage_url == "sqlite:///study/study.db"
    assert study.space.clock[:2] == (235, 705)
    assert study.task.batch_size == 256


def test_the_clock_follows_the_task() -> None:
    small = spec(changed("epochs = 3", "epochs = 4\ntrain_size = 100\nbatch_size = 30"))
    assert small.space.clock[:2] == (4, 16)


def test_the_storage_is_relative_to_the_file() -> None:
    Path("deep").mkdir()
    shutil.copy("space.toml", "deep")
    Path("deep/a.toml").write_text(STUDY + '[storage]\nurl = "sqlite:///b/c.db"\n')
    assert load_spec("deep/a.toml").storage_url == "sqlite:///deep/b/c.db"
    Path("deep/a.toml").write_text(STUDY)
    assert load_spec("deep/a.toml").storage_url == "sqlite:///deep/a/study.db"


def test_the_data_set_is_relative_to_the_file_wherever_the_study_goes_on() -> None:
    Path("deep").mkdir()
    shutil.copy("space.toml", "deep")
    text = changed("epochs = 3", "epochs = 3\ndata_dir = 'images'")
    Path("deep/a.toml").write_text(text)
    kept = load_spec("deep/a.toml").study_data["task"]
    assert kept["data_dir"] == str(Path("deep/images").absolute())


@pytest.mark.usefixtures("processes")
def test_there_is_one_worker_for_each_core_that_may_be_used() -> None:
    Path("study.toml").write_text(STUDY)
    program = (
        "import os\n"
        "from tuner.definition import load_spec\n"
        "from tuner.workers import Machine\n"
        "os.environ['CUDA_VISIBLE_DEVICES'] = ''\n"
        "os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])\n"
        "print(Machine(load_spec('study.toml').workers).count)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout == b"1\n"
    assert spec(STUDY + "[workers]\ncount = 3\n").workers.count == 3


def test_the_definition_that_is_kept_has_no_password() -> None:
    study = spec(STUDY + '[storage]\nurl = "postgresql+psycopg://me:secret@host/db"\n')
    assert study.storage_url == "postgresql+psycopg://me:secret@host/db"
    assert "secret" not in str(study.study_data)
    assert study.study_data["task"] == {"name": "lenet_fashion_mnist", "epochs": 3}


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90s", 90), ("30m", 1800), ("30min", 1800), ("2h", 7200), (" 1.5 h ", 5400)],
)
def test_times(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("wrong", ["90", "", "2d", "-3s", "0s", "1e3s", 30, None])
def test_wrong_times(wrong: object) -> None:
    with pytest.raises(UnitError, match=r"is no time above 0\. Write '90s', '30min' or '2h'\."):
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
