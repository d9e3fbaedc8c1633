"""The commands on trainings of one's own: small values, trials that fail, the program to go on."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import tuner
from tuner.report import write_report

from ..terminal import in_terminal

MODULE = """
import numpy as np
from tuner.tasks import FunctionTask, TorchTask, TrainingCollapsed, TrialTask

def function():
    def train(schedule, seed, start):
        if schedule.base_lr == 0.9:
            raise ValueError("it broke")
        if schedule.base_lr == 0.8:
            raise TrainingCollapsed(1, "collapsed in epoch 1: no way back")
        while True:
            yield 3.2641e-06 * (1 + schedule.base_lr) + 1e-9 * seed * schedule.base_lr
    return FunctionTask(train, updates_per_epoch=10)

def trial():
    def train(trial):
        for epoch in trial.epochs():
            trial.report(sum(map(trial.schedule, trial.updates_of(epoch))) + 0.01 * trial.seed)
    return TrialTask(train, updates_per_epoch=10)

def network():
    import torch
    data = np.ones((20, 3), "float32"), np.zeros(20, "int64")
    return TorchTask(
        net=lambda: torch.nn.Linear(3, 2), train_data=data, test_data=data, batch_size=5
    )
"""
SPACE = """
format = "tuner.search_space/1"
name = "own"
[fixed]
family = "cosine"
[params.base_lr]
type = "float"
low = 0.1
high = 0.9
[[baseline]]
label = "by hand"
family = "constant"
base_lr = 0.85
[[baseline]]
label = "breaks"
family = "constant"
base_lr = 0.9
[[baseline]]
label = "collapses"
family = "constant"
base_lr = 0.8
"""
SMALL = re.compile(r"[3-6]\.\d{1,3}e-06")
NOTHING = re.compile(r"\b0\.0000?\b")


def write(folder: Path, task: str, objective: str = "", *, trials: int = 4) -> Path:
    (folder / "own_training.py").write_text(MODULE)
    (folder / "space.toml").write_text(SPACE)
    study = folder / "own.toml"
    study.write_text(
        'format = "tuner.study/1"\nname = "own"\nsearch_space = "space.toml"\n'
        f'[task]\nname = "own_training:{task}"\nepochs = 2\n[objective]\n{objective}\n'
        f"[budget]\ntrials = {trials}\n[workers]\ncount = 1\n[confirm]\nenabled = false\n"
        '[sampler]\ntype = "random"\n[pruner]\ntype = "none"\n'
    )
    return study


RESIDUAL = 'metric = "residual"\ndirection = "minimize"'


@pytest.fixture(scope="module")
def searched_once(
    tmp_path_factory: pytest.TempPathFactory, processes: None
) -> tuple[Path, str, str]:
    study = write(tmp_path_factory.mktemp("own"), "function", RESIDUAL)
    command = [sys.executable, "-m", "tuner", "run", study]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=study.parent)
    return study, done.stdout, done.stderr


@pytest.fixture
def study(searched_once: tuple[Path, str, str], tmp_path: Path) -> Path:
    """Return a study file whose study has run."""
    shutil.copytree(searched_once[0].parent, tmp_path, dirs_exist_ok=True)
    return tmp_path / "own.toml"


def test_small_values_are_seen_in_every_line_of_a_run(searched_once: tuple) -> None:
    _, out, err = searched_once
    for start in ("trial 0 epoch 2/2: residual ", "trial 0 complete "):
        [line] = [line for line in err.splitlines() if line.startswith(start)]
        assert SMALL.match(line.removeprefix(start)), line
    assert re.search(rf", best {SMALL.pattern} \(trial \d\)", err)
    assert re.search(rf"^best      trial \d, residual {SMALL.pattern}$", out, re.M)
    assert not NOTHING.search(err)


def test_small_values_are_seen_in_every_table(study: Path, tuner_command: Callable) -> None:
    values = [f"{row.value:.4g}" for row in tuner.open_study(study).trials if row.value]
    assert all(map(SMALL.fullmatch, values))
    for value in values:
        assert f" {value} " in tuner_command("trials", study).out
    assert min(values) in tuner_command("best", study).out
    watched = tuner_command("status", study, "--watch").out
    assert re.search(rf"best {SMALL.pattern} \(trial \d\)", watched)
    confirmed = tuner_command("confirm", study, "--top", 1, "--seeds", 2, "--max-seeds", 2)
    assert confirmed.code == 0, confirmed
    mean = rf"{SMALL.pattern} ± \d\.?\d*e-\d\d"
    assert re.search(rf"{mean} .* [+-]\d\.?\d*e-\d\d \(", confirmed.out)
    assert re.search(rf"^confirmed: .*, {mean} on 2 seeds, [+-]\d.*e-\d\d", confirmed.out, re.M)
    for command in ("best", "status"):
        assert re.search(
            rf"^confirmed.*{mean} on 2 seeds", tuner_command(command, study).out, re.M
        )
    compared = tuner_command("compare", study, "--seeds", 2)
    assert len(re.findall(mean, compared.out)) == 2, compared  # the row, the sentence
    assert not NOTHING.search(confirmed.out + compared.out)


@pytest.mark.usefixtures("processes")
def test_small_values_are_seen_in_a_terminal(tmp_path: Path) -> None:
    study = write(tmp_path, "function", RESIDUAL)
    shown = in_terminal("run", study.name, cwd=tmp_path, environment={"NO_COLOR": "1"}, lines=60)
    assert shown.code == 0, shown.last
    lines = {line for screen in shown.screens for line in screen}
    assert any(re.match(rf" +\d complete  constant .* {SMALL.pattern}", line) for line in lines)
    assert any(re.match(r" +1 failed .* breaks; ValueError", line) for line in lines)
    # These trainings end before anybody could look: the line is redrawn at once.
    assert re.search(rf"best {SMALL.pattern} \(trial", shown.raw)


def test_small_values_are_seen_in_the_report(study: Path) -> None:
    html = (study.with_suffix("") / "report.html").read_text()
    assert re.search(rf"with a residual of {SMALL.pattern} in trial", html)
    shown = re.sub(r"<(script|style|pre)\b.*?</\1>", "", html, flags=re.S)
    assert not NOTHING.search(shown)
    traces = re.search(r'id="traces">(.*?)</script>', html)
    assert traces is not None
    assert all(3e-6 < value < 7e-6 for value in json.loads(traces[1])["0"]["y"][1])


def test_a_failed_baseline_says_why(study: Path, tuner_command: Callable) -> None:
    table = " ".join(tuner_command("trials", study).out.split())
    assert "breaks; ValueError: it broke" in table
    assert "collapses; collapsed in epoch 1: no way back" in table
    html = (study.with_suffix("") / "report.html").read_text()
    assert '<td class="long">breaks; ValueError: it broke' in html
    assert '<td class="long">by hand</td>' in html


def test_what_was_reused_is_said_if_anything_was(study: Path, tuner_command: Callable) -> None:
    out = tuner_command("status", study).out
    assert "epochs trained  4\n" in out
    assert not re.search("^epochs (reused|given)", out, re.M)
    status = json.loads(tuner_command("status", study, "--format", "json").out)
    assert status["epochs_given"] == 0


@pytest.mark.parametrize(("number", "state"), [(1, "failed"), (2, "collapsed")])
def test_export_says_that_a_trial_has_no_final_value(
    number: int, state: str, study: Path, tuner_command: Callable, tmp_path: Path
) -> None:
    ran = tuner_command("export", study, "--trial", number)
    assert (ran.code, ran.out) == (0, f"wrote trial-{number}.json\n")
    assert f"trial {number} {state} after epoch 0: it has no final value\n" in ran.err
    schedule = tuner.load_schedule(tmp_path / f"trial-{number}.json")
    assert schedule == tuner.open_study(study).trials[number].schedule
    assert "final value" not in tuner_command("export", study, "--trial", 0).err


# --- words that fit it ---


@pytest.mark.usefixtures("seconds")
@pytest.mark.parametrize(
    ("task", "objective", "judged_on"),
    [
        ("function", RESIDUAL, None),
        ("function", "", None),
        ("trial", "", None),
        ("network", "", "test"),
    ],
)
def test_nothing_is_said_of_examples_that_only_the_task_knows(
    task: str, objective: str, judged_on: str | None, tmp_path: Path, tuner_command: Callable
) -> None:
    study = write(tmp_path, task, objective, trials=4)
    plan = tuner_command("check", study)
    assert plan.code == 0, plan
    assert tuner_command("run", study).code == 0
    url = tuner.open_study(study).storage
    named = ("--storage", url, "--top", 1, "--seeds", 2, "--max-seeds", 2)
    assert tuner_command("confirm", *named).code == 0
    provenance = tuner.read_schedule_file(tmp_path / "own/best.json").provenance
    assert provenance["objective"]["evaluate_on"] == judged_on
    assert provenance["confirm"]["evaluate_on"] == judged_on
    # The confirm's verdict names no examples, so without it; from the database alone.
    result = tuner.open_study(storage=url)
    html = write_report(result.study, result.spec, tmp_path / "page.html").read_text()
    for text in (plan.out, html):
        assert ("on the test set" in text) == (judged_on == "test")
    assert "chapter" not in re.sub(r"<(script|style|pre)\b.*?</\1>", "", html, flags=re.S)


def test_a_comparison_has_no_columns_for_what_the_task_does_not_measure(
    study: Path, tuner_command: Callable
) -> None:
    table = tuner_command("compare", study, "--seeds", 2).out.splitlines()[1]
    assert table.split() == ["schedule", "n", "residual"]
    page = (study.with_suffix("") / "compare.html").read_text()
    shown = re.sub(r"<(script|style|pre)\b.*?</\1>", "", page, flags=re.S)
    for words in ("train loss", "train acc", "chapter", "published"):
        assert words not in shown


# --- the program at the end of a run ---


def program_of(out: str) -> str:
    return out.partition("The schedule in a training of your own:\n\n")[2]


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize(
    ("task", "objective", "says"),
    [
        ("function", RESIDUAL, "schedule(update)"),
        ("network", "", "scheduler = schedule.to_torch(optimizer)"),
    ],
)
def test_the_program_fits_the_task_and_runs_as_printed(
    task: str, objective: str, says: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    study = write(tmp_path, task, objective, trials=1)
    # What this process has imported is what the program is for: PyTorch, if any test did.
    run = "tuner_command" if task == "network" else "tuner_process"
    ran = request.getfixturevalue(run)("run", study)
    assert ran.code == 0, ran
    program = program_of(ran.out)
    assert says in program
    assert "mxnet" not in program
    assert "784" not in program  # the size of the chapter's images
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True, text=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    schedule = tuner.load_schedule(tmp_path / "own" / "best.json")
    assert done.stdout.splitlines() == [
        f"update {u}: learning rate {schedule(u):.6f}" for u in (1, 2, 3)
    ]


def test_no_program_where_nothing_was_trained_or_little_is_wanted(
    study: Path, tuner_command: Callable, tuner_process: Callable
) -> None:
    for options, trained in ((), False), (("--trials", 5, "-q"), True), (("--trials", 6), True):
        before = len(tuner.open_study(study).trials)
        ran = tuner_command("run", study, *options)
        assert ran.code == 0, ran
        assert "schedule  " in ran.out
        assert (len(tuner.open_study(study).trials) > before) == trained
        assert bool(program_of(ran.out)) == (trained and "-q" not in options)
    slow = study.with_name("own_training.py")
    slow.write_text(MODULE.replace("while True:", "while not __import__('time').sleep(1):"))
    ran = tuner_process("run", study, "--trials", 60, "--timeout", "3s")
    assert "out of time; continue with: " in ran.err
    assert "best      trial " in ran.out
    assert not program_of(ran.out)
