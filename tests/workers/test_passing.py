"""Tasks passed from Python to several workers: from scripts and notebooks, and what cannot go."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

import tuner
from tuner.errors import StudyError, TrainingError
from tuner.tasks import FunctionTask, TrialTask
from tuner.workers.passing import written

# Nothing of it is importable, and it has no `if __name__ == "__main__"`.
PROGRAM = """\
import os, time
import tuner

print("begun", os.getpid())
scale = 0.5

def shrunk(weight, rate):
    return weight - rate * weight * scale

def train(trial):
    weight = 1.0 + trial.seed
    for epoch in trial.epochs():
        open(str(os.getpid()), "w").close()
        while len([*filter(str.isdigit, os.listdir())]) < 2:  # they train together
            pass
        for update in trial.updates_of(epoch):
            weight = shrunk(weight, trial.schedule(update))
        trial.report(weight)

result = tuner.tune(
    train, epochs=2, updates_per_epoch=10, metric="val_loss", base_lr=0.01, trials=4, workers=2,
    confirm={"enabled": True, "top": 1, "seeds": 2, "max_seeds": 2},
)
print(result.ended, result.summary.states["complete"] + result.summary.states.get("pruned", 0))
"""


@pytest.mark.usefixtures("processes")
def test_a_script_has_several_workers_that_confirm_as_well(tmp_path: Path) -> None:
    script = tmp_path / "my_search.py"
    script.write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr + done.stdout
    assert "warning" not in done.stderr
    begun, ended = done.stdout.splitlines()
    trained = {path.name for path in tmp_path.iterdir() if path.name.isdigit()}
    assert ended == "done 4"
    assert len(trained) > 2  # of the search and of the confirm
    assert begun.split()[1] not in trained
    assert tuner.open_study(storage=f"sqlite:///{tmp_path}/train/study.db").confirmed


@pytest.mark.usefixtures("processes")
def test_a_notebook_has_several_workers(tmp_path: Path) -> None:
    first, second = PROGRAM.replace("True", "False").split("\nresult = ")
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(c) for c in (first, f"result = {second}")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Jupyter about itself
        from nbclient import NotebookClient

        NotebookClient(
            notebook, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
        ).execute(env={**os.environ})
    printed = "".join(o["text"] for c in notebook.cells for o in c.outputs if "text" in o)
    assert printed.splitlines()[-1] == "done 4"


def tuned(train: Callable[[tuner.Trial], object], folder: Path, **options: Any) -> Any:
    return tuner.tune(
        train, name="passed", epochs=1, updates_per_epoch=10, metric="val_loss", base_lr=0.01,
        trials=2, folder=folder, confirm=False, **{"workers": 2, **options},
    )  # fmt: skip


def test_what_cannot_be_copied_is_refused_with_what_to_do(tmp_path: Path) -> None:
    lock, file = threading.Lock(), (tmp_path / "log").open("w")
    for thing, kind in ((lock, "_thread.lock"), (file, "Cannot pickle files")):

        def train(trial: tuner.Trial, held: Any = thing) -> None:
            trial.report(trial.schedule(1))

        with pytest.raises(StudyError) as caught:
            tuned(train, tmp_path)
        assert not (tmp_path / "passed").exists()
        words = str(caught.value)
        assert words.startswith("A task that is passed from Python to several workers must be abl")
        assert kind in words
        assert words.endswith("inside the function, or train with one worker.")
    file.close()
    assert tuned(train, tmp_path, workers=1).summary.finished == 2


class Changing(FunctionTask):
    """Is another task once it was copied; or cannot be made again."""

    def __init__(self, updates: int | None) -> None:
        super().__init__(lambda *_: iter([]), updates_per_epoch=10)
        self.updates = updates

    def __reduce__(self) -> Any:
        return make, (self.updates,)


def make(updates: int | None) -> FunctionTask:
    if updates is None:
        raise KeyError("gone")
    return FunctionTask(lambda *_: iter([]), updates_per_epoch=updates)


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize(
    ("updates", "words"),
    [
        (20, r"The task must be what it was when .* its updates_per_epoch was 10 and is 20\."),
        (None, r"A task that is passed .* made again in each, but: KeyError: 'gone'"),
    ],
)
def test_a_worker_trains_what_the_study_was_begun_with_or_nothing(
    tmp_path: Path, updates: int | None, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import cloudpickle

    module = sys.modules[__name__]  # which workers do not find
    cloudpickle.register_pickle_by_value(module)
    try:
        with pytest.raises(TrainingError, match=f"^a worker gave up: {words}"):
            tuner.tune(
                Changing(updates), name="other", epochs=1, updates_per_epoch=10,
                metric="val_loss", base_lr=0.01, folder=tmp_path, workers=2,
            )  # fmt: skip
    finally:
        cloudpickle.unregister_pickle_by_value(module)


def test_what_travels_is_for_this_user_alone_and_as_long_as_workers_run() -> None:
    with written(TrialTask(print, updates_per_epoch=10)) as variables:
        [path] = map(Path, variables.values())
        assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert not path.parent.exists()
    with written(None) as variables:
        assert variables == {}
