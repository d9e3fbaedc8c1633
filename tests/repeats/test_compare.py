"""Comparisons of real trainings: kill and resume, files, more seeds, the page."""

from __future__ import annotations

import csv
import io
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import optuna
import pytest

import tuner
from tuner.errors import DefinitionError, StudyError
from tuner.repeats import Comparison
from tuner.search import TrialStarted
from tuner.studies import StudyResult

from ..report.reading import Page

ROOT = Path(__file__).parents[2]
TASK = "train_size = 480\ntest_size = 300\nbatch_size = 24"
SPACE = """
format = "tuner.search_space/1"
name = "three"
[fixed]
family = "constant"
[params.base_lr]
type = "float"
low = 0.1
high = 1.0
[[baseline]]
label = "constant 0.2"
base_lr = 0.2
published = "0.88 ± 0.01"
[[baseline]]
label = "cosine, updates"
family = "cosine"
base_lr = 0.3
final_lr = 0.01
horizon = "10up"
[[baseline]]
label = "too hot"
base_lr = 1.0
warmup_begin_lr = 0.0
"""


@pytest.fixture
def three(write_study: Callable, tmp_path: Path) -> Path:
    """Return a study that was not run, of three baselines."""
    (tmp_path / "three.toml").write_text(SPACE)
    return write_study(trials=3, epochs=2, task=TASK, space="three.toml")


@pytest.fixture
def quick(write_study: Callable, tmp_path: Path) -> Path:
    """Return the same study over trainings that cost nothing."""
    (tmp_path / "three.toml").write_text(SPACE)
    return write_study(trials=3, epochs=2, space="three.toml", sleeps=0.0)


def compared(result: StudyResult) -> Comparison:
    assert result.comparison is not None
    return result.comparison


def without_seconds(found: Comparison) -> Comparison:
    return found._replace(
        schedules=tuple(
            each._replace(
                repeats=tuple(
                    r._replace(records=tuple(e._replace(seconds=0.0) for e in r.records))
                    for r in each.repeats
                )
            )
            for each in found.schedules
        )
    )


def test_the_baselines_of_a_study_that_was_not_run(three: Path) -> None:
    events: list[object] = []
    result = tuner.compare_study(three, seeds=2, on_event=events.append)
    found = compared(result)
    assert [each.label for each in found.schedules] == [
        "constant 0.2", "cosine, updates", "too hot",
    ]  # fmt: skip
    assert found.schedules[0].published == "0.88 ± 0.01"
    task = result.spec.task
    for each in found.schedules[:2]:
        assert [repeat.seed for repeat in each.repeats] == [1, 2]
        for repeat in each.repeats:
            own = [e.record for e in task.train(each.schedule, seed=repeat.seed, epochs=2)]
            assert [r._replace(seconds=0) for r in repeat.records] == [
                r._replace(seconds=0) for r in own
            ]
            assert repeat.value == own[-1].test_accuracy
    assert found.missing == 0
    starts = [event for event in events if isinstance(event, TrialStarted)]
    assert starts[0].baseline == "constant 0.2, seed 1"
    # The study itself is there, to be run; its trainings are not these.
    assert optuna.get_all_study_names(result.storage) == ["small", "small.compare"]
    assert [row.state for row in result.trials] == ["waiting"] * 3
    page = Page((result.folder / "compare.html").read_text())
    assert page.unbalanced == []
    head, *rows = page.tables["table-compared"]
    assert head[:5] == ["schedule", "seeds", "train loss", "train acc", "test acc"]
    values = [r.value for r in found.schedules[0].repeats]
    spread = f"{statistics.mean(values):.3f} ± {statistics.stdev(values):.3f}"
    assert rows[0][0] == "constant 0.2"
    behind = found.behind(found.schedules[0])
    assert rows[0][4:7] == [
        spread,
        f"{behind.mean:+.4f} ({behind.low:+.4f}..{behind.high:+.4f})",
        "0.88 ± 0.01",
    ]
    again: list[object] = []
    assert compared(tuner.compare_study(three, seeds=2, on_event=again.append)) == found
    assert again == []


def test_schedules_and_seeds_are_added_to_it(quick: Path, tmp_path: Path) -> None:
    mine = tuner.Linear(base_lr=0.3, horizon=24, final_lr=0.0)
    tuner.save_schedule(mine, tmp_path / "mine.json", updates_per_epoch=16)
    first = compared(tuner.compare_study(quick, [tmp_path / "mine.json"], seeds=2))
    assert [each.schedule for each in first.schedules] == [mine]
    assert first.schedules[0].label == str(tmp_path / "mine.json")
    second = compared(tuner.compare_study(quick, seeds=3))
    assert len(second.schedules) == 4
    assert second.schedules[0].repeats[:2] == first.schedules[0].repeats
    assert all(len(each.repeats) == 3 for each in second.schedules)


def test_who_comes_later_gets_as_many_seeds_and_another_first_seed_counts_alone(
    quick: Path, tmp_path: Path
) -> None:
    tuner.compare_study(quick, seeds=3)
    new = tuner.Constant(base_lr=0.25, horizon=32)
    tuner.save_schedule(new, tmp_path / "new.json")
    found = compared(tuner.compare_study(quick, [tmp_path / "new.json"], seeds=2))
    assert [[r.seed for r in each.repeats] for each in found.schedules] == [[1, 2, 3]] * 4
    quick.write_text(quick.read_text().replace("[confirm]\n", "[confirm]\nseed = 3\n"))
    found = compared(tuner.compare_study(quick, seeds=2))
    assert [[r.seed for r in each.repeats] for each in found.schedules] == [[3, 4]] * 4


def test_killed_in_the_middle_it_ends_as_one_that_was_not(
    three: Path, tmp_path: Path, tuner_command: Callable, capfd: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path}/whole/study.db"
    ran = tuner_command("compare", three, "--seeds", 2, "--storage", url)
    assert ran.code == 0, ran
    whole = compared(tuner.open_study(three, storage=url))
    command = [sys.executable, "-m", "tuner", "compare", str(three), "--seeds", "2"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            if (three.with_suffix("") / "study.db").exists():
                found = tuner.open_study(three).comparison
                if found and found.trained >= 2:
                    process.kill()
            time.sleep(0.1)
    assert process.returncode == -9
    ran = tuner_command("compare", three, "--seeds", 2)
    assert ran.code == 0, ran
    found = compared(tuner.open_study(three))
    with capfd.disabled():
        print("\nSIGKILL of a comparison at a moment of 6 trainings: the same table")
    assert without_seconds(found) == without_seconds(whole)
    assert "constant 0.2" in ran.out
    assert ", n = 2; the seeds " in " ".join(ran.out.split())
    assert f"wrote {three.with_suffix('')}/compare.html" in ran.err
    url = f"sqlite:///{three.with_suffix('')}/study.db"
    three.unlink()  # the database alone must do
    table = tuner_command("compare", "--storage", url, "--seeds", 2, "--format", "csv").out
    rows = list(csv.DictReader(io.StringIO(table)))
    means = [each.value and each.value.mean for each in found.schedules]
    assert [float(row["value_mean"]) for row in rows] == means


def test_what_cannot_be_compared(three: Path, tmp_path: Path, tuner_command: Callable) -> None:
    other = tmp_path / "other.json"
    tuner.save_schedule(tuner.Constant(base_lr=0.1, horizon=40), other, updates_per_epoch=235)
    with pytest.raises(StudyError, match="must be for 20 updates an epoch, as the trainings of"):
        tuner.compare_study(three, [other])
    tuner.save_schedule(tuner.Constant(base_lr=0.1, horizon=41), other)
    with pytest.raises(StudyError, match=r"The horizon of .* must be <= 40, .* but is 41"):
        tuner.compare_study(three, [other])
    for seeds in (1, 1001):
        with pytest.raises(StudyError, match="`seeds` must be a whole number of 2 to 1000"):
            tuner.compare_study(three, seeds=seeds)
    with pytest.raises(StudyError, match="named by its file or by --storage URL"):
        tuner.compare_study()
    text = three.read_text()
    three.write_text(text.replace('name = "small"', 'name = "small.compare"'))
    with pytest.raises(DefinitionError, match=r"must not end in '\.confirm' or '\.compare'"):
        tuner.compare_study(three)
    assert not three.with_suffix("").exists()  # nothing was begun
    three.write_text(text)
    assert tuner_command("compare", three, tmp_path / "none.json").code == 2
    result = tuner.run_study(three, trials=1)
    with pytest.raises(StudyError, match="must have a comparison, but has none"):
        result.report_comparison(tmp_path / "page.html")


@pytest.mark.usefixtures("training")
def test_the_chapters_schedules_in_epochs_and_in_updates() -> None:
    """Asked in order, MXNet's own objects give the rates of those in updates."""
    spec = tuner.check_study(ROOT / "studies" / "chapter.toml").spec
    by_label = {b.label: b.schedule for b in spec.space.baselines}
    assert len(by_label) == 9
    updates = range(1, spec.space.clock.horizon + 1)
    lr_scheduler = tuner.import_mxnet().lr_scheduler
    theirs = {
        "multi factor": lr_scheduler.MultiFactorScheduler([15, 30], factor=0.5, base_lr=0.5),
        "cosine": lr_scheduler.CosineScheduler(20, base_lr=0.3, final_lr=0.01),
        "warmup": lr_scheduler.CosineScheduler(20, base_lr=0.3, final_lr=0.01, warmup_steps=5),
        "square root": lambda update: 0.1 * (update + 1.0) ** -0.5,
    }
    for label, scheduler in theirs.items():
        expected = [0.01 if label in ("cosine", "warmup") and u > 20 else scheduler(u)
                    for u in updates]  # fmt: skip
        assert by_label[f"{label}, updates"](updates) == pytest.approx(expected, rel=1e-12)
        # In epochs the same shape is 235 times as long.
        slow = by_label[f"{label}, epochs"]
        for epoch in (1, 5, 12, 20, 29):
            fast = by_label[f"{label}, updates"](epoch)
            assert slow(235 * epoch) == pytest.approx(fast, rel=1e-9)
