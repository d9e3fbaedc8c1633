"""Train the chapter's schedules over several seeds: test accuracy beside the published one.

    python benchmarks/chapter.py --seeds 5

Every baseline of search_spaces/chapter.toml, or those whose label contains one of --only, trains
LeNet for the chapter's 30 epochs on the whole of Fashion-MNIST, one process a core. The raw
numbers go to benchmarks/results/chapter.json beside this table; pairs that are there already
(same versions and machine) are not trained again.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import statistics
import sys
from pathlib import Path

import psutil

from tuner.space import load_space
from tuner.tasks import EpochRecord, LeNetFashionMNIST, TrainingCollapsed
from tuner.units import Clock

EPOCHS = 30
SPACE = Path(__file__).parent.parent / "search_spaces" / "chapter.toml"
RESULTS = Path(__file__).parent / "results" / "chapter.json"
# Dive into Deep Learning 1.0.x, all distinct published runs of the cell in epoch units where there
# is one: mean and standard deviation of the final test accuracy. Constant: MXNet, without its
# collapsed runs; the others: PyTorch, whose schedulers count epochs.
PUBLISHED = {
    "chapter: constant 0.3": (0.8824, 0.0128),
    "chapter: cosine 0.3 to 0.01": (0.8991, 0.0048),
    "chapter: square root 0.1": (0.8777, 0.0066),
    "chapter: cosine with warmup": (0.8982, 0.0054),
}


def train(job: tuple[str, int]) -> tuple[str, int, EpochRecord | str]:
    """Train one baseline with one seed; return its last record, or why it has none."""
    label, seed = job
    task = LeNetFashionMNIST()
    space = load_space(SPACE, Clock(task.updates_per_epoch, EPOCHS * task.updates_per_epoch))
    schedule = next(b.schedule for b in space.baselines if b.label == label)
    try:
        *_, last = task.train(schedule, seed=seed, epochs=EPOCHS)
    except TrainingCollapsed as collapse:
        return label, seed, collapse.reason
    return label, seed, last.record


def surroundings() -> dict[str, object]:
    """Return what the bits of a training depend on beside the code."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    return {
        "cpu": model,
        "cores": psutil.cpu_count(logical=False),
        "system": platform.platform(),
        "python": platform.python_version(),
        **LeNetFashionMNIST().versions(),
    }


def main() -> None:
    """Train what is missing, write it down, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, help="seeds 1 to N (default 5)")
    parser.add_argument("--only", nargs="*", default=[""], help="parts of baseline labels")
    options = parser.parse_args()
    clock = Clock(235, EPOCHS * 235)
    labels = [
        baseline.label
        for baseline in load_space(SPACE, clock).baselines
        if any(part in baseline.label for part in options.only)
    ]
    here = surroundings()
    stored = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    runs = stored.get("runs", []) if stored.get("surroundings") == here else []
    done = {(run["label"], run["seed"]) for run in runs}
    seeds = range(1, options.seeds + 1)
    jobs = [(label, seed) for seed in seeds for label in labels if (label, seed) not in done]
    os.environ["OMP_NUM_THREADS"] = "1"
    with multiprocessing.get_context("spawn").Pool(here["cores"]) as pool:
        for label, seed, last in pool.imap_unordered(train, jobs):
            collapsed = isinstance(last, str)
            record = {"reason": last} if collapsed else last._asdict()
            runs.append({"label": label, "seed": seed, **record})
            RESULTS.parent.mkdir(exist_ok=True)
            ordered = sorted(runs, key=lambda run: (run["label"], run["seed"]))
            RESULTS.write_text(
                json.dumps({"surroundings": here, "runs": ordered}, indent=1) + "\n"
            )
            print(label, seed, last, file=sys.stderr, flush=True)
    print(f"test accuracy after {EPOCHS} epochs, mean ± standard deviation; {here}\n")
    print("| schedule | here | n | collapsed | published |\n|---|---|---|---|---|")
    for label in labels:
        mine = [run for run in runs if run["label"] == label and run["seed"] in seeds]
        values = [run["test_accuracy"] for run in mine if "test_accuracy" in run]
        spread = f" ± {statistics.stdev(values):.4f}" if len(values) > 1 else ""
        mean = f"{statistics.mean(values):.4f}{spread}" if values else "-"
        book = "{:.4f} ± {:.4f}".format(*PUBLISHED[label]) if label in PUBLISHED else "-"
        print(f"| {label} | {mean} | {len(values)} | {len(mine) - len(values)} | {book} |")


if __name__ == "__main__":
    main()
