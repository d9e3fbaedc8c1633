"""Tuned on 10 epochs, used on 30: what that costs, on fresh seeds.

    python benchmarks/transfer.py --seeds 5     # continues what is there of its studies

One study is studies/lenet_fashion_mnist.toml, 60 trials of 30 epochs; the other is the same with
trainings of 10. The best schedule of the short trainings, laid out for the long ones by
`with_horizon`, and the best of the long ones are then trained on the same seeds, none of which a
study has seen. The studies' folders are beside that study file. Writes
benchmarks/results/transfer.json.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import optuna
from surroundings import surroundings

import tuner
from tuner.repeats import spread
from tuner.report.sentences import mean_sd

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "transfer.json"
LONG = ROOT / "studies" / "lenet_fashion_mnist.toml"
LONG_EPOCHS, SHORT_EPOCHS = 30, 10


def short_study() -> Path:
    """Write the study of short trainings, in a folder of its outputs."""
    text = LONG.read_text(encoding="utf-8")
    changes = {
        f"epochs = {LONG_EPOCHS}\n": f"epochs = {SHORT_EPOCHS}\n",
        '"lenet-fashion-mnist"': '"lenet-fashion-mnist-short"',
        '"../search_spaces/': '"../../search_spaces/',
    }
    for before, after in changes.items():
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    path = LONG.parent / "transfer" / "short.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def main() -> None:
    """Run both studies and the comparison, write the results, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--workers", type=int, help="instead of one for each core")
    asked = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    short = tuner.run_study(short_study(), confirm=False, workers=asked.workers)
    long = tuner.run_study(LONG, confirm=False, workers=asked.workers)
    tuned = long.best_schedule
    schedules = {
        "transferred": short.best_schedule.with_horizon(tuned.horizon),
        "tuned": tuned,
    }
    files = [short.folder / f"{name}.json" for name in schedules]
    for file, schedule in zip(files, schedules.values(), strict=True):
        tuner.save_schedule(schedule, file)
    found = tuner.compare_study(LONG, files, seeds=asked.seeds, workers=asked.workers).comparison
    assert found is not None
    compared = {each.schedule: each for each in found.schedules}
    ends = {
        name: {r.seed: (r.value, r.is_collapsed) for r in compared[schedule].repeats}
        for name, schedule in schedules.items()
    }
    results = {
        **surroundings("mxnet", "optuna", "numpy"),
        "epochs_trained": {
            "transferred": short.summary.epochs_trained, "tuned": long.summary.epochs_trained,
        },
        "schedules": {name: repr(schedule) for name, schedule in schedules.items()},
        "test_accuracy_and_collapse_by_seed": ends,
    }  # fmt: skip
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print("| | schedule | epochs trained to find it | test accuracy | collapsed | the others |")
    print("|---|---|---|---|---|---|")
    for (name, schedule), result in zip(schedules.items(), (short, long), strict=True):
        every = [value for value, _ in ends[name].values()]
        alive = [value for value, is_collapsed in ends[name].values() if not is_collapsed]
        collapsed = f"{len(every) - len(alive)} of {len(every)}"
        means = mean_sd(spread(every)), collapsed, mean_sd(spread(alive))
        print(f"| {name} | `{schedule!r}` | {result.summary.epochs_trained}", *means, sep=" | ")
    both = [
        transferred - tuned
        for (transferred, dead), (tuned, dead_too) in zip(
            *(ends[name].values() for name in schedules), strict=True
        )
        if not (dead or dead_too)
    ]
    if (apart := spread(both)) and apart.se is not None:
        gain = f"{apart.mean:+.4f} ± {apart.se:.4f} (standard error), n = {apart.n}"
        print(f"transferred - tuned, paired, of seeds where neither collapsed: {gain}")


if __name__ == "__main__":
    main()
