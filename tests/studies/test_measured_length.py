"""A training of so many minutes: measured once, and a number of updates from then on."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import tuner
from tuner import Trial
from tuner.cli.main import app
from tuner.definition import load_spec
from tuner.errors import DefinitionError, StudyError, TaskError
from tuner.search import Event, LengthMeasured, from_json, to_json

EVERY = 5
# No schedule of the trials has as many updates; that of the training that is measured has more.
MANY = 1_000


def train(trial: Trial) -> None:
    for update in trial.updates():
        rate = trial.schedule(update)
        if trial.is_due(update):
            if trial.schedule.horizon > MANY:  # what is measured is slow: the rest need not be
                time.sleep(0.02)
            trial.report(rate)


Tune = Callable[..., tuner.StudyResult]


@pytest.fixture
def tune(tmp_path: Path) -> Tune:
    def call(training: Any = train, **more: Any) -> tuner.StudyResult:
        usual = {
            "updates": "0.4s", "report_every": EVERY, "metric": "val_loss", "base_lr": 0.1,
            "trials": 2, "confirm": False, "folder": tmp_path, "on_event": lambda _: None,
        }  # fmt: skip
        return tuner.tune(training, **{**usual, **more})

    return call


@pytest.mark.usefixtures("seconds")
def test_the_time_is_measured_once_and_a_number_from_then_on(tune: Tune, tmp_path: Path) -> None:
    events: list[Event] = []
    result = tune(on_event=events.append, baselines={"c": tuner.Cosine(base_lr=0.1, horizon=7)})
    [told, *others] = events
    assert isinstance(told, LengthMeasured)
    assert not any(isinstance(event, LengthMeasured) for event in others)
    assert from_json(to_json(told)) == told
    reports = math.floor(0.4 / (told.seconds_per_update * EVERY))
    horizon = reports * EVERY
    assert told.updates == horizon == result.spec.space.clock.horizon
    assert told.updates_measured % EVERY == 0
    assert all(row.schedule and row.schedule.horizon == horizon for row in result.trials)
    assert {row.baseline for row in result.trials} == {"today: constant 0.1", "c"}

    # Whoever comes later takes the number, in another way to write the time, or as it is.
    for updates, length in (("0.4 s", 7), (horizon, horizon)):
        events.clear()
        cosine = tuner.Cosine(base_lr=0.1, horizon=length)
        found = tune(on_event=events.append, updates=updates, baselines={"c": cosine})
        assert found.spec.fingerprint() == result.spec.fingerprint()
        assert not any(isinstance(event, LengthMeasured) for event in events)
    url = f"sqlite:///{tmp_path / 'train' / 'study.db'}"
    stored = tuner.open_study(storage=url).spec
    assert stored.study_data["task"]["updates"] == horizon
    assert stored.found.length is not None
    assert stored.found.length._asdict() == {
        "time": "0.4s", "length": horizon, "seconds_per_update": told.seconds_per_update,
        "updates_measured": told.updates_measured, "machine": told.machine,
    }  # fmt: skip

    with pytest.raises(StudyError, match=r"task\.updates  0\.4s -> 1h"):
        tune(updates="1h")


@pytest.mark.usefixtures("seconds")
def test_another_length_than_the_study_was_begun_with_is_refused(tune: Tune) -> None:
    tune(updates=20, trials=1)
    with pytest.raises(StudyError, match=r"task\.updates  20 -> 30min"):
        tune(updates="30min", trials=1)


@pytest.mark.parametrize("wrong", ["0min", "30 minutes", "30", "min"])
def test_what_is_no_time_is_a_mistake_that_says_what_is(tune: Tune, wrong: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        tune(updates=wrong, trials=0)
    text = str(caught.value)
    assert f"{wrong!r} is no time above 0. Write '90s', '30min' or '2h'." in text
    assert "Or write a whole number of updates." in text
    assert "trials" in text  # with the other mistakes


def short(trial: Trial) -> None:
    for update in range(1, 2 * EVERY + 1):
        rate = trial.schedule(update)
        if trial.is_due(update):
            trial.report(rate)


def broken(trial: Trial) -> None:
    raise ValueError("no data")


@pytest.mark.parametrize(
    ("training", "updates", "error", "said"),
    [
        (short, "1min", TaskError, "1min is measured first.*but ended after 2"),
        (broken, "1min", TaskError, "1min is measured first.*no data"),
        (train, "0.03s", StudyError, "0.03s must have time for two reports or more, but 5 upd"),
    ],
)
def test_a_training_that_cannot_be_measured_leaves_nothing(
    tune: Tune, tmp_path: Path, training: Any, updates: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        tune(training, updates=updates)
    assert not [*tmp_path.iterdir()]


def test_stopped_in_the_measurement_it_is_measured_another_time(
    tune: Tune, tmp_path: Path
) -> None:
    ended = []

    def watched(trial: Trial) -> None:
        try:
            train(trial)
        finally:
            ended.append(trial.done)

    with pytest.raises(KeyboardInterrupt, match="nothing is stored"):
        tune(watched, updates="1h", stop_requested=lambda: True)
    assert ended == [1]  # as a pruned training ends
    assert not [*tmp_path.iterdir()]


STUDY = """
format = "tuner.study/1"
name = "own"
search_space = "space.toml"
[task]
name = "beside:train"
updates_per_epoch = 2
epochs = "0.4s"
[objective]
metric = "val_loss"
[budget]
trials = 1
[confirm]
enabled = false
[workers]
count = 1
"""
SPACE = """
format = "tuner.search_space/1"
name = "rates"
[params.base_lr]
type = "float"
low = 0.01
high = 1.0
[params.warmup_steps]
type = "int"
low = "0up"
high = "0.1dur"
[fixed]
family = "cosine"
"""
TRAIN = """
import time
def train(trial):
    for epoch in trial.epochs():
        if trial.schedule.horizon > 1_000:
            time.sleep(0.02)
        trial.report(sum(map(trial.schedule, trial.updates_of(epoch))))
"""


@pytest.mark.usefixtures("seconds")
def test_a_study_file_may_say_a_time(tmp_path: Path) -> None:
    for name, text in (("study.toml", STUDY), ("space.toml", SPACE), ("beside.py", TRAIN)):
        (tmp_path / name).write_text(text)
    file = tmp_path / "study.toml"

    def typed(*words: str) -> str:
        result = CliRunner().invoke(app, [*words, str(file)])
        assert result.exit_code == 0, result.output
        return result.output

    before = typed("check")
    assert "0.4s of training, whose updates are measured before the first trial" in before
    assert "at most 0.4s each" in before
    assert "warmup_steps" not in before  # which is a share of what is not known yet
    assert load_spec(file).time == "0.4s"
    said = typed("run")
    assert said.count("0.4s are") == 1
    spec = tuner.open_study(file).spec
    assert f"{spec.epochs} epochs x 2 updates" in typed("check")
    assert "begun with" not in typed("status")
    file.write_text(STUDY.replace('"0.4s"', str(spec.epochs)))
    assert "1 of 1 trials are finished" in typed("check")


def test_a_recorded_table_takes_no_time(tmp_path: Path) -> None:
    text = STUDY.replace('"beside:train"', '"table"\npath = "none.npz"')
    (tmp_path / "study.toml").write_text(text.replace("updates_per_epoch = 2", ""))
    (tmp_path / "space.toml").write_text(SPACE)
    with pytest.raises(DefinitionError, match="a table's trainings are recorded and take no time"):
        load_spec(tmp_path / "study.toml")


SIZE, SIZES = 64, (32, 64)


def with_options(trial: Trial) -> None:
    width, size = trial.params["width"], trial.params["batch_size"]
    assert (trial.updates_per_epoch == 4) is (size == SIZE)
    weight = 1.0
    for epoch in trial.epochs():
        time.sleep(0.005)
        weight *= math.prod(1 - trial.schedule(update) for update in trial.updates_of(epoch))
        trial.report(abs(width * weight))


@pytest.mark.usefixtures("seconds")
def test_what_is_measured_has_the_options_that_trials_have(tune: Tune) -> None:
    told: list[Event] = []
    result = tune(
        with_options, updates=None, report_every=None, epochs="0.1s", updates_per_epoch=4,
        batch_size=SIZE, on_event=told.append,
        space={"family": "cosine", "base_lr": "range"},
        params={"width": tuner.Int(1, 3), "batch_size": tuner.Choice(SIZES)}, base_lr=None,
    )  # fmt: skip
    assert [type(each).__name__ for each in told].count("RampTrained") == 3
    assert result.ended == "done"
