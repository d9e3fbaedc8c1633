"""Options of the task sampled beside the schedule: what trains gets them, and what is said."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import tuner
from tuner import Choice, Float, Int, Trial
from tuner.cli.main import app
from tuner.errors import DefinitionError, StudyError
from tuner.reading import options_told
from tuner.search import Event
from tuner.studies import run_under
from tuner.tasks import FunctionTask, TrialTask

from ..terminal import in_terminal

pytestmark = pytest.mark.usefixtures("seconds")

UPDATES, BATCH = 12, 64
SPACE = {
    "family": ["cosine", "linear"],
    "base_lr": Float(1e-3, 0.2, log=True),
    "warmup_steps": Int("0up", "0.25dur"),
}
OPTIONS = {
    "weight_decay": Float(1e-4, 1e-1, log=True),
    "batch_size": Choice([32, 64, 128]),
    "depth": Int(1, 3, when={"family": ["cosine"]}),
    "width": 8,
}
TODAY = {"today": tuner.Constant(base_lr=0.01, horizon=3 * UPDATES)}
Tune = Callable[..., tuner.StudyResult]


def train(trial: Trial) -> None:
    weight = trial.restore(weight=1.0 + trial.seed / 100)["weight"]
    decay, width = trial.params["weight_decay"], trial.params["width"]
    for epoch in trial.epochs():
        updates = [*trial.updates_of(epoch)]
        assert len(updates) * trial.params["batch_size"] == UPDATES * BATCH
        for update in updates:
            weight -= trial.schedule(update) * (weight * (1 + decay) - width / 100)
        trial.save(weight=weight)
        trial.report(abs(weight) + decay)


@pytest.fixture
def tune(tmp_path: Path) -> Tune:
    def call(training: Any = train, **more: Any) -> tuner.StudyResult:
        usual = {
            "epochs": 3, "updates_per_epoch": UPDATES, "batch_size": BATCH, "metric": "val_loss",
            "space": SPACE, "params": OPTIONS, "baselines": TODAY, "trials": 12,
            "confirm": False, "folder": tmp_path, "name": "s", "on_event": lambda _: None,
        }  # fmt: skip
        return tuner.tune(training, **{**usual, **more})

    return call


def rows_of(result: tuner.StudyResult) -> list[Any]:
    return [(r.state, r.value, r.params, dict(r.options), r.schedule) for r in result.trials]


def test_what_trains_gets_them_and_every_trial_the_same_examples(tune: Tune) -> None:
    events: list[Event] = []
    result = tune(on_event=events.append)
    baseline, *sampled = result.trials
    assert baseline.options == {
        "weight_decay": pytest.approx(10**-2.5),
        "batch_size": 64,
        "depth": 2,
    }
    for row in sampled:
        assert row.state in ("complete", "pruned"), row.reason
        own = {n.removeprefix("task."): v for n, v in row.params.items() if n.startswith("task.")}
        assert row.options == own
        assert ("depth" in own) == (row.family == "cosine")
        assert row.batch_size == own["batch_size"]
        assert row.updates_per_epoch * row.batch_size == UPDATES * BATCH
        assert row.schedule.horizon == 3 * row.updates_per_epoch
        # As sampled in the study's updates, the same share of the horizon.
        share = row.params["warmup_steps"] / (3 * UPDATES)
        assert abs(row.schedule.warmup_steps - share * row.schedule.horizon) <= 0.5
    assert {row.batch_size for row in sampled} == {32, 64, 128}
    frame = result.to_frame()  # of baselines, too, which are outside the space
    for name in baseline.options:
        told = [row.options.get(name) for row in result.trials]
        assert [each if each == each else None for each in frame[f"task.{name}"]] == told
    best = result.best
    assert result.best_params == best.options
    assert f"batch size {best.batch_size}" in repr(result)
    told = [str(event) for event in events if str(event).startswith(f"trial {best.number} starts")]
    assert "with weight_decay" in told[0]


def test_an_interrupted_study_ends_as_one_that_was_not(tune: Tune, tmp_path: Path) -> None:
    whole = tune(folder=tmp_path / "whole")
    ended = 0

    def stop() -> bool:  # asked after every report
        nonlocal ended
        ended += 1
        return ended % 9 == 0

    for _ in range(30):
        result = tune(stop_requested=stop)
        if result.ended == "done":
            break
    assert rows_of(result) == rows_of(whole)
    with pytest.raises(StudyError, match=r"params\.task\.weight_decay\.high"):
        tune(params={**OPTIONS, "weight_decay": Float(1e-4, 1.0, log=True)})


def test_a_finalist_is_a_schedule_with_options(tune: Tune, tmp_path: Path) -> None:
    """Two trials under one schedule are two finalists, and states are not shared by them."""
    space = {"family": "constant", "base_lr": 0.05}
    options = {"weight_decay": Choice([0.0, 0.05, 0.5]), "batch_size": 64, "width": 8}
    result = tune(space=space, params=options, baselines={}, trials=8, confirm=True,
                  sampler={"type": "random", "seed": 3}, pruner="none")  # fmt: skip
    assert len({row.schedule for row in result.trials}) == 1
    assert len({row.value for row in result.trials}) == 3
    finalists = result.confirmed.candidates
    assert sorted(c.options["weight_decay"] for c in finalists) == [0.0, 0.05, 0.5]
    best = min(result.trials, key=lambda row: row.value)
    assert result.best_params == best.options == result.confirmed.winner.options
    path = result.export(tmp_path / "best.json")
    provenance = json.loads(path.read_text())["provenance"]
    assert provenance["options"] == best.options
    assert "confirm" in provenance
    params = {**best.options, "width": 8, "batch_size": 64}
    assert provenance["task"]["params"] == params
    script = tuner.trial(schedule=path, params={"depth": 2})
    assert script.params == {**params, "depth": 2}
    shown = CliRunner().invoke(app, ["show", str(path)]).output
    assert f"tuned with weight_decay {best.options['weight_decay']:g}" in shown
    where = ["--storage", result.storage]
    assert "best options" in CliRunner().invoke(app, ["status", *where]).output
    page = result.report(tmp_path / "report.html").read_text()
    told = options_told(best.options)
    assert f"constant with base LR 0.05, {told}: val loss" in page
    listed = CliRunner().invoke(app, ["trials", *where, "--format", "json"]).output
    assert [row["options"] for row in json.loads(listed)] == [r.options for r in result.trials]
    assert "task.weight_decay" in result.report(tmp_path / "r.html").read_text()
    assert page.count(">weight decay</") == 2  # the tables of trials


def test_reports_of_a_training_without_epochs_are_at_equal_examples(tune: Tune) -> None:
    def steps(trial: Trial) -> None:
        weight = 1.0 + trial.params["weight_decay"] + trial.seed / 100
        for update in trial.updates():
            weight -= trial.schedule(update) * weight
            if trial.is_due(update):
                trial.report(weight)

    events: list[Event] = []
    result = tune(
        steps, epochs=None, updates_per_epoch=None, updates=40, report_every=10,
        space={**SPACE, "warmup_steps": Int("0up", "8up")}, on_event=events.append, baselines={},
    )  # fmt: skip
    for row in result.trials:
        assert row.state in ("complete", "pruned"), row.reason
        assert row.updates_per_epoch * row.batch_size == 640
        assert row.schedule.horizon == 4 * row.updates_per_epoch
        if not row.baseline:  # a duration in updates keeps its number
            assert row.schedule.warmup_steps == row.params["warmup_steps"]
    smallest = next(row for row in result.trials if row.batch_size == 32 and row.epochs)
    told = [str(event) for event in events if str(event).startswith(f"trial {smallest.number} up")]
    assert told[0].startswith(f"trial {smallest.number} update 20/80")


COMMAND = """
import os, sys
decay, rates = float(sys.argv[1]), [line.split(",") for line in open(sys.argv[2])][1:]
weight = 1.0 + int(os.environ["TUNER_SEED"]) / 100
for update, (_, rate) in enumerate(rates, start=1):
    weight -= float(rate) * (weight + decay)
    if update % int(int(sys.argv[3]) and 768 / int(sys.argv[3])) == 0:
        print("val loss", abs(weight), flush=True)
if sys.argv[4:]:
    open(sys.argv[4], "w").write(str(abs(weight)))
"""


@pytest.mark.slow
def test_a_command_is_given_them_in_its_placeholders(tune: Tune, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(COMMAND)
    words = [sys.executable, str(tmp_path / "script.py")]
    words += ["{params.weight_decay}", "{rates}", "{params.batch_size}"]
    options = {"weight_decay": Float(0.01, 1.0, log=True), "batch_size": Choice([64, 128])}
    task = {"command": words, "value": "val loss ([0-9.]+)"}
    result = tune(task, params=options, trials=4)
    for row in result.trials:
        assert row.state in ("complete", "pruned"), row.reason
        assert row.schedule.horizon in (3 * UPDATES, 3 * UPDATES // 2)
    assert tuner.resume_study(result.storage, trials=5, on_event=lambda _: None).ended == "done"
    # At 80 columns no word is broken.
    shown = in_terminal("trials", "--storage", result.storage, cwd=tmp_path).screens[-1]
    assert max(map(len, shown)) <= 80
    for row in result.trials:
        line = next(line.split() for line in shown if line.split()[:1] == [str(row.number)])
        options = [str(row.batch_size), f"{row.options['weight_decay']:.4g}"]
        assert (line[1], line[3]) == (row.state, row.family), "\n".join(shown)
        assert {*options} <= {*line}
    # The best schedule's own options, under which the same script trains to the same value.
    path = result.export(tmp_path / "best.json")
    assert run_under(path, [*words, str(tmp_path / "value")]) == (0, True, "")
    assert float((tmp_path / "value").read_text()) == result.best.value


@pytest.mark.parametrize(
    ("training", "params", "more", "place", "what"),
    [
        (train, {"weight_decay": Float(1, 0.1)}, {}, "params.weight_decay.low", "`low <= high`"),
        (train, {"power": Float(1, 2)}, {}, "params.power", "is a field of schedules"),
        (train, {"batch_size": Int(1, 999)}, {}, "params.batch_size.high", "must be <= 768"),
        (train, {"batch_size": Choice([8, "x"])}, {}, "params.batch_size", "must be a whole"),
        (train, {"batch_size": Choice([8, 16])}, {"batch_size": 1}, "params.batch_size",
         "`batch_size` must be given where it is sampled"),
        (train, {"batch_size": Choice([64, 384])}, {"space": {**SPACE,
         "warmup_steps": Int("0up", "20up")}}, "params.batch_size",
         "must fit 2 updates an epoch, but params.warmup_steps.high `warmup_steps < horizon`"),
        (FunctionTask(lambda schedule, seed, start: None, updates_per_epoch=UPDATES),
         {"width": Int(1, 2)}, {"batch_size": 1}, "params.width",
         "must be an option of the task, but a FunctionTask has none; name a function in [task]"),
    ],
)  # fmt: skip
def test_mistakes(
    tune: Tune, training: Any, params: Any, more: Any, place: str, what: str
) -> None:
    with pytest.raises(DefinitionError) as caught:
        tune(training, params=params, baselines={}, **more)
    found = [*caught.value.mistakes]
    assert [each for each, _ in found] == [place]
    assert what in found[0][1]


def test_a_task_that_was_made_has_the_options_that_it_says() -> None:
    task = TrialTask(train, updates_per_epoch=10, batch_size=64, params={"width": 8})
    other = task.with_options({"batch_size": 50, "weight_decay": 0.1})
    assert (other.updates_per_epoch, other.batch_size) == (13, 50), "the last batch is smaller"
    assert other.params == {"width": 8, "batch_size": 50, "weight_decay": 0.1}
    assert task.params == {"width": 8}
    assert other.training_identity() != task.training_identity()


def test_a_baseline_has_options_of_its_own_or_it_is_said_which_it_has(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own = tuner.Constant(base_lr=0.05, horizon=4 * UPDATES)
    half = tuner.Constant(base_lr=0.05, horizon=8 * UPDATES)

    def tuned(name: str, **baselines: Any) -> dict[str | None, Any]:
        params = {"weight_decay": Float(1e-4, 1e-2, log=True), "batch_size": Choice([32, 64])}
        result = tuner.tune(
            decays, epochs=4, updates_per_epoch=UPDATES, batch_size=BATCH, metric="val_loss",
            space=SPACE, params=params, baselines=baselines, trials=2, confirm=False,
            folder=tmp_path, name=name, on_event=lambda _: None,
        )  # fmt: skip
        return {row.baseline: row.options for row in result.trials if row.baseline}

    assert tuned("given", a=(own, {"weight_decay": 0.5}), b=(half, {"batch_size": 32})) == {
        "a": {"weight_decay": 0.5, "batch_size": 64},
        "b": {"weight_decay": pytest.approx(1e-3), "batch_size": 32},
    }
    [said] = caplog.messages  # of b
    assert "baselines have the middle of the range: weight_decay 0.001. Give theirs" in said
    caplog.clear()
    tuned("all", a=(own, {"weight_decay": 0.5}))
    assert caplog.messages == []
    with pytest.raises(DefinitionError) as error:
        tuned("wrong", a=(own, 3), b=(own, {"weight": 1}), c=(own, {"batch_size": 32}))
    assert str(error.value).splitlines()[0] == "tuner.tune has 3 mistakes"
    assert dict(error.value.mistakes) == {
        "baselines.a": "must be a schedule, or a schedule and options by their names, but got 3",
        "baselines.b.task.weight": "no option that the space samples; did you mean"
        " 'weight_decay'?",
        "baselines.c": "must be of a training of as many updates per epoch, 24, but has 12",
    }


def decays(trial: tuner.Trial) -> None:
    weight = 1.0
    for epoch in trial.epochs():
        for update in trial.updates_of(epoch):
            weight -= trial.schedule(update) * weight
        trial.report(weight + trial.params["weight_decay"])
