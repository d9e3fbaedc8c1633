"""A study in one call: what it trains, keeps and refuses, and that the same call goes on."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import optuna
import pytest

import tuner
from tuner import Trial
from tuner.errors import DefinitionError, StudyError, TrainingError
from tuner.search import EpochEnded, Event
from tuner.tasks import TrialTask

pytestmark = pytest.mark.usefixtures("seconds")

Tune = Callable[..., tuner.StudyResult]
SPACE = """
format = "tuner.search_space/1"
name = "own"
[params.family]
type = "categorical"
choices = ["cosine", "poly"]
[params.base_lr]
type = "float"
low = 0.001
high = 0.5
log = true
[params.warmup_steps]
type = "int"
low = "0up"
high = "0.2dur"
[params.power]
type = "float"
low = 1.0
high = 3.0
when = { family = ["poly"] }
[fixed]
final_lr_ratio = 0.01
"""


def train(trial: Trial) -> None:
    weight = trial.restore(weight=1.0)["weight"]
    for epoch in trial.epochs():
        for update in trial.updates_of(epoch):
            weight -= trial.schedule(update) * (weight + np.random.normal() / 10)
        trial.save(weight=weight)
        trial.report(abs(weight), train_loss=weight**2)


@pytest.fixture
def tune(tmp_path: Path) -> Tune:
    """Return a function that tunes a training of four epochs, with other arguments if given."""

    def call(training: Any = train, **more: Any) -> tuner.StudyResult:
        usual = {
            "epochs": 4, "updates_per_epoch": 10, "metric": "val_loss", "base_lr": 0.01,
            "trials": 6, "confirm": False, "folder": tmp_path, "pruner": "none",
            "sampler": "random",
        }  # fmt: skip
        return tuner.tune(training, **{**usual, **more})

    return call


def curves(result: tuner.StudyResult) -> list[Any]:
    return [
        (row.params, row.state, [record._replace(seconds=0) for record in row.records])
        for row in result.trials
    ]


# --- what it does ---


def test_everything_lies_in_a_folder_of_the_functions_name(
    tune: Tune, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = tune()
    assert result.ended == "done"
    names = {path.name.partition("-")[0] for path in (tmp_path / "train").iterdir()}
    assert names == {"study.db", "best.json", "report.html", "checkpoints"}
    assert tuner.load_schedule(tmp_path / "train" / "best.json") == result.best_schedule
    assert [row.baseline for row in result.trials[:2]] == ["today: constant 0.01", None]
    assert tune(name="other", trials=1).folder == tmp_path / "other"
    monkeypatch.setenv("HOME", str(tmp_path))
    assert tune(name="home", trials=1, folder="~").folder == tmp_path / "home"


def test_the_training_has_the_learning_rates_of_the_schedule_that_is_exported(
    tune: Tune, tmp_path: Path
) -> None:
    asked: list[list[float]] = []

    def watched(trial: Trial) -> None:
        asked.append([])
        for epoch in trial.epochs():
            asked[-1] += [trial.schedule(update) for update in trial.updates_of(epoch)]
            trial.report(sum(asked[-1]))

    result = tune(watched)
    for row, rates in zip(result.trials, asked, strict=True):
        path = result.export(tmp_path / "exported.json", trial=row.number)
        schedule = tuner.load_schedule(path)
        assert [schedule(update) for update in range(1, 41)] == rates


@pytest.mark.usefixtures("seconds")
def test_the_same_call_goes_on_where_it_was_and_does_nothing_once_it_is_done(tune: Tune) -> None:
    whole = curves(tune(name="whole"))
    seen: list[Event] = []
    first = tune(on_event=seen.append, stop_requested=lambda: len(seen) > 8)
    assert first.ended == "interrupted"
    assert curves(tune()) == whole
    again: list[Event] = []
    assert curves(tune(on_event=again.append)) == whole
    assert not any(isinstance(event, EpochEnded) for event in again)
    assert len(tune(trials=8).trials) == 8


BEGUN: list[int] = []  # epochs, by the function below


def interrupted(trial: Trial) -> None:
    weight = trial.restore(weight=1.0)["weight"]
    for epoch in trial.epochs():
        BEGUN.append(epoch)
        if len(BEGUN) == 7:
            signal.raise_signal(signal.SIGINT)
        weight -= trial.schedule(10 * epoch + 10) * np.random.rand()
        trial.save(weight=weight)
        trial.report(weight)


@pytest.mark.usefixtures("seconds")
def test_ctrl_c_leaves_a_study_that_the_same_call_goes_on_with(tune: Tune) -> None:
    BEGUN.clear()
    with pytest.raises(KeyboardInterrupt):
        tune(interrupted, trials=2)
    result = tune(interrupted, trials=2)
    assert BEGUN == [0, 1, 2, 3, 0, 1, 2, 3]  # what was under way is reported first
    assert curves(result) == curves(tune(interrupted, name="whole", trials=2))


@pytest.mark.usefixtures("processes")
def test_a_study_that_was_killed_goes_on_to_the_same_values(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import os, signal, sys\n"
        "import torch\n"
        "import tuner\n"
        "\n"
        "def train(trial):\n"
        "    model = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.Dropout(), \n"
        "                                torch.nn.Linear(4, 1))\n"
        "    optimizer = torch.optim.Adam(model.parameters())\n"
        "    scheduler = trial.schedule.to_torch(optimizer)\n"
        "    trial.restore(model=model, optimizer=optimizer, scheduler=scheduler)\n"
        "    for epoch in trial.epochs():\n"
        "        for update in trial.updates_of(epoch):\n"
        "            loss = (model(torch.randn(8, 2)) - 1).square().mean()\n"
        "            optimizer.zero_grad()\n"
        "            loss.backward()\n"
        "            optimizer.step()\n"
        "            scheduler.step()\n"
        "        if 'kill' in sys.argv and trial.schedule.family != 'constant' and epoch == 2:\n"
        "            os.kill(os.getpid(), signal.SIGKILL)\n"
        "        trial.report(loss)\n"
        "\n"
        "for folder in [word for word in sys.argv[1:] if word != 'kill']:\n"
        "    tuner.tune(train, epochs=4, updates_per_epoch=3, metric='val_loss', base_lr=0.01,\n"
        "               trials=3, confirm=False, folder=folder)\n"
    )

    def run(*words: str) -> int:
        command = [sys.executable, script, *words]
        return subprocess.run(command, cwd=tmp_path, check=False).returncode

    assert run("killed", "kill") == -signal.SIGKILL
    assert run("killed", "whole") == 0
    killed, whole = (
        tuner.open_study(storage=f"sqlite:///{tmp_path / name / 'train' / 'study.db'}")
        for name in ("killed", "whole")
    )
    assert curves(killed) == curves(whole)
    assert killed.best_schedule == whole.best_schedule


@pytest.mark.usefixtures("seconds")
def test_a_pruned_trial_ends_its_function(tune: Tune) -> None:
    ended: list[int] = []

    def watched(trial: Trial) -> None:
        try:
            train(trial)
        finally:
            ended.append(trial.done)

    result = tune(watched, pruner={"type": "median", "n_startup_trials": 2}, trials=10)
    assert [row.epochs for row in result.trials] == ended
    assert {row.state for row in result.trials} == {"complete", "pruned"}
    assert {row.epochs for row in result.trials if row.state == "complete"} == {4}


def test_a_training_of_updates_reports_after_so_many(tune: Tune) -> None:
    def watched(trial: Trial) -> None:
        loss = 1.0
        for update in trial.updates():
            loss -= trial.schedule(update) / 10
            if trial.is_due(update):
                trial.report(loss)

    result = tune(watched, epochs=None, updates_per_epoch=None, updates=60, report_every=20)
    assert {row.epochs for row in result.trials} == {3}
    assert result.best_schedule.horizon == 60


def test_a_confirm_trains_on_other_seeds(tune: Tune) -> None:
    confirm = {"top": 1, "seeds": 2, "max_seeds": 2}
    found = tune(confirm=confirm, trials=3).confirmed
    assert found is not None
    assert found.winner is not None
    assert sorted(found.winner.values) == [1, 2]
    assert len({*found.winner.values.values()}) == 2


def test_schedules_outside_the_space_are_baselines(tune: Tune) -> None:
    mine = tuner.SquareRoot(base_lr=0.2, horizon=40)
    result = tune(baselines={"mine": mine}, trials=3)
    rows = {row.baseline: row for row in result.trials}
    assert rows["mine"].schedule == mine
    assert [*rows] == ["today: constant 0.01", "mine", None]
    assert rows["mine"].title == "trial 1 [mine]"


@pytest.mark.parametrize("epochs", [1, 2])
def test_the_default_space_needs_three_updates(tune: Tune, epochs: int) -> None:
    """Said of the training: nobody wrote the warmup that has no room."""
    with pytest.raises(DefinitionError, match=f"must have 3 updates or more, but has {epochs}"):
        tune(epochs=epochs, updates_per_epoch=1)
    suggested = {"updates_per_epoch": 1, "epochs": epochs, "base_lr": 0.1}
    with pytest.raises(StudyError, match="must have 3 updates or more"):
        tuner.suggest_schedule(optuna.create_study().ask(), "default", **suggested)


@pytest.mark.parametrize("rate", [0.1, [0.1], tuner.Float(0.1, 0.1)])
def test_a_space_of_one_schedule_says_so(
    tune: Tune, rate: Any, caplog: pytest.LogCaptureFixture
) -> None:
    space = {"family": "cosine", "base_lr": rate}
    tune(base_lr=None, space=space, trials=1, name="once")
    assert not caplog.messages
    tune(base_lr=None, space=space, trials=3, name="again")
    said = "the search space has one schedule alone, which 3 trials train from the same seed"
    assert [message[: len(said)] for message in caplog.messages] == [said]


def test_a_file_says_what_trained_and_no_batch_size_that_nobody_said(
    tune: Tune, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def importing(trial: Trial) -> None:
        sys.modules["lightning"] = SimpleNamespace(__version__="2.5")
        train(trial)

    monkeypatch.setitem(sys.modules, "lightning", None)  # and puts it back at the end
    del sys.modules["lightning"]
    result = tune(importing, trials=1)
    assert [row.versions["lightning"] for row in result.trials] == ["2.5"]
    file = json.loads((result.folder / "best.json").read_text())
    assert file["batch_size"] is None
    assert "batch_size" not in file["provenance"]["task"]
    said = tune(batch_size=32, trials=1, name="said")
    file = json.loads((said.folder / "best.json").read_text())
    assert (file["batch_size"], file["provenance"]["task"]["batch_size"]) == (32, 32)


def test_equal_baselines_are_one(tune: Tune) -> None:
    today = tuner.Constant(base_lr=0.01, horizon=40)
    result = tune(baselines={"as now": today}, trials=1)
    assert [row.title for row in result.trials] == ["trial 0 [as now]"]
    said = str(result)
    assert "trial 0 [as now], " in said
    assert all(len(line) <= 80 for line in said.splitlines() if "/" not in line)  # of a path
    with pytest.raises(DefinitionError, match=r"baselines\.b  must differ from 'a', but is the s"):
        tune(baselines={"a": today, "b": today})


KNOWS_ITS_METRIC = """
def train(trial):
    assert trial.metric == "val_loss", trial.metric  # by which callbacks know what to report
    for epoch in trial.epochs():
        trial.report(sum(map(trial.schedule, trial.updates_of(epoch))) + trial.seed)
"""


def test_a_function_in_a_file_knows_the_metric_from_its_database_too(
    tune: Tune, tmp_path: Path
) -> None:
    (tmp_path / "knows.py").write_text(KNOWS_ITS_METRIC)
    result = tune("knows.py:train", trials=1, confirm={"top": 1, "seeds": 2, "max_seeds": 2})
    assert [row.state for row in result.trials] == ["complete"]
    rows = tuner.resume_study(result.storage, trials=2).trials
    assert [row.state for row in rows] == ["complete"] * 2


def test_options_reach_the_function_and_belong_to_the_definition(tune: Tune) -> None:
    def watched(trial: Trial) -> None:
        for _ in trial.epochs():
            trial.report(trial.params["width"] + trial.schedule(1))

    result = tune(watched, params={"width": 8}, trials=2)
    assert all(row.value is not None and row.value > 8 for row in result.trials)
    with pytest.raises(StudyError, match=r"task.params.width +8 -> 9\n.* another `name`"):
        tune(watched, params={"width": 9})


def test_a_number_that_is_none_is_a_collapse_and_an_error_a_failed_trial(tune: Tune) -> None:
    def breaks(trial: Trial) -> None:
        for epoch in trial.epochs():
            if trial.schedule.family == "constant" and epoch == 2:
                raise ValueError("no more data")
            trial.schedule(10 * epoch + 10)
            trial.report(0.5 if trial.schedule.family == "constant" else float("nan"))

    first, second = tune(breaks, trials=2).trials
    assert first.state == "failed"
    assert first.reason.startswith("ValueError: no more data (test_tune.py, line ")
    assert (second.state, second.reason) == ("collapsed", "diverged in epoch 1: it gave nan")
    with pytest.raises(TrainingError, match=r"All 2 trials failed.* as its value, but got a str"):
        tune(lambda trial: trial.report("x"), name="text", trials=2)


# --- what it is given ---


def test_every_argument_is_a_key_of_a_study_file(tune: Tune, tmp_path: Path) -> None:
    (tmp_path / "space.toml").write_text(SPACE)
    (tmp_path / "same.toml").write_text(
        'format = "tuner.study/1"\nname = "same"\nsearch_space = "space.toml"\nnotes = "why"\n'
        "task = { epochs = 4, seed = 5 }\n"
        'objective = { metric = "score", direction = "minimize" }\n'
        'budget = { trials = 3, timeout = "1h" }\n'
        'sampler = { type = "tpe", seed = 5, group = false }\n'
        'pruner = { type = "halving", control_share = 0.25 }\n'
        "confirm = { enabled = false, top = 2 }\n"
        'storage = { url = "sqlite:///same/study.db", states = "2MB" }\n'
    )
    arguments: dict[str, Any] = {
        "name": "same", "notes": "why", "seed": np.int64(5), "metric": "score",
        "direction": "minimize", "trials": np.int64(3), "timeout": "1h", "base_lr": None,
        "sampler": {"type": "tpe", "group": False},
        "pruner": {"type": "halving", "control_share": 0.25},
        "confirm": {"enabled": False, "top": 2}, "storage": "sqlite:///same/study.db",
        "states": "2MB",
        "space": {
            "family": ["cosine", "poly"], "base_lr": tuner.Float(0.001, 0.5, log=True),
            "warmup_steps": tuner.Int("0up", "0.2dur"), "power": tuner.Float(1.0, 3.0),
            "final_lr_ratio": 0.01,
        },
    }  # fmt: skip
    result = tune(**arguments)
    seen: list[Event] = []
    task = TrialTask(train, updates_per_epoch=10)
    same = tuner.run_study(tmp_path / "same.toml", task=task, on_event=seen.append)
    assert not any(isinstance(event, EpochEnded) for event in seen)  # it is done
    assert same.spec.fingerprint() == result.spec.fingerprint()
    for of_both in ("budget", "confirm", "states_bytes", "storage_url", "sampler", "pruner"):
        assert getattr(same.spec, of_both) == getattr(result.spec, of_both)
    assert same.spec.study_data["notes"] == result.spec.study_data["notes"]


def test_any_task_is_tuned(tune: Tune) -> None:
    task = TrialTask(train, updates_per_epoch=5)
    assert tune(task, updates_per_epoch=None, trials=2).best_schedule.horizon == 20


def test_a_study_is_opened_by_the_folder_or_the_file_of_its_database(
    tune: Tune, tmp_path: Path
) -> None:
    result = tune(trials=1)
    for place in (result.folder, str(result.folder / "study.db")):
        assert tuner.open_study(place).storage == result.storage
    (tmp_path / "empty.db").touch()
    with pytest.raises(DefinitionError, match="must be a file in TOML, but is a folder"):
        tuner.open_study(tmp_path)


@pytest.mark.parametrize("space", ["chapter", "modern"])
def test_shipped_spaces_are_known_by_their_names(tune: Tune, space: str) -> None:
    result = tune(space=space, base_lr=None, trials=3)
    assert result.summary.finished == 3
    with pytest.raises(DefinitionError, match="`base_lr` must be left out beside the space"):
        tune(space=space, name="other")


def test_all_mistakes_are_told_at_once_by_their_arguments(tune: Tune, tmp_path: Path) -> None:
    wrong: dict[str, Any] = {
        "epochs": 0, "metric": 5, "trials": -1, "base_lr": -3, "seed": "x", "sampler": 5,
        "pruner": "fast", "confirm": "yes", "timeout": "3", "states": 4, "storage": 8,
        "name": "a b", "folder": 7, "params": {"x": train}, "on_event": 3, "notes": 4,
        "direction": "up", "baselines": {"mine": 3}, "training": 5, "stop_requested": 1,
    }  # fmt: skip
    with pytest.raises(DefinitionError, match=r"^tuner.tune has 20 mistakes\n") as caught:
        tune(**wrong)
    renamed = {
        "base_lr": "space", "baselines": "baselines.mine", "params": "params.x",
        "training": "train",
    }  # fmt: skip
    places = {place for place, _ in caught.value.mistakes}
    assert places == {renamed.get(name, name) for name in wrong}
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"epochs": None}, "epochs +must be given with `updates_per_epoch`, .* got updates_per"),
        ({"epochs": None, "updates_per_epoch": None}, "but got none of them"),
        ({"updates": 40, "report_every": 10}, "but got epochs=4, updates_per_epoch=10, upd"),
        (
            {"epochs": None, "updates_per_epoch": None, "updates": 40, "report_every": 15},
            "updates +must be a multiple of `report_every`",
        ),
        ({"updates_per_epoch": True}, "updates_per_epoch +must be a whole number of 1 or more"),
        ({"space": 5}, "space +must be a name, a file, or what is sampled by name, but got 5"),
        ({"space": "modem"}, "space +No search space is called 'modem'; did you mean 'modern'"),
        ({"base_lr": None}, "space +`base_lr` must be the learning rate of today.* got None"),
        ({"params": 3}, "params +must be options by their names, but got 3"),
        ({"training": lambda: 1}, "train +.*lambda> must take one argument, the trial"),
        ({"training": tuner.Trial}, "train +must be a function of a trial, or a task, but got"),
        (
            {"metric": "score"},
            "direction +must be 'maximize' or 'minimize', .* 'score'; a name tells by its last"
            " word: accuracy, acc, loss, ",
        ),
        (
            {"baselines": {"mine": tuner.Constant(base_lr=0.1, horizon=9)}},
            r"baselines.mine +must be laid out over the 40 updates .* 9; .*with_horizon\(40\)",
        ),
        (
            {"space": {"family": ["cosine", "oops"], "base_lr": tuner.Float(1, 0.1)}},
            r"base_lr +must be left out(.|\n)*space.base_lr.low .*(.|\n)*space.family.choices",
        ),
    ],
)
def test_what_a_mistake_says(tune: Tune, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(DefinitionError, match=words):
        tune(**arguments)


# --- what it gives ---


def test_a_result_says_where_the_study_stands(tune: Tune) -> None:
    result = tune(trials=3)
    first, second, third, *schedule, _, _, last = repr(result).splitlines()
    assert first == "study    train: done, 3/3 trials"
    assert second == "trials   3 complete"
    value = f"{result.best.value:.4g}"
    assert third == f"best     trial 0 [today: constant 0.01], val loss {value}, one run"
    assert " ".join(map(str.strip, schedule)) == repr(result.best_schedule)
    assert max(map(len, [third, *schedule])) <= 80
    for label, file in (("schedule", "best.json"), ("report  ", "report.html")):
        assert f"{label} {result.folder / file}" in repr(result)
    assert last == f"storage  {result.storage}"
    page = result._repr_html_()
    assert page.startswith("<div><table>")
    assert all(line[9:].replace("'", "&#x27;") in page for line in repr(result).splitlines())
    assert "<svg" in page


def test_a_confirmed_result_has_an_error_bar(tune: Tune) -> None:
    result = tune(trials=3, confirm={"top": 2, "seeds": 2, "max_seeds": 2})
    winner = result.confirmed.winner
    one, other = winner.values.values()
    means = f"{(one + other) / 2:.4g} ± {abs(one - other) / 2:.4g} on 2 fresh seeds"
    assert f"best trial 0 [today: constant 0.01], val loss {means}" in " ".join(
        repr(result).split()
    )
    assert len(result.confirmed.candidates) > 1
    if tied := [candidate.label for candidate in result.confirmed.tie_set[1:]]:
        assert f"tie      not separated from {tied[0]} by the fresh seeds" in repr(result)
    else:
        assert "         separated from all others by the fresh seeds" in repr(result)


def test_a_result_without_a_complete_trial_says_so(tune: Tune) -> None:
    result = tune(stop_requested=lambda: True)
    assert repr(result).splitlines()[:3] == [
        "study    train: interrupted, 0/6 trials",
        "trials   1 waiting",
        "best     no trial is complete yet",
    ]
    assert "<svg" not in result._repr_html_()
    assert result.to_frame()["value"].isna().all()


def test_a_study_of_which_nothing_trains_says_so_and_what_to_do(tune: Tune) -> None:
    def diverges(trial: Trial) -> None:
        trial.report(float("nan") + trial.schedule(1))

    result = tune(training=diverges, trials=2)
    said = (
        "no trial is complete (2 collapsed; the last one: diverged in epoch 1: it gave nan). Lower"
        " the learning rates"
    )
    assert f"best {said}" in " ".join(repr(result).split())
    with pytest.raises(StudyError, match=f"but {re.escape(said)}.*another name\\.$"):
        _ = result.best
    page = result.report(result.folder / "report.html").read_text(encoding="utf-8")
    assert f"There is no best schedule: {said}" in page


def test_trials_and_epochs_are_tables(tune: Tune) -> None:
    result = tune(trials=3)
    frame, curves = result.to_frame(), result.curves()
    assert [*frame["value"]] == [row.value for row in result.trials]
    assert [*frame["baseline"]] == ["today: constant 0.01", None, None]
    assert frame["base_lr"][1] == result.trials[1].params["base_lr"]
    assert [*curves["number"]] == [0] * 4 + [1] * 4 + [2] * 4
    assert [*curves["updates"]] == [10, 20, 30, 40] * 3
    last = curves.groupby("number").last()
    assert [*last["value"]] == [*frame["value"]]
    assert [*last["train_loss"]] == pytest.approx([value**2 for value in frame["value"]])


def test_without_pandas_a_table_says_what_to_install(
    tune: Tune, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    result = tune(trials=1)
    for table in (result.to_frame, result.curves):
        with pytest.raises(StudyError, match=r"pandas must be importable .*pip install pandas"):
            table()
