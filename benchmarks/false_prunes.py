"""How often pruners end the best schedules: recorded trainings in random orders, no sampler.

    python benchmarks/false_prunes.py                  # 100 random orders
    python benchmarks/false_prunes.py --orders 300 --table cnn   # a task, or a file
    python benchmarks/false_prunes.py --metric test_loss

Every schedule of benchmarks/curves/lenet_10_epochs.jsonl that was trained to its end from seed 0
is a trial, each once in an order; a pruner is asked as a study asks it. Prints the epochs spent,
the share of the best tenth that was pruned, and by how much the best complete trial misses the
best schedule, each as mean ± standard error over the orders. Writes them to
benchmarks/results/false_prunes.json, of another task's table with its name, and of another metric
than the accuracy with that one's.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import math
import platform
import statistics
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import optuna
from optuna.trial import TrialState
from tasks_recorded import suffix_of, table_of

from tuner.definition import Objective, Pruner, Search, merit
from tuner.reading import Clock
from tuner.search import SCHEDULE
from tuner.search.pruners import Forecast, Halving, Median, SuccessiveHalving
from tuner.space import SearchSpace

RESULTS = Path(__file__).parent / "results"
PRUNERS: dict[str, Pruner] = {
    "median, as Optuna's default": Median(type="median", signal="raw"),
    "successive halving, raw": SuccessiveHalving(signal="raw"),
    "successive halving, averaged": SuccessiveHalving(),
    "halving, raw": Halving(type="halving", signal="raw"),
    "halving, averaged": Halving(type="halving"),
    "forecast, raw": Forecast(signal="raw"),
    "forecast, averaged (default)": Forecast(),
    "forecast, not before training": Forecast(rungs=["0.1dur", "0.2dur"], keep=[0.4, 0.4]),
    "forecast, averaged, keep 0.35 0.7 0.8": Forecast(keep=[0.35, 0.7, 0.8]),
}


class Training(NamedTuple):
    """A recorded training: its schedule, and the metric after every epoch."""

    schedule: dict[str, Any]
    raw: list[float]
    averaged: list[float]


def trainings(table: Path, objective: Objective) -> tuple[list[Training], int, float]:
    """Return the trainings from seed 0 that did not collapse, an epoch's updates, the highest LR.

    That is the one of search spaces on the scale of the table's LRs.
    """
    head, *lines = map(json.loads, table.read_text().splitlines())
    raw, averaged = (
        head["columns"].index(f"{kind}_{objective.noun}") for kind in ("test", "averaged")
    )
    found = [
        Training(
            line["curve"], [e[raw] for e in line["epochs"]], [e[averaged] for e in line["epochs"]]
        )
        for line in lines
        if line["seed"] == 0 and len(line["epochs"]) == head["epochs"]
    ]
    return found, head["updates_per_epoch"], head.get("lr_scale", 1.0)


def run(
    order: list[Training],
    pruner: Pruner,
    updates_per_epoch: int,
    highest: float,
    objective: Objective,
) -> tuple[float, ...]:
    """Return the shares spent and missed, and the regret in hundredths, of one order."""
    epochs = len(order[0].raw)
    clock = Clock(updates_per_epoch, epochs * updates_per_epoch)
    space = SearchSpace("a table", clock, {}, {"base_lr": highest}, ())
    search = Search(space, objective)
    study = optuna.create_study(
        direction=objective.optuna_direction,
        pruner=pruner.make(search),
    )
    signal = pruner.signal
    spent = 0
    for training in order:
        trial = study.ask()
        trial.set_user_attr(SCHEDULE, training.schedule)
        for epoch, value in enumerate(getattr(training, signal)):
            if trial.should_prune():  # before the first epoch too
                study.tell(trial, state=TrialState.PRUNED)
                break
            trial.report(value, step=epoch + 1)
            spent += 1
        else:
            study.tell(trial, training.raw[-1])
    states = [trial.state for trial in study.get_trials(deepcopy=False)]
    ends = np.array([merit(training.raw[-1], objective.minimized) for training in order])
    best = np.argsort(-ends, kind="stable")[: math.ceil(len(order) / 10)]
    missed = sum(states[i] == TrialState.PRUNED for i in best) / len(best)
    complete = [end for end, state in zip(ends, states, strict=True) if state.name == "COMPLETE"]
    return spent / (epochs * len(order)), missed, 100 * float(ends.max() - max(complete))


def main() -> None:
    """Replay, print the table, write the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--orders", type=int, default=100)
    parser.add_argument("--table", type=table_of, default="lenet", help="a task, or a file")
    parser.add_argument(
        "--metric", choices=["test_accuracy", "test_loss"], default="test_accuracy"
    )
    asked = parser.parse_args()
    objective = Objective(metric=asked.metric)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    recorded, updates_per_epoch, highest = trainings(asked.table, objective)
    results: dict[str, Any] = {
        "schedules": len(recorded),
        "orders": asked.orders,
        "metric": asked.metric,
        "versions": {
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in ("optuna", "numpy")},
        },
        "pruners": {},
    }
    print(f"{len(recorded)} schedules in {asked.orders} random orders\n")
    print(
        "| pruner | epochs spent, % | best tenth pruned, % | regret, points |\n|---|---|---|---|"
    )
    for name, pruner in PRUNERS.items():
        found = [
            run([recorded[i] for i in np.random.default_rng(seed).permutation(len(recorded))],
                pruner, updates_per_epoch, highest, objective)
            for seed in range(asked.orders)
        ]  # fmt: skip
        cells = []
        for values, scale in zip(zip(*found, strict=True), (100, 100, 1), strict=True):
            error = statistics.stdev(values) / math.sqrt(len(values))
            cells.append((scale * statistics.mean(values), scale * error))
        results["pruners"][name] = {
            "definition": pruner.model_dump(),
            "spent": cells[0], "missed": cells[1], "regret": cells[2],
        }  # fmt: skip
        spent, missed, regret = (f"{mean:.2f} ± {error:.2f}" for mean, error in cells)
        print(f"| {name} | {spent} | {missed} | {regret} |", flush=True)
    suffix = suffix_of(asked.table)
    suffix += "" if asked.metric == "test_accuracy" else f"_{asked.metric}"
    (RESULTS / f"false_prunes{suffix}.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
