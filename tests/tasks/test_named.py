"""Tasks of one's own: named in a study and not imported to be looked at, or passed from Python."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import tuner
from tuner.definition import load_spec
from tuner.errors import DefinitionError, StudyError, TaskError
from tuner.reading import Mistakes
from tuner.tasks import FunctionTask, make_task

from .summed import SUMMED, summed

ROOT = Path(__file__).parents[2]
# The nearer the sum of the LRs is to a goal, the better; IMPORTED counts imports.
MODULE = """
import os
from tuner.tasks import FunctionTask
from helper import distance

with open(os.environ["IMPORTED"], "a") as file:
    file.write(__file__ + "\\n")

def make_task(goal, updates=10, note="none"):
    if goal > 99:
        raise ValueError("goal is too far")
    def train(schedule, seed, start):
        total, epoch = 0.0, 0
        while True:
            total += sum(schedule(range(epoch * updates + 1, (epoch + 1) * updates + 1)))
            epoch += 1
            yield distance(total, goal)
    return FunctionTask(train, updates_per_epoch=updates)

def calls(trial):
    total = trial.restore(total=0.0)["total"]
    for epoch in trial.epochs():
        total += sum(map(trial.schedule, trial.updates_of(epoch)))
        trial.save(total=total)
        trial.report(distance(total, trial.params["goal"]))

def not_a_task(**options):
    return options

def _private():
    pass
"""
HELPER = "def distance(one, other):\n    return abs(one - other)\n"
Write = Callable[..., Path]


@pytest.fixture
def imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[str]]]:
    """Return a function that lists the imports of the module since the last time."""
    log = tmp_path / "imported"
    log.touch()
    monkeypatch.setenv("IMPORTED", str(log))
    before, modules = [*sys.path], {*sys.modules}

    def read() -> list[str]:
        lines = log.read_text().splitlines()
        log.write_text("")
        return lines

    yield read
    sys.path[:] = before
    for name in {*sys.modules} - modules:
        if name in ("own_tasks", "helper"):
            del sys.modules[name]


@pytest.fixture
def write(tmp_path: Path, imported: Callable) -> Write:
    """Return a function that writes a study with its module beside it."""

    def write(
        task: str = 'name = "own_tasks:make_task"\ngoal = 3.0', *, folder: str = "one",
        more: str = "", trials: int = 10,
    ) -> Path:  # fmt: skip
        here = tmp_path / folder
        here.mkdir(exist_ok=True)
        (here / "own_tasks.py").write_text(MODULE)
        (here / "helper.py").write_text(HELPER)
        (here / "study.toml").write_text(
            f'format = "tuner.study/1"\nname = "own"\n'
            f'search_space = "{ROOT / "examples" / "space.toml"}"\n'
            f"[task]\nepochs = 4\n{task}\n[budget]\ntrials = {trials}\n"
            '[objective]\nmetric = "distance"\ndirection = "minimize"\n'
            f"[confirm]\nenabled = false\n{more}\n"
        )
        return here / "study.toml"

    return write


def mistakes(study: Path) -> dict[str, str]:
    with pytest.raises(DefinitionError) as caught:
        load_spec(study)
    return dict(caught.value.mistakes)


@pytest.mark.usefixtures("seconds")
def test_the_smallest_distance_wins_and_looking_imports_nothing(
    write: Write, imported: Callable, tmp_path: Path
) -> None:
    result = tuner.run_study(write(), workers=1)
    assert imported() == [str(tmp_path / "one" / "own_tasks.py")]
    for name in ("own_tasks", "helper"):
        del sys.modules[name]
    looked = tuner.open_study(storage=result.storage)
    complete = [row for row in looked.trials if row.state == "complete"]
    assert looked.best.value == min(row.value for row in complete)
    assert looked.summary.best == looked.best
    assert looked.spec.fingerprint() == load_spec(tmp_path / "one" / "study.toml").fingerprint()
    imported()
    file = looked.export(tmp_path / "best.json")
    provenance = tuner.read_schedule_file(file).provenance
    assert provenance["objective"]["metric"] == "distance"
    assert provenance["objective"]["direction"] == "minimize"
    assert provenance["task"]["options"] == {"goal": 3.0}
    looked.report(tmp_path / "report.html")
    assert imported() == []


@pytest.mark.usefixtures("seconds")
def test_resuming_imports_it_from_the_studys_folder(
    write: Write, imported: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = write()
    whole = tuner.run_study(study, workers=1)
    half = tuner.run_study(
        study, workers=1, trials=5, storage=f"sqlite:///{tmp_path}/half/study.db"
    )
    del sys.modules["own_tasks"]
    imported()
    monkeypatch.chdir(tmp_path)
    resumed = tuner.resume_study(half.storage, workers=1)
    assert imported() == [str(study.parent / "own_tasks.py")]
    assert [(r.value, r.state, r.params) for r in resumed.trials] == [
        (r.value, r.state, r.params) for r in whole.trials
    ]


def test_two_studies_have_a_module_of_the_same_name(write: Write, imported: Callable) -> None:
    for folder in ("one", "two", "one"):
        study = write(folder=folder)
        assert load_spec(study).task.updates_per_epoch == 10
        assert imported() == [str(study.parent / "own_tasks.py")]


def test_a_task_that_changed_is_refused(write: Write) -> None:
    study = write(trials=4)
    result = tuner.run_study(study, workers=1, trials=2)
    module = study.parent / "own_tasks.py"
    # Of another size: of the same one, in the same second, Python takes the bytecode of before.
    module.write_text(module.read_text().replace("updates=10", "updates=200"))
    del sys.modules["own_tasks"]
    with pytest.raises(TaskError, match="its updates_per_epoch was 10 and is 200"):
        tuner.resume_study(result.storage, workers=1)
    with pytest.raises(StudyError, match="was started with another definition"):
        tuner.run_study(study, workers=1)


@pytest.mark.usefixtures("seconds")
def test_a_function_of_a_trial_is_named_like_what_makes_a_task(
    write: Write, imported: Callable
) -> None:
    task = 'name = "own_tasks:calls"\nupdates_per_epoch = 10\ngoal = 3.0'
    study = write(task, trials=6)
    result = tuner.run_study(study, workers=1)
    made = tuner.run_study(write(folder="two", trials=6), workers=1)
    assert [row.value for row in result.trials] == [row.value for row in made.trials]
    assert [*(study.with_suffix("") / "checkpoints").iterdir()]
    imported()
    assert tuner.open_study(storage=result.storage).summary.finished == 6
    assert imported() == []
    assert tuner.resume_study(result.storage, trials=7, workers=1).summary.finished == 7
    with pytest.raises(StudyError, match=r"task.options.goal +3.0 -> 4.0"):
        tuner.run_study(write(task.replace("3.0", "4.0")))


@pytest.mark.usefixtures("seconds")
def test_a_function_of_a_trial_may_have_no_epochs(write: Write) -> None:
    study = write('name = "own_tasks:calls"\ngoal = 3.0', trials=2)
    lengths = "updates = 40\nreport_every = 10"
    study.write_text(study.read_text().replace("epochs = 4", lengths))
    result = tuner.run_study(study, workers=1)
    assert [row.epochs for row in result.trials] == [4, 4]
    assert "options.report_every" not in str(result.spec.decisive())
    assert tuner.resume_study(result.storage, trials=3, workers=1).summary.finished == 3
    study.write_text(study.read_text().replace("own_tasks:calls", "own_tasks:make_task"))
    assert load_spec(study).task.updates_per_epoch == 10  # which takes no such option


def test_another_option_is_another_study(write: Write) -> None:
    first = load_spec(write())
    second = load_spec(write('name = "own_tasks:make_task"\ngoal = 4.0'))
    assert first.fingerprint() != second.fingerprint()
    assert first.task.training_identity() != second.task.training_identity()


NAMED, CALLS = 'name = "own_tasks:make_task"', 'name = "own_tasks:calls"'


@pytest.mark.parametrize(
    ("task", "place", "words"),
    [
        (NAMED, "task.goal", "is required, but missing"),
        (f"{NAMED}\ngoal = 3.0\nupdate = 5", "task.update", "did you mean 'updates'?"),
        (f"{NAMED}\ngoal = 100.0", "task", "ValueError: goal is too far (own_tasks.py, line 11)"),
        (f"{NAMED}\ngoal = 3.0\nnote = 2026-11-25", "task.note", "must be text, numbers, true"),
        (
            f"{NAMED}\ngoal = 3.0\nupdates = 0",
            "task",
            "must be a whole number of 1 or",
        ),
        (CALLS, "task.updates_per_epoch", "is required, but missing"),
        (f"{CALLS}\nupdates_per_epoch = 0", "task", "must be a whole number of 1 or more"),
        (f"{CALLS}\nupdates_per_epoch = 1\nat = 2026-11-25", "task.at", "must be text, numbers"),
        ('name = "own_tasks:make_tsk"', "task.name", "did you mean 'make_task'?"),
        ('name = "own_task:make_task"', "task.name", "No module named 'own_task'"),
        ('name = "own_tasks:"', "task.name", "must be of the form 'module:function'"),
        ('name = "own_tasks:not_a_task"', "task.name", "returned a dict without batch_size"),
        ('name = "own_tasks"', "task.name", "or your own 'module:function'"),
        ('name = "passed"', "task.name", "no task 'passed'"),
    ],
)
def test_a_mistake_has_its_place(write: Write, task: str, place: str, words: str) -> None:
    found = mistakes(write(task))
    assert list(found) == [place]
    assert words in found[place]


def test_all_mistakes_of_the_file_at_once(write: Write) -> None:
    study = write(f"{NAMED}\ngaol = 3.0", trials=0)
    assert list(mistakes(study)) == ["task.gaol", "budget.trials"]


def test_an_error_in_the_module_is_one_of_the_file(write: Write) -> None:
    study = write()
    (study.parent / "own_tasks.py").write_text("import math\nmath.sqroot(2)\n")
    found = mistakes(study)
    assert list(found) == ["task.name"]
    assert "has no attribute 'sqroot'" in found["task.name"]
    assert "(own_tasks.py, line 2)" in found["task.name"]


@pytest.mark.parametrize(
    ("name", "module", "ending"),
    [
        ("no_such_module:make_task", "", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("own_tasks:make_task", "a b", "SyntaxError: invalid syntax (own_tasks.py, line 1)"),
        ("own_tasks:make_task", "import json\n\njson.loads('')", " (own_tasks.py, line 3)"),
        ("own_tasks:make_task", "\nimport no_such", "'no_such' (own_tasks.py, line 2)"),
    ],
)
def test_a_line_that_is_named_is_no_line_of_pythons_own(
    write: Write, name: str, module: str, ending: str
) -> None:
    study = write(f'name = "{name}"')
    (study.parent / "own_tasks.py").write_text(module)
    found = mistakes(study)["task.name"]
    assert found.endswith(ending)


def test_a_function_has_no_holdout(write: Write) -> None:
    study = write()
    text = study.read_text().replace("[objective]", '[objective]\nevaluate_on = "holdout"')
    study.write_text(text)
    assert list(mistakes(study)) == ["objective.evaluate_on"]


# --- passed from Python ---


@pytest.mark.usefixtures("seconds")
def test_a_passed_task_is_run_looked_at_and_resumed(write: Write) -> None:
    study = write("")
    half = tuner.run_study(study, task=SUMMED, trials=5)
    assert half.summary.finished == 5
    assert tuner.open_study(storage=half.storage).summary.finished == 5
    with pytest.raises(TaskError, match="was passed from Python and is not in its database"):
        tuner.resume_study(half.storage)
    resumed = tuner.resume_study(half.storage, task=SUMMED)
    assert resumed.summary.finished == 10
    states = list((half.folder / "checkpoints").glob("*.state"))
    assert len(states) > 10  # it yields them
    confirmed = tuner.confirm_study(study, task=SUMMED, top=1, seeds=2, max_seeds=2).confirmed
    assert confirmed.winner.merit == max(c.merit for c in confirmed.candidates)
    means = [statistics.fmean(c.values.values()) for c in confirmed.candidates]
    assert confirmed.winner.merit == pytest.approx(-min(means))


def test_a_passed_task_goes_to_no_cluster(write: Write) -> None:
    study = write("")
    with pytest.raises(StudyError, match="must be trained on this machine, but got a cluster"):
        tuner.run_study(study, task=SUMMED, dask="tcp://nowhere:1")
    assert not (study.parent / "study").exists()


def test_a_passed_task_and_a_named_one_exclude_each_other(write: Write) -> None:
    study = write(trials=2)
    with pytest.raises(DefinitionError) as caught:
        tuner.run_study(study, task=SUMMED)
    places = [place for place, _ in caught.value.mistakes]
    assert sorted(places) == ["task.goal", "task.name"]
    result = tuner.run_study(study, workers=1)
    with pytest.raises(StudyError, match="must be left out for study 'own', which names its own"):
        tuner.resume_study(result.storage, task=SUMMED)


def test_another_passed_task_is_refused(write: Write) -> None:
    result = tuner.run_study(write("", trials=2), task=SUMMED)
    other = FunctionTask(summed, updates_per_epoch=20)
    with pytest.raises(TaskError, match="its updates_per_epoch was 10 and is 20"):
        tuner.resume_study(result.storage, task=other)


def test_a_misspelt_key_of_the_study_is_known(tmp_path: Path) -> None:
    (tmp_path / "misspelt.py").write_text("def make(width=3): ...\n")
    mistakes = Mistakes("study.toml")
    assert make_task("misspelt:make", {"epoch": 3}, str(tmp_path), mistakes) is None
    with pytest.raises(DefinitionError, match=r"task\.epoch +unknown key; did you mean 'epochs'"):
        mistakes.raise_if_any()
