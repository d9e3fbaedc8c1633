"""A training without epochs: everything that is said of it is said in updates."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import tuner
from tuner import Trial
from tuner.cli.main import app
from tuner.errors import DefinitionError
from tuner.search import Event, from_json, to_json
from tuner.tasks import TrialTask

pytestmark = pytest.mark.usefixtures("seconds")

UPDATES, EVERY = 2500, 250
SPACE = {
    "family": ["cosine", "linear"],
    "base_lr": tuner.Float(1e-3, 1.0, log=True),
    "warmup_steps": tuner.Int("0up", "500up"),
}
# With spaces, as they are read; the number after an "epoch" or before "epochs".
EPOCHS = re.compile(r"epoch|\bep\b|\d+ep\b", re.IGNORECASE)


def train(trial: Trial) -> None:
    loss = 1.0 + trial.seed / 100
    for update in trial.updates():
        if update % 50 == 0:
            loss += trial.schedule(update) * (0.1 * math.sin(update) - loss)
        if trial.is_due(update):
            diverges = trial.schedule.base_lr > 0.9 or trial.schedule.warmup_steps == 13
            trial.report(math.nan if diverges and update > 500 else abs(loss) + 0.01)


Result = tuple[tuner.StudyResult, list[Event]]


def tuned(folder: Path, training: Any = train, **more: Any) -> Result:
    events: list[Event] = []
    usual = {
        "updates": UPDATES, "report_every": EVERY, "metric": "val_loss", "space": SPACE,
        "trials": 12, "confirm": False, "name": "steps", "on_event": events.append,
        "baselines": {
            "today": tuner.Constant(base_lr=0.01, horizon=UPDATES),
            "too high": tuner.Constant(base_lr=0.95, horizon=UPDATES),
        },
    }  # fmt: skip
    return tuner.tune(training, folder=folder, **{**usual, **more}), events


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return tuned(tmp_path_factory.mktemp("steps"))


def test_events_and_reasons_are_in_updates(study: Result) -> None:
    result, events = study
    lines = [*map(str, events)]
    assert lines[0].startswith("study steps: new, budget 12 trials of 2500 updates, ")
    assert any(line.startswith("trial 0 update 250/2500: val loss 0.") for line in lines)
    assert not any(map(EPOCHS.search, lines))
    assert [from_json(to_json(event)) for event in events] == events
    reasons = {row.reason for row in result.trials}
    skipped_or_pruned = r"skipped \(unpromising\)|pruned after update (250|500) of 2500"
    assert any(re.fullmatch(skipped_or_pruned, reason) for reason in reasons)
    assert "diverged by update 750: it gave nan" in reasons
    collapsed = [row for row in result.trials if row.is_collapsed]
    assert collapsed
    assert not any("pruned after" in row.reason for row in collapsed)


def test_a_study_that_goes_on_says_after_which_update(tmp_path: Path) -> None:
    def one_report(trial: Trial) -> None:
        loss = trial.restore(loss=1.0)["loss"]
        for update in trial.updates():
            loss *= 1 - trial.schedule(update) / 100
            if trial.is_due(update):
                trial.save(loss=loss)
                trial.report(loss)

    stops = iter([False, True])
    tuned(tmp_path, one_report, trials=1, stop_requested=lambda: next(stops, True))
    _, events = tuned(tmp_path, one_report, trials=1)
    begun = next(str(event) for event in events if "trial 0" in str(event))
    assert re.match(r"trial 0 goes on after update \d+: ", begun)


@pytest.fixture
def said(study: Result) -> Callable[..., str]:
    """Return what a command prints about the study."""
    where = ["--storage", study[0].storage]

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, [*words, *where], env={"COLUMNS": "120"})
        assert done.exit_code == 0, done.output
        return done.output

    return run


def test_tables_are_in_updates(said: Callable[..., str], study: Result) -> None:
    status, trials = said("status"), said("trials")
    trained = study[0].summary.epochs_trained * EVERY
    assert re.search(rf"updates trained +{trained}\n", status)
    assert "updates  time" in re.sub(r" +time", "  time", trials)
    assert not EPOCHS.search(status + trials + said("best"))
    rows = list(csv.DictReader(io.StringIO(said("trials", "--format", "csv"))))
    assert rows[0]["updates"] == "2500"
    assert json.loads(said("status", "--format", "json"))["updates_trained"] == trained
    assert json.loads(said("trials", "--format", "json"))[0]["updates"] == 2500


def words_of(page: Path) -> str:
    """Return what a page says, with its data and without its programs and the winner's file."""
    programs = r"<script(?:(?![^>]*json)|[^>]*schedule-file)[^>]*>.*?</script>"
    return re.sub(programs, "", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def test_the_report_is_in_updates(study: Result, tmp_path: Path) -> None:
    words = words_of(study[0].report(tmp_path / "report.html"))
    assert "time (updates trained)" in words
    assert "warmup (updates)" in words
    assert "of every trial after every 250 updates" in words
    assert not re.findall(r".{40}epoch.{40}", words)


def test_an_exported_schedule_says_its_updates(study: Result, tmp_path: Path) -> None:
    file = tuner.read_schedule_file(study[0].export(tmp_path / "best.json"))
    assert (file.schedule.horizon, file.updates_per_epoch) == (UPDATES, None)
    task = file.provenance["task"]
    assert (task["updates"], task["report_every"]) == (UPDATES, EVERY)
    again, _ = tuned(tmp_path, baselines={"last": file.schedule}, trials=1)
    assert again.trials[0].baseline == "last"


def test_confirm_and_comparison_are_in_updates(tmp_path: Path) -> None:
    repeats = {"seeds": 2, "max_seeds": 2, "top": 1}
    result, events = tuned(tmp_path, trials=2, confirm=repeats, name="own")
    confirmed = words_of(result.report(tmp_path / "report.html"))
    assert "diverged by update 750" in confirmed
    task = TrialTask(train, report_every=EVERY)
    compared = tuner.compare_study(storage=result.storage, task=task, seeds=2)
    page = words_of(compared.report_comparison(tmp_path / "compare.html"))
    assert "After 2500 updates" in page
    assert not re.findall(r".{40}epoch.{40}", page + confirmed + "".join(map(str, events)))


# --- a study file ---

TASKS = """
from tuner.tasks import TrialTask

def train(trial):
    for update in trial.updates():
        trial.schedule(update)
        if trial.is_due(update):
            trial.report(1 / update)

def make():
    return TrialTask(train, report_every=250)
"""
FILE = """
format = "tuner.study/1"
name = "steps"
search_space = "space.toml"
[task]
name = "own_steps:make"
{lengths}
[objective]
metric = "val_loss"
[budget]
trials = 4
{more}
"""
SPACE_FILE = """
format = "tuner.search_space/1"
name = "own"
[fixed]
family = "cosine"
warmup_steps = "{warmup}"
[params.base_lr]
type = "float"
low = 0.01
high = 0.1
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Return a function that writes a study of a training without epochs."""
    monkeypatch.setattr(sys, "modules", {**sys.modules})

    def written(
        lengths: str = "updates = 5000\nreport_every = 250",
        more: str = "",
        warmup: str = "100up",
        tasks: str = TASKS,
    ) -> Path:
        (tmp_path / "own_steps.py").write_text(tasks)
        (tmp_path / "space.toml").write_text(SPACE_FILE.format(warmup=warmup))
        study = tmp_path / "s.toml"
        study.write_text(FILE.format(lengths=lengths, more=more))
        return study

    return written


def test_the_plan_is_in_updates(write: Callable[..., Path]) -> None:
    def check(more: str) -> str:
        return CliRunner().invoke(app, ["check", str(write(more=more))]).output

    plan = check('[pruner]\ntype = "halving"\nrungs = ["500up", "0.2dur"]\nkeep = [0.5, 0.5]')
    assert "horizon   5000 updates, reported after every 250 updates" in plan
    assert "4 trials, at most 20000 updates" in plan
    assert "halving: after update 500 keep 0.5, after update 1000 keep 0.5" in plan
    assert "task      own_steps:make: report_every = 250" in plan
    assert "after the last update" in plan
    assert not EPOCHS.search(plan.partition("space")[0])
    median = check('[pruner]\ntype = "median"\nwarmup = "750up"')
    assert "warmup = 750up" in median


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"lengths": "updates = 5000\nreport_every = 300"}, "`updates` must be a multiple of"),
        ({"lengths": "updates = 5000"}, r"`report_every`, but got \(updates=5000\)"),
        ({"lengths": "epochs = 2\nupdates = 9\nreport_every = 3"}, r"got \(epochs=2, updates=9"),
        ({"lengths": "updates = 0\nreport_every = 250"}, "task.updates +must be >= 1, but got 0"),
        (
            {"lengths": "updates = 5000\nreport_every = 500"},
            "task.report_every +must be 250, the task's updates between two reports, but got 500",
        ),
        (
            {"warmup": "2ep"},
            "'2ep' must be updates or a share of the horizon.*'500up' or '0.1dur'",
        ),
        ({"warmup": "5000ex"}, "'5000ex' needs the examples in an update.*batch_size"),
        (
            {"more": '[pruner]\ntype = "halving"\nrungs = ["2ep"]\nkeep = [0.5]'},
            "pruner.rungs +must be updates, such as '500up', for the training has no epochs",
        ),
        (
            {"more": '[pruner]\ntype = "halving"\nrungs = ["300up"]\nkeep = [0.5]'},
            "pruner.rungs +must be a multiple of report_every, 250, such as '500up', but",
        ),
        (
            {"more": '[pruner]\ntype = "median"\nwarmup = "6000up"'},
            "pruner.warmup +must be 0up..5000up, the task's updates, but got '6000up'",
        ),
    ],
)
def test_what_does_not_fit_updates_is_told(
    write: Callable[..., Path], wrong: dict[str, str], message: str
) -> None:
    with pytest.raises(DefinitionError, match=message):
        tuner.check_study(write(**wrong))


def test_examples_are_as_many_updates_as_batches_have_them(write: Callable[..., Path]) -> None:
    tasks = TASKS.replace("report_every=250", "report_every=250, batch_size=50")
    plan = tuner.check_study(write(warmup="5000ex", tasks=tasks))
    assert plan.spec.space.fixed["warmup_steps"] == 100


def test_examples_need_a_batch_size(tmp_path: Path) -> None:
    space = {**SPACE, "warmup_steps": tuner.Int("0ex", "16000ex")}
    result, _ = tuned(tmp_path, space=space, batch_size=32, trials=3)
    assert result.spec.space.params["warmup_steps"].high == 500
    with pytest.raises(DefinitionError, match="needs the examples in an update"):
        tuned(tmp_path, space=space, name="other")


def test_a_training_that_ends_too_early_is_told_in_its_own_words() -> None:
    task = TrialTask(lambda trial: trial.report(1.0), report_every=250)
    schedule = tuner.Constant(base_lr=0.1, horizon=UPDATES)
    with pytest.raises(tuner.TunerError, match="must report 10 times, but ended after 1") as told:
        list(task.train(schedule, seed=0, epochs=10))
    assert "Call trial.report(value) after every 250 updates." in str(told.value)

    def asks_too_few(trial: Trial) -> None:
        for _ in trial.epochs():
            for update in range(1, 101):
                trial.schedule(update)
            trial.report(1.0)

    with pytest.raises(tuner.TunerError, match="report 1, where report_every = 250 makes 250"):
        list(TrialTask(asks_too_few, report_every=250).train(schedule, seed=0, epochs=10))
    with pytest.raises(tuner.TunerError, match="must have `updates_per_epoch`, or `report_every`"):
        TrialTask(train)
