"""Two workers that share the cores, against one training with PyTorch's own threads.

    python benchmarks/threads.py                  # both networks, 5 rounds
    python benchmarks/threads.py --rounds 9 --networks small --runs workers own

What is measured are epochs per second of trainings that run at once, each on random images,
without the start of processes and the first epoch of each. `workers` is a study with a worker for
each core, which share them as studies do by default; `own` is one training in this process with as
many threads as PyTorch takes by itself; `crowded` is the first without shares: every worker takes
all cores. They take turns, and what is printed are ratios within a round. Threads that wait for
each other are slow on a machine that does other things as well: run it where nothing else runs.
Writes benchmarks/results/threads.json.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from surroundings import surroundings

import tuner
from tuner.search import EpochEnded

RESULTS = Path(__file__).parent / "results" / "threads.json"
EPOCHS = 6
# Channels of the two convolutions, examples in a batch, updates in an epoch.
NETWORKS = {"small": (6, 16, 64, 100), "large": (64, 128, 64, 8)}
RUNS = ("workers", "own", "crowded")


def train(trial: tuner.Trial) -> None:
    """Train a network of two convolutions in eager PyTorch, with the threads that it has."""
    import torch
    from torch import nn

    first, second, batch, updates = trial.params["network"]
    net = nn.Sequential(
        nn.Conv2d(1, first, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(first, second, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(25 * second, 10),
    )  # fmt: skip
    inputs, labels = torch.randn(batch, 1, 28, 28), torch.randint(10, (batch,))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    scheduler = trial.schedule.to_torch(optimizer)
    for _ in trial.epochs():
        for _ in range(updates):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(net(inputs), labels)
            loss.backward()
            optimizer.step()
            scheduler.step()
        trial.report(loss.item())


def measured(network: str, workers: int) -> None:
    """Print the epochs per second of a study's workers together; for a process of its own."""
    seconds: list[float] = []

    def listen(event: object) -> None:
        if isinstance(event, EpochEnded) and event.record.epoch > 1:
            seconds.append(event.record.seconds)

    sizes = NETWORKS[network]
    tuner.tune(
        train, epochs=EPOCHS, updates_per_epoch=sizes[-1], metric="train_loss", base_lr=0.01,
        params={"network": sizes}, trials=workers, workers=workers, pruner="none",
        sampler="random", confirm=False, folder=tempfile.mkdtemp(), on_event=listen,
    )  # fmt: skip
    print(workers / statistics.mean(seconds))


def epochs_per_second(network: str, run: str) -> float:
    """Return what a process of its own measures."""
    cores = os.cpu_count() or 1
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    if run == "crowded":
        environment["OMP_NUM_THREADS"] = str(cores)
    count = 1 if run == "own" else cores
    command = [sys.executable, __file__, "--measure", network, str(count)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout.split()[-1])


def main() -> None:
    """Run everybody in turn, write the results, print ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--runs", nargs="+", choices=RUNS, default=list(RUNS))
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        network, workers = options.measure
        return measured(network, int(workers))
    speeds: dict[str, dict[str, list[float]]] = {
        network: {run: [] for run in options.runs} for network in options.networks
    }
    for number in range(options.rounds):
        for network, found in speeds.items():
            for run in options.runs:
                found[run].append(round(epochs_per_second(network, run), 3))
                print(
                    f"round {number + 1}, {network}, {run}: {found[run][-1]} epochs/s", flush=True
                )
    results: dict[str, Any] = {
        **surroundings("torch", "numpy"), "epochs_per_second": speeds,
    }  # fmt: skip
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    print("| network | ratio | median (range) | n |\n|---|---|---|---|")
    for network, found in speeds.items():
        for a, b in (("workers", "own"), ("workers", "crowded")):
            if a not in found or b not in found:
                continue
            ratios = [x / y for x, y in zip(found[a], found[b], strict=True)]
            spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}..{max(ratios):.2f})"
            print(f"| {network} | {a} / {b} | {spread} | {len(ratios)} |")


if __name__ == "__main__":
    main()
