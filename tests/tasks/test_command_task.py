"""A command as a task: a process whose output is read, told its schedule in whichever way."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

import tuner
from tuner.errors import DefinitionError, TaskError
from tuner.reading import Mistakes
from tuner.tasks import CommandTask, Epoch, State, TrainingCollapsed

pytestmark = pytest.mark.usefixtures("processes")

SCHEDULE = tuner.Cosine(base_lr=0.5, final_lr=0.1, horizon=30, warmup_steps=3)
# Told by a placeholder, so that nothing is expected of its optimizers.
LOOP = """
import csv, sys, time
rates = [float(row["lr"]) for row in csv.DictReader(open(sys.argv[1]))]
weight = 1.0
for epoch in range(3):
    for rate in rates[epoch * 10 : epoch * 10 + 10]:
        weight -= rate * weight
    print(f"epoch {epoch}: val loss {weight:.6f}")
"""


@pytest.fixture
def made(tmp_path: Path) -> Any:
    """Return a function that makes a task of a script's text."""

    def make(script: str, words: str = "{rates}", **options: Any) -> CommandTask:
        (tmp_path / "train.py").write_text(script)
        command = [sys.executable, "train.py", *words.split()]
        options = {"value": r"val loss (\S+)", "updates_per_epoch": 10, **options}
        task = CommandTask(command=command, folder=str(tmp_path), **options)
        return task.with_output(tmp_path / "out" / "0.txt")

    return make


def train(task: CommandTask, start: State | None = None, seed: int = 0) -> list[Epoch]:
    return [*task.train(SCHEDULE, seed=seed, epochs=3, start=start)]


def values(task: CommandTask) -> list[float | None]:
    return [epoch.record.value for epoch in train(task)]


def expected() -> list[float]:
    weight, found = 1.0, []
    for update in range(1, 31):
        weight -= SCHEDULE(update) * weight
        found += [round(weight, 6)] if update % 10 == 0 else []
    return found


def of_the_test() -> list[psutil.Process]:
    """Return the processes of commands that are left."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("TUNER_TRIAL"):
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_each_match_in_the_output_is_a_report_and_the_output_is_kept(
    made: Any, tmp_path: Path
) -> None:
    assert values(made(LOOP)) == expected()
    output = (tmp_path / "out" / "0.txt").read_text()
    assert output.startswith("--- ")
    assert "epoch 2: val loss" in output


def test_progress_bars_and_colours_do_not_hide_a_value(made: Any) -> None:
    script = "print('\\r'.join(f'bar {i}' for i in range(9)), end='\\r')\n" + LOOP.replace(
        "val loss {w", "val loss \\x1b[36m{w"
    ).replace(":.6f}", ":.6f}\\x1b[0m")
    assert values(made(script)) == expected()


TELLS = """
import json, os, sys
rates = open(os.environ["TUNER_RATES"]).read()
schedule = json.load(open(os.environ["TUNER_SCHEDULE"]))["schedule"]
print(json.dumps([sys.argv[1:], os.environ["TUNER_SEED"], os.environ["TUNER_PARAMS"],
                  os.path.isdir(os.environ["TUNER_FOLDER"]), schedule["family"],
                  rates.splitlines()[:2], "TUNER_STORAGE" in os.environ]))
for epoch in range(3):
    print("val loss 1.0")
"""


def test_placeholders_and_variables_tell_the_trial(
    made: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUNER_STORAGE", "postgresql://me:secret@db/x")
    words = "{base_lr} {warmup_steps} {family} {seed} {params.depth} {folder} --{x:1}"
    task = made(TELLS, words, params={"depth": 3})
    train(task, seed=7)
    line = (tmp_path / "out" / "0.txt").read_text().splitlines()[1]
    typed, seed, params, has_folder, family, rates, has_secret = json.loads(line)
    assert typed[:5] == ["0.5", "3", "cosine", "7", "3"]
    assert typed[6] == "--{x:1}"
    assert (seed, json.loads(params), has_folder) == ("7", {"depth": 3}, True)
    assert (family, rates) == ("cosine", ["update,lr", f"1,{SCHEDULE(1)!r}"])
    assert not has_secret
    assert not Path(typed[5]).exists()  # the folder is gone with the trial


@pytest.mark.parametrize(
    ("script", "options", "said"),
    [
        ("print('nothing')", {}, "ended with exit code 0 after none: `value` ="),
        (LOOP.replace("range(3)", "range(2)"), {}, "ended with exit code 0 after 2"),
        ("raise SystemExit('no GPU')", {}, "ended with exit code 1 .*'no GPU'"),
        ("import os; os.abort()", {}, "was ended by SIGABRT"),
        (LOOP, {"value": r"epoch (\d:)"}, "must find a number, but .* found '0:'"),
        (LOOP.replace("range(3)", "range(5)"), {}, "must make 3 reports, but goes on"),
        ("import time; time.sleep(60)", {"report_seconds": 0.3}, "within report_seconds = 0.3"),
        (LOOP, {"value": None}, "ended with exit code 0 after 0"),
    ],
)
def test_a_command_that_does_not_report_as_it_should_says_why(
    made: Any, script: str, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(TaskError, match=said) as error:
        train(made(script, **options))
    assert "out/0.txt" in str(error.value) or "found" in said or "goes on" in said
    assert of_the_test() == []


@pytest.mark.parametrize("value", ["nan", "inf", "1e200"])
def test_a_value_that_is_not_finite_is_a_collapse(made: Any, value: str) -> None:
    with pytest.raises(TrainingCollapsed, match="diverged in epoch 1"):
        train(made(f"print('val loss {value}')"))


def test_a_command_that_never_asks_for_its_schedule_is_refused(made: Any) -> None:
    script = "for epoch in range(3): print('val loss 0.5')"
    with pytest.raises(TaskError, match="must train under its schedule"):
        train(made(script, words=""))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"command": "python x.py {base_lrr}"}, "no placeholder {base_lrr}; did you mean"),
        ({"command": "python x.py {params.depth}"}, "no placeholder {params.depth}"),
        ({"command": "python 'x.py"}, "as a shell reads it"),
        ({"command": ""}, "must be a command"),
        ({"value": "loss ("}, "must be a regular expression"),
        ({"value": "loss [0-9]+"}, "must have a group in parentheses"),
        ({"updates_per_epoch": 0}, "must be >= 1"),
        ({"report_seconds": 0.0}, "must be > 0"),
    ],
)
def test_options_that_cannot_be_are_mistakes(options: dict[str, Any], said: str) -> None:
    mistakes = Mistakes("study.toml")
    table = {"command": "python x.py", "value": "(.)", "updates_per_epoch": 1, **options}
    mistakes.read(CommandTask, table, "task")
    with pytest.raises(DefinitionError) as error:
        mistakes.raise_if_any()
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("command", "folder", "said"),
    [
        ("no-such-program x", ".", "'no-such-program' is none"),
        (f"{sys.executable} nowhere.py", ".", "'nowhere.py' does not"),
        (f"{sys.executable} x.py", "nowhere", "must be a folder that exists"),
    ],
)
def test_what_does_not_exist_is_told_before_anything_is_trained(
    command: str, folder: str, said: str
) -> None:
    task = CommandTask(command=command, folder=folder, updates_per_epoch=1)
    with pytest.raises(TaskError, match=said):
        task.check()


STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
code = "import time, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(100)"
subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
print("val loss 0.5")
time.sleep(100)
"""


def test_a_trial_that_is_over_ends_all_its_processes_whatever_they_ignore(made: Any) -> None:
    training = made(STUBBORN, end_seconds=0.3).train(SCHEDULE, seed=0, epochs=3)
    assert next(training).record.value == 0.5
    assert len(of_the_test()) == 2
    training.close()
    assert of_the_test() == []


def test_output_without_a_line_end_is_no_matter_of_memory(made: Any, tmp_path: Path) -> None:
    script = "import sys\nfor _ in range(200): sys.stdout.write('x' * 2**20)\nprint()\n" + LOOP
    before = psutil.Process().memory_info().rss
    assert values(made(script)) == expected()
    assert psutil.Process().memory_info().rss - before < 2**26
    assert (tmp_path / "out" / "0.txt").stat().st_size < 2**27


def test_no_process_outlives_a_study_that_is_killed(tmp_path: Path, made: Any) -> None:
    script = tmp_path / "study.py"
    made("import time\nprint('val loss 1')\ntime.sleep(100)")
    script.write_text(
        "import sys, time, tuner\n"
        "from tuner.tasks import CommandTask\n"
        "task = CommandTask(command=[sys.executable, 'train.py', '{rates}'],\n"
        "                   value='loss (.)', updates_per_epoch=10, end_seconds=0.2)\n"
        "training = task.train(tuner.Constant(base_lr=0.1, horizon=30), seed=0, epochs=3)\n"
        "next(training)\nprint('begun', flush=True)\ntime.sleep(100)\n"
    )
    study = psutil.Popen([sys.executable, script], cwd=tmp_path, stdout=-1)
    assert study.stdout.readline() == b"begun\n"
    (left,) = of_the_test()
    study.kill()
    study.wait()
    study.stdout.close()
    left.wait(timeout=30)
    assert of_the_test() == []


SCRIPT_OF_A_TRIAL = """
import tuner
trial = tuner.trial()
assert tuner.trial() is trial
kept = trial.restore(weight=1.0 + trial.seed)
weight = kept["weight"]
for epoch in trial.epochs():
    for update in trial.updates_of(epoch):
        weight -= trial.schedule(update) * weight
    trial.save(weight=weight)
    print("val loss 9.9 is no report of a script that reports itself")
    trial.report(weight, train_loss=weight / 2)
print("whole", trial.params, trial.metric)
"""


def test_a_script_reports_keeps_and_goes_on_by_its_trial(made: Any, tmp_path: Path) -> None:
    task = made(SCRIPT_OF_A_TRIAL, words="", params={"depth": 3}).judged_by("val_mse")
    states = []
    for epoch in task.train(SCHEDULE, seed=0, epochs=3):
        states.append(epoch.state())
        assert epoch.record.train_loss == pytest.approx(epoch.record.value / 2)
    assert "whole {'depth': 3} val_mse\n" in (tmp_path / "out" / "0.txt").read_text()
    went_on = [epoch.record.value for epoch in train(task, start=states[1])]
    assert went_on == [epoch.record.value for epoch in train(task)][2:]
    assert task.training_identity() is not None


def test_a_script_whose_trial_is_over_ends_by_itself(made: Any, tmp_path: Path) -> None:
    script = (
        f"import atexit\natexit.register(print, 'in order')\n{SCRIPT_OF_A_TRIAL}"
        "print('never here')\n"
    )
    training = made(script, words="").train(SCHEDULE, seed=0, epochs=3)
    next(training)
    training.close()
    output = (tmp_path / "out" / "0.txt").read_text()
    assert "in order" in output
    assert "Traceback" not in output
    assert "never here" not in output


def test_a_script_is_trained_for_good_by_the_same_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    judged = {"objective": {"metric": "val_mse"}}
    tuner.save_schedule(SCHEDULE, "best.json", updates_per_epoch=10, provenance=judged)
    trial = tuner.trial(schedule="best.json", epochs=6, seed=3, params={"depth": 2})
    assert (trial.schedule.horizon, trial.last_epoch, trial.seed) == (60, 6, 3)
    assert [trial.report(float("nan")) for _ in trial.epochs()] == [True] * 6
    assert (trial.params, trial.folder) == ({"depth": 2}, Path())
    assert trial.metric == "val_mse"  # for the callbacks of trainers
    assert trial.restore(weight=1.0) == {"weight": 1.0}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "must be called in a script that a study runs"),
        ({"schedule": SCHEDULE}, "`updates_per_epoch` must be given"),
        ({"schedule": SCHEDULE, "updates_per_epoch": 0}, "whole number of 1 or more"),
        ({"schedule": "nowhere.json"}, "nowhere.json"),
    ],
)
def test_a_trial_without_a_study_needs_a_schedule(arguments: Any, said: str) -> None:
    with pytest.raises(tuner.TunerError, match=said):
        tuner.trial(**arguments)
