"""Studies without a file: of a function in a file, and of a command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import tuner
from tuner.cli.tuning import metric_name

from ..conftest import Ran

FUNCTION = """
def run(trial):
    weight = 1.0 + trial.seed / 100 + trial.params.get("more", 0)
    for epoch in trial.epochs():
        for update in trial.updates_of(epoch):
            weight -= trial.schedule(update) * weight
        trial.report(weight)
"""
SCRIPT = """
import csv, sys
weight = 1.0 + int(sys.argv[2]) / 100
rates = [float(row["lr"]) for row in csv.DictReader(open(sys.argv[1]))]
for update, rate in enumerate(rates, start=1):
    weight -= rate * weight
    if update % 10 == 0:
        print("val loss", weight)
"""
SHORT = ("--base-lr", "0.05", "--trials", "4", "-q")


@pytest.mark.usefixtures("seconds")
def test_a_function_in_a_file_is_tuned_and_the_same_command_goes_on(
    tuner_command: Callable[..., Ran], tmp_path: Path
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "train.py").write_text(FUNCTION)
    typed = ("tune", "sub/train.py:run", "--epochs", 3, "--updates-per-epoch", 10, *SHORT)
    typed += ("--metric", "val_loss", "--params", "more=1", "--workers", 1, "--no-confirm")
    ran = tuner_command(*typed)
    assert ran.code == 0, ran
    assert (tmp_path / "sub" / "run" / "best.json").exists()
    assert "tuner trials --storage sqlite:///" in ran.err
    again = tuner_command(*typed[:-1], "--no-confirm", "--timeout", "1h")
    assert again.code == 0, again
    assert "4 complete; 12 epochs trained" in again.out
    trials = tuner.resume_study(f"sqlite:///{tmp_path}/sub/run/study.db").trials
    assert len(trials) == 4


@pytest.mark.usefixtures("processes")
def test_a_command_is_tuned_by_several_workers_and_confirmed(
    tuner_command: Callable[..., Ran], tmp_path: Path
) -> None:
    (tmp_path / "train.py").write_text(SCRIPT)
    command = f"{sys.executable} train.py {{rates}} {{seed}}"
    ran = tuner_command(
        "tune", "--command", command, "--metric", "val loss ([0-9.e-]+)", "--updates", 30,
        "--report-every", 10, "--workers", 2, *SHORT,
    )  # fmt: skip
    assert ran.code == 0, ran
    assert "val loss" in ran.out
    output = (tmp_path / "train" / "output" / "train-0.txt").read_text()
    assert output.count("val loss") == 3
    kept = {path.name for path in (tmp_path / "train" / "output").iterdir()}
    assert "train.confirm-0.txt" in kept
    assert tuner.load_schedule(tmp_path / "train" / "best.json").horizon == 30


@pytest.mark.usefixtures("processes")
def test_a_study_file_may_have_a_command(
    tuner_command: Callable[..., Ran], tmp_path: Path
) -> None:
    (tmp_path / "train.py").write_text(SCRIPT)
    space = Path(tuner.__file__).parents[1] / "search_spaces" / "chapter.toml"
    (tmp_path / "study.toml").write_text(
        'format = "tuner.study/1"\nname = "small"\nsearch_space = "' + str(space) + '"\n'
        f'[task]\ncommand = ["{sys.executable}", "train.py", "{{rates}}", "{{seed}}"]\n'
        "value = 'val loss ([0-9.e-]+)'\nupdates = 2000\nreport_every = 10\n"
        '[objective]\nmetric = "val_loss"\n[budget]\ntrials = 1\n'
    )
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    ran = tuner_command("check", "../study.toml", "--train", cwd=elsewhere)
    assert ran.code == 0, ran
    assert "twice the same from one seed" in ran.out


@pytest.mark.usefixtures("processes")
def test_ctrl_c_ends_the_command_and_the_same_call_goes_on(tmp_path: Path) -> None:
    slow = SCRIPT.replace("import csv, sys", "import csv, sys, time").replace(
        '        print("val loss", weight)', '        print("val loss", weight); time.sleep(0.2)'
    )
    (tmp_path / "train.py").write_text(slow)
    command = [
        sys.executable, "-m", "tuner", "tune", "--command",
        f"{sys.executable} train.py {{rates}} {{seed}}", "--metric", "val loss ([0-9.e-]+)",
        "--updates", "30", "--report-every", "10", "--base-lr", "0.05", "--trials", "3",
        "--workers", "1", "--no-confirm",
    ]  # fmt: skip
    study = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    assert study.stderr is not None
    for line in study.stderr:
        if line.startswith("trial 0 ") and "val loss" in line:
            study.send_signal(signal.SIGINT)
            break
    rest = study.stderr.read()
    assert study.wait() == 130
    study.stderr.close()
    assert "Continue with: tuner tune --command" in rest
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, env={**os.environ}
    )
    assert done.returncode == 0, done.stderr
    assert "3 complete; 90 updates trained" in done.stdout


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ([], "needs a function, FILE.py:NAME, or a --command, and not both"),
        (["a.py:run", "--command", "x"], "and not both"),
        (["a.py:run", "--optimizer", "0"], "--optimizer is for a --command"),
        (["a.py:run", "--epochs", "2", "--updates-per-epoch", "5"], "a file that exists"),
        (["--command", "{rates} {x}", "--metric", "loss (.)"], "no placeholder {x}"),
        (["--command", "nosuch {rates}", "--metric", "loss (.)"], "'nosuch' is none"),
        (["--command", "echo {rates}", "--metric", "loss ."], "must have a group"),
        (["--command", "echo {rates}", "--metric", "loss ("], "must be a regular expression"),
        (["--command", "echo {rates}", "--metric", "(.)"], "must be 'maximize' or 'minimize'"),
        (["--command", "echo {rates}", "--params", "x"], "--params must be KEY=VALUE"),
        (["--command", "echo {rates}", "--space", "mine.toml"], "beside a space of your own"),
    ],
)
def test_what_cannot_be_tuned_is_one_message(
    tuner_command: Callable[..., Ran], typed: list[str], said: str
) -> None:
    lengths = [] if "--epochs" in typed else ["--updates", "4", "--report-every", "2"]
    ran = tuner_command("tune", *typed, *lengths, *SHORT)
    assert ran.code == 2, ran
    assert ran.err.count("error:") == 1
    assert said in ran.err


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["echo", "{base_lr}"], 0, ""),
        (["echo", "--debug"], 1, "the schedule did not reach the script"),
        (["false"], 1, ""),
        (["echo", "{lr}"], 2, "no placeholder {lr}"),
        (["nosuch"], 2, "'nosuch' is none"),
    ],
)
def test_apply_runs_a_command_under_a_schedule(
    tuner_process: Callable[..., Ran], tmp_path: Path, words: list[str], code: int, said: str
) -> None:
    tuner.save_schedule(tuner.Constant(base_lr=0.125, horizon=3), tmp_path / "best.json")
    ran = tuner_process("apply", "best.json", "--", *words)
    assert ran.code == code, ran
    assert said in ran.err
    assert bool(ran.err) == bool(said)
    assert ran.out == {"{base_lr}": "0.125\n", "--debug": "--debug\n"}.get(words[-1], "")


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("val loss ([0-9.]+)", "val_loss"),
        (r"step [1-9]\d*: train loss .*, val loss ([0-9.]+)", "val_loss"),
        ("acc=(?P<value>[0-9.]+)", "acc"),
        ("(?:eval|test) accuracy: ([0-9.]+)", "accuracy"),
        ("([0-9.]+)", "value"),
    ],
)
def test_a_metric_is_named_as_its_pattern(pattern: str, name: str) -> None:
    assert metric_name(pattern) == name
