"""Trainings of ten kinds, each tuned, killed, gone on with, confirmed, and trained by its result.

    python benchmarks/trainings.py               # all of them, some ten minutes on one core
    python benchmarks/trainings.py --only gpt    # some, beside the results of the others

Of each kind, examples/trainings has a training as somebody might have it, and where it changes, as
it is tuned. A study of it is run in one go. The same study is run elsewhere, and its process is
killed by SIGKILL in its middle; the same command goes on with it. All trials with every report,
the confirm and the best schedule are compared. Then the training is run once under the exported
schedule, and the learning rate that each update was made with is compared with the schedule's.
Prints the table, and writes benchmarks/results/trainings.json.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import optuna
import psutil
from surroundings import surroundings
from trainings_kinds import EPOCHS, KINDS, Kind, training, tuning

import tuner

HERE = Path(__file__).parent
ROOT = HERE.parent
TRAININGS = ROOT / "examples" / "trainings"
RESULTS = HERE / "results" / "trainings.json"
PACKAGES = (
    "torch", "lightning", "transformers", "keras", "jax", "optax", "optuna", "nbclient", "numpy",
)  # fmt: skip
ENVIRONMENT = {
    **os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "KERAS_BACKEND": "jax",
    "PYTHONWARNINGS": "ignore",
}  # fmt: skip
# Of float32, in which Keras and JAX compute a learning rate.
LIMIT = 1e-6


def source_lines(path: Path) -> list[str]:
    """Return the lines of a training; of a notebook those of its cells, without empty ones."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        text = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
    return [line for line in text.splitlines() if line.strip()]


def changed_lines(kind: Kind) -> int:
    """Return how many lines are new, gone or other in the training that is tuned."""
    before, after = (source_lines(TRAININGS / name) for name in (kind.original, kind.tuned))
    blocks = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return sum(max(b - a, d - c) for tag, a, b, c, d in blocks if tag != "equal")


def run(words: list[str], folder: Path) -> str:
    """Run a program to its end, and return what it printed."""
    with (folder / "errors.txt").open("w") as errors:
        done = subprocess.run(
            words, cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=errors, text=True,
            check=False,
        )  # fmt: skip
    if done.returncode:
        raise SystemExit((folder / "errors.txt").read_text() + f"{words} failed")
    return done.stdout


def reports(database: Path) -> int:
    """Return how many reports a database has so far."""
    with contextlib.suppress(sqlite3.Error):
        opened = sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, timeout=5)
        with contextlib.closing(opened):
            query = "SELECT COUNT(*) FROM trial_intermediate_values"
            return int(opened.execute(query).fetchone()[0])
    return 0


def run_and_kill(name: str, folder: Path, after: int) -> int:
    """Run a study, and kill who trains it after so many reports; return how many there are."""
    database = folder / KINDS[name].storage
    with (folder / "killed.txt").open("w") as log:
        process = psutil.Popen(tuning(name), cwd=folder, env=ENVIRONMENT, stdout=log, stderr=log)
        while reports(database) < after:
            if process.poll() is not None:
                raise SystemExit((folder / "killed.txt").read_text() + "ended before its middle")
            time.sleep(0.01)
        # A notebook's cells are run by its kernel.
        trains = process.children()[0] if KINDS[name].is_notebook else process
        trains.kill()
        process.wait()
    return reports(database)


def outcome(kind: Kind, folder: Path) -> dict[str, Any]:
    """Return what a study came to, without times, processes and hosts."""
    url = f"sqlite:///{folder}/{kind.storage}"
    if kind.is_optunas:
        trials = optuna.load_study(storage=url, study_name="study").trials
        rows = [
            (t.state.name.lower(), t.params, t.value, tuple(t.intermediate_values.values()))
            for t in trials
        ]
        confirm = None
    else:
        result = tuner.open_study(storage=url)
        rows = [
            (row.state, row.params, row.value, tuple(record.value for record in row.records))
            for row in result.trials
        ]
        confirm = result.confirmed
    best = tuner.load_schedule(folder / kind.best)
    return {"trials": rows, "confirm": confirm, "best": best}


def rates_of(name: str, folder: Path) -> list[list[float]]:
    """Train once under the exported schedule, and return the rates of each update's groups."""
    file = folder / "rates.jsonl"
    printed = run(training(name, file), folder)
    if KINDS[name].records:
        return [json.loads(line) for line in file.read_text().splitlines()]
    return [[float(rate)] for rate in re.findall(r"^update \d+ lr (\S+)$", printed, re.MULTILINE)]


def measure(name: str, chance: random.Random) -> dict[str, Any]:
    """Do all of it with one kind."""
    kind, begun = KINDS[name], time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="trainings-") as temporary:
        whole, killed = Path(temporary, "whole"), Path(temporary, "killed")
        for folder in (whole, killed):
            shutil.copytree(TRAININGS, folder, ignore=shutil.ignore_patterns("__pycache__"))
        run(tuning(name), whole)
        seconds = time.perf_counter() - begun
        expected = outcome(kind, whole)
        total = sum(len(row[3]) for row in expected["trials"])
        middle = chance.randrange(total // 4, 3 * total // 4)
        at = run_and_kill(name, killed, middle)
        run(tuning(name), killed)
        found = outcome(kind, killed)
        rates = rates_of(name, whole)
    schedule = expected["best"]
    errors = [
        abs(rate / schedule(update) - 1) if schedule(update) else abs(rate)
        for update, groups in enumerate(rates, start=1)
        for rate in groups
    ]
    confirm = expected["confirm"]
    ends = [len(row[3]) for row in expected["trials"] if row[0] == "pruned"]
    return {
        "kind": kind.title,
        "original": kind.original,
        "tuned": kind.tuned,
        "lines_changed": changed_lines(kind),
        "trials": len(expected["trials"]),
        "pruned_in_the_middle": sum(0 < end < EPOCHS for end in ends),
        "reports": total,
        "killed_after_reports": at,
        "differences": [key for key in expected if repr(found[key]) != repr(expected[key])],
        "confirmed_seeds": len(confirm.winner.accuracies) if confirm else 0,
        "confirmed": confirm.winner.accuracies if confirm else {},
        "updates": len(rates),
        "groups": len(rates[0]),
        "updates_expected": kind.updates,
        "largest_relative_difference": max(errors),
        "best": repr(schedule),
        "seconds_of_a_study": round(seconds, 1),
    }


def cells(row: dict[str, Any]) -> list[str]:
    """Return a row of the table."""
    same = "same values" if not row["differences"] else "other: " + ", ".join(row["differences"])
    equal = row["largest_relative_difference"] <= LIMIT
    equal = equal and row["updates"] == row["updates_expected"]
    groups = f" in {row['groups']} groups" if row["groups"] > 1 else ""
    return [
        row["kind"],
        str(row["lines_changed"]),
        f"{row['pruned_in_the_middle']} of {row['trials']}",
        same,
        f"{row['confirmed_seeds']} seeds" if row["confirmed_seeds"] else "no",
        f"{'all' if equal else 'not all'} of {row['updates']}{groups}",
    ]


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=KINDS, default=[*KINDS], help="some kinds")
    parser.add_argument("--seed", type=int, default=7, help="of the places of the kills")
    asked = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    rows = json.loads(RESULTS.read_text())["trainings"] if RESULTS.exists() else {}
    print("| training | lines changed | pruned in the middle | killed | confirmed | rates equal |")
    print("|---|---|---|---|---|---|", flush=True)
    for name in asked.only:
        rows[name] = measure(name, random.Random(f"{name} {asked.seed}"))
        print("|", " | ".join(cells(rows[name])), "|", flush=True)
        ordered = {kind: rows[kind] for kind in KINDS if kind in rows}
        content = {"seed": asked.seed, "trainings": ordered, **surroundings(*PACKAGES)}
        RESULTS.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
