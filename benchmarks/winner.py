"""The winner of the chapter-sized study beside the chapter's best schedules, on fresh seeds.

    python benchmarks/winner.py --seeds 8                # continues what is there
    python benchmarks/winner.py --seeds 8 --recorded     # without the search

Runs studies/lenet_fashion_mnist.toml with its confirm, or takes the winner that it had when it was
recorded. Trains it and the two of the chapter's schedules that are best when meant in epochs on
the same seeds, beginning behind those of the confirm: neither search nor confirm has chosen by
them. Prints the test accuracy of the weights and of their average, and the differences seed by
seed, the winner's minus each, with their 95 % intervals. Writes benchmarks/results/winner.json.
"""

from __future__ import annotations

import argparse
import ast
import json
from pathlib import Path
from typing import Any

import optuna
from surroundings import surroundings

import tuner
from tuner.definition import load_spec
from tuner.repeats import Candidate, difference, spread
from tuner.report.sentences import mean_sd

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "winner.json"
STUDY = ROOT / "studies" / "lenet_fashion_mnist.toml"
BASELINES = ("chapter: cosine with warmup", "chapter: cosine 0.3 to 0.01")


def searched(workers: int | None) -> tuple[str, tuner.Schedule, dict[str, Any]]:
    """Run or continue the study: the winner's label, the winner, how the search went."""
    study = tuner.run_study(STUDY, workers=workers)
    pruned = [row for row in study.trials if row.state == "pruned"]
    confirmation = study.confirmation
    search = {
        "trials": study.summary.states,
        "pruned_before_training": sum(not row.epochs for row in pruned),
        "collapsed": sum(row.is_collapsed for row in study.trials),
        "best_value": study.summary.best and study.summary.best.value,
        "epochs_trained": study.summary.epochs_trained,
        "confirm_trainings": confirmation.trained if confirmation else 0,
    }
    return f"winner: trial {study.best.number}", study.best_schedule, search


def recorded() -> tuple[str, tuner.Schedule, dict[str, Any]]:
    """Return the same of the study whose results are recorded."""
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    [label] = [each for each in results["schedules"] if each.startswith("winner")]
    call = ast.parse(results["schedules"][label], mode="eval").body
    assert isinstance(call, ast.Call)
    assert isinstance(call.func, ast.Name)
    values = {str(each.arg): ast.literal_eval(each.value) for each in call.keywords}
    return label, getattr(tuner, call.func.id)(**values), results["search"]


def with_fresh_seeds() -> Path:
    """Write the study for the comparison, whose first seed is behind those of the confirm."""
    settings = load_spec(STUDY).confirm
    path = STUDY.parent / "winner" / "compared.toml"
    path.parent.mkdir(exist_ok=True)
    text = STUDY.read_text(encoding="utf-8")
    changes = {
        '"lenet-fashion-mnist"': '"lenet-fashion-mnist-winner"',
        '"../search_spaces/': '"../../search_spaces/',
        "[confirm]\n": f"[confirm]\nseed = {settings.seed + settings.max_seeds}\n",
    }
    for before, after in changes.items():
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    path.write_text(text, encoding="utf-8")
    return path


def main() -> None:
    """Run or continue everything, write the results, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--workers", type=int, help="instead of one for each core")
    parser.add_argument("--recorded", action="store_true", help="the winner as it was recorded")
    asked = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    label, winner, search = recorded() if asked.recorded else searched(asked.workers)
    study = with_fresh_seeds()
    baselines = load_spec(study).space.baselines
    schedules = {label: winner}
    schedules |= {each.label: each.schedule for each in baselines if each.label in BASELINES}
    files = [study.parent / f"compared_{number}.json" for number in range(len(schedules))]
    for file, schedule in zip(files, schedules.values(), strict=True):
        tuner.save_schedule(schedule, file)
    found = tuner.compare_study(study, files, seeds=asked.seeds, workers=asked.workers).comparison
    assert found is not None
    compared = {each.schedule: each for each in found.schedules}
    kinds: dict[str, dict[str, dict[int, float]]] = {"weights": {}, "averaged": {}}
    for label, schedule in schedules.items():
        repeats = compared[schedule].repeats
        raw = {r.seed: r.value for r in repeats if r.value is not None}
        averaged = {r.seed: r.records[-1].averaged_accuracy for r in repeats if r.records}
        kinds["weights"][label] = raw
        kinds["averaged"][label] = {seed: averaged.get(seed) or raw[seed] for seed in raw}
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
