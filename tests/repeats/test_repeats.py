"""Confirms and comparisons that are begun again: what failed, other seeds, changed files."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import tuner
from tuner.errors import StudyError, TrainingError
from tuner.repeats import Confirmation
from tuner.report import confirmed_sentence
from tuner.studies import run_worker
from tuner.tasks import FunctionTask, State

pytestmark = pytest.mark.usefixtures("seconds")

SPACE = """
format = "tuner.search_space/1"
name = "constants"
[fixed]
family = "constant"
[params.base_lr]
type = "float"
low = 0.1
high = 0.3
"""
BASELINE = """
[[baseline]]
label = "low"
base_lr = 0.1
"""
STUDY = """
format = "tuner.study/1"
name = "own"
search_space = "space.toml"
[task]
epochs = 1
[objective]
metric = "score"
direction = "maximize"
[budget]
trials = {trials}
[workers]
count = 1
[pruner]
type = "none"
[confirm]
enabled = false
"""


class Trainings:
    """A task whose score is the base LR and something of the seed; it notes what it trains."""

    def __init__(self) -> None:
        self.seeds: list[int] = []
        self.fails: Callable[[float, int], bool] = lambda _rate, _seed: False
        self.score: Callable[[float, int], float] = lambda rate, seed: rate + 0.001 * seed
        self.task = FunctionTask(self._train, updates_per_epoch=10)

    def _train(self, schedule: tuner.Schedule, seed: int, start: State | None) -> Iterator[float]:
        assert start is None
        self.seeds.append(seed)
        while True:
            if self.fails(schedule.base_lr, seed):
                raise OSError("the disk is away")
            yield self.score(schedule.base_lr, seed)


@pytest.fixture
def own() -> Trainings:
    return Trainings()


@pytest.fixture(scope="module")
def searched_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("searched") / "own.toml"
    path.with_name("space.toml").write_text(SPACE + BASELINE)
    path.write_text(STUDY.format(trials=4))
    tuner.run_study(path, task=Trainings().task)
    return path


@pytest.fixture
def study(searched_once: Path, tmp_path: Path) -> Path:
    """Return a study that was searched: a baseline, and three schedules that are better."""
    shutil.copytree(searched_once.parent, tmp_path, dirs_exist_ok=True)
    return tmp_path / searched_once.name


def confirm(study: Path, own: Trainings, **numbers: int) -> Confirmation:
    found = tuner.confirm_study(study, task=own.task, **numbers).confirmed
    assert found is not None
    return found


def labelled(found: Confirmation) -> dict[str, dict[int, float]]:
    return {candidate.label: candidate.values for candidate in found.candidates}


def test_a_finalist_of_a_longer_study_can_win(study: Path, own: Trainings) -> None:
    # Now the baseline is the better one, now the others: tied to the last seed.
    own.score = lambda rate, seed: 0.3 + 0.01 * ((rate > 0.1) == (seed % 2))
    first = confirm(study, own, top=1, seeds=2, max_seeds=4)
    assert [len(values) for values in labelled(first).values()] == [4, 4]
    own.score = lambda rate, _seed: 0.9 + rate
    study.write_text(STUDY.format(trials=8))
    longer = tuner.run_study(study, task=own.task)
    best = max(longer.trials, key=lambda row: row.value or 0)
    assert best.number >= 4
    second = confirm(study, own, top=1, seeds=2, max_seeds=4)
    assert second.winner is not None
    assert second.winner.schedule == best.schedule
    assert len(second.tie_set) == 1


def test_what_failed_once_is_trained_when_it_is_begun_again(study: Path, own: Trainings) -> None:
    best = tuner.run_study(study, task=own.task).best
    assert best.schedule is not None
    rate = best.schedule.base_lr
    own.fails = lambda base_lr, seed: (base_lr, seed) == (rate, 2)
    first = confirm(study, own, top=1, seeds=3, max_seeds=3)
    assert labelled(first)[f"trial {best.number}"].keys() == {1, 3}
    assert first.winner is not None
    assert first.winner.label == "low"
    own.fails = lambda _rate, _seed: False
    own.seeds.clear()
    second = confirm(study, own, top=1, seeds=3, max_seeds=3)
    assert own.seeds == [2]
    assert second.winner is not None
    assert second.winner.schedule == best.schedule


def test_if_all_fail_it_is_an_error_and_not_the_end(study: Path, own: Trainings) -> None:
    # Fewer than three in a row, for which the worker itself gives up.
    (study.parent / "space.toml").write_text(SPACE)
    study.write_text(STUDY.format(trials=3).replace('"own"', '"alone"'))
    tuner.run_study(study, task=own.task)
    own.fails = lambda _rate, _seed: True
    for _ in range(2):
        with pytest.raises(TrainingError, match=r"^All 2 trials failed.*disk is away"):
            confirm(study, own, top=1, seeds=2, max_seeds=2)
    own.fails = lambda _rate, _seed: False
    assert confirm(study, own, top=1, seeds=2, max_seeds=2).winner is not None


def test_a_worker_does_not_add_trials_of_its_own(study: Path) -> None:
    (study.parent / "trained.py").write_text(
        "from tuner.tasks import FunctionTask\n"
        "def train(schedule, seed, start):\n"
        "    while True:\n"
        "        yield schedule.base_lr + 0.001 * seed\n"
        "def make():\n"
        "    return FunctionTask(train, updates_per_epoch=10)\n"
    )
    named = STUDY.format(trials=3).replace("[task]", '[task]\nname = "trained:make"')
    study.write_text(named.replace('"own"', '"named"'))
    tuner.run_study(study)
    numbers = {"top": 1, "max_seeds": 3}
    result = tuner.confirm_study(study, seeds=2, **numbers)
    assert run_worker(result.storage, study="named.confirm", trials=20) == "done"
    found = tuner.confirm_study(study, seeds=3, **numbers).confirmed
    assert found is not None
    assert found.trained == 6


def test_seeds_that_were_a_mistake_can_be_taken_back(study: Path, own: Trainings) -> None:
    seen: list[object] = []
    stopped = tuner.compare_study(
        study, task=own.task, seeds=50,
        on_event=seen.append, stop_requested=lambda: len(own.seeds) > 0,
    )  # fmt: skip
    assert stopped.ended == "interrupted"
    found = tuner.compare_study(study, task=own.task, seeds=3).comparison
    assert found is not None
    assert sorted(set(own.seeds)) == [1, 2, 3]
    assert [[each.seed for each in s.repeats if each.value] for s in found.schedules] == [
        [1, 2, 3]
    ]


def test_another_first_seed_leaves_the_old_ones_untrained(study: Path, own: Trainings) -> None:
    tuner.confirm_study(
        study, task=own.task, top=3, seeds=4, stop_requested=lambda: len(own.seeds) > 0
    )
    assert own.seeds == [1]
    study.write_text(STUDY.format(trials=4) + "seed = 100\n")
    own.seeds.clear()
    found = confirm(study, own, top=3, seeds=2, max_seeds=2)
    assert set(own.seeds) == {100, 101}
    assert {*map(tuple, labelled(found).values())} == {(100, 101)}


def test_a_file_that_changed_is_compared_under_its_name(
    study: Path, own: Trainings, tmp_path: Path
) -> None:
    mine, same = tmp_path / "mine.json", tmp_path / "same.json"

    def compared(*files: Path) -> dict[str, float]:
        found = tuner.compare_study(study, files, task=own.task, seeds=2).comparison
        assert found is not None
        return {Path(s.label).name: s.schedule.base_lr for s in found.schedules}

    tuner.save_schedule(tuner.Constant(base_lr=0.25, horizon=10), mine)
    assert compared(mine) == {"mine.json": 0.25}
    tuner.save_schedule(tuner.Constant(base_lr=0.2, horizon=10), mine)
    assert compared(mine) == {"mine.json (before)": 0.25, "mine.json": 0.2}
    tuner.save_schedule(tuner.Constant(base_lr=0.15, horizon=10), mine)
    assert compared(mine) == {
        "mine.json (before)": 0.25, "mine.json (before, 2)": 0.2, "mine.json": 0.15,
    }  # fmt: skip
    same.write_bytes(mine.read_bytes())
    both = compared(same)
    assert both == compared(same)
    again = tuner.compare_study(study, [same], task=own.task, seeds=2).comparison
    assert again is not None
    assert [s.label for s in again.schedules][2] == f"{mine} = {same}"


def test_seeds_from_which_the_task_cannot_be_trained_are_refused(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    study = tmp_path / "table.toml"
    study.write_text(
        f'format = "tuner.study/1"\nname = "table"\n'
        f'search_space = "{root}/search_spaces/chapter.toml"\n'
        f'[task]\nname = "table"\nepochs = 10\n'
        f'path = "{root}/benchmarks/curves/lenet_10_epochs.jsonl"\n'
        "[budget]\ntrials = 2\n[workers]\ncount = 1\n[confirm]\nenabled = false\n"
    )
    with pytest.raises(StudyError, match=r"must have 6 fresh seeds from 1 on, .* seed 3, "):
        tuner.compare_study(study, seeds=6)
    result = tuner.compare_study(study, seeds=2)
    assert result.comparison is not None
    assert result.comparison.missing == 0


def test_a_training_that_ignores_its_seed_is_told_so(study: Path, own: Trainings) -> None:
    own.score = lambda rate, _seed: rate
    with pytest.raises(TrainingError, match="the training ignores its seed"):
        confirm(study, own, top=1, seeds=3, max_seeds=3)
    found = tuner.open_study(study).confirmation
    assert found is not None
    assert found.ignores_seeds
    assert found.winner is None
    assert "ignores its seed" in confirmed_sentence(found, "score")
    # The search's own best is what there is.
    result = tuner.open_study(study)
    assert result.confirmed is None
    assert result.best.value == max(row.value or 0 for row in result.trials)
    with pytest.raises(TrainingError, match="the training ignores its seed"):
        tuner.compare_study(study, seeds=3, task=own.task)


def test_seeds_that_differ_for_one_schedule_are_used(study: Path, own: Trainings) -> None:
    """A schedule that is too low to learn anything can end where it began from every seed."""
    own.score = lambda rate, seed: rate + 0.001 * seed * (rate > 0.1)
    found = confirm(study, own, top=1, seeds=3, max_seeds=3)
    assert not found.ignores_seeds
    assert found.winner is not None
