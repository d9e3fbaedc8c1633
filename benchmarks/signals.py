"""What tells early how a training will end: rank correlations on recorded trainings.

    python benchmarks/signals.py               # among the best 40 % of the schedules
    python benchmarks/signals.py --best 1.0    # among all

For every column of benchmarks/curves/lenet_10_epochs.jsonl that could judge a trial, and for the
forecast from it and the schedule: Spearman's correlation after each epoch with the final raw test
accuracy, over the schedules that were trained to their end from seed 0 and have all the columns.
The averages differ in their window, a share of the updates so far. The forecast of a schedule is
fitted to all the others. Writes benchmarks/results/signals.json.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

import numpy as np

from tuner.schedules import Schedule, schedule_from_dict
from tuner.search.features import Features, with_squares
from tuner.search.ridge import Array, Ridge

TABLE = Path(__file__).parent / "curves" / "lenet_10_epochs.jsonl"
RESULTS = Path(__file__).parent / "results" / "signals.json"
SIGNALS = {
    "raw accuracy": ("test_accuracy", 1),
    "raw loss": ("test_loss", -1),
    "averaged accuracy, window 0.04": ("averaged_0.04_accuracy", 1),
    "averaged accuracy, window 0.1 (the product's)": ("averaged_accuracy", 1),
    "averaged accuracy, window 0.25": ("averaged_0.25_accuracy", 1),
    "averaged loss, window 0.1": ("averaged_loss", -1),
}


def spearman(one: Array, other: Array) -> float:
    """Return the correlation of the ranks; ties get the mean of theirs."""
    ranks = [
        np.array([np.mean(np.flatnonzero(np.sort(values) == value)) for value in values])
        for values in (one, other)
    ]
    return float(np.corrcoef(*ranks)[0, 1])


def left_out(features: Array, ends: Array) -> Array:
    """Return the forecast of each from all the others."""
    everybody = np.arange(len(ends))
    return np.array(
        [
            Ridge.fit(features[everybody != i], ends[everybody != i])(features[i : i + 1])[0]
            for i in everybody
        ]
    )


def left(told: Features, schedule: Schedule, done: int) -> tuple[float, ...]:
    """Return what the product's forecast knows of a schedule after some updates."""
    return with_squares((*told.ahead(schedule, done), told.noise(schedule, done)))


def main() -> None:
    """Print the table, write the numbers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--best", type=float, default=0.4, help="the share of the schedules")
    best = parser.parse_args().best
    head, *lines = map(json.loads, TABLE.read_text().splitlines())
    column = {name: number for number, name in enumerate(head["columns"])}
    epochs, per_epoch = head["epochs"], head["updates_per_epoch"]
    whole = [
        line
        for line in lines
        if line["seed"] == 0 and len(line["epochs"]) == epochs and None not in line["epochs"][0]
    ]
    curves = np.array([line["epochs"] for line in whole])
    finals = curves[:, -1, column["test_accuracy"]]
    top = np.argsort(-finals, kind="stable")[: math.ceil(best * len(finals))]
    schedules = [schedule_from_dict(line["curve"]) for line in whole]
    found: dict[str, list[float]] = {name: [] for name in SIGNALS}
    found["forecast before any training"] = []
    found["forecast from the averaged accuracy, window 0.1"] = []
    ends = -np.log(1 - finals)
    for epoch in range(1, epochs):
        for name, (key, sign) in SIGNALS.items():
            values = sign * curves[:, epoch - 1, column[key]]
            found[name].append(spearman(values[top], finals[top]))
        done, told = epoch * per_epoch, Features(epochs * per_epoch)
        before = np.array([left(told, each, 0) for each in schedules])
        after = np.array([(*left(told, s, done), told.now(s, done)) for s in schedules])
        merits = -np.log(1 - curves[:, epoch - 1, column["averaged_accuracy"]])
        for name, features in (
            ("forecast before any training", before),
            (
                "forecast from the averaged accuracy, window 0.1",
                np.column_stack([merits, after]),
            ),
        ):
            found[name].append(spearman(left_out(features, ends)[top], finals[top]))
    print(f"{len(top)} of {len(finals)} schedules\n")
    print("| signal after epoch | " + " | ".join(map(str, range(1, epochs))) + " |")
    print("|---" * epochs + "|")
    for name, row in found.items():
        print(f"| {name} | " + " | ".join(f"{value:.2f}" for value in row) + " |")
    about = {"schedules": len(finals), "among": len(top), "versions": head["versions"]}
    RESULTS.write_text(json.dumps({**about, "spearman": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
