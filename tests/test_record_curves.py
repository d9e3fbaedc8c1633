"""The recorder of curves on a task that trains in no time, and the tables that it wrote."""

from __future__ import annotations

import doctest
import importlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tuner.schedules import Schedule
from tuner.tasks import TrainingCollapsed
from tuner.tasks.recording import read_recording

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
TASKS = ("lenet", "cnn", "transformer", "finetune")
SCHEDULES = 12


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("record_curves")


def train(number: int, schedule: Schedule, seed: int) -> Iterator[list[float]]:
    """Be as good as the number of the schedule says; the fifth collapses after an epoch."""
    for epoch in range(1, 4):
        if number == 5 and epoch == 2:
            raise TrainingCollapsed(epoch, "diverged")
        accuracy = number / 100 + epoch / 10 + seed / 1000
        yield [1.0, 0.5, accuracy, 1.0, accuracy, 1.0, schedule(1)]


@pytest.fixture
def task(recorder: Any) -> Any:
    return recorder.RecordedTask(
        {"batch_size": 8}, 20, train, ("numpy",), epochs=3, schedules=SCHEDULES, lr_scale=1e-3
    )


def test_what_is_drawn(recorder: Any, task: Any) -> None:
    drawn = recorder.jobs(task)
    assert [job.schedule for job in drawn] == [*range(SCHEDULES)]
    assert {job.space for job in drawn[::2]} == {"chapter"}
    assert {job.space for job in drawn[1::2]} == {"modern"}
    assert drawn == recorder.jobs(task)
    # Those of the spaces, 0.01 to 1 and 0.02 to 1, times the scale.
    assert all(1e-5 <= job.curve.base_lr <= 1e-3 for job in drawn)
    for job in drawn[2::3]:
        assert job.params.get("warmup_steps", 0) == 0
        assert job.curve.family == "one_cycle" or job.curve(0) == job.curve.base_lr
    as_drawn = recorder.jobs(task._replace(bare_every=None))
    assert sum(each.params.get("warmup_steps", 1) > 0 for each in as_drawn[2::3]) >= 2
    assert [job.params | {"warmup_steps": 0} for job in drawn] == [
        each.params | {"warmup_steps": 0} for each in as_drawn
    ]


@pytest.mark.usefixtures("processes")  # `uname`, for the first line
def test_a_table_goes_on_where_it_stopped(recorder: Any, task: Any, tmp_path: Path) -> None:
    path, whole = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    for job, _ in zip(recorder.Table("a", task, path).missing(), range(7), strict=False):
        recorder.Table("a", task, path).record(job)
    for part in (0, 1, 0):  # the best can be told when both have done their half
        table = recorder.Table("a", task, path, (part, 2))
        for job in table.missing():
            table.record(job)
    tables = [recorder.Table(name, task, whole) for name in "a"]
    for table, job in recorder.in_turn(tables):
        table.record(job)
    assert sorted(path.read_text().splitlines()) == sorted(whole.read_text().splitlines())
    recording = read_recording(str(whole))
    assert (recording.head.lr_scale, recording.head.chance) == (1e-3, 0.1)
    seeds = Counter(each.number for each in recording.trainings)
    assert seeds == {number: 1 if number == 5 else 3 for number in range(SCHEDULES)}
    assert [each.number for each in recording.trainings if each.collapse] == [5]
    assert next(iter(recorder.Table("a", task, path).missing()), None) is None
    with pytest.raises(ValueError, match=r"must be of the task {'batch_size': 9}, but is of"):
        recorder.Table("a", task._replace(identity={"batch_size": 9}), path)


@pytest.mark.usefixtures("processes")  # `uname`, for the first line
def test_tables_take_turns(recorder: Any, task: Any, tmp_path: Path) -> None:
    tables = [
        recorder.Table(name, task._replace(schedules=number), tmp_path / name)
        for name, number in (("a", 1), ("b", 3))
    ]
    turns = [(table.name, job.schedule) for table, job in recorder.in_turn(tables)]
    assert turns == [("a", 0), ("b", 0), ("b", 1), ("b", 2)]


@pytest.mark.parametrize("name", TASKS)
def test_what_was_recorded(recorder: Any, name: str) -> None:
    path = recorder.table_of(name)
    recording = read_recording(str(path))
    assert recording.head.epochs == 10
    first = [json.loads(text) for text in path.read_text().splitlines()[1:]]
    first = [line for line in first if line["seed"] == 0]
    assert len({line["schedule"] for line in first}) == len(first)
    scale = recording.head.lr_scale
    assert all(0.01 <= line["params"]["base_lr"] / scale <= 1.0001 for line in first)
    if name != "lenet":
        bare = sum(line["params"].get("warmup_steps") == 0 for line in first)
        assert bare >= 0.27 * len(first)


def test_the_names_of_results(recorder: Any) -> None:
    tasks = importlib.import_module("tasks_recorded")
    assert tasks.NAMES == TASKS
    assert doctest.testmod(tasks).failed == 0
