"""A ramp of the learning rate: where training begins, where it collapses, and what it is not."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tuner
from tuner.errors import DefinitionError, StudyError, TaskError
from tuner.reading.toml import tomllib
from tuner.search import Event, RampTrained, RatesFound, from_json, to_json
from tuner.tasks import FunctionTask

STUDY = """
format = "tuner.study/1"
name = "own"
search_space = "space.toml"
[task]
epochs = 3
[objective]
metric = "loss"
[budget]
trials = 1
"""
SPACE = """
format = "tuner.search_space/1"
name = "rates"
[params.base_lr]
type = "float"
low = 0.01
high = 1.0
[fixed]
family = "cosine"
"""
UPDATES = 20


@pytest.fixture
def study(tmp_path: Path) -> Path:
    (tmp_path / "study.toml").write_text(STUDY)
    (tmp_path / "space.toml").write_text(SPACE)
    return tmp_path / "study.toml"


def quadratic(curvature: float, noise: float = 0.1) -> FunctionTask:
    """Return gradient descent in a parabola, which is stable below 2 / curvature."""

    def train(schedule: tuner.Schedule, seed: int, start: object) -> Any:
        random = np.random.default_rng(seed)
        weight, update = 1.0, 0
        while True:
            losses = []
            for _ in range(UPDATES):
                update += 1
                losses.append(0.5 * curvature * weight**2)
                gradient = curvature * (weight + noise * random.normal())
                weight -= schedule(update) * gradient
            yield float(np.mean(losses))

    return FunctionTask(train, updates_per_epoch=UPDATES)


@pytest.mark.parametrize("curvature", [0.5, 4.0, 60.0])
def test_a_parabola_collapses_at_two_through_its_curvature(study: Path, curvature: float) -> None:
    events: list[Event] = []
    found = tuner.lr_range(
        study, task=quadratic(curvature), low=1e-5, high=100.0, on_event=events.append
    )
    assert found.collapses is not None
    assert 0.5 < found.collapses / (2 / curvature) < 2
    assert found.begins < found.steepest < found.collapses
    assert (found.low, found.high) == tuple(
        float(f"{rate:.2g}") for rate in (found.begins, found.collapses / 2)
    )
    assert found.measured == "loss"
    assert (found.reports, len(found.points), len(found.seeds)) == (20, 20, 3)
    assert found.resolution == pytest.approx(1e7 ** (UPDATES / (20 * UPDATES - 1)))
    assert found.notes == ()
    space = tomllib.loads(found.toml)["params"]["base_lr"]
    assert space == {"type": "float", "low": found.low, "high": found.high, "log": True}
    assert [type(event) for event in events] == [RampTrained] * 3
    assert from_json(to_json(events[0])) == events[0]
    again = tuner.lr_range(study, task=quadratic(curvature), low=1e-5, high=100.0)
    assert again == found
    assert sorted(path.name for path in study.parent.iterdir()) == ["space.toml", "study.toml"]


def test_a_ramp_that_never_collapses_says_so(study: Path) -> None:
    found = tuner.lr_range(study, task=quadratic(1.0), low=1e-4, high=0.5)
    assert found.collapses is None
    assert found.high == 0.5
    assert any("never collapses" in note and "Raise --high" in note for note in found.notes)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (1e-9, 1e-7, "gains less than 1 % of what it was.*Raise --high"),
        (1e4, 1e6, "must train before it collapses.*Lower --low"),
        (1.0, 0.1, r"`low < high` must hold, but got \(low=1.0, high=0.1\)"),
        (0.0, math.inf, "`low` must be a number above 0, but got 0.0; `high` must be"),
    ],
)
def test_ramps_that_show_nothing(study: Path, low: float, high: float, said: str) -> None:
    with pytest.raises(StudyError, match=said):
        tuner.lr_range(study, task=quadratic(1.0), low=low, high=high)


def test_numbers_that_are_none(study: Path) -> None:
    with pytest.raises(StudyError, match=r"`epochs`.*5 or more, but got 2; `seeds`.*got 0"):
        tuner.lr_range(study, task=quadratic(1.0), epochs=2, seeds=0)


def test_a_training_that_breaks_says_at_which_rate(study: Path) -> None:
    def train(schedule: tuner.Schedule, seed: int, start: object) -> Any:
        for update in range(1, 100):
            if schedule(update) > 1e-3:
                raise ValueError("too fast")
            yield 1.0

    with pytest.raises(
        TaskError, match=r"too fast.*learning rate of 0\.00[12].*give --high below"
    ):
        tuner.lr_range(study, task=FunctionTask(train, updates_per_epoch=1))


def test_stopped_it_leaves_nothing(study: Path) -> None:
    with pytest.raises(KeyboardInterrupt, match="nothing is stored"):
        tuner.lr_range(study, task=quadratic(1.0), stop_requested=lambda: True)
    assert sorted(path.name for path in study.parent.iterdir()) == ["space.toml", "study.toml"]


@pytest.mark.usefixtures("seconds")
def test_a_network_of_pytorch_is_read_by_its_train_loss(study: Path) -> None:
    torch = pytest.importorskip("torch")
    from tuner.tasks import TorchTask

    inputs = torch.randn(64, 4, generator=torch.Generator().manual_seed(0))
    labels = (inputs.sum(1) > 0).long()
    data = torch.utils.data.TensorDataset(inputs, labels)
    task = TorchTask(
        net=lambda: torch.nn.Linear(4, 2), train_data=data, test_data=data, batch_size=8
    )
    study.write_text(STUDY.replace('"loss"', '"test_accuracy"'))
    found = tuner.lr_range(study, task=task, low=1e-5, high=1e5, seeds=2, epochs=12)
    assert found.measured == "train loss"
    assert found.points[0].mean == pytest.approx(math.log(2), abs=0.4)
    assert found.collapses is not None
    assert found.begins < found.collapses


MODULE = """
from tests.studies.test_lr_range import quadratic
def make():
    return quadratic(4.0)
"""


def test_the_command_writes_a_table_json_and_csv(study: Path, tuner_command: Callable) -> None:
    (study.parent / "parabola.py").write_text(MODULE)
    study.write_text(STUDY.replace("[task]", '[task]\nname = "parabola:make"'))
    typed = ("range", study, "--low", "1e-4", "--high", "10", "--epochs", "12", "--seeds", "2")
    said = tuner_command(*typed)
    assert said.code == 0, said.err
    assert "collapses" in said.out
    assert "[params.base_lr]" in said.out
    assert "no best learning rate" in said.err
    assert said.err.count("trained up to") == 2
    whole = json.loads(tuner_command(*typed, "--format", "json", "-q").out)
    assert 0.25 < whole["collapses"] < 1
    assert f"high = {whole['high']}" in said.out
    assert len(whole["points"]) == whole["reports"] == 12
    assert whole["points"][-1]["mean"] is None or whole["points"][-1]["mean"] > 1
    assert "no schedule" in whole["caveat"]
    assert tuner_command(*typed, "--format", "csv", "-q").out.splitlines()[0] == "lr,mean,sd,raw"
    wrong = tuner_command("range", study, "--low", "2", "--high", "1")
    assert (wrong.code, wrong.out) == (2, "")
    assert "`low < high` must hold" in wrong.err


def test_what_cannot_follow_a_ramp_is_refused(study: Path) -> None:
    table = Path(__file__).parents[1] / "released" / "0.1.0" / "curves.jsonl"
    recorded = f'[task]\nname = "table"\npath = "{table}"'
    text = STUDY.replace('"loss"', '"test_accuracy"')
    study.write_text(text.replace("[task]", recorded) + "[confirm]\nenabled = false\n")
    with pytest.raises(TaskError, match="a table's trainings are recorded"):
        tuner.lr_range(study)
    command = '[task]\ncommand = "train --lr {base_lr}"\nupdates_per_epoch = 2\nvalue = "(.*)"'
    study.write_text(STUDY.replace("[task]", command))
    with pytest.raises(TaskError, match=r"told fields of a family.*Give it \{rates\}"):
        tuner.lr_range(study)


def named(study: Path, bounds: str) -> None:
    (study.parent / "parabola.py").write_text(MODULE)
    study.write_text(
        STUDY.replace("[task]", '[task]\nname = "parabola:make"')
        + "[confirm]\nenabled = false\n[workers]\ncount = 1\n"
    )
    text = SPACE.replace('type = "float"\nlow = 0.01\nhigh = 1.0', bounds)
    (study.parent / "space.toml").write_text(text)


@pytest.mark.usefixtures("seconds")
def test_a_space_may_leave_its_bounds_to_a_ramp(study: Path, tuner_command: Callable) -> None:
    named(study, 'type = "range"')
    planned = tuner_command("check", study)
    assert "base_lr: a range, which is found by a ramp before the first trial" in planned.out
    events: list[Event] = []
    result = tuner.run_study(study, on_event=events.append)
    [told] = [event for event in events if isinstance(event, RatesFound)]
    assert from_json(to_json(told)) == told
    found = tuner.lr_range(study)
    assert (told.low, told.high, told.seeds) == (found.low, found.high, 3)
    assert result.spec.space.base_lrs == (found.low, found.high)
    [row] = result.trials
    assert found.low <= row.params["base_lr"] <= found.high

    # Whoever comes later takes the numbers, and another way to write them is the same study.
    stored = tuner.open_study(study).spec
    assert stored.space_data["params"]["base_lr"] == tomllib.loads(found.toml)["params"]["base_lr"]
    assert stored.found.rates is not None
    assert tuple(stored.found.rates) == told[1:]
    assert tuner_command("status", study).err == ""
    assert "1 of 1 trials are finished" in tuner_command("check", study).err
    for bounds in ('type = "range"', found.toml.partition("\n")[2]):
        named(study, bounds)
        events.clear()
        again = tuner.run_study(study, on_event=events.append)
        assert not any(isinstance(event, (RatesFound, RampTrained)) for event in events)
        assert again.spec.fingerprint() == result.spec.fingerprint()
        assert tuner.open_study(study).spec.found == stored.found


@pytest.mark.usefixtures("seconds")
def test_in_python_the_word_alone_says_so(tmp_path: Path) -> None:
    usual: dict[str, Any] = {
        "epochs": 3, "metric": "loss", "trials": 1, "confirm": False, "folder": tmp_path,
        "name": "own", "on_event": lambda _: None,
        "space": {"family": "cosine", "base_lr": "range"},
    }  # fmt: skip
    with pytest.raises(KeyboardInterrupt, match="nothing is stored"):
        tuner.tune(quadratic(4.0), stop_requested=lambda: True, **usual)
    assert not [*tmp_path.iterdir()]
    with pytest.raises(StudyError, match=r"Raise --high.*`tuner range` of a study with bounds"):
        tuner.tune(quadratic(1e-7), **usual)
    assert not [*tmp_path.iterdir()]
    result = tuner.tune(quadratic(4.0), **usual)
    low, high = result.spec.space.base_lrs
    assert low < high < 1
    usual["space"] = {"family": "cosine", "base_lr": tuner.Float(low, high, log=True)}
    assert tuner.tune(quadratic(4.0), **usual).spec.fingerprint() == result.spec.fingerprint()


@pytest.mark.usefixtures("seconds")
def test_a_study_with_other_bounds_is_refused(study: Path) -> None:
    named(study, 'type = "float"\nlow = 0.01\nhigh = 1.0')
    tuner.run_study(study)
    named(study, 'type = "range"')
    with pytest.raises(StudyError, match=r"params\.base_lr  0\.01\.\.1 -> range"):
        tuner.run_study(study)


def test_what_is_beside_the_word_is_a_mistake(study: Path) -> None:
    named(study, 'type = "range"\nlow = 0.1')
    with pytest.raises(DefinitionError, match=r"space\.toml: params\.base_lr\.low  unknown key"):
        tuner.check_study(study)
