"""The winner of the chapter-sized study beside the chapter's best schedules, on fresh seeds.

    python benchmarks/winner.py --seeds 8     # continues what is there

Runs studies/lenet_fashion_mnist.toml with its confirm, and trains the confirmed winner and the two
of the chapter's schedules that are best when meant in epochs on the same seeds, in the study's
folder. Prints the test accuracy of the weights and of their average, and the differences seed by
seed, the winner's minus each, with their 95 % intervals. Writes benchmarks/results/winner.json.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import optuna
from surroundings import surroundings

import tuner
from tuner.confirmation import Candidate, difference, spread
from tuner.report.words import mean_sd

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "winner.json"
STUDY = ROOT / "studies" / "lenet_fashion_mnist.toml"
BASELINES = ("chapter: cosine with warmup", "chapter: cosine 0.3 to 0.01")


def main() -> None:
    """Run or continue everything, write the results, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--workers", type=int, help="instead of one for each core")
    asked = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = tuner.run_study(STUDY, workers=asked.workers)
    schedules = {f"winner: trial {study.best.number}": study.best_schedule}
    schedules |= {b.label: b.schedule for b in study.spec.space.baselines if b.label in BASELINES}
    files = [study.folder / f"compared_{number}.json" for number in range(len(schedules))]
    for file, schedule in zip(files, schedules.values(), strict=True):
        tuner.save_schedule(schedule, file)
    found = tuner.compare_study(STUDY, files, seeds=asked.seeds, workers=asked.workers).comparison
    assert found is not None
    compared = {each.schedule: each for each in found.schedules}
    kinds: dict[str, dict[str, dict[int, float]]] = {"weights": {}, "averaged": {}}
    for label, schedule in schedules.items():
        repeats = compared[schedule].repeats
        raw = {r.seed: r.value for r in repeats if r.value is not None}
        averaged = {r.seed: r.records[-1].averaged_accuracy for r in repeats if r.records}
        kinds["weights"][label] = raw
        kinds["averaged"][label] = {seed: averaged.get(seed) or raw[seed] for seed in raw}
    pruned = [row for row in study.trials if row.state == "pruned"]
    confirmation = study.confirmation
    search = {
        "trials": study.summary.states,
        "pruned_before_training": sum(not row.epochs for row in pruned),
        "collapsed": sum(row.is_collapsed for row in pruned),
        "best_value": study.summary.best and study.summary.best.value,
        "epochs_trained": study.summary.epochs_trained,
        "confirm_trainings": confirmation.trained if confirmation else 0,
    }
    results = {
        **surroundings("mxnet", "optuna", "numpy"),
        "search": search,
        "schedules": {label: repr(schedule) for label, schedule in schedules.items()},
        "test_accuracy_by_seed": kinds,
    }
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(", ".join(f"{name} {value}" for name, value in search.items()) + "\n")
    print("| | schedule | n | test accuracy | winner − it | 95 % interval |")
    print("|---|---|---|---|---|---|")
    for kind, by_label in kinds.items():
        candidates = [Candidate(label, schedules[label], 0, v) for label, v in by_label.items()]
        for each in candidates:
            mean = spread([*each.values.values()])
            row = [kind, each.label, str(mean.n if mean else 0), mean_sd(mean)]
            apart = difference(candidates[0], each) if each is not candidates[0] else None
            if apart:
                row += [f"{apart.mean:+.4f}", f"{apart.low:+.4f} to {apart.high:+.4f}"]
            print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
