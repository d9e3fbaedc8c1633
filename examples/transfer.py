"""Tuned on few epochs, used on many: what that costs, measured on fresh seeds.

One study of 2 epochs; its best schedule, laid out anew over 6 by `with_horizon`, is trained on
seeds that no study has seen, beside the best of a study of 6 epochs.

    python examples/transfer.py [FOLDER] [--seeds N --trials N --workers N]
"""

import argparse
import os
import statistics
import tempfile
from pathlib import Path

import tuner
from tuner.tasks import LeNetFashionMNIST, TrainingCollapsed

SHARE = float(os.environ.get("EXAMPLE_SHARE", "1"))  # of the data; the tests use less
SHORT, LONG = 2, 6
SIZES = {"train_size": round(4000 * SHARE), "test_size": 2000, "batch_size": 32}
SPACE = Path(__file__).with_name("space.toml")


def best_of(folder, epochs, trials, workers):
    """Run a study and return its best schedule and the epochs that it trained."""
    path = folder / f"of_{epochs}_epochs.toml"
    sizes = "\n".join(f"{name} = {size}" for name, size in SIZES.items())
    path.write_text(
        f'format = "tuner.study/1"\nname = "{path.stem}"\nsearch_space = "{SPACE}"\n'
        f'[task]\nname = "lenet_fashion_mnist"\nepochs = {epochs}\n{sizes}\n'
        f"[budget]\ntrials = {trials}\n[confirm]\nenabled = false\n"
    )
    result = tuner.run_study(path, workers=workers)
    return result.best_schedule, result.summary.epochs_trained


def accuracy(schedule, seed):
    """Train LeNet under a schedule and return its final test accuracy, chance if it collapses."""
    task = LeNetFashionMNIST(**SIZES)
    try:
        *_, last = task.train(schedule, seed=seed, epochs=LONG)
    except TrainingCollapsed as collapse:
        return collapse.accuracy
    return last.record.test_accuracy


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", type=Path, default=Path(tempfile.mkdtemp()))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--workers", type=int, help="instead of one for each core")
    asked = parser.parse_args()
    short, few = best_of(asked.folder, SHORT, asked.trials, asked.workers)
    long, many = best_of(asked.folder, LONG, asked.trials, asked.workers)
    transferred = short.with_horizon(long.horizon)
    print(f"tuned on {SHORT} epochs, {few} trained: {transferred!r}")
    print(f"tuned on {LONG} epochs, {many} trained: {long!r}")
    seeds = range(1, asked.seeds + 1)
    found = [[accuracy(schedule, seed) for seed in seeds] for schedule in (transferred, long)]
    for name, values in zip(("transferred", "tuned"), found, strict=True):
        print(f"{name:<12}{statistics.mean(values):.4f} ± {statistics.stdev(values):.4f}")
    differences = [here - there for here, there in zip(*found, strict=True)]
    error = statistics.stdev(differences) / len(differences) ** 0.5
    print(f"difference  {statistics.mean(differences):+.4f} ± {error:.4f}, n = {len(seeds)} seeds")
