"""A study that goes on with other code or packages than before: its trials do not compare."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import tuner
from tuner import Trial
from tuner.search import Event, StudyEnded
from tuner.tasks import TrialTask

pytestmark = pytest.mark.usefixtures("seconds")

OTHER = "were trained by other code or packages than there are now"
SPACE = (
    '{format}search_space/1"\nname = "own"\n[params]\n[fixed]\nfamily = "cosine"\nbase_lr = 0.1'
)
STUDY = """{format}study/1"
name = "own"
search_space = "space.toml"
task = {{ name = "own_code:make_task", epochs = 2 }}
objective = {{ metric = "val_loss" }}
budget = {{ trials = 2 }}
confirm = {{ enabled = false }}
"""
MODULE = """
import tuner.tasks

def train(trial):
    for epoch in trial.epochs():
        trial.report(1.0 * sum(map(trial.schedule, trial.updates_of(epoch))) + trial.seed)

def make_task():
    return tuner.tasks.TrialTask(train, updates_per_epoch=10)
"""


def train(trial: Trial, factor: float = 1.0) -> None:
    for epoch in trial.epochs():
        trial.report(factor * sum(map(trial.schedule, trial.updates_of(epoch))) + trial.seed)


def tuned(training: Callable[[Trial], Any], folder: Path, **more: Any) -> tuner.StudyResult:
    usual = {
        "epochs": 2, "updates_per_epoch": 10, "metric": "val_loss", "base_lr": 0.01, "trials": 2,
        "confirm": False, "name": "own", "pruner": "none",
    }  # fmt: skip
    return tuner.tune(training, folder=folder, **{**usual, **more})


def code_of(result: tuner.StudyResult) -> list[str]:
    return [row.versions["code"] for row in result.trials]


@pytest.mark.parametrize(
    "two",
    [
        (functools.partial(train, factor=1.0), functools.partial(train, factor=2.0)),
        (lambda trial: train(trial, 1.0), lambda trial: train(trial, 2.0)),
    ],
    ids=["partial", "lambda"],
)
def test_another_function_under_a_studys_name_is_said(
    two: tuple[Callable[[Trial], None], ...], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tuned(two[0], tmp_path)
    tuned(two[0], tmp_path)
    assert not caplog.messages
    result = tuned(two[1], tmp_path, trials=3)
    (message,) = caplog.messages
    assert message.startswith(f"study own: 2 of 2 trials {OTHER} (code sha256:")
    first, second, third = code_of(result)
    assert first == second != third


def test_functions_of_one_line_have_states_of_their_own() -> None:
    one, other = (lambda trial: train(trial, 1.0)), (lambda trial: train(trial, 2.0))
    tasks = [TrialTask(function, updates_per_epoch=10) for function in (one, one, other)]
    first, again, second = (task.training_identity() for task in tasks)
    assert first is not None
    assert first == again != second


def test_a_function_may_use_what_is_written_below_it(tmp_path: Path) -> None:
    def training(trial: Trial) -> None:
        below(trial)

    task = TrialTask(training, updates_per_epoch=10)

    def below(trial: Trial) -> None:
        train(trial)

    assert tuned(task, tmp_path).ended == "done"


def test_a_function_of_a_notebook_is_known_by_its_text(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def cell(factor: float) -> Any:
        names: dict[str, Any] = {}
        exec(
            "def train(trial):\n"
            "    for epoch in trial.epochs():\n"
            f"        trial.report({factor} * trial.schedule(10 * epoch + 10))\n",
            names,
        )
        return names["train"]

    tuned(cell(1.0), tmp_path)
    tuned(cell(1.0), tmp_path)
    assert not caplog.messages
    tuned(cell(2.0), tmp_path)
    assert [OTHER in message for message in caplog.messages] == [True]


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Path]:
    """Return a folder with a study whose training is in a module of its own."""
    form = 'format = "tuner.'
    (tmp_path / "space.toml").write_text(SPACE.format(format=form))
    (tmp_path / "study.toml").write_text(STUDY.format(format=form))
    (tmp_path / "own_code.py").write_text(MODULE)
    yield tmp_path
    sys.modules.pop("own_code", None)
    sys.path.remove(str(tmp_path))


def test_an_edited_module_is_said_and_each_trial_tells_what_trained_it(
    own: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url = tuner.run_study(own / "study.toml", workers=1).storage
    (own / "own_code.py").write_text(MODULE.replace("1.0", "3.14"))
    del sys.modules["own_code"]
    caplog.clear()
    result = tuner.resume_study(url, workers=1, trials=3)
    assert sum(OTHER in message for message in caplog.messages) == 1
    first, second, third = code_of(result)
    assert first == second != third


def test_the_confirm_of_an_edited_function_says_so_too(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = {"top": 1, "seeds": 2, "max_seeds": 2}
    tuned(functools.partial(train, factor=1.0), tmp_path, confirm=settings)
    assert not caplog.messages
    more = functools.partial(train, factor=2.0)
    tuned(more, tmp_path, confirm={**settings, "seeds": 3, "max_seeds": 3})
    begins = [message.split(" trials")[0] for message in caplog.messages if OTHER in message]
    assert begins == ["study own: 2 of 2", "study own.confirm: 4 of 4"]  # each once


@pytest.mark.parametrize(
    ("was", "now", "is_other"),
    [
        ("def make_task", "TRIALS = 40\n\ndef make_task", False),  # what calls the study
        ("+ trial.seed)", "+ offset(trial))\n\ndef offset(trial):\n    return 7", True),
        ("return trial.seed", "return trial.seed + 1", True),  # of a function that it calls
    ],
)
def test_the_rest_of_its_file_may_change_under_a_function(
    was: str, now: str, is_other: bool, own: Path, caplog: pytest.LogCaptureFixture
) -> None:
    begun = MODULE
    if was not in begun:
        begun = begun.replace("+ trial.seed)", "+ added(trial))")
        begun += "\ndef added(trial):\n    return trial.seed\n"
    (own / "own_code.py").write_text(begun)
    url = tuner.run_study(own / "study.toml", workers=1).storage
    (own / "own_code.py").write_text(begun.replace(was, now))
    del sys.modules["own_code"]
    tuner.resume_study(url, workers=1, trials=3)
    assert any(OTHER in message for message in caplog.messages) == is_other


@pytest.mark.usefixtures("processes")
def test_a_module_that_is_edited_during_a_run_is_said_in_that_run(
    own: Path, caplog: pytest.LogCaptureFixture
) -> None:
    study, module = own / "study.toml", own / "own_code.py"
    study.write_text(study.read_text().replace("enabled = false", "top = 1, seeds = 2"))

    def edit(event: Event) -> None:
        if isinstance(event, StudyEnded):  # its confirm begins
            module.write_text(MODULE.replace("1.0", "3.14"))

    tuner.run_study(study, workers=2, on_event=edit)
    assert any(f"study own: 2 of 2 trials {OTHER}" in message for message in caplog.messages)
