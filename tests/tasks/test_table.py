"""The task that replays recorded trainings, on a table small enough to check by hand."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tuner
from tuner.definition import load_spec
from tuner.errors import DefinitionError, TaskError
from tuner.schedules import Constant, Cosine, Factor, Linear, Schedule, schedule_to_dict
from tuner.tasks import Table, TrainingCollapsed

EPOCHS, UPDATES = 4, 10
HEAD = {
    "task": {"batch_size": 64, "optimizer": "sgd"}, "epochs": EPOCHS, "updates_per_epoch": UPDATES,
    "columns": ["train_loss", "train_accuracy", "test_accuracy", "averaged_accuracy", "seconds"],
    "versions": {"mxnet": "1.9.1", "numpy": "1.26.4", "python": "3.11.7"},
}  # fmt: skip
HORIZON = EPOCHS * UPDATES
SCHEDULES = [
    Constant(base_lr=0.1, horizon=HORIZON),
    Constant(base_lr=0.4, horizon=HORIZON),
    Constant(base_lr=100.0, horizon=HORIZON),
    Factor(base_lr=0.2, horizon=HORIZON, decay_factor=0.1, decay_interval=20),
]
COLLAPSED = 2


def line(number: int, schedule: Schedule, seed: int = 0) -> dict[str, Any]:
    epochs = 2 if number == COLLAPSED else EPOCHS
    first = 0.5 + number / 100 + seed / 1000
    rows = [[2 / e, 0.4, first + e / 10, first + e / 10 + 0.05, 7.5] for e in range(1, epochs + 1)]
    collapse = "collapsed in epoch 3: dead" if number == COLLAPSED else ""
    return {
        "schedule": number, "seed": seed, "curve": schedule_to_dict(schedule),
        "collapse": collapse, "epochs": rows, "space": "hand-made",
    }  # fmt: skip


def written(path: Path, lines: list[Any]) -> Path:
    path.write_text("\n".join(json.dumps(each) for each in lines) + "\n")
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    lines = [line(number, schedule) for number, schedule in enumerate(SCHEDULES)]
    return written(tmp_path / "table.jsonl", [HEAD, *lines, line(1, SCHEDULES[1], seed=3)])


@pytest.fixture
def table(file: Path) -> Table:
    return Table(path=str(file))


def nearest(table: Table, schedule: Schedule, **kwargs: int) -> int:
    return table.nearest(schedule, **({"seed": 0, "epochs": EPOCHS} | kwargs)).number


def test_nearest_is_the_one_with_the_nearest_learning_rates(table: Table) -> None:
    # On the logarithmic axis the middle of 0.1 and 0.4 is 0.2.
    assert nearest(table, Constant(base_lr=0.19, horizon=HORIZON)) == 0
    assert nearest(table, Constant(base_lr=0.21, horizon=HORIZON)) == 1
    assert nearest(table, Constant(base_lr=1e6, horizon=HORIZON)) == COLLAPSED


def test_nearest_is_of_the_same_family_if_there_is_one(table: Table) -> None:
    # Its learning rates are those of the constant 0.1.
    factor = Factor(base_lr=0.1, horizon=HORIZON, decay_factor=1.0, decay_interval=20)
    assert nearest(table, factor) == 3
    # No cosine is recorded. This one is 0.16 decades from 0.1, 0.40 from the factor.
    assert nearest(table, Cosine(base_lr=0.12, final_lr=0.05, horizon=HORIZON)) == 0


def test_only_the_epochs_of_the_study_are_compared(table: Table) -> None:
    # At first like the constant 0.4, on the whole like the factor: 0.2, then 0.02.
    linear = Linear(base_lr=0.4, final_lr=0.002, horizon=HORIZON)
    assert nearest(table, linear, epochs=1) == 1
    whole = {
        number: math.sqrt(
            sum(
                (math.log10(linear(u)) - math.log10(SCHEDULES[number](u))) ** 2
                for u in range(1, HORIZON + 1)
            )
            / HORIZON
        )
        for number in (0, 1, 3)
    }
    assert nearest(table, linear) == min(whole, key=lambda number: whole[number])


def test_learning_rates_of_nothing_are_alike(file: Path, tmp_path: Path) -> None:
    to_zero = Linear(base_lr=0.1, final_lr=0.0, horizon=HORIZON)
    other = Linear(base_lr=0.2, final_lr=1e-9, horizon=HORIZON)
    path = written(tmp_path / "two.jsonl", [HEAD, line(0, to_zero), line(1, other)])
    almost = Linear(base_lr=0.1, final_lr=1e-9, horizon=HORIZON)
    assert nearest(Table(path=str(path)), almost) == 0


def test_small_rates_are_told_apart_on_their_own_scale(tmp_path: Path) -> None:
    rates = [Constant(base_lr=rate, horizon=HORIZON) for rate in (1e-6, 4e-6)]
    lines = [line(number, schedule) for number, schedule in enumerate(rates)]
    found = {}
    for scale in (1.0, 1e-5):
        path = written(tmp_path / f"{scale}.jsonl", [{**HEAD, "lr_scale": scale}, *lines])
        found[scale] = nearest(Table(path=str(path)), Constant(base_lr=3e-6, horizon=HORIZON))
    assert found == {1.0: 0, 1e-5: 1}


def test_an_epoch_is_as_recorded_with_the_learning_rates_of_the_schedule(table: Table) -> None:
    cosine = Cosine(base_lr=0.12, final_lr=0.05, horizon=HORIZON)
    records = [epoch.record for epoch in table.train(cosine, seed=0, epochs=EPOCHS)]
    assert [r.epoch for r in records] == [1, 2, 3, 4]
    assert [r.test_accuracy for r in records] == pytest.approx([0.6, 0.7, 0.8, 0.9])
    assert [r.averaged_accuracy for r in records] == pytest.approx([0.65, 0.75, 0.85, 0.95])
    second = records[1]
    assert (second.train_loss, second.seconds, second.test_loss) == (1.0, 7.5, None)
    assert (second.lr_begin, second.lr_end) == (cosine(11), cosine(20))


def test_a_training_goes_on_from_an_epoch(table: Table) -> None:
    epochs = list(table.train(SCHEDULES[0], seed=0, epochs=EPOCHS))
    rest = list(table.train(SCHEDULES[0], seed=0, epochs=EPOCHS, start=epochs[1].state()))
    assert [epoch.record for epoch in rest] == [epoch.record for epoch in epochs[2:]]
    assert table.training_identity() is None


def test_a_collapsed_training_collapses_in_its_epoch(table: Table) -> None:
    seen = []
    with pytest.raises(TrainingCollapsed, match="collapsed in epoch 3: dead") as caught:
        seen.extend(table.train(SCHEDULES[COLLAPSED], seed=0, epochs=EPOCHS))
    assert caught.value.epoch == 3
    assert len(list(table.train(SCHEDULES[COLLAPSED], seed=0, epochs=2))) == 2


def test_other_seeds_have_trainings_of_their_own(table: Table) -> None:
    (first, *_) = table.train(SCHEDULES[1], seed=3, epochs=EPOCHS)
    assert first.record.test_accuracy == pytest.approx(0.613)
    assert nearest(table, SCHEDULES[0], seed=3) == 1
    with pytest.raises(TaskError, match=r"task\.seed must be a recorded one, of 0, 3, but got 5"):
        next(table.train(SCHEDULES[1], seed=5, epochs=EPOCHS))


def test_identity_is_the_content_and_not_the_place(file: Path, tmp_path: Path) -> None:
    table = Table(path=str(file))
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(file.read_bytes())
    assert Table(path=str(copy)).identity() == table.identity()
    assert table.identity()["optimizer"] == "sgd"
    assert (table.batch_size, table.updates_per_epoch) == (64, UPDATES)
    assert table.versions() == {"mxnet": "1.9.1", "numpy": "1.26.4"}
    more = written(tmp_path / "more.jsonl", [HEAD, line(0, SCHEDULES[0])])
    assert Table(path=str(more)).identity() != table.identity()


STUDY = """
format = "tuner.study/1"
name = "replayed"
search_space = "{space}"
[task]
name = "table"
path = "table.jsonl"
epochs = 4
[budget]
trials = 8
[confirm]
enabled = false
[workers]
count = {workers}
"""
SPACE = Path(__file__).parents[2] / "search_spaces" / "chapter.toml"


def study(folder: Path, *edits: tuple[str, str], workers: int = 1) -> Path:
    text = STUDY.format(space=SPACE, workers=workers)
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    path = folder / "replayed.toml"
    path.write_text(text)
    return path


WITHOUT_MXNET = """
import sys
sys.modules["mxnet"] = None  # importing it raises ImportError
import tuner
result = tuner.run_study(sys.argv[1])
assert "mxnet" in sys.modules and sys.modules["mxnet"] is None
print(result.summary.finished, result.best_schedule)
"""


@pytest.mark.usefixtures("processes")
def test_a_study_runs_without_mxnet(file: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_MXNET, str(study(tmp_path))],
        capture_output=True, text=True, check=False, cwd="/",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("8 ")
    saved = tuner.read_schedule_file(tmp_path / "replayed" / "best.json")
    assert saved.batch_size == 64
    assert saved.provenance["task"]["name"] == "table"
    assert saved.provenance["task"]["table"].startswith("sha256:")
    assert saved.provenance["versions"]["mxnet"] == "1.9.1"


@pytest.mark.usefixtures("processes")
def test_the_database_is_enough_from_any_folder(
    file: Path, tmp_path: Path, tuner_command: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = tuner_command("run", study(tmp_path).name, "--trials", 5)
    assert ran.code == 0
    assert "schedule(update)" in ran.out  # nothing was trained with MXNet here
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    url = f"sqlite:///{tmp_path}/replayed/study.db"
    again = tuner_command("resume", "--storage", url, "--workers", 2, cwd=elsewhere)
    assert again.code == 0, again
    assert "8/8" in again.out + again.err


def test_the_same_table_elsewhere_is_the_same_study(file: Path, tmp_path: Path) -> None:
    before = load_spec(study(tmp_path)).fingerprint()
    (tmp_path / "tables").mkdir()
    file.rename(tmp_path / "tables" / "other.jsonl")
    moved = study(tmp_path, ('"table.jsonl"', '"tables/other.jsonl"'))
    assert load_spec(moved).fingerprint() == before


FIRST, REST = HEAD, line(0, SCHEDULES[0])
# fmt: off
DAMAGED: list[tuple[list[Any], str]] = [
    ([FIRST], "has 1 lines"),
    ([{"a": 1}, REST], "line 1 of {path} is none: task: Field required"),
    ([FIRST | {"columns": ["test_accuracy"]}, REST], "`columns` lacks train_loss, train_accuracy"),
    ([FIRST | {"task": {}}, REST], "`task` must have a batch_size, but is {{}}"),
    ([FIRST, REST, {"a": 1}], "line 3 of {path} is none: schedule: Field required"),
    ([FIRST, REST | {"epochs": REST["epochs"][:3]}],
     "it must have 4 epochs, or fewer and a reason, but has 3 and ''"),
    ([FIRST, REST | {"collapse": "x"}], "fewer and a reason, but has 4 and 'x'"),
    ([FIRST, REST | {"curve": {"family": "new", "params": {}}}], "line 2 of {path} is none:"),
]
# fmt: on


@pytest.mark.parametrize(("lines", "words"), DAMAGED)
def test_a_damaged_table_is_a_mistake_of_the_study(
    lines: list[Any], words: str, tmp_path: Path
) -> None:
    path = written(tmp_path / "table.jsonl", lines)
    with pytest.raises(DefinitionError) as caught:
        load_spec(study(tmp_path))
    [(place, text)] = caught.value.mistakes
    assert place == "task.path"
    assert text.startswith("must hold recorded trainings, but ")
    assert words.format(path=path) in text
    assert "record_curves.py" in text


def test_a_table_cut_off_in_a_line(file: Path, tmp_path: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(DefinitionError, match=r"line 6 of .* is none: Invalid JSON"):
        load_spec(study(tmp_path))


@pytest.mark.parametrize(
    ("edit", "place", "words"),
    [
        (('"table.jsonl"', '"tabel.jsonl"'), "path", "tabel.jsonl: No such file or directory"),
        (('"table.jsonl"', '"."'), "path", "Is a directory"),
        (('"table.jsonl"', '"a\\u0000b"'), "path", "embedded null byte"),
        (('"table.jsonl"', "3"), "path", "must be a text, but got 3"),
        (('path = "table.jsonl"', ""), "path", "is required, but missing"),
        (("path =", "pth ="), "pth", "did you mean 'path'?"),
        (("epochs = 4", "epochs = 5"), "epochs", "must be <= 4, the table's epochs, but got 5"),
        (("epochs = 4", "epochs = 4\nseed = 1"), "seed", "of 0, 3, but got 1"),
        (
            ("[budget]", "[objective]\nevaluate_on = 'holdout'\n[budget]"),
            "objective.evaluate_on",
            "must be 'test', on which the table's trainings were judged, but got 'holdout'",
        ),
        (
            ("enabled = false", "enabled = true"),
            "confirm.enabled",
            "must be false, for it trains from seed 1, but task.seed must be a recorded one",
        ),
    ],
)
def test_a_mistake_has_its_place(
    edit: tuple[str, str], place: str, words: str, file: Path, tmp_path: Path
) -> None:
    with pytest.raises(DefinitionError) as caught:
        load_spec(study(tmp_path, edit))
    [(where, text)] = caught.value.mistakes
    assert where == (place if "." in place else f"task.{place}")
    assert words in text
