"""The kinds of training of ``trainings.py``: which files, how tuned, how trained for good.

    python benchmarks/trainings_kinds.py NAME   # tunes one, in a copy of examples/trainings

Where the script does not call :func:`tuner.tune` itself, that is what a user would type.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

EPOCHS, UPDATES, TRIALS = 4, 40, 8
RATES = Path(__file__).with_name("trainings_rates.py")
# Small studies, and some trial of them is to be ended in the middle.
SMALL: dict[str, Any] = {
    "trials": TRIALS,
    "pruner": {"type": "forecast", "rungs": ["0.25dur", "0.5dur"], "keep": [0.25, 0.25]},
    "confirm": {"top": 1, "seeds": 2, "max_seeds": 2},
    "name": "study",
}
LENGTH = {"epochs": EPOCHS, "updates_per_epoch": UPDATES}


class Kind(NamedTuple):
    """One kind of training.

    ``tune`` are the arguments of :func:`tuner.tune`; without them the ``tuned`` file has the study
    itself. ``for_good`` are the words that train under ``best.json``, after `tuner apply` if it
    ``applies``; ``records`` is who writes the learning rates: the training itself if ``""``.
    """

    title: str
    original: str
    tuned: str
    for_good: list[str]
    records: str
    tune: Mapping[str, Any] = MappingProxyType({})
    applies: bool = False
    updates: int = EPOCHS * UPDATES

    @property
    def storage(self) -> str:
        """The database in the folder of the study."""
        return "study.db" if self.is_optunas else "study/study.db"

    @property
    def is_optunas(self) -> bool:
        """Whether it is a study of Optuna's own."""
        return "optuna" in self.tuned

    @property
    def is_notebook(self) -> bool:
        """Whether a kernel trains."""
        return self.tuned.endswith(".ipynb")

    @property
    def best(self) -> str:
        """The exported schedule, in the folder of the study."""
        return "best.json" if self.is_optunas else "study/best.json"


def of_a_command(title: str, tuned: str, value: str, records: str, **more: Any) -> Kind:
    """Return a training that is a script, which `tuner tune --command` runs."""
    words = more.pop("words", [tuned, "--seed", "{seed}"])
    task = {"command": [more.pop("program", sys.executable), *words]}
    if value:
        task["value"] = value
    original = more.pop("original", tuned)
    updates = more.pop("updates", EPOCHS * UPDATES)
    made = more.pop("made", updates)
    for_good = [word.replace("{seed}", "0") for word in words]
    length = {"updates": updates} if "report_every" in more else LENGTH
    arguments = {**SMALL, **length, "train": task, **more}
    return Kind(title, original, tuned, for_good, records, arguments, True, made)


def of_a_function(title: str, module: str, records: str, **more: Any) -> Kind:
    """Return a training that is a function of a trial."""
    code = (
        f"import tuner, {module}_tuned\n"
        f"trial = tuner.trial(schedule='study/best.json', folder='for_good')\n"
        f"{module}_tuned.train(trial)"
    )
    tune = {**SMALL, **LENGTH, "train": f"{module}_tuned.py:train", **more}
    return Kind(title, f"{module}.py", f"{module}_tuned.py", ["-c", code], records, tune)


NOTEBOOK = """
import json, tuner
cells = json.load(open("notebook_tuned.ipynb"))["cells"]
for cell in cells[:2]:
    exec("".join(cell["source"]))
train(tuner.trial(schedule="study/best.json"))
"""
OBJECTIVE = """
import optuna
from optuna_objective_tuned import objective
objective(optuna.load_study(storage="sqlite:///study.db", study_name="study").best_trial)
"""
KINDS = {
    "pytorch": of_a_command(
        "PyTorch, a loop over epochs", "pytorch.py", r"test accuracy ([0-9.]+)", "torch",
        metric="accuracy", base_lr=0.05,
    ),
    "gpt": of_a_command(
        "PyTorch, a GPT by iterations", "gpt.py", r"step [1-9]\d*: .*val loss ([0-9.]+)", "torch",
        metric="val_loss", base_lr=1e-3, updates=80, report_every=20, made=81,
    ),
    "lightning": of_a_function(
        "Lightning, its callback", "lightning_fit", "torch", metric="val_acc", base_lr=0.05
    ),
    "huggingface": of_a_function(
        "Hugging Face's Trainer, its callback", "huggingface", "torch",
        metric="accuracy", base_lr=1e-3,
    ),
    "keras": of_a_command(
        "Keras", "keras_fit.py", r"val_accuracy: ([0-9.]+)", "keras",
        metric="val_accuracy", base_lr=1e-3,
    ),
    "keras_callback": of_a_command(
        "Keras, its callback", "keras_fit_tuned.py", "", "keras", original="keras_fit.py",
        metric="val_accuracy", base_lr=1e-3,
    ),
    "optax": of_a_function(
        "JAX, a loop with Optax", "optax_loop", "optax",
        metric="accuracy", base_lr=0.02,
    ),
    "optuna": Kind(
        "Optuna, an objective", "optuna_objective.py", "optuna_objective_tuned.py",
        ["-c", OBJECTIVE], "torch",
    ),
    "awk": of_a_command(
        "another language: awk", "logistic_tuned.awk", r"test loss ([0-9.]+)", "",
        original="logistic.awk", metric="test_loss", base_lr=2.0, updates=200, program="awk",
        words=["-v", "rates={rates}", "-v", "seed={seed}", "-f", "logistic_tuned.awk"],
        updates_per_epoch=50,
    ),
    "notebook": Kind(
        "a notebook", "notebook.ipynb", "notebook_tuned.ipynb", ["-c", NOTEBOOK], "torch"
    ),
}  # fmt: skip


def tuning(name: str) -> list[str]:
    """Return the words that run a study, or go on with it."""
    if KINDS[name].is_optunas:
        return [sys.executable, KINDS[name].tuned]
    return [sys.executable, __file__, name]


def training(name: str, rates: Path) -> list[str]:
    """Return the words that train once under the exported schedule, and record the rates."""
    kind = KINDS[name]
    words = kind.for_good
    if kind.records:
        words = [sys.executable, str(RATES), kind.records, str(rates), *words]
    else:
        words = ["awk", *words]
    before = [sys.executable, "-m", "tuner", "apply", kind.best, "--"] if kind.applies else []
    return before + words


def run_notebook(path: str) -> None:
    """Run all cells of a notebook, as a user does."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, kernel_name="python3").execute(env={**os.environ})


def main() -> None:
    """Tune one."""
    import tuner

    kind = KINDS[sys.argv[1]]
    if kind.tune:
        tuner.tune(**kind.tune, on_event=print)
    else:
        run_notebook(kind.tuned)


if __name__ == "__main__":
    main()
