"""Where a study's time goes, and what the tuner itself costs as a study grows.

    python benchmarks/overhead.py                         # all three parts
    python benchmarks/overhead.py --only shares start     # the third keeps its results
    python benchmarks/overhead.py --trials 10 100 --rounds 1

Parts: the shares of an epoch of LeNet in a worker (its parts are waited for one by one, which the
product does not do); the seconds from the start of a worker process to its first update, and its
peak memory; the seconds of a trial that trains nothing (the task "table") with so many finished
trials in an SQLite database. Writes benchmarks/results/overhead.json.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
from surroundings import surroundings

import tuner
from tuner.search import EpochEnded, TrialStarted
from tuner.storage import close, open_storage
from tuner.studies import run_worker

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "overhead.json"
SPACE = HERE.parent / "search_spaces" / "modern.toml"
# No schedule of it collapses: an epoch that ends in a collapse is not recorded, and would count as
# the tuner's own time.
CALM = """format = "tuner.search_space/1"
name = "calm"
[params.family]
type = "categorical"
choices = ["constant", "cosine"]
[params.base_lr]
type = "float"
low = 0.05
high = 0.3
log = true
"""
TABLE = HERE / "curves" / "lenet_10_epochs.jsonl"
TRIALS_MEASURED = 20
PARTS = ("shares", "start", "growth")
START = {
    "seconds": "start of a worker to its first update, s",
    "peak_mb": "peak memory of a worker, MB",
}


def definition(folder: Path, name: str, task: str, trials: int, space: Path = SPACE) -> Path:
    """Write a study of some trials, without a confirm."""
    study = folder / f"{name}.toml"
    study.write_text(
        f'format = "tuner.study/1"\nname = "{name}"\nsearch_space = "{space}"\n'
        f"[task]\n{task}\n[budget]\ntrials = {trials}\n[confirm]\nenabled = false\n"
    )
    return study


def prepared(folder: Path, name: str, task: str, trials: int, space: Path = SPACE) -> str:
    """Return the URL of a database with a study of which one trial was run."""
    url = f"sqlite:///{folder}/{name}.db"
    study = definition(folder, name, task, trials, space)
    tuner.run_study(study, storage=url, trials=1, workers=1)
    return url


def timed(seconds: Counter[str], what: str, home: Any, name: str) -> None:
    """Add up the time in a function, the computation that it starts included."""
    function = getattr(home, name)
    wait = tuner.import_mxnet().nd.waitall

    @functools.wraps(function)
    def wrapper(*args: Any, **options: Any) -> Any:
        wait()
        began = time.perf_counter()
        try:
            return function(*args, **options)
        finally:
            wait()
            seconds[what] += time.perf_counter() - began

    setattr(home, name, wrapper)


def epoch_parts(folder: Path) -> None:
    """Print the shares of some epochs in a worker, in percent; for a process of its own."""
    import tuner.search.worker as worker
    from tuner.tasks import CheckpointStore
    from tuner.tasks.averaging import Average
    from tuner.tasks.gluon_data import Data

    space = folder / "calm.toml"
    space.write_text(CALM)
    url = prepared(folder, "parts", 'name = "lenet_fashion_mnist"\nepochs = 4', 6, space)
    seconds: Counter[str] = Counter()
    timed(seconds, "evaluation, own and averaged weights", Data, "evaluate")
    timed(seconds, "averaging", Average, "add")
    timed(seconds, "training states", CheckpointStore, "save")
    inside = 0.0

    def listen(event: object) -> None:
        nonlocal inside
        if isinstance(event, EpochEnded):
            inside += event.record.seconds

    began = time.perf_counter()
    timed(seconds, "a trial, whole", worker, "run_trial")
    run_worker(url, on_event=listen)
    wall = time.perf_counter() - began
    evaluation = seconds["evaluation, own and averaged weights"]
    parts = {
        "training": inside - evaluation - seconds["averaging"],
        "evaluation, own and averaged weights": evaluation,
        "averaging": seconds["averaging"],
        "training states": seconds["training states"],
        "sampling, reports, pruning, networks": seconds["a trial, whole"]
        - inside
        - seconds["training states"],
        "between trials, start": wall - seconds["a trial, whole"],
    }
    print(json.dumps({name: round(100 * part / wall, 2) for name, part in parts.items()}))


def start(folder: Path) -> dict[str, float]:
    """Return seconds to the first epoch's begin and a worker's peak memory in MB."""
    url = prepared(folder, "start", 'name = "lenet_fashion_mnist"\nepochs = 1', 2)
    command = [sys.executable, __file__, "--part", "start", "--url", url]
    began = time.time()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    first, peak = map(float, done.stdout.split()[-2:])
    return {"seconds": round(first - began, 2), "peak_mb": round(peak, 0)}


def started(url: str) -> None:
    """Run what is left of a study; print when the first trial began to train, and the memory."""
    from tuner.tasks import gluon

    first: list[float] = []
    step = gluon.mx.gluon.Trainer.step

    def first_step(self: Any, *args: Any, **options: Any) -> None:
        step(self, *args, **options)
        if not first:
            gluon.mx.nd.waitall()
            first.append(time.time())

    gluon.mx.gluon.Trainer.step = first_step
    run_worker(url)
    # Not getrusage: its maximum begins with that of the process that started this one.
    [peak] = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    print(first[0], int(peak) / 1024)


def growth(folder: Path, finished: int) -> dict[str, float]:
    """Return the ms of a trial that trains nothing with so many finished ones before it."""
    task = f'name = "table"\nepochs = 10\npath = "{TABLE}"'
    name = f"growth-{finished}"
    url = prepared(folder, name, task, finished + TRIALS_MEASURED)
    run_worker(url, trials=min(finished, 60))
    storage = open_storage(url)
    study = optuna.load_study(study_name=name, storage=storage)
    known = study.get_trials(
        states=(optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)
    )
    study.add_trials(known[i % len(known)] for i in range(finished - len(known)))
    close(storage)
    starts: list[float] = []

    def listen(event: object) -> None:
        if isinstance(event, TrialStarted):
            starts.append(time.perf_counter())

    run_worker(url, on_event=listen)
    # From one trial's start to the next one's; the first ones read the database and its schedules.
    gaps = [b - a for a, b in itertools.pairwise(starts[4:])]
    return {str(finished): round(statistics.median(gaps) * 1000, 1)}


def main() -> None:
    """Measure, write the results, print tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--trials", type=int, nargs="+", default=[10, 100, 1000, 10_000])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--part", choices=("parts", "start"), help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore")
    os.environ["OMP_NUM_THREADS"] = "1"  # as a study's workers have it
    if asked.part == "start":
        return started(asked.url)
    if asked.part == "parts":
        with tempfile.TemporaryDirectory() as folder:
            return epoch_parts(Path(folder))
    shares: dict[str, list[float]] = {}
    starts: dict[str, list[float]] = {}
    trials: dict[str, list[float]] = {}
    for _ in range(asked.rounds):
        if "shares" in asked.only:
            collect(shares, lambda _: own_process("parts"))
        if "start" in asked.only:
            collect(starts, start)
        if "growth" in asked.only:
            for finished in asked.trials:
                collect(trials, functools.partial(growth, finished=finished))
    found = {
        "percent_of_a_workers_time": shares,
        "start": starts,
        "ms_of_a_trial_by_finished_trials": trials,
    }
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    # Each part with its own surroundings: it may be older than the others.
    about = surroundings("optuna", "sqlalchemy", "mxnet")
    results |= {name: {**about, "values": values} for name, values in found.items() if values}
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    print("| | median (range) | n |\n|---|---|---|")
    for name, values in shares.items():
        print(f"| {name}, % | {spread(values, 2)} |")
    for name, values in starts.items():
        print(f"| {START[name]} | {spread(values, 1)} |")
    for finished, values in trials.items():
        print(
            f"| the tuner's own time of a trial, {finished} before it, ms | {spread(values, 0)} |"
        )


def own_process(part: str) -> dict[str, float]:
    """Return what a part prints in a process of its own."""
    command = [sys.executable, __file__, "--part", part]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def collect(into: dict[str, list[float]], measure: Callable[[Path], dict[str, float]]) -> None:
    """Measure once in a folder of its own and add what was found to the lists."""
    with tempfile.TemporaryDirectory() as folder:
        for name, value in measure(Path(folder)).items():
            into.setdefault(name, []).append(value)


def spread(values: list[float], digits: int) -> str:
    """Return median and range, and n as a cell of its own."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:.{digits}f} ({low:.{digits}f}..{high:.{digits}f}) | {len(values)}"


if __name__ == "__main__":
    main()
