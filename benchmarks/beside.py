"""Whether options that are tuned beside the schedule are worth it, at equal epochs.

    python benchmarks/beside.py                        # again to continue; an hour on one core
    python benchmarks/beside.py --only lenet --searches 3
    python benchmarks/beside.py --print                # the tables of what is recorded

Two trainings on Fashion-MNIST: LeNet with MXNet, and a PyTorch network with batch norm. Of each
the schedule alone is searched, with the optimizer's options as they usually are; and the same
schedules with weight decay, momentum and batch size. Both searches have the default sampler and
pruner, the same seeds, and stop after the same epochs, in the middle of a trial if need be. A
collapse takes the epoch in which it shows.

Search and confirm see training examples that are held out. The confirm of a study looks at the
test set, which is to judge here; so the three best trials are trained from two fresh seeds on the
holdout instead, and the best mean wins. Its epochs are the same for both searches, beside those
of the budget. The winners, and the baseline that every search begins with, are then trained from
seeds that nobody had before, and judged on the test set. Seconds are of the processor, in an
epoch judged on the holdout. Writes benchmarks/results/beside.json.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from statistics import fmean, median
from typing import Any, NamedTuple

import optuna
from beside_table import BESIDE, SCHEDULE, table
from surroundings import surroundings

import tuner
from tuner.definition import StudySpec, make_spec
from tuner.reading import read_toml
from tuner.search import EpochEnded, Event, TrialEnded, TrialRow, ranking
from tuner.studies.start import run_spec
from tuner.tasks import Epoch, TrainingCollapsed

HERE = Path(__file__).parent
ROOT = HERE.parent
RESULTS = HERE / "results" / "beside.json"
SPACE = ROOT / "search_spaces" / "modern.toml"
TRAINED, HELD_OUT, EPOCHS = 8_000, 4_000, 10
CONFIRMED, CONFIRM_SEEDS, TEST_SEEDS = 3, (11, 12), range(101, 109)


class Training(NamedTuple):
    """What is tuned: its ``[task]`` table, today's rate, and the batch sizes to choose from."""

    title: str
    table: dict[str, Any]
    base_lr: float
    batch_sizes: list[int]


TRAININGS = {
    "lenet": Training(
        "LeNet, MXNet",
        {
            "name": "lenet_fashion_mnist",
            "batch_size": 256,
            "optimizer_params": {"momentum": 0.0, "wd": 0.0},  # as in the chapter
        },
        0.3,
        [64, 128, 256, 512],
    ),
    "batch_norm": Training(
        "batch norm, PyTorch",
        {
            "name": "beside_network:make_task",
            "batch_size": 128,
            "momentum": 0.9,
            "weight_decay": 5e-4,
        },
        0.1,
        [32, 64, 128, 256],
    ),
}


def spec_of(name: str, kind: str, seed: int, epochs: int, folder: Path) -> StudySpec:
    """Return the definition of a search."""
    training = TRAININGS[name]
    space = read_toml(SPACE)
    # Momentum and batch size move the best rate, in both directions.
    space["params"]["base_lr"]["low"] = 0.01
    space["baseline"] = [
        {
            "label": "cosine", "family": "cosine", "base_lr": training.base_lr,
            "final_lr_ratio": 0.01, "warmup_steps": "0up",
        }
    ]  # fmt: skip
    if kind == BESIDE:
        space["params"]["task"] = {
            "momentum": {"type": "float", "low": 0.0, "high": 0.95},
            "weight_decay": {"type": "float", "low": 1e-5, "high": 1e-2, "log": True},
            "batch_size": {"type": "categorical", "choices": training.batch_sizes},
        }
    study = {
        "format": "tuner.study/1",
        "name": f"{name}-{kind.replace(' ', '-')}-{seed}",
        "search_space": "space",
        "task": {
            **training.table, "train_size": TRAINED + HELD_OUT, "epochs": epochs, "seed": seed,
        },
        "objective": {"evaluate_on": "holdout", "holdout_size": HELD_OUT},
        "budget": {"trials": 1000},  # its epochs end it before
        "sampler": {"type": "screening", "seed": seed},
        "storage": {"url": f"sqlite:///{folder.absolute()}/{name}-{kind[:4]}-{seed}.db"},
        "workers": {"count": 1, "devices": "cpu"},
    }  # fmt: skip
    return make_spec(study, space, where="study", space_where=str(SPACE), folder=HERE, stem=name)


def search(spec: StudySpec, budget: int) -> list[TrialRow]:
    """Run or continue a search until its epochs are spent; return its trials."""
    spent = 0

    def listen(event: Event) -> None:
        nonlocal spent
        spent += isinstance(event, EpochEnded) and not event.is_known
        spent += isinstance(event, TrialEnded) and event.state == "collapsed"

    if Path(spec.storage_url.removeprefix("sqlite:///")).exists():
        spent = epochs_of(tuner.open_study(storage=spec.storage_url).trials)
    result = run_spec(spec, on_event=listen, stop_requested=lambda: spent >= budget, confirm=False)
    return result.trials


def epochs_of(rows: list[TrialRow]) -> int:
    """Return what trials took, each collapse the epoch in which it showed."""
    return sum(row.epochs + row.is_collapsed for row in rows)


class Log:
    """Trainings of given schedules that are over, in a file, so that none is done twice."""

    def __init__(self, path: Path) -> None:
        self._path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self._known: dict[str, float] = dict(map(json.loads, lines))

    def accuracy(self, spec: StudySpec, row: TrialRow, seed: int, *, on_test_set: bool) -> float:
        """Train a trial's schedule with its options from a seed; return how it ended."""
        key = f"{spec.name} {row.number} {seed} {'test' if on_test_set else 'holdout'}"
        return self._once(key, lambda: accuracy(spec, row, seed, on_test_set=on_test_set))

    def seconds(self, spec: StudySpec, row: TrialRow) -> float:
        """Return what an epoch of it takes of the processor."""
        return self._once(f"{spec.name} {row.number} seconds", lambda: seconds(spec, row))

    def _once(self, key: str, find: Callable[[], float]) -> float:
        if key not in self._known:
            self._known[key] = find()
            with self._path.open("a", encoding="utf-8") as log:
                log.write(json.dumps([key, self._known[key]]) + "\n")
        return self._known[key]


def accuracy(spec: StudySpec, row: TrialRow, seed: int, *, on_test_set: bool) -> float:
    """Do one training, on the examples that the search trained on; a collapse gives chance."""
    found = 0.0
    try:
        for epoch in epochs_under(spec, row, seed, on_test_set=on_test_set):
            found = epoch.record.test_accuracy or 0.0
    except TrainingCollapsed as collapse:
        return collapse.accuracy
    return found


def seconds(spec: StudySpec, row: TrialRow) -> float:
    """Return the processor's seconds in an epoch, the median of five behind the first one."""
    found, begun = list[float](), time.process_time()
    for _ in islice(epochs_under(spec, row, CONFIRM_SEEDS[0], on_test_set=False), 6):
        found.append(time.process_time() - begun)
        begun = time.process_time()
    return round(median(found[1:] or found), 2)


def epochs_under(
    spec: StudySpec, row: TrialRow, seed: int, *, on_test_set: bool
) -> Iterator[Epoch]:
    """Train a trial's schedule with its options."""
    task = spec.with_options(row.options).task.with_holdout(HELD_OUT, on_test_set=on_test_set)
    assert row.schedule is not None
    return task.train(row.schedule, seed=seed, epochs=spec.epochs)


def handed_over(spec: StudySpec, rows: list[TrialRow], log: Log) -> tuple[TrialRow, list[float]]:
    """Return the winner of the confirm, and its values there."""
    found = []
    for row in ranking(rows)[:CONFIRMED]:
        values = [log.accuracy(spec, row, s, on_test_set=False) for s in CONFIRM_SEEDS]
        found.append((row, values))
    return max(found, key=lambda each: fmean(each[1]))


def judged(spec: StudySpec, row: TrialRow, log: Log) -> dict[str, Any]:
    """Train a winner or the baseline from the fresh seeds, on the test set."""
    values = {s: log.accuracy(spec, row, s, on_test_set=True) for s in TEST_SEEDS}
    return {
        "schedule": repr(row.schedule),
        "family": row.family,
        "options": dict(row.options),
        "updates_of_an_epoch": row.updates_per_epoch or spec.task.updates_per_epoch,
        "seconds_of_an_epoch": log.seconds(spec, row),
        "test_accuracy": {str(seed): value for seed, value in values.items()},
    }


def compared(name: str, seed: int, epochs: int, budget: int, folder: Path) -> dict[str, Any]:
    """Do both searches from a seed, with all that follows."""
    log, found = Log(folder / "trainings.jsonl"), dict[str, Any]()
    for kind in (SCHEDULE, BESIDE):
        spec = spec_of(name, kind, seed, epochs, folder)
        rows = search(spec, budget)
        states = [row.state for row in rows]
        row, values = handed_over(spec, rows, log)
        if seed == 0 and not found:
            found["baseline"] = judged(spec, rows[0], log)
        found[kind] = {
            "epochs": epochs_of(rows),
            "trials": len(rows),
            "complete": states.count("complete"),
            "collapsed": sum(row.is_collapsed for row in rows),
            "trial": row.number,
            "value": row.value,
            "confirmed": values,
            **judged(spec, row, log),
        }
        print(name, seed, kind, json.dumps(found[kind]), flush=True)
    return found


def main() -> None:
    """Run or continue everything, write the results, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=TRAININGS, nargs="+", default=[*TRAININGS])
    parser.add_argument("--searches", type=int, default=2, help="of each, with other seeds")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="of a training")
    parser.add_argument("--budget", type=int, default=200, help="epochs of a search")
    parser.add_argument("--folder", type=Path, default=ROOT / "studies" / "beside")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--print", action="store_true", help="only print what is recorded")
    asked = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    asked.folder.mkdir(parents=True, exist_ok=True)
    known = json.loads(asked.results.read_text()) if asked.results.exists() else {}
    found: dict[str, list[dict[str, Any]]] = known.get("trainings", {})
    for seed in () if asked.print else range(asked.searches):
        for name in asked.only:
            done = compared(name, seed, asked.epochs, asked.budget, asked.folder)
            title = TRAININGS[name].title
            found[title] = [*found.get(title, [])[:seed], done]
            known = {
                "trained": TRAINED, "held_out": HELD_OUT, "epochs": asked.epochs,
                "budget": asked.budget, "confirm_seeds": CONFIRM_SEEDS,
                **surroundings("mxnet", "torch", "optuna", "numpy"),
                "trainings": found,
            }  # fmt: skip
            asked.results.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    print("\n".join(table(known)))


if __name__ == "__main__":
    main()
